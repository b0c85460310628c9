import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closingOrders } from '../../../../domain/emergency/closing.ts';
import type { OurHolding, OurHoldings } from '../../../../domain/emergency/holdings.ts';
import type { SurveyInput } from '../../../../domain/emergency/survey.ts';
import { inParts, isClear, surveyOf } from '../../../../domain/emergency/survey.ts';
import { d } from '../../../../domain/decimal.ts';
import { clientOrderIdOf } from '../../../../domain/orders/identity.ts';
import type { VenueOrder } from '../../../../domain/orders/order.ts';
import type { VenuePosition } from '../../../../domain/ports/venue.ts';

const [BTC, ETH] = ['BTC-USDT-PERP', 'ETH-USDT-PERP'] as const;
const OURS = clientOrderIdOf('abcde', 'x');

const held = (changes: Partial<VenuePosition> = {}): VenuePosition => ({ instrumentId: BTC, direction: 'long', quantity: '2', entryPrice: '100', markPrice: '100', unrealizedPnl: '0', positionSide: 'both', ...changes });
const order = (changes: Partial<VenueOrder> = {}): VenueOrder => ({
  venueOrderId: '1', clientOrderId: OURS, instrumentId: BTC, book: 'conditional', status: 'working', side: 'sell', positionSide: 'both', type: 'stopMarket', quantity: '2', filledQuantity: '0',
  averagePrice: null, price: null, triggerPrice: '90', reduceOnly: true, triggeredOrderId: null, updatedAt: 1, ...changes,
});
/** Base currency by holding, as the ledger tells it. */
const ours = (quantities: Readonly<Record<string, string>>): OurHoldings => Object.fromEntries(Object.entries(quantities).map(([key, quantity]) => [key, { quantity, direction: key.endsWith('short') ? 'short' : 'long' } as OurHolding]));
const ENTRY = order({ clientOrderId: 'web_1', book: 'plain', side: 'buy', type: 'limit', reduceOnly: false });
const look = (changes: Partial<SurveyInput> = {}) => surveyOf({
  atMs: 5, account: { positions: [] }, openOrders: [], deploymentId: 'abcde', foreign: 'close', ours: {}, instrumentIds: [BTC], maxMarketQuantities: { [BTC]: '9' }, ...changes,
});

it('a look at nothing is clear, and keeps the time that was taken before it asked', () => {
  expect(look()).toEqual({ atMs: 5, targets: [], openings: [], leftovers: [], moving: [] });
  expect(isClear(look())).toBe(true);
});

describe('where all is closed', () => {
  it('every holding is a target, the largest risk first, with the largest lot and what of it is ours', () => {
    const { targets } = look({ account: { positions: [held(), held({ instrumentId: ETH, quantity: '1', markPrice: '1000' })] }, ours: ours({ [`${BTC} both`]: '1.5' }) });
    expect(targets.map((it) => [it.position.instrumentId, it.position.quantity, it.maxMarketQuantity, it.ours])).toEqual([[ETH, '1', null, '0'], [BTC, '2', '9', '1.5']]);
  });

  it('where a position of ours may be filling nobody knows, and all is taken for ours', () => {
    expect(look({ account: { positions: [held()] }, ours: ours({ [`${BTC} both`]: '0' }) }).targets[0]?.ours).toBeNull();
    expect(look({ account: { positions: [held()] } }).targets[0]?.ours).toBe('0');
  });

  it('without the ledger nobody knows what is ours, and all is closed the same', () => {
    expect(look({ account: { positions: [held()] }, ours: null }).targets).toEqual([{ position: held(), maxMarketQuantity: '9', ours: null }]);
  });

  it.each<[string, VenueOrder, 'openings' | 'leftovers' | null]>([
    ['an entry of anybody',                          ENTRY, 'openings'],
    ['an entry of another Keel',                     { ...ENTRY, clientOrderId: clientOrderIdOf('zzzzz', 'x') }, 'openings'],
    ['a stop without a holding',                     order({ instrumentId: ETH }), 'leftovers'],
    ['a stop of what is still held rests until then', order(), null],
    ['an order that is over',                        { ...ENTRY, status: 'canceled' }, null],
    ['an order that is filled',                      order({ instrumentId: ETH, status: 'filled' }), null],
  ])('%s', (_name, open, found) => {
    const seen = look({ account: { positions: [held()] }, openOrders: [open] });
    expect({ openings: seen.openings.length, leftovers: seen.leftovers.length }).toEqual({ openings: 0, leftovers: 0, ...(found === null ? {} : { [found]: 1 }) });
    expect(isClear({ ...seen, targets: [] })).toBe(found === null);
  });

  it('a holding is not clear, nor is anything that works', () => {
    const [target] = look({ account: { positions: [held()] } }).targets;
    const key = { clientOrderId: OURS, instrumentId: BTC, book: 'plain' } as const;
    const empty = look();
    expect([{ ...empty, targets: target === undefined ? [] : [target] }, { ...empty, openings: [key] }, { ...empty, leftovers: [key] }, { ...empty, moving: [`${BTC} both`] }].map(isClear)).toEqual([false, false, false, false]);
  });

  it('what triggered is cancelled as the plain order that it became', () => {
    expect(look({ openOrders: [order({ status: 'triggered' }), order()] }).leftovers).toEqual([{ clientOrderId: OURS, instrumentId: BTC, book: 'plain' }, { clientOrderId: OURS, instrumentId: BTC, book: 'conditional' }]);
  });
});

describe('in hedge mode', () => {
  it.each<[string, Partial<VenueOrder>, 'openings' | 'leftovers' | null]>([
    ['the order of the side that is held and reduces it rests', { positionSide: 'long', side: 'sell', reduceOnly: false }, null],
    ['the same of the other side has nothing to reduce',        { positionSide: 'short', side: 'buy', reduceOnly: false }, 'leftovers'],
    ['one that adds to the side that is held opens',            { positionSide: 'long', side: 'buy', reduceOnly: false }, 'openings'],
    ['one that begins the other side opens',                    { positionSide: 'short', side: 'sell', reduceOnly: false }, 'openings'],
  ])('%s', (_name, changes, found) => {
    const seen = look({ account: { positions: [held({ positionSide: 'long' })] }, openOrders: [order(changes)] });
    expect([seen.openings.length, seen.leftovers.length]).toEqual([found === 'openings' ? 1 : 0, found === 'leftovers' ? 1 : 0]);
  });

  it('both directions of a symbol are targets of their own', () => {
    const { targets } = look({ account: { positions: [held({ positionSide: 'long' }), held({ positionSide: 'short', direction: 'short', quantity: '1' })] }, ours: ours({ [`${BTC} short`]: '1' }) });
    expect(targets.map((it) => [it.position.positionSide, it.ours])).toEqual([['long', '0'], ['short', '1']]);
  });
});

describe('where what is not ours is exempt', () => {
  const exempt = (changes: Partial<SurveyInput>) => look({ foreign: 'exempt', ...changes });

  it.each<[string, Partial<SurveyInput>, readonly string[]]>([
    ['ours alone',                                  { ours: ours({ [`${BTC} both`]: '2' }) }, ['2']],
    ['our part of what another hand added to',      { ours: ours({ [`${BTC} both`]: '0.5' }) }, ['0.5']],
    ['no more than the venue holds',                { ours: ours({ [`${BTC} both`]: '3' }) }, ['2']],
    ['nothing of what the ledger does not hold',    {}, []],
    ['nothing of a holding that another hand turned round', { account: { positions: [held({ direction: 'short' })] }, ours: ours({ [`${BTC} both`]: '5' }) }, []],
    ['nothing that another hand holds the other way', { ours: ours({ [`${BTC} short`]: '2' }) }, []],
    ['without the ledger, symbols that we trade',   { ours: null }, ['2']],
    ['without the ledger, nothing of other symbols', { ours: null, instrumentIds: [ETH] }, []],
    ['without the ledger, what an order of ours rests on', { ours: null, instrumentIds: [ETH], openOrders: [order()] }, ['2']],
    ['without the ledger, nothing that another hand\'s order rests on', { ours: null, instrumentIds: [ETH], openOrders: [order({ clientOrderId: 'web_1' })] }, []],
  ])('%s', (_name, changes, quantities) => {
    expect(exempt({ account: { positions: [held()] }, ...changes }).targets.map((it) => it.position.quantity)).toEqual(quantities);
  });

  it('a stop of ours goes with what was ours, whatever another hand still holds there', () => {
    const stop = order({});
    expect(exempt({ account: { positions: [held()] }, openOrders: [stop], ours: ours({ [`${BTC} both`]: '0' }) }).leftovers).toHaveLength(1);
    expect(exempt({ account: { positions: [held()] }, openOrders: [stop], ours: ours({ [`${BTC} both`]: '1' }) }).leftovers).toEqual([]);
    expect(exempt({ account: { positions: [held()] }, openOrders: [stop], ours: null, instrumentIds: [ETH] }).leftovers).toEqual([]); // it may be ours
  });

  it('orders of others stay, ours go', () => {
    const seen = exempt({ openOrders: [ENTRY, order({ clientOrderId: 'web_2' }), { ...ENTRY, clientOrderId: OURS }, order({ instrumentId: ETH })] });
    expect([seen.openings.map((it) => it.clientOrderId), seen.leftovers.map((it) => it.instrumentId)]).toEqual([[OURS], [ETH]]);
  });
});

describe('for any account', () => {
  const quantity = fc.integer({ min: 1, max: 500 }).map((steps) => d(steps).div(100).toFixed());
  const position = fc.record({ instrumentId: fc.constantFrom(BTC, ETH, 'SOL-USDT-PERP'), direction: fc.constantFrom('long' as const, 'short' as const), quantity, hedge: fc.boolean() })
    .map(({ hedge, ...it }): VenuePosition => held({ ...it, positionSide: hedge ? it.direction : 'both' }));
  const accounts = fc.uniqueArray(position, { maxLength: 6, selector: (it) => `${it.instrumentId} ${it.positionSide}` });

  it('the closing orders of all targets leave nothing, and open nothing', () => {
    fc.assert(fc.property(accounts, fc.option(quantity, { nil: null }), (positions, largest) => {
      const { targets } = look({ account: { positions }, maxMarketQuantities: largest === null ? {} : { [BTC]: largest } });
      expect(targets).toHaveLength(positions.length);
      for (const { position: it, maxMarketQuantity, ours } of targets) {
        const orders = closingOrders(it, { portfolioId: 'sim', deploymentId: 'abcde', emergencyId: 'ess/sim/1', attempt: 1 }, { maxMarketQuantity, ours });
        const closed = orders.reduce((sum, each) => sum.plus(d(each.quantity)), d(0));
        // At most a hundred lots a pass: what is left shows at the next look.
        expect(closed.eq(d(it.quantity)) || (orders.length >= 100 && closed.lt(d(it.quantity)))).toBe(true);
        for (const each of orders) expect([each.side, each.positionSide, each.reduceOnly]).toEqual([it.direction === 'long' ? 'sell' : 'buy', it.positionSide, it.positionSide === 'both']);
      }
    }), { numRuns: 100 });
  });

  it('exempt, no more is closed than the ledger holds', () => {
    fc.assert(fc.property(accounts, fc.dictionary(fc.constantFrom(`${BTC} both`, `${BTC} long`, `${ETH} short`), quantity), (positions, quantities) => {
      for (const { position: it } of look({ account: { positions }, foreign: 'exempt', ours: ours(quantities) }).targets) {
        expect(d(it.quantity).lte(d(quantities[`${it.instrumentId} ${it.positionSide}`] ?? '0'))).toBe(true);
      }
    }), { numRuns: 100 });
  });

  it('parts hold everything, in order, none larger than asked for', () => {
    fc.assert(fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 12 }), (items, sizeMax) => {
      const parts = inParts(items, sizeMax);
      expect(parts.flat()).toEqual(items);
      expect(parts.every((part) => part.length > 0 && part.length <= sizeMax)).toBe(true);
    }), { numRuns: 100 });
  });
});
