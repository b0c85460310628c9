import { describe, expect, it } from 'vitest';
import type { Engine } from '../../../activities/feeds.ts';
import { bookClosed, createReconciliationActivities } from '../../../activities/reconciliation.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import type { OpenPlan } from '../../../domain/cycle/types.ts';
import { emergencyOrderIdOf } from '../../../domain/emergency/closing.ts';
import { KeelError } from '../../../domain/errors.ts';
import { clientOrderIdOf } from '../../../domain/orders/identity.ts';
import type { Fill, OrderRow, VenueOrder } from '../../../domain/orders/order.ts';
import type { OrderEvent } from '../../../domain/orders/transitions.ts';
import type { Difference, DifferenceKind, Ledger, Mode, NotedDifference, PortfolioSpec, ReconciliationView } from '../../../domain/ports/ledger.ts';
import type { IncomeRecord, Venue, VenueAccount } from '../../../domain/ports/venue.ts';
import type { PositionRecord } from '../../../domain/positions/position.ts';
import { portOf } from '../../support/ports.ts';
import { observationWith } from '../domain/cycle/plan.fixture.ts';
import { INTENT, reportOf, rowIn } from '../domain/orders/orders.fixture.ts';

const ACCOUNT: VenueAccount = { walletBalance: '1', equity: '1', availableMargin: '1', positionMode: 'oneWay', positions: [] };
const VIEW: ReconciliationView = { portfolioId: 'sim', mode: 'sim', deploymentId: 'abcde', fence: { epoch: 1, halted: false }, positions: [], openOrders: [], lastFillAt: {}, instrumentIds: [], moneyBooked: '1' };
const differenceOf = (kind: Difference['kind'], evidence: Difference['evidence'] = { clientOrderId: 'klother-x', book: 'plain', positionId: 'p' }): NotedDifference => ({ key: kind, kind, instrumentId: 'BTC-USDT-PERP', evidence, looks: 2, firstSeenAt: 1 });

/** @param calls what is done to ledger and venue. */
function activitiesOf(calls: string[], looks = 1) {
  return createReconciliationActivities({
    warn: () => undefined, clock: () => 1_000,
    engine: portOf<Engine>({ wakePosition: async (id) => void calls.push(`wake ${id}`) }),
    ledger: portOf<Ledger>({
      reconciliationView: async () => VIEW,
      noteDifferences: async () => [{ ...differenceOf('foreignOrder'), looks }],
      raiseFence: async ({ by }) => { calls.push(`raise fence by ${by}`); return { epoch: 2, halted: true }; },
      resolveDifference: async (_portfolio, { kind }) => void calls.push(`resolved ${kind}`),
      cursor: async () => 5_000,
      recordIncome: async (_portfolio, records) => void calls.push(`income ${records.map((it) => it.time).join(' ')}`),
      setCursor: async (_portfolio, name, value) => void calls.push(`${name} at ${value}`),
      recordEquity: async () => undefined,
    }),
    venue: portOf<Venue>({
      account: async () => ACCOUNT, openOrders: async () => [], serverTime: async () => 1_000, marketTime: async () => 9_000,
      cancel: async ({ clientOrderId }) => { calls.push(`cancel ${clientOrderId}`); return { kind: 'canceled' }; },
      income: async () => [5_000, 7_000].map((time) => ({ incomeId: String(time), type: 'TRANSFER', amount: '1', currency: 'USDT', instrumentId: null, tradeId: null, time })),
    }),
  });
}

describe('a difference between venue and ledger', () => {
  it.each([[1, 0, 1], [2, 1, 0], [3, 1, 0]])('seen %d times in a row: %d to act on, %d to look at again', async (looks, confirmed, fresh) => {
    const seen = await activitiesOf([], looks).compareWithVenue('sim');
    expect([seen.confirmed.length, seen.fresh]).toEqual([confirmed, fresh]);
  });

  it.each<[Difference['kind'], readonly string[]]>([
    ['twoMasters', ['raise fence by reconciliation', 'resolved twoMasters']],
    ['orphanExitOrder', ['cancel klother-x', 'resolved orphanExitOrder']],
    ['unprotected', ['wake p', 'resolved unprotected']],
    ['unheardNews', ['wake p', 'resolved unheardNews']],
    ['foreignOrder', ['resolved foreignOrder']],
    ['foreignPosition', ['resolved foreignPosition']],
    ['ghostQuantity', ['resolved ghostQuantity']],
    ['walletMismatch', ['resolved walletMismatch']],
  ])('%s', async (kind, expected) => {
    const calls: string[] = [];
    await activitiesOf(calls).resolveDifference({ portfolioId: 'sim', difference: differenceOf(kind) });
    expect(calls).toEqual(expected);
  });
});

it('money is read from the newest known moment on, that moment again', async () => {
  const calls: string[] = [];
  await activitiesOf(calls).recordMoney('sim');
  expect(calls).toEqual(['income 5000 7000', 'income at 7000']);
});

describe('the first reading of money', () => {
  const LISTED: IncomeRecord[] = [['5', 'USDT'], ['-0.5', 'USDT'], ['-7', 'BNB']].map(([amount = '', currency = ''], at) => ({ incomeId: String(at), type: 'TRANSFER', amount, currency, instrumentId: null, tradeId: null, time: 5_000 + at }));

  /** @param wallets at each look in turn. @returns what is booked, and the cursor; nothing of either when it must be read anew. */
  async function firstReading(mode: Mode, wallets: readonly string[], listed = LISTED): Promise<readonly string[]> {
    const calls: string[] = [];
    const left = [...wallets];
    await createReconciliationActivities({
      warn: () => undefined, clock: () => 1, engine: portOf<Engine>({}),
      ledger: portOf<Ledger>({
        cursor: async () => null, reconciliationView: async () => ({ ...VIEW, mode }), recordEquity: async () => undefined, setCursor: async (_portfolio, _name, value) => void calls.push(`cursor ${value}`),
        recordIncome: async (_portfolio, records) => void calls.push(...records.map((it) => `${it.type} ${it.amount} ${it.currency} at ${it.time}`)),
      }),
      venue: portOf<Venue>({ account: async () => ({ ...ACCOUNT, walletBalance: left.length > 1 ? left.shift() ?? '' : left[0] ?? '' }), income: async () => listed, marketTime: async () => 9_000 }),
    }).recordMoney('sim');
    return calls;
  }
  const lines = ['TRANSFER 5 USDT at 5000', 'TRANSFER -0.5 USDT at 5001', 'TRANSFER -7 BNB at 5002', 'cursor 5002'];

  it.each<[string, Mode, readonly string[], readonly string[]]>([
    ['books what came before the oldest line, in the account\'s currency', 'live', ['104.5'], ['OPENING_BALANCE 100 USDT at 5000', ...lines]],
    ['also a debt', 'testnet', ['4.4'], ['OPENING_BALANCE -0.1 USDT at 5000', ...lines]],
    ['books nothing more where the lines add up', 'live', ['4.5'], lines],
    ['waits for the next run while money moves', 'live', ['104.5', '105'], []],
    ['takes a venue that lists everything by its word', 'paper', ['104.5'], lines],
    ['the same on a simulated one', 'sim', ['104.5'], lines],
  ])('%s', async (_name, mode, wallets, expected) => {
    expect(await firstReading(mode, wallets)).toEqual(expected);
  });

  it('of an account whose whole history is forgotten', async () => {
    expect(await firstReading('live', ['100'], [])).toEqual(['OPENING_BALANCE 100 USDT at 9000', 'cursor 9000']);
  });
});

const [PLAN] = planCycle({ cycleId: 'cycle', observation: observationWith() }).opens as [OpenPlan];
const INSTRUMENT_ID = PLAN.instrument.id;
const POSITION: PositionRecord = {
  positionId: PLAN.positionId, portfolioId: 'sim', plan: PLAN, state: 'open', quantity: '10', entryPrice: '100', stopPrice: '97', targetPrice: null, realizedPnl: '0',
  closeReason: null, inboxSeq: 1, handledSeq: 1,
};
const HOLDING: ReconciliationView = {
  portfolioId: 'sim', mode: 'sim', deploymentId: 'abcde', fence: { epoch: 1, halted: false }, positions: [POSITION], openOrders: [], lastFillAt: { [INSTRUMENT_ID]: PLAN.decidedAt + 60_000 },
  instrumentIds: [INSTRUMENT_ID], moneyBooked: '10000',
};

function fillAt(filledAt: number): Fill {
  return {
    tradeId: '9', venueOrderId: '5', clientOrderId: null, instrumentId: INSTRUMENT_ID, side: 'sell', positionSide: 'both', price: '99', quantity: '10', fee: '0', feeCurrency: 'USDT', realizedPnl: '-10',
    maker: false, filledAt, filledAtWall: 1,
  };
}

/** A venue that holds nothing any more, with this in its history. */
function activitiesWith({ fill, orders, looks = 1, owned = false, inLedger = [], delisted = false }: { fill: Fill; orders: readonly VenueOrder[]; looks?: number; owned?: boolean; inLedger?: readonly string[]; delisted?: boolean }) {
  const unlessDelisted = <T>(answer: T): T => { if (delisted) throw new KeelError('VENUE_REFUSED', 'Invalid symbol.'); return answer; };
  const applied: string[] = [];
  const told: string[] = [];
  const woken: string[] = [];
  const ledger = portOf<Ledger>({
    reconciliationView: async () => HOLDING,
    applyFills: async (_portfolio, fills) => fills.map((it) => {
      applied.push(it.tradeId);
      return { positionId: owned ? PLAN.positionId : null, row: null, isNews: owned };
    }),
    openHoldings: async () => ({}),
    order: async (clientOrderId) => (inLedger.includes(clientOrderId) ? rowIn('filled') : null),
    cursor: async () => 0,
    recordIncome: async () => undefined,
    setCursor: async () => undefined,
    noteDifferences: async (_portfolio, differences) => differences.map((it) => ({ ...it, looks, firstSeenAt: 1 })),
    resolveDifference: async (_portfolio, difference: Difference, outcome) => void told.push(`${difference.kind}: ${outcome}`),
  });
  const venue = portOf<Venue>({
    fills: async ({ since }) => unlessDelisted(fill.filledAt >= since ? [fill] : []),
    orderHistory: async () => unlessDelisted(orders),
    instruments: async () => [],
    openOrders: async () => [],
    income: async () => [],
    account: async () => ({ walletBalance: '10000', equity: '10000', availableMargin: '10000', positionMode: 'oneWay', positions: [] }),
  });
  const engine = portOf<Engine>({ isRunning: async () => true, wakePosition: async (id) => void woken.push(id) });
  const activities = createReconciliationActivities({ ledger, venue, engine, warn: () => undefined, clock: () => 1 });
  return { ...activities, applied, told, woken };
}

const historyOf = (clientOrderId: string, changes: Partial<VenueOrder> = {}) => [reportOf('filled', '10', { venueOrderId: '5', clientOrderId, instrumentId: INSTRUMENT_ID, ...changes })];

describe('a position that the venue does not hold any more', () => {
  it('and whose symbol it does not list either was settled by it, and trips nobody: the history that is refused keeps nobody from being compared', async () => {
    const { compareWithVenue, applied } = activitiesWith({ fill: fillAt(PLAN.decidedAt + 60_000), orders: [], looks: 2, delisted: true });
    expect((await compareWithVenue('sim')).confirmed.map((it) => it.kind)).toEqual(['closedOutside']);
    expect(applied).toEqual([]);
  });

  it.each<[string, number, readonly VenueOrder[], string]>([
    ['the history of orders says whose hand it was', 0, historyOf('web_abc'), 'closedOutside'],
    ['a liquidation is told by the id of its order', 0, historyOf('autoclose-77'), 'liquidated'],
    ['the venue still told the time of the candle that was decided on', -1, historyOf('web_abc'), 'closedOutside'],
    ['what happened before it was decided is not its end', -60_000, historyOf('web_abc'), 'ghostPosition'],
  ])('%s', async (_name, afterMs, orders, kind) => {
    const { compareWithVenue } = activitiesWith({ fill: fillAt(PLAN.decidedAt + afterMs), orders, looks: 2 });
    expect((await compareWithVenue('sim')).confirmed.map((it) => it.kind)).toEqual([kind]);
  });

  it('one look confirms nothing', async () => {
    const { compareWithVenue } = activitiesWith({ fill: fillAt(PLAN.decidedAt), orders: historyOf('web_abc') });
    expect(await compareWithVenue('sim')).toMatchObject({ confirmed: [], fresh: 1, toResume: [] });
  });

  it('a fill that is missing behind a newer one is found where the positions differ, booked at once, and told', async () => {
    const { compareWithVenue, applied, told, woken } = activitiesWith({ fill: fillAt(PLAN.decidedAt), orders: historyOf('web_abc'), owned: true });
    await compareWithVenue('sim');
    expect([applied, told, woken]).toEqual([['9'], ['missedFill: applied'], [PLAN.positionId]]);
  });
});

describe('what others closed of a position', () => {
  /** @param left what it holds once each booking is done */
  function ledgerOf(booked: string[], left: readonly string[]): Ledger {
    return portOf<Ledger>({
      applyOutsideFills: async (_position, fills, upTo) => void booked.push(`${fills.map((it) => it.tradeId).join(' ')} ${String(upTo?.upToHeld)}`),
      positionSnapshot: async () => ({ position: { ...POSITION, quantity: left[Math.max(0, booked.length - 1)] ?? '0' }, orders: [], instructions: [] }),
      portfolio: async () => ({ deploymentId: 'abcde' }) as PortfolioSpec, resolveDifference: async () => undefined, instruct: async () => undefined,
      openHoldings: async () => ({ x: { instrumentId: INSTRUMENT_ID, positionSide: 'both', direction: 'long', quantity: '10', tradedSince: 0, bookedTrades: ['booked'] } }),
    });
  }
  const fill = (tradeId: string, clientOrderId: string | null): Fill => ({ ...fillAt(PLAN.decidedAt), tradeId, clientOrderId });
  const fills = [fill('theirs', emergencyOrderIdOf('abcde', 'a', 'foreign')), fill('ours', emergencyOrderIdOf('abcde', 'b')), fill('web', 'web_1')];

  it.each<[string, string, readonly string[], readonly string[]]>([
    ['of what was closed as another\'s, nothing once it is empty', '0', ['ours web true'], ['ours', 'web']],
    ['what was closed as another\'s last: an entry that had just filled', '2', ['ours web true', 'theirs true'], ['theirs', 'ours', 'web']],
  ])('%s', async (_name, left, expected, closing) => {
    const booked: string[] = [];
    expect((await bookClosed(ledgerOf(booked, [left]), PLAN.positionId, { deploymentId: 'abcde', closing: fills })).map((it) => it.tradeId)).toEqual(closing);
    expect(booked).toEqual(expected);
  });

  it.each<[DifferenceKind, readonly Fill[], string]>([
    ['closedOutside', [fill('older', 'web_1'), fill('newer', 'web_2'), fill('booked', 'web_3')], 'newer true'],
    ['liquidated', [fill('theirs', 'autoclose-1'), fill('newer', 'web_2')], 'theirs true'],
    ['closedInEmergency', [fill('ours', emergencyOrderIdOf('abcde', 'b')), fill('newer', 'web_2')], 'ours true'],
  ])('%s: its own fills first, the newest first, and no more than it held', async (kind, shown, expected) => {
    const booked: string[] = [];
    const venue = portOf<Venue>({ fills: async () => shown, orderHistory: async () => [] });
    const activities = createReconciliationActivities({ ledger: ledgerOf(booked, ['10']), venue, engine: portOf<Engine>({ wakePosition: async () => undefined }), warn: () => undefined, clock: () => 1 });
    await activities.resolveDifference({ portfolioId: 'sim', difference: differenceOf(kind, { positionId: PLAN.positionId }) });
    expect(booked[0]).toBe(expected);
  });

  it('a part of it is booked by the fills that tell it, and its position woken', async () => {
    const booked: string[] = [];
    const woken: string[] = [];
    const venue = portOf<Venue>({ fills: async () => [fill('before', null), fill('9', null)], orderHistory: async () => [] });
    const engine = portOf<Engine>({ wakePosition: async (id) => void woken.push(id) });
    const activities = createReconciliationActivities({ ledger: ledgerOf(booked, ['4', '4']), venue, engine, warn: () => undefined, clock: () => 1 });
    expect(await activities.resolveDifference({ portfolioId: 'sim', difference: differenceOf('reducedOutside', { positionId: PLAN.positionId, trades: ['9'] }) })).toBe('booked, position woken');
    expect([booked, woken]).toEqual([['9 true'], [PLAN.positionId]]);
  });
});

describe('a working order that the venue does not know', () => {
  it.each<[string, Partial<OrderRow>, number, readonly OrderEvent['kind'][]]>([
    ['was accepted long ago: it has ended', {}, 7_000, ['vanished']],
    ['was sent just now: look-ups may lag', {}, 6_999, []],
    ['is of open fate: its position proves that', { state: 'unknown' }, 60_000, []],
  ])('%s', async (_name, changes, venueTime, expected) => {
    const row = rowIn('accepted', { sentTimestamp: 1_000, acceptedAt: 1_000, ...changes });
    const events: OrderEvent['kind'][] = [];
    const ledger = portOf<Ledger>({
      order: async () => row,
      applyOrderEvent: async (_id, event) => {
        events.push(event.kind);
        return row;
      },
      resolveDifference: async () => undefined,
    });
    const venue = portOf<Venue>({ serverTime: async () => venueTime, lookUp: async () => null });
    const engine = portOf<Engine>({ wakePosition: async () => undefined });
    const { resolveDifference } = createReconciliationActivities({ ledger, venue, engine, warn: () => undefined, clock: () => 1 });
    await resolveDifference({ portfolioId: 'sim', difference: differenceOf('ghostOrder', { clientOrderId: INTENT.clientOrderId }) });
    expect(events).toEqual(expected);
  });
});

describe('an order of ours that the ledger never heard of', () => {
  const OURS = clientOrderIdOf('abcde', 'close');

  it.each<[string, readonly string[], DifferenceKind]>([
    ['its position runs and will write it', [], 'unwrittenOrder'],
    ['the ledger has it, and its fills: another look at both decides', [OURS], 'ghostPosition'],
  ])('closed the position: %s', async (_name, inLedger, kind) => {
    const { compareWithVenue } = activitiesWith({ fill: fillAt(PLAN.decidedAt), orders: historyOf(OURS), looks: 2, inLedger });
    expect((await compareWithVenue('sim')).confirmed.map((it) => it.kind)).toEqual([kind]);
  });

  const evidence = (changes: Difference['evidence']) => ({ clientOrderId: OURS, book: 'plain', isWorking: false, positions: [PLAN.positionId], venue: '0', ...changes });

  it.each<[string, Difference['evidence'], number, readonly string[]]>([
    ['may be written still', evidence({}), 59_999, [`wake ${PLAN.positionId}`]],
    ['is forgotten, and nothing is held any more', evidence({}), 60_000, ['outside fills 9', `instruct gone outside`, `wake ${PLAN.positionId}`]],
    ['is forgotten, and a part is held', evidence({ venue: '3' }), 60_000, []],
    ['is forgotten, and works', evidence({ isWorking: true }), 60_000, [`cancel ${OURS}`]],
  ])('%s', async (_name, seen, ageMs, expected) => {
    const calls: string[] = [];
    const ledger = portOf<Ledger>({
      positionSnapshot: async () => ({ position: { ...POSITION, quantity: calls.length === 0 ? '10' : '0' }, orders: [], instructions: [] }),
      portfolio: async () => ({ deploymentId: 'abcde' }) as PortfolioSpec, openHoldings: async () => ({}),
      applyOutsideFills: async (_position, fills) => void calls.push(`outside fills ${fills.map((it) => it.tradeId).join(' ')}`),
      instruct: async (it) => void calls.push(`instruct ${it.kind} ${it.kind === 'gone' ? it.reason : ''}`),
      resolveDifference: async () => undefined,
    });
    const venue = portOf<Venue>({
      fills: async () => [fillAt(PLAN.decidedAt)], orderHistory: async () => [], serverTime: async () => 1,
      cancel: async ({ clientOrderId }) => { calls.push(`cancel ${clientOrderId}`); return { kind: 'canceled' }; },
    });
    const engine = portOf<Engine>({ wakePosition: async (id) => void calls.push(`wake ${id}`) });
    const difference = { ...differenceOf('unwrittenOrder', seen), firstSeenAt: 1_000 };
    await createReconciliationActivities({ ledger, venue, engine, warn: () => undefined, clock: () => 1_000 + ageMs }).resolveDifference({ portfolioId: 'sim', difference });
    expect(calls).toEqual(expected);
  });
});
