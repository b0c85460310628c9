import { describe, expect, it } from 'vitest';
import type { Candle } from '../../../../domain/market/candle.ts';
import type { Fill, VenueOrder } from '../../../../domain/orders/order.ts';
import type { IncomeRecord } from '../../../../domain/ports/venue.ts';
import type { DuePrediction, PricedOutcome } from '../../../../domain/predictions/outcome.ts';
import type { EmergencyFacts, PolicyFact } from '../../../../domain/verify/emergency-facts.ts';
import type { Facts, JudgedFact, LedgerFacts, OrderFact, Violation } from '../../../../domain/verify/facts.ts';
import { checkedIn, violationsIn } from '../../../../domain/verify/verify.ts';
import { calm, commission, cycle, CYCLE, ENTRY, entryRow, factsWith, fill, position, POSITION, recovering, sealed, skipping, STOP, stopRow, transfer, venueEntry, venueStop } from './facts.fixture.ts';

const sound = factsWith();
const { account } = sound.venue;

/** Bought at 100 at the close of the cycle, four candles, closed at 104, costs 10 bps. */
const PREDICTION: DuePrediction = {
  predictionId: 7, cycleId: CYCLE, instrumentId: 'BTC-USDT-PERP', timeframe: '1h', madeAt: cycle.closeTime, dueAt: 5 * cycle.closeTime, horizonCandles: 4, labelVersion: 'horizon4/1', role: 'acting', action: 'buy', sigma: 0.01, costBps: 10,
  stopBps: 200, targetBps: 300,
};
const MADE = { prediction: PREDICTION, decidedAt: cycle.closeTime, storedAt: 9, recordedAt: 9 };
const candlesWith = (last: Partial<Candle> = {}): LedgerFacts['candles'] => new Map([['1h BTC-USDT-PERP', new Map([0, 1, 2, 3].map((index) => {
  const openTime = PREDICTION.madeAt + index * cycle.closeTime;
  return [openTime, { openTime, open: 100 + index, high: 101 + index, low: 100 + index, close: 101 + index, volume: 1, ...(index === 3 ? last : {}) }];
}))]]);
const SPAN = { labelVersion: PREDICTION.labelVersion, entryAt: PREDICTION.madeAt, exitAt: PREDICTION.dueAt };
const judged = (changes: Partial<PricedOutcome & typeof SPAN> = {}): JudgedFact => ({ ...MADE, outcome: { ...SPAN, state: 'priced', entryPrice: 100, exitPrice: 104, actual: 'buy', moveBps: 400, returnBps: 390, isRight: true, exitsReturnBps: 290, ...changes } });
const open: JudgedFact = { ...MADE, outcome: null };
const LAST_OPEN = PREDICTION.dueAt - cycle.closeTime;
const unpriceable = (evidence: Readonly<Record<string, unknown>>, candles: LedgerFacts['candles'] = candlesWith()): Facts => factsWith({ ledger: { candles, judged: [{ ...MADE, outcome: { ...SPAN, state: 'unpriceable', evidence } }] } });
/** As `open`, not due yet. */
const unripe = (changes: Partial<DuePrediction>, made: Partial<JudgedFact> = {}): Facts => factsWith({ ledger: { judged: [{ ...open, prediction: { ...PREDICTION, ...changes }, ...made }] } });
const SECOND = `${STOP.slice(0, -1)}a`;
const SECOND_STOP: VenueOrder = { ...venueStop, venueOrderId: '5', clientOrderId: SECOND, triggerPrice: '91' };

/** One stop, or a second that follows it; the venue holds what works of them. */
function stopsOf(first: Partial<OrderFact>, second?: Partial<OrderFact>): Facts {
  const follower: OrderFact = { ...stopRow, ...second, venueOrderId: '5', intent: { ...stopRow.intent, clientOrderId: SECOND, revision: 2, triggerPrice: '91' } };
  const one = { ...stopRow, ...first };
  const held: VenueOrder = { ...venueStop, quantity: one.intent.quantity, status: one.state === 'canceled' ? 'canceled' : 'working' };
  const open = second === undefined ? [held] : [SECOND_STOP];
  return factsWith({
    ledger: { orders: [entryRow, one, ...(second === undefined ? [] : [follower])], readAt: 4_000_000 },
    venue: { orders: [venueEntry, held, ...(second === undefined ? [] : [SECOND_STOP])], openOrders: open },
  });
}

/** Held since 1 and without a stop; an exit went out, or none. */
function closing({ exitAt, readAt }: { exitAt: number | null; readAt: number }): Facts {
  const exit: OrderFact[] = exitAt === null ? [] : [{ ...stopRow, state: 'unknown', acceptedAt: null, venueOrderId: null, plannedAt: exitAt, sentTimestamp: exitAt, intent: { ...stopRow.intent, leg: 'exit', type: 'market', triggerPrice: null } }];
  return factsWith({ ledger: { positions: [{ ...position, state: 'closing' }], orders: [entryRow, ...exit], readAt }, venue: { orders: [venueEntry], openOrders: [] } });
}

const BNB_FEE = { incomeId: '2', type: 'COMMISSION', amount: '-0.01' };

/** A line in BNB beside the transfer, or for the fee; the account is kept in USDT. */
function withBnb(line: Pick<IncomeRecord, 'incomeId' | 'type' | 'amount'>, { fee = {}, walletBalance = account.walletBalance }: { fee?: Partial<Pick<Fill, 'fee' | 'feeCurrency'>>; walletBalance?: string }): Facts {
  const income = [transfer, ...(line.type === 'COMMISSION' ? [] : [commission]), { ...commission, ...line, currency: 'BNB' }];
  const fills = [{ ...fill, ...fee }];
  return factsWith({ ledger: { income, fills, positions: [{ ...position, fees: fee.fee === undefined ? '0.1' : '0' }] }, venue: { income, fills, account: { ...account, walletBalance } } });
}

/** The position was closed by the stop: nothing is held, nothing works. */
function stopped(emergency: EmergencyFacts, { entry = entryRow, claimedAt }: { entry?: OrderFact; claimedAt?: number } = {}): Facts {
  const isFilled = entry.filledQuantity !== '0';
  const closing = { ...fill, tradeId: '2', venueOrderId: '4', clientOrderId: null, side: 'sell' as const, fee: '0' };
  const fills = isFilled ? [fill, closing] : [];
  return factsWith({
    ledger: {
      emergency: claimedAt === undefined ? emergency : { ...emergency, claimedAt: { [ENTRY]: claimedAt } }, orders: [entry, { ...stopRow, state: 'canceled' }], fills,
      positions: [{ ...position, state: 'closed', quantity: '0', entryQuantity: isFilled ? '2' : '0', fees: isFilled ? '0.1' : '0' }], income: isFilled ? [transfer, commission] : [transfer],
    },
    venue: { orders: [...(isFilled ? [venueEntry] : []), { ...venueStop, status: 'canceled' }], openOrders: [], fills, income: isFilled ? [transfer, commission] : [transfer], account: { ...account, positions: [], walletBalance: isFilled ? '999.9' : '1000' } },
    engine: { running: new Set() },
  });
}

/** One field of the stop, at the venue. */
const OTHERWISE = {
  side: { side: 'buy' }, type: { type: 'takeProfitMarket' }, quantity: { quantity: '1.999' }, triggerPrice: { triggerPrice: '89' }, reduceOnly: { reduceOnly: false }, instrumentId: { instrumentId: 'ETH-USDT-PERP' }, positionSide: { positionSide: 'long' },
} as const satisfies Partial<Record<keyof VenueOrder, Partial<VenueOrder>>>;

/** What was planted, which invariant it breaks, and the words that tell of it. */
const PLANTED: readonly (readonly [invariant: Violation['invariant'], words: string, facts: Facts])[] = [
  [1, 'one intent, more than one order at the venue', factsWith({ venue: { orders: [venueEntry, { ...venueEntry, venueOrderId: '9' }, venueStop] } })],
  [1, 'an order of ours at the venue that the ledger does not know', factsWith({ ledger: { orders: [entryRow] }, venue: { openOrders: [] } })],
  [1, 'an order of another Keel on this account', factsWith({ venue: { orders: [venueEntry, venueStop, { ...venueEntry, clientOrderId: ENTRY.replace('abcde', 'zzzzz') }] } })],
  [1, 'the ledger holds an accepted order that the venue never saw', factsWith({ venue: { orders: [venueStop] } })],
  ...(['side', 'type', 'quantity', 'triggerPrice', 'reduceOnly', 'instrumentId', 'positionSide'] as const).map((field) => [1, 'an order that the venue holds otherwise than was intended', factsWith({ venue: { orders: [venueEntry, { ...venueStop, ...OTHERWISE[field] }] } })] as const),
  [1, 'an order that the venue holds otherwise than was intended', factsWith({ venue: { orders: [{ ...venueEntry, quantity: '1' }, venueStop] } })],
  [1, 'an order that the venue holds otherwise than was intended', factsWith({ ledger: { orders: [{ ...entryRow, intent: { ...entryRow.intent, type: 'limit', price: '100' } }, stopRow] }, venue: { orders: [{ ...venueEntry, type: 'limit', price: '100.1' }, venueStop] } })],
  [1, 'an order that is over in the ledger works at the venue', factsWith({ ledger: { orders: [entryRow, { ...stopRow, state: 'canceled' }] } })],
  [1, 'an order that works in the ledger is over at the venue', factsWith({ venue: { orders: [venueEntry, { ...venueStop, status: 'canceled' }] } })],
  [1, 'an order without an outcome, and nothing works on it', factsWith({ ledger: { orders: [entryRow, { ...stopRow, state: 'unknown' }] }, engine: { isAtRest: true } })],
  [2, 'a position\'s quantity is not that of its fills', factsWith({ ledger: { positions: [{ ...position, quantity: '1.9' }] } })],
  [2, 'a position\'s fees is not that of its fills', factsWith({ ledger: { positions: [{ ...position, fees: '0.2' }] } })],
  [2, 'a closed position still has a quantity', factsWith({ ledger: { positions: [{ ...position, state: 'closed' }] } })],
  [2, 'what an order filled is not what was booked', factsWith({ ledger: { orders: [{ ...entryRow, bookedQuantity: '1' }, stopRow] } })],
  [2, 'the ledger holds another position than the venue', factsWith({ venue: { account: { ...account, positions: [] } } })],
  [2, 'a fill at the venue that the ledger does not know', factsWith({ venue: { fills: [fill, { ...fill, tradeId: '2' }] } })],
  [2, 'a fill in the ledger that the venue does not know', factsWith({ venue: { fills: [] } })],
  [2, 'a fill that the venue holds otherwise', factsWith({ venue: { fills: [{ ...fill, price: '100.1' }] } })],
  [3, 'money at the venue that the ledger does not know', factsWith({ ledger: { incomeReadTo: 2 }, venue: { income: [transfer, commission, { ...transfer, incomeId: '3', type: 'FUNDING_FEE' }] } })],
  [3, 'money in the ledger that the venue does not know', factsWith({ venue: { income: [commission] } })],
  [3, 'the ledger\'s money is not the venue\'s wallet', factsWith({ venue: { account: { ...account, walletBalance: '999.90000001' } } })],
  [3, 'the fees of the fills is not that of the money', factsWith({ ledger: { income: [transfer, { ...commission, amount: '-0.2' }] } })],
  [3, 'the ledger\'s money is not the venue\'s wallet', withBnb({ incomeId: '3', type: 'COMMISSION_REBATE', amount: '0.1' }, { walletBalance: '1000' })], // what another currency would hide
  [3, 'the fees of the fills is not that of the money', withBnb(BNB_FEE, { fee: { fee: '0.02', feeCurrency: 'BNB' } })],
  [3, 'the fees of the fills is not that of the money', withBnb(BNB_FEE, {})], // paid in USDT by the fills, in BNB by the money
  [3, 'money at the venue that the ledger does not know', factsWith({ ledger: { incomeReadTo: 2 }, venue: { income: [transfer, commission, { ...transfer, currency: 'BNB' }] } })],
  [4, 'a position was without a stop for too long', stopsOf({ acceptedAt: 15_002 })],
  [4, 'a position was without a stop for too long', stopsOf({ state: 'canceled', endedAt: 40_000 }, { acceptedAt: 3_640_000 })], // an hour between two stops
  [4, 'a position was without a stop for too long', stopsOf({ intent: { ...stopRow.intent, quantity: '1.999' } })], // for less than what is held
  [4, 'a position was without a stop for too long', closing({ exitAt: 2, readAt: 60_003 })], // one exit, that never got through
  [4, 'a position was without a stop for too long', closing({ exitAt: 15_002, readAt: 15_003 })], // as late as none
  [4, 'a position was without a stop for too long', closing({ exitAt: null, readAt: 15_002 })],
  [4, 'no working stop covers an open position', factsWith({ venue: { openOrders: [{ ...venueStop, quantity: '1.999' }] } })],
  [4, 'more than one stop works for a position', factsWith({ venue: { openOrders: [venueStop, { ...venueStop, venueOrderId: '3' }] } })],
  [5, 'the fence is up, and an opening order works', factsWith({ ledger: { emergency: { ...calm, fence: { epoch: 1, halted: true } } }, venue: { openOrders: [venueStop, { ...venueEntry, status: 'working' }] } })],
  [6, 'no workflow runs for an open position', factsWith({ engine: { running: new Set() } })],
  [6, 'a workflow runs for a position that is closed', factsWith({ engine: { running: new Set([POSITION, 'position/sim/old']) } })],
  [6, 'an order works at the venue and has no owner', factsWith({ ledger: { positions: [{ ...position, state: 'closed' }] } })],
  [7, 'the cycle of an order is not recorded', factsWith({ ledger: { cycles: [{ ...cycle, isRecorded: false }] } })],
  [7, 'an order without a decision', factsWith({ ledger: { orders: [{ ...entryRow, intent: { ...entryRow.intent, cycleId: null } }, stopRow] } })],
  [7, 'an entry without a prediction', factsWith({ ledger: { predicted: new Set() } })],
  [7, 'the policy of an order does not exist', factsWith({ ledger: { policyVersions: [2] } })],
  [7, 'candles without a cycle', factsWith({ ledger: { cycles: [cycle, { ...cycle, cycleId: 'later', closeTime: cycle.closeTime * 4 }] } })],
  [7, 'candles without a cycle', factsWith({ ledger: { mode: 'replay', cycles: [cycle, { ...cycle, cycleId: 'later', closeTime: cycle.closeTime * 4 }] } })],
  [7, 'a cycle was claimed and never recorded', factsWith({ ledger: { cycles: [cycle, { ...cycle, cycleId: 'next', closeTime: cycle.closeTime * 2, isRecorded: false }] }, engine: { isAtRest: true } })],
  [8, 'a prediction has more than one outcome', factsWith({ ledger: { candles: candlesWith(), judged: [judged(), judged()] } })],
  [8, 'an outcome is not what its label says of the stored candles', factsWith({ ledger: { candles: candlesWith(), judged: [judged({ returnBps: 391 })] } })],
  [8, 'an outcome is not what its label says of the stored candles', factsWith({ ledger: { candles: candlesWith({ close: 105, high: 105 }), judged: [judged()] } })],
  [8, 'an outcome was priced on a candle that cannot be', factsWith({ ledger: { candles: candlesWith({ low: -1 }), judged: [judged()] } })],
  [8, 'an outcome is of another label or span than its prediction', factsWith({ ledger: { judged: [judged({ labelVersion: 'horizon4/1@0.1' })] } })],
  [8, 'an outcome is of another label or span than its prediction', factsWith({ ledger: { judged: [judged({ entryAt: PREDICTION.madeAt - 1 })] } })],
  [8, 'an outcome is of another label or span than its prediction', factsWith({ ledger: { judged: [judged({ exitAt: PREDICTION.dueAt - cycle.closeTime })] } })],
  [8, 'a prediction was made at another moment than its decision', unripe({ madeAt: PREDICTION.madeAt + 1, dueAt: PREDICTION.dueAt + 1 })],
  [8, 'a prediction falls due at another moment than the end of its horizon', unripe({ dueAt: 9e15 })],
  [8, 'a prediction was stored after its use', unripe({}, { storedAt: 10 })],
  [8, 'an outcome is unpriceable without proof', unpriceable({})],
  [8, 'an outcome is unpriceable without proof', unpriceable({ missing: [], venueShows: 9e15 })],
  [8, 'an outcome is unpriceable without proof', unpriceable({ missing: [PREDICTION.dueAt], venueShows: 9e15 })],
  [8, 'an outcome is unpriceable without proof', unpriceable({ missing: [LAST_OPEN], venueShows: LAST_OPEN })],
  [8, 'an outcome is unpriceable without proof', unpriceable({ missing: [LAST_OPEN], other: 'ETH-USDT-PERP', askedAt: PREDICTION.dueAt + 86_400_000 - 1 })],
  [8, 'an outcome is unpriceable without proof', unpriceable({ missing: [LAST_OPEN], other: PREDICTION.instrumentId, askedAt: 9e15 })],
  [8, 'an outcome is unpriceable without proof', unpriceable({ openTime: LAST_OPEN })],
  [8, 'predictions fell due and have no outcome', factsWith({ ledger: { judged: [open], cycles: [cycle, { ...cycle, cycleId: 'newest', closeTime: open.prediction.dueAt + 300_000 }] } })],
  [8, 'predictions fell due and have no outcome', factsWith({ ledger: { judged: [open], cycles: [cycle, { ...cycle, closeTime: open.prediction.dueAt }] }, engine: { isAtRest: true } })],
  [7, 'the audit chain is broken', factsWith({ ledger: { auditBrokenAt: 17 } })],
];

/** Of the emergency stop: each of these breaks one promise, and one only. */
const PLANTED_ALONE: readonly (readonly [invariant: Violation['invariant'], words: string, facts: Facts])[] = [
  [4, 'a stop was loosened', factsWith({ ledger: { orders: [entryRow, { ...stopRow, state: 'canceled' }, { ...stopRow, venueOrderId: '5', intent: { ...stopRow.intent, clientOrderId: SECOND, revision: 2, triggerPrice: '89.9' } }] }, venue: { orders: [venueEntry, { ...venueStop, status: 'canceled' }, { ...SECOND_STOP, triggerPrice: '89.9' }], openOrders: [SECOND_STOP] } })],
  [5, 'an opening was sent past the fence', stopped({ ...sealed, claimedAt: { [ENTRY]: 16_001 } })],
  [5, 'an opening was sent past the fence', stopped(recovering, { claimedAt: 60_000 })], // decided before the stop, sent after the resume
  [5, 'an opening was sent past the fence', stopped(sealed, { entry: { ...entryRow, intent: { ...entryRow.intent, epoch: 2 } } })], // of an epoch that never opened
  [5, 'an opening was sent past the fence', stopped(sealed, { entry: { ...entryRow, state: 'rejected', acceptedAt: null, filledQuantity: '0', bookedQuantity: '0', venueOrderId: null }, claimedAt: 16_001 })],
  [5, 'an opening was taken after the stop was sealed', stopped(sealed, { entry: { ...entryRow, sentTimestamp: 21_001 } })],
  [5, 'an opening was taken after the stop was sealed', (({ ledger, venue, engine }) => ({ engine, venue, ledger: { ...ledger, fills: ledger.fills.map((it) => ({ ...it, filledAtWall: 21_001 })) } }))(stopped(sealed))],
  [5, 'a position is open after the stop was sealed', factsWith({ ledger: { emergency: sealed, positions: [{ ...position, state: 'closing' }], orders: [entryRow, { ...stopRow, state: 'canceled' }] }, venue: { orders: [venueEntry, { ...venueStop, status: 'canceled' }], openOrders: [] } })],
  [5, 'an order works after the stop was sealed', (({ ledger, venue }) => factsWith({ ledger: { ...ledger, positions: ledger.positions.map((it) => ({ ...it, state: 'closing' as const })) }, venue: { ...venue, openOrders: [venueStop] } }))(stopped(sealed))],
  [9, 'the guard stops trading, and the fence is down', stopped({ ...sealed, fence: { epoch: 2, halted: false }, fenceHistory: [...sealed.fenceHistory, { epoch: 2, halted: false, changedAt: 21_000 }] })],
  [9, 'the fence is not as its history says', factsWith({ ledger: { emergency: { ...calm, fence: { epoch: 2, halted: false } } } })],
  [9, 'recovery skipped a step', stopped(skipping)],
  [9, 'the events tell another emergency than the guard holds', stopped({ ...recovering, steps: sealed.steps })],
  [9, 'the events tell another emergency than the guard holds', stopped({ ...sealed, steps: sealed.steps.map((it) => ({ ...it, round: 2 })) })],
  [9, 'the events tell another emergency than the guard holds', stopped({ ...sealed, steps: sealed.steps.map((it) => ({ ...it, emergencyId: 'ess/sim/2' })) })],
  [9, 'an event is missing in the audit chain', factsWith({ ledger: { emergency: { ...calm, unaudited: ['sim/fence/1'] } } })],
  [9, 'a cycle opened what was forbidden', factsWith({ ledger: { emergency: { ...calm, openings: calm.openings.map((it) => ({ ...it, forbiddenBy: ['emergency'] })) } } })],
  [9, 'a cycle opened with more leverage than its policy allowed', factsWith({ ledger: { emergency: { ...calm, openings: calm.openings.map((it) => ({ ...it, leverage: 6 })) } } })],
  [9, 'a cycle opened a larger position than its policy allowed', factsWith({ ledger: { emergency: { ...calm, openings: calm.openings.map((it) => ({ ...it, notional: '1000.01' })) } } })],
  [9, 'a cycle did not go by what the guard demands', stopped({ ...sealed, newestCycle: { ...(calm.newestCycle as PolicyFact), observedAt: 40_001 } })],
  [9, 'a cycle did not go by what the guard demands', stopped({ ...recovering, newestCycle: { ...(calm.newestCycle as PolicyFact), observedAt: 50_001 } })], // without the caps of `protective`
];

describe('the emergency stop', () => {
  it.each(PLANTED_ALONE)('%i: %s', (invariant, words, facts) => {
    expect(violationsIn(facts)).toEqual([expect.objectContaining({ invariant, name: words })]);
  });
});

describe('the invariants', () => {
  it('hold where ledger, venue and engine agree', () => {
    expect(violationsIn(sound)).toEqual([]);
    expect(violationsIn(factsWith({ engine: { isAtRest: true } }))).toEqual([]);
    expect(checkedIn(sound)).toBe(14);
  });

  it.each(PLANTED)('%i: %s', (invariant, words, facts) => {
    expect(violationsIn(facts)).toContainEqual(expect.objectContaining({ invariant, name: words }));
  });

  it('name whom a violation is about, with both sides', () => {
    expect(violationsIn(factsWith({ venue: { openOrders: [] } }))).toEqual([{ invariant: 4, name: 'no working stop covers an open position', subject: POSITION, evidence: { position: '2', stops: [] } }]);
    expect(violationsIn(factsWith({ ledger: { cycles: [cycle, { ...cycle, cycleId: 'later', closeTime: cycle.closeTime * 4 }] } }))).toEqual([expect.objectContaining({ evidence: { missing: 2, after: CYCLE, before: 'later' } })]);
  });
});

describe('what is no violation', () => {
  it.each<[string, Facts]>([
    ['a conditional order and the plain one that it created', factsWith({ venue: { orders: [venueEntry, { ...venueStop, triggeredOrderId: '3' }] } })],
    ['decimals of another scale', factsWith({ venue: { orders: [{ ...venueEntry, quantity: '2.000' }, { ...venueStop, triggerPrice: '90.0' }] } })],
    ['a stop that triggered and is at work as a market order', factsWith({ venue: { orders: [venueEntry, { ...venueStop, status: 'triggered', triggeredOrderId: '3' }] } })],
    ['other hands on the account: their orders, and positions on other symbols', factsWith({ venue: { orders: [venueEntry, venueStop, { ...venueEntry, clientOrderId: 'web_1', venueOrderId: '8' }], account: { ...account, positions: [...account.positions, { ...account.positions[0], instrumentId: 'ETH-USDT-PERP' } as (typeof account.positions)[number]] } } })],
    ['in hedge mode, another hand that holds the other direction of the same symbol', factsWith({ ledger: { positions: [{ ...position, positionSide: 'long' }] }, venue: { account: { ...account, positions: (['long', 'short'] as const).map((side) => ({ ...account.positions[0], positionSide: side, direction: side }) as (typeof account.positions)[number]) } } })],
    ['an order that the venue may have forgotten', factsWith({ ledger: { orders: [entryRow, stopRow, { ...stopRow, state: 'canceled', venueOrderId: '7', intent: { ...stopRow.intent, clientOrderId: `${STOP.slice(0, -1)}a` } }] }, venue: { forgetsBefore: 10 } })],
    ['orders and fills of a symbol of which the venue tells nothing', factsWith({ venue: { orders: [], fills: [], untold: [{ instrumentId: 'BTC-USDT-PERP', why: 'delisted' }] } })],
    ['money of this moment, while it trades', factsWith({ venue: { income: [transfer, commission, { ...transfer, incomeId: '3', type: 'FUNDING_FEE', amount: '-1' }], account: { ...account, walletBalance: '998.9' } } })],
    ['a position that is being closed without a stop', closing({ exitAt: 15_001, readAt: 75_001 })],
    ['a fee in another currency than the account\'s', withBnb(BNB_FEE, { fee: { fee: '0.01', feeCurrency: 'BNB' }, walletBalance: '1000' })],
    ['a stop within its limit', stopsOf({ acceptedAt: 15_001 })],
    ['a stop that is placed before the one that it replaces is taken away', stopsOf({ state: 'canceled', endedAt: 40_000 }, { acceptedAt: 39_999 })],
    ['a stop within its limit of the end of the one before', stopsOf({ state: 'canceled', endedAt: 40_000 }, { acceptedAt: 55_000 })],
    ['a stop that works while the fence is up', factsWith({ ledger: { emergency: { ...sealed, guard: { ...sealed.guard, mode: 'tripping' }, steps: sealed.steps.slice(0, 1) } } })],
    ['a stop that was sealed: nothing is held, nothing works', stopped(sealed)],
    ['a straggler that was taken just before the seal, by a venue whose clock is ahead', stopped(sealed, { entry: { ...entryRow, sentTimestamp: 21_000 } })],
    ['a straggler that passed the fence in the moment in which it rose', stopped({ ...sealed, claimedAt: { [ENTRY]: 16_000 } })],
    ['an opening of the epoch after the stop, once recovery lowered the fence', stopped(recovering, { entry: { ...entryRow, sentTimestamp: 31_000, intent: { ...entryRow.intent, epoch: 2 } }, claimedAt: 31_000 })],
    ['an opening that was halted, whatever its epoch', stopped({ ...sealed, claimedAt: { [ENTRY]: 60_000 } }, { entry: { ...entryRow, state: 'halted', acceptedAt: null, filledQuantity: '0', bookedQuantity: '0', venueOrderId: null } })],
    ['a second trip from recovery, closed again', stopped({ ...sealed, guard: { ...sealed.guard, round: 2 }, fence: { epoch: 3, halted: true }, fenceHistory: [...recovering.fenceHistory, { epoch: 3, halted: true, changedAt: 40_000 }], steps: [...recovering.steps, ...sealed.steps.map((it) => ({ ...it, round: 2, at: it.at + 30_000 }))] })],
    ['a cycle that looked too soon after the guard changed to have seen it', stopped({ ...sealed, newestCycle: { ...(calm.newestCycle as PolicyFact), observedAt: 40_000 } })],
    ['stops that tighten', factsWith({ ledger: { orders: [entryRow, { ...stopRow, state: 'canceled' }, { ...stopRow, venueOrderId: '5', intent: { ...stopRow.intent, clientOrderId: SECOND, revision: 2, triggerPrice: '91' } }] }, venue: { orders: [venueEntry, { ...venueStop, status: 'canceled' }, SECOND_STOP], openOrders: [SECOND_STOP] } })],
    ['a looser stop that the venue never took', factsWith({ ledger: { orders: [entryRow, stopRow, { ...stopRow, state: 'rejected', acceptedAt: null, venueOrderId: null, intent: { ...stopRow.intent, clientOrderId: SECOND, revision: 2, triggerPrice: '89' } }] } })],
    ['an outcome as its label says', factsWith({ ledger: { judged: [judged()], candles: candlesWith() } })],
    ['an outcome on candles that are not stored any more', factsWith({ ledger: { judged: [judged({ returnBps: 1 })] } })],
    ['an outcome that nothing could be priced with, though its candle came since', unpriceable({ missing: [LAST_OPEN], venueShows: LAST_OPEN + 1 })],
    ['an outcome of a symbol that showed no candle for a day beside another one', unpriceable({ missing: [LAST_OPEN], other: 'ETH-USDT-PERP', askedAt: PREDICTION.dueAt + 86_400_000 })],
    ['an outcome of a symbol whose recording ends before another one\'s', factsWith({ ledger: { mode: 'replay', judged: [{ ...MADE, outcome: { ...SPAN, state: 'unpriceable', evidence: { missing: [LAST_OPEN], other: 'ETH-USDT-PERP', askedAt: PREDICTION.dueAt } } }] } })],
    ['an outcome on a candle that cannot be', unpriceable({ openTime: LAST_OPEN }, candlesWith({ low: -1 }))],
    ['an outcome on a candle that could not be and is not stored any more', unpriceable({ openTime: LAST_OPEN }, new Map())],
    ['a prediction from before its storing was told', unripe({}, { storedAt: null })],
    ['a prediction of a cycle that is not recorded', unripe({}, { storedAt: 10, recordedAt: null })],
    ['a prediction that fell due a moment ago', factsWith({ ledger: { judged: [open], cycles: [cycle, { ...cycle, strategy: 'another', closeTime: open.prediction.dueAt + 299_999 }] } })],
    ...(['paper', 'testnet', 'live'] as const).map((mode): [string, Facts] => [`a night without Keel, or a paused Schedule, in ${mode}`, factsWith({ ledger: { mode, cycles: [cycle, { ...cycle, cycleId: 'later', closeTime: cycle.closeTime * 4 }] } })]),
    ['no workflows once a replay is over', factsWith({ engine: { running: new Set(), isAtRest: true } })],
  ])('%s', (_name, facts) => {
    expect(violationsIn(facts)).toEqual([]);
  });
});
