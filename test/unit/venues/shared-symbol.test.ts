/** The stop where another hand holds a part of the same symbol, and may keep it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { d } from '../../../domain/decimal.ts';
import { closedPartOf, closingOrders, emergencyOrderIdOf } from '../../../domain/emergency/closing.ts';
import type { OurHolding } from '../../../domain/emergency/holdings.ts';
import { ourHoldings, UNSEEN_MS } from '../../../domain/emergency/holdings.ts';
import type { Survey } from '../../../domain/emergency/survey.ts';
import { isClear } from '../../../domain/emergency/survey.ts';
import { KeelError } from '../../../domain/errors.ts';
import { clientOrderIdOf } from '../../../domain/orders/identity.ts';
import type { Fill, VenueOrder } from '../../../domain/orders/order.ts';
import type { EmergencyOrder } from '../../../domain/ports/ledger.ts';
import type { Venue } from '../../../domain/ports/venue.ts';
import { createSweeper } from '../../../venues/sweeper.ts';
import { portOf } from '../../support/ports.ts';

const BTC = 'BTC-USDT-PERP';
const HELD: OurHolding = { instrumentId: BTC, positionSide: 'both', direction: 'long', quantity: '5', tradedSince: 0, bookedTrades: [] };
const STOP = clientOrderIdOf('abcde', 'stop');

/** What becomes of one closing order: its answer, what of it is filled, and whether histories show it at once or after they settled. */
interface Fate {
  readonly answer: 'accepted' | 'unknown' | 'rejected';
  readonly filled: number;
  readonly isListed: boolean;
}

/** A venue where ours and another hand's lie in one holding. */
function sharedVenue(ours: number, foreign: number, fates: readonly Fate[]) {
  let now = 10_000;
  let held = d(ours + foreign);
  let trades = 0;
  const left = [...fates];
  const orders: VenueOrder[] = [];
  const fills: (Fill & { readonly listedAt: number })[] = [];
  const fill = (clientOrderId: string | null, quantity: string, listedAt: number): void => {
    const venueOrderId = `v${(trades += 1)}`;
    held = held.minus(d(quantity));
    if (clientOrderId !== null) orders.push({ venueOrderId, clientOrderId, instrumentId: BTC, book: 'plain', status: 'filled', side: 'sell', positionSide: 'both', quantity, filledQuantity: quantity, triggeredOrderId: null, updatedAt: listedAt } as VenueOrder);
    fills.push({ tradeId: `t${trades}`, venueOrderId, clientOrderId: null, instrumentId: BTC, side: 'sell', positionSide: 'both', quantity, listedAt } as Fill & { listedAt: number });
  };
  const venue = portOf<Venue>({
    serverTime: async () => now,
    account: async () => ({ walletBalance: '1', equity: '1', availableMargin: '1', positionMode: 'oneWay', positions: held.isZero() ? [] : [{ instrumentId: BTC, direction: 'long', quantity: held.toFixed(), entryPrice: '1', markPrice: '1', unrealizedPnl: '0', positionSide: 'both' }] }),
    openOrders: async () => [], instruments: async () => [],
    fills: async () => fills.filter((it) => it.listedAt <= now),
    orderHistory: async () => orders.filter((it) => it.updatedAt <= now),
    submit: async (intent) => {
      const fate = left.shift() ?? { answer: 'accepted', filled: 1, isListed: true };
      const quantity = d(intent.quantity).times(fate.answer === 'rejected' ? 0 : fate.filled);
      if (quantity.gt(0)) fill(intent.clientOrderId, quantity.toFixed(), fate.isListed ? now : now + UNSEEN_MS);
      if (fate.answer === 'accepted') return { kind: 'accepted', order: { venueOrderId: `v${trades}` } as never };
      return fate.answer === 'unknown' ? { kind: 'unknown', message: 'no answer' } : { kind: 'rejected', code: '-1', message: 'no' };
    },
  });
  return { venue, fill, held: () => held.toFixed(), pass: (ms: number) => void (now += ms), closed: () => orders.filter((it) => closedPartOf(it.clientOrderId, 'abcde') !== null).reduce((sum, it) => sum.plus(d(it.quantity)), d(0)).toFixed() };
}

const KNOWN = { deploymentId: 'abcde', foreign: 'exempt', instrumentIds: [BTC] } as const;

async function sweep({ venue, pass, closed }: ReturnType<typeof sharedVenue>, { holding, closes, passes }: { readonly holding: OurHolding; readonly closes: string; readonly passes: number }): Promise<void> {
  const sweeper = createSweeper(venue);
  const sent: EmergencyOrder[] = [];
  for (let attempt = 1; attempt <= passes; attempt += 1) {
    const look = await sweeper.survey({ ...KNOWN, ours: ourHoldings([holding]), sent });
    const { targets } = look;
    if (isClear(look)) expect([attempt, closed()]).toEqual([attempt, closes]);
    const round = { portfolioId: 'sim', deploymentId: 'abcde', emergencyId: 'ess/sim/1', attempt };
    sent.push(...(await sweeper.close(targets.flatMap(({ position, maxMarketQuantity, ours }) => closingOrders(position, round, { maxMarketQuantity, ours })))));
    pass(UNSEEN_MS / 6 + 1);
  }
}

it('a second look closes nothing of what another hand holds, though the ledger still tells the old quantity', async () => {
  const shared = sharedVenue(5, 3, []);
  await sweep(shared, { holding: HELD, closes: '5', passes: 12 });
  expect([shared.held(), shared.closed()]).toEqual(['3', '5']);
});

it('our stop that filled before the ledger heard of it is not closed once more', async () => {
  const shared = sharedVenue(5, 3, []);
  shared.fill(STOP, '5', 0);
  await sweep(shared, { holding: HELD, closes: '0', passes: 9 });
  expect([shared.held(), shared.closed()]).toEqual(['3', '0']);
});

it('what the ledger has booked counts once, and another hand\'s trades not at all', async () => {
  const shared = sharedVenue(5, 3, []);
  shared.fill(STOP, '2', 0); // booked: the ledger says 3
  shared.fill(null, '1', 0); // the other hand sold of its own
  await sweep(shared, { holding: { ...HELD, quantity: '3', bookedTrades: ['t1'] }, closes: '3', passes: 9 });
  expect([shared.held(), shared.closed()]).toEqual(['2', '3']);
});

it('a venue that does not tell its history is closed by the ledger\'s word, less what was sent, however long ago', async () => {
  const shared = sharedVenue(5, 3, []);
  const silent = { ...shared, venue: { ...shared.venue, fills: async () => { throw new KeelError('VENUE_REFUSED', 'not listed'); } } };
  await sweep(silent, { holding: HELD, closes: '5', passes: 24 });
  expect([shared.held(), shared.closed()]).toEqual(['3', '5']);
});

it('a history that does not come keeps nobody from closing', async () => {
  const { venue } = sharedVenue(5, 3, []);
  const { targets } = await createSweeper({ ...venue, fills: () => new Promise(() => undefined) }).survey({ ...KNOWN, ours: ourHoldings([HELD]), sent: [] });
  expect(targets.map((it) => it.position.quantity)).toEqual(['5']);
});

it('where the venue holds just what the ledger tells, a stop of ours that rests proves it; without one the history has to', async () => {
  const shared = sharedVenue(0, 5, []);
  shared.fill(STOP, '0', 0);
  const filled = { ...shared.venue, fills: async () => [{ tradeId: 'own', venueOrderId: 'v1', clientOrderId: null, instrumentId: BTC, side: 'sell', positionSide: 'both', quantity: '5' } as Fill] };
  expect((await createSweeper(filled).survey({ ...KNOWN, ours: ourHoldings([HELD]), sent: [] })).targets).toEqual([]);
  const resting = { ...filled, openOrders: async () => [{ clientOrderId: STOP, instrumentId: BTC, positionSide: 'both', side: 'sell', reduceOnly: true, status: 'working', book: 'conditional' } as VenueOrder] };
  expect((await createSweeper(resting).survey({ ...KNOWN, ours: ourHoldings([HELD]), sent: [] })).targets.map((it) => it.position.quantity)).toEqual(['5']);
});

it('a bug in reading the history is not taken for an answer', async () => {
  const { venue } = sharedVenue(5, 3, []);
  await expect(createSweeper({ ...venue, fills: async () => { throw new Error('a bug'); } }).survey({ ...KNOWN, ours: ourHoldings([HELD]), sent: [] })).rejects.toThrow('a bug');
});

it('whatever becomes of each order, a clear look means that ours is closed, and nothing of the other hand\'s ever is', async () => {
  const fates = fc.array(fc.record({ answer: fc.constantFrom('accepted' as const, 'unknown' as const, 'rejected' as const), filled: fc.constantFrom(0, 0.5, 1), isListed: fc.boolean() }), { maxLength: 6 });
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 }), fates, async (ours, foreign, given) => {
    const shared = sharedVenue(ours, foreign, given);
    await sweep(shared, { holding: { ...HELD, quantity: String(ours) }, closes: String(ours), passes: 80 });
    expect([shared.held(), shared.closed()]).toEqual([String(foreign), String(ours)]);
  }), { numRuns: 200 });
});

const STOP_RESTS = { clientOrderId: STOP, instrumentId: BTC, positionSide: 'both', side: 'sell', reduceOnly: true, status: 'working', book: 'conditional' } as VenueOrder;
const CLOSING: EmergencyOrder = { clientOrderId: emergencyOrderIdOf('abcde', 'x'), emergencyId: 'ess/sim/1', instrumentId: BTC, side: 'sell', positionSide: 'both', quantity: '5', answer: 'unknown', detail: null, venueOrderId: null, sentAt: 10_000 };

it('while a closing order may have taken ours nothing is proven, and our stop rests; afterwards what did not arrive is closed', async () => {
  const { venue, pass } = sharedVenue(5, 3, []);
  const sweeper = createSweeper({ ...venue, openOrders: async () => [STOP_RESTS] });
  const look = async (): Promise<Survey> => await sweeper.survey({ ...KNOWN, ours: ourHoldings([HELD]), sent: [CLOSING] });
  pass(UNSEEN_MS);
  const during = await look();
  expect([during.targets, during.leftovers, during.moving, isClear(during)]).toEqual([[], [], [`${BTC} both`], false]);
  pass(1);
  const after = await look();
  expect([after.targets.map((it) => it.position.quantity), after.moving, isClear(after)]).toEqual([['5'], [], false]);
});

it('without the venue\'s history nothing is proven, however long ago it was sent', async () => {
  const { venue, pass } = sharedVenue(0, 3, []);
  pass(10 * UNSEEN_MS);
  const sweeper = createSweeper({ ...venue, fills: async () => { throw new KeelError('VENUE_UNREACHABLE', 'away'); } });
  expect(isClear(await sweeper.survey({ ...KNOWN, ours: ourHoldings([HELD]), sent: [CLOSING] }))).toBe(false);
});

it('an order that opens takes nothing', async () => {
  const { venue } = sharedVenue(5, 3, []);
  const { targets, moving } = await createSweeper(venue).survey({ ...KNOWN, ours: ourHoldings([HELD]), sent: [{ ...CLOSING, side: 'buy' }] });
  expect([targets.map((it) => it.position.quantity), moving]).toEqual([['5'], []]);
});

it('the history is asked before all but exits, and one that is slow is waited for by the next look', async () => {
  const { venue } = sharedVenue(5, 3, []);
  const asked: (string | undefined)[] = [];
  const sweeper = createSweeper({ ...venue, fills: async (_query, urgency) => { asked.push(urgency?.priority); await new Promise((resolve) => setTimeout(resolve, 2_000)); return []; } });
  const look = async (): Promise<readonly (string | undefined)[]> => (await sweeper.survey({ ...KNOWN, ours: ourHoldings([HELD]), sent: [{ ...CLOSING, sentAt: 0 }] })).moving ?? [];
  expect([await look(), await look(), asked]).toEqual([[`${BTC} both`], [], ['exit']]);
});

it('a history on its way is waited for however long, and one that tells of another holding is not taken', async () => {
  const shared = sharedVenue(5, 3, []);
  const answers: ((fills: readonly Fill[]) => void)[] = [];
  const sweeper = createSweeper({ ...shared.venue, fills: () => new Promise((resolve) => { answers.push(resolve); }) });
  const look = async (): Promise<Survey> => await sweeper.survey({ ...KNOWN, ours: ourHoldings([HELD]), sent: [] });
  await look();
  shared.pass(60_000);
  await look();
  expect(answers).toHaveLength(1); // asked once
  shared.fill(STOP, '5', 0); // meanwhile our stop fills: the answer that comes does not know of it
  answers[0]?.([]);
  const later = look();
  await new Promise((resolve) => setTimeout(resolve, 10));
  answers[1]?.(await shared.venue.fills({ instrumentId: BTC, since: 0 }));
  expect((await later).targets).toEqual([]);
});

it('holdings of one symbol and side are summed, with all that was booked', () => {
  expect(ourHoldings([{ ...HELD, quantity: '0.1', tradedSince: 7, bookedTrades: ['1'] }, { ...HELD, quantity: '0.2', tradedSince: 5, bookedTrades: ['2'] }, { ...HELD, positionSide: 'short', quantity: '1' }])).toEqual({
    [`${BTC} both`]: { ...HELD, quantity: '0.3', tradedSince: 5, bookedTrades: ['1', '2'] }, [`${BTC} short`]: { ...HELD, positionSide: 'short', quantity: '1' },
  });
});

it('a closing order of another part, or one that was refused, takes nothing of ours', async () => {
  const { venue } = sharedVenue(5, 3, []);
  const order: EmergencyOrder = { clientOrderId: emergencyOrderIdOf('abcde', 'x', 'foreign'), emergencyId: 'ess/sim/1', instrumentId: BTC, side: 'sell', positionSide: 'both', quantity: '3', answer: 'unknown', detail: null, venueOrderId: null, sentAt: 10_000 };
  const sent = [order, { ...order, clientOrderId: emergencyOrderIdOf('abcde', 'y'), answer: 'rejected' as const }, { ...order, clientOrderId: emergencyOrderIdOf('abcde', 'z'), answer: 'notSent' as const }];
  expect((await createSweeper(venue).survey({ ...KNOWN, ours: ourHoldings([HELD]), sent })).targets.map((it) => it.position.quantity)).toEqual(['5']);
});
