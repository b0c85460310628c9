import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OrderDeps } from '../../../activities/orders.ts';
import { createOrderActivities as createWith } from '../../../activities/orders.ts';
import { ledgerError } from '../../../db/pool.ts';
import { KeelError } from '../../../domain/errors.ts';
import type { Instrument } from '../../../domain/market/instrument.ts';
import type { Fill, OrderIntent, OrderRow, VenueOrder } from '../../../domain/orders/order.ts';
import type { OpeningTerms, TermsAnswer } from '../../../domain/orders/terms.ts';
import type { OrderEvent } from '../../../domain/orders/transitions.ts';
import { applyOrderEvent } from '../../../domain/orders/transitions.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { Venue } from '../../../domain/ports/venue.ts';
import { portOf } from '../../support/ports.ts';
import { INSTRUMENT } from '../domain/cycle/plan.fixture.ts';
import { INTENT, reportOf, rowIn } from '../domain/orders/orders.fixture.ts';

const EXIT: OrderIntent = { ...INTENT, leg: 'exit', closesPosition: true, validUntil: null, maxDriftBps: null };
const LEDGER_DOWN = (): never => {
  throw new KeelError('DATABASE_UNREACHABLE', 'connection refused');
};

function createOrderActivities(deps: Omit<OrderDeps, 'warn'>) {
  return createWith({ ...deps, warn: () => {} });
}

describe('lookUpOrder', () => {
  it('times a look before it asks, so that a slow answer from too early proves nothing', async () => {
    let now = 1_000;
    const row = rowIn('unknown', { sentTimestamp: 1_000 });
    const { lookUpOrder } = createOrderActivities({
      clock: () => now,
      ledger: portOf<Ledger>({ order: async () => row }),
      venue: portOf<Venue>({
        serverTime: async () => now,
        lookUp: async () => {
          now += 60_000; // the venue answered at once, and the answer took a minute
          return null;
        },
      }),
    });
    const result = await lookUpOrder({ known: row, looks: [{ atMs: 7_000 }] });
    expect(result).toMatchObject({ emptyLook: { atMs: 1_000 }, row: { state: 'unknown' } });
  });

  it.each<[string, OrderRow | null]>([
    ['still says planned', rowIn('planned', { intent: EXIT })],
    ['does not know it', null],
  ])('goes on from the workflow\'s memory of a full close when the ledger %s', async (_name, written) => {
    const known = rowIn('unknown', { intent: EXIT, sentTimestamp: 5_000 });
    const looks: string[] = [];
    const { lookUpOrder } = createOrderActivities({
      clock: () => 6_000,
      ledger: portOf<Ledger>({ order: async () => written }),
      venue: portOf<Venue>({
        serverTime: async () => 6_000,
        lookUp: async ({ clientOrderId }) => {
          looks.push(clientOrderId);
          return null;
        },
      }),
    });
    expect(await lookUpOrder({ known, looks: [] })).toMatchObject({ row: { state: 'unknown', attempt: 1 }, written: false, emptyLook: { atMs: 6_000 } });
    expect(looks).toEqual([EXIT.clientOrderId]);
  });

  it('takes a ledger that says planned for proof where nothing is sent without it', async () => {
    const { lookUpOrder } = createOrderActivities({
      clock: () => 6_000,
      ledger: portOf<Ledger>({ order: async () => rowIn('planned') }),
      venue: portOf<Venue>({}),
    });
    expect(await lookUpOrder({ known: rowIn('unknown'), looks: [] })).toMatchObject({ row: { state: 'planned' }, written: true, emptyLook: null });
  });
});

describe('a look', () => {
  const unknown = rowIn('unknown', { sentTimestamp: 1_000 });
  const lookAt = (atMs: number, written: OrderEvent[] = []) => createOrderActivities({
    clock: () => atMs,
    ledger: portOf<Ledger>({ order: async () => ({ ...unknown }), applyOrderEvent: async (_id, event) => { written.push(event); return rowIn('absent'); } }),
    venue: portOf<Venue>({ serverTime: async () => atMs, lookUp: async () => null }),
  }).lookUpOrder;

  it('proves absence together with an earlier one, both late enough', async () => {
    const written: OrderEvent[] = [];
    expect(await lookAt(7_250, written)({ known: unknown, looks: [{ atMs: 7_000 }] })).toMatchObject({ row: { state: 'absent' } });
    expect(written).toEqual([{ kind: 'provenAbsent', attempt: 1 }]);
  });

  it.each([
    ['alone', 9_000, []],
    ['after one that was too early', 9_000, [{ atMs: 6_999 }]],
    ['too near the one before', 7_249, [{ atMs: 7_000 }]],
  ])('proves nothing: %s', async (_name, atMs, looks) => {
    expect(await lookAt(atMs)({ known: unknown, looks })).toMatchObject({ row: { state: 'unknown' }, emptyLook: { atMs } });
  });

  it('that finds the order writes what the venue says, and its fills', async () => {
    const order = reportOf('filled', '10');
    const fills = [{ tradeId: '1' }] as Fill[];
    const booked: (readonly Fill[])[] = [];
    const { lookUpOrder } = createOrderActivities({
      clock: () => 2_000,
      ledger: portOf<Ledger>({ order: async () => unknown, applyOrderEvent: async () => rowIn('filled'), applyFills: async (_portfolio, found) => { booked.push(found); return []; } }),
      venue: portOf<Venue>({ serverTime: async () => 2_000, lookUp: async () => ({ order, fills }) }),
    });
    expect(await lookUpOrder({ known: unknown, looks: [] })).toMatchObject({ row: { state: 'filled' }, emptyLook: null });
    expect(booked).toEqual([fills]);
  });
});

describe('an entry while the ledger is away', () => {
  const [SENT, LATE] = [1_000, 7_250];
  const away = (report: ReturnType<typeof reportOf> | null) => createOrderActivities({
    clock: () => LATE,
    ledger: portOf<Ledger>({ order: LEDGER_DOWN, applyOrderEvent: LEDGER_DOWN }), // its fills cannot be booked: not even tried
    venue: portOf<Venue>({
      serverTime: async () => LATE, cancel: async () => ({ kind: 'canceled' }),
      lookUp: async () => (report === null ? null : { order: report, fills: [{ tradeId: '1' }] as Fill[] }),
    }),
  });

  it.each<[OrderRow['state'], VenueOrder['status'], string, OrderRow['state']]>([
    ['unknown', 'filled', '10', 'filled'], ['submitting', 'filled', '10', 'filled'], ['accepted', 'working', '4', 'partiallyFilled'], ['partiallyFilled', 'filled', '10', 'filled'], ['filled', 'filled', '10', 'filled'],
  ])('that is %s is looked for, found %s with %s filled, and remembered as %s: what it filled must be protected', async (state, found, quantity, expected) => {
    const known = rowIn(state, { sentTimestamp: SENT });
    expect(await away(reportOf(found, quantity)).lookUpOrder({ known, looks: [] })).toMatchObject({ row: { state: expected, filledQuantity: quantity }, written: false, emptyLook: null });
  });

  it('is cancelled, and what came of it is remembered: the close of what it filled may go out', async () => {
    const known = rowIn('partiallyFilled', { sentTimestamp: SENT, filledQuantity: '4' });
    expect(await away(reportOf('canceled', '4')).cancelOrder(known)).toMatchObject({ row: { state: 'canceled', filledQuantity: '4' }, written: false });
  });

  it.each<[string, OrderRow['state']]>([['may have been claimed', 'planned'], ['may have been claimed again', 'absent']])('that %s waits for the ledger', async (_name, state) => {
    await expect(away(null).lookUpOrder({ known: rowIn(state), looks: [] })).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
  });

  it('that never arrived waits for the ledger', async () => {
    const { lookUpOrder } = away(null);
    const known = rowIn('unknown', { sentTimestamp: SENT });
    expect(await lookUpOrder({ known, looks: [] })).toMatchObject({ row: { state: 'unknown' }, written: false, emptyLook: { atMs: LATE } });
    await expect(lookUpOrder({ known, looks: [{ atMs: LATE - 250 }] })).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
  });
});

describe('cancelOrder', () => {
  it('looks for what came of it: the cancel may have lost a race with a fill', async () => {
    const working = rowIn('accepted', { acceptedAt: 1_000 });
    const calls: string[] = [];
    const { cancelOrder } = createOrderActivities({
      clock: () => 1_000,
      ledger: portOf<Ledger>({ order: async () => working, applyOrderEvent: async () => rowIn('filled') }),
      venue: portOf<Venue>({
        serverTime: async () => 1_500,
        cancel: async (_order, times) => { calls.push(`cancel ${times.timestamp} ${times.recvWindowMs} ${times.deadlineMs}`); return { kind: 'notOpen', message: 'gone' }; },
        lookUp: async () => { calls.push('look'); return { order: reportOf('filled', '10'), fills: [] }; },
      }),
    });
    expect(await cancelOrder(working)).toMatchObject({ row: { state: 'filled' } });
    expect(calls).toEqual(['cancel 1500 2000 4000', 'look']);
  });

  it.each(['planned', 'absent'] as const)('ends an order that is %s without asking the venue', async (state) => {
    const { cancelOrder } = createOrderActivities({
      clock: () => 1_000, venue: portOf<Venue>({}),
      ledger: portOf<Ledger>({ applyOrderEvent: async (_id, event) => { expect(event).toEqual({ kind: 'expired', reason: 'withdrawn' }); return rowIn('expired'); } }),
    });
    expect(await cancelOrder(rowIn(state))).toMatchObject({ row: { state: 'expired' }, written: true });
  });
});

describe('an order of a symbol that the venue does not list any more', () => {
  const refuse = async (): Promise<never> => { throw new KeelError('VENUE_REFUSED', 'Invalid symbol.'); };
  const gone = (row: OrderRow, { listed = [] }: { listed?: readonly Instrument[] } = {}) => createOrderActivities({
    clock: () => 9_000,
    ledger: portOf<Ledger>({ order: async () => ({ ...row }), applyOrderEvent: async (_id, event) => applyOrderEvent(row, event, 9_000) }),
    venue: portOf<Venue>({ serverTime: async () => 9_000, cancel: async () => ({ kind: 'unknown', message: 'Invalid symbol.' }), lookUp: refuse, instruments: async () => listed }),
  });
  const resting = rowIn('accepted', { acceptedAt: 1_000 });

  it.each<[string, OrderRow]>([
    ['rests until reconciliation ended it', resting],
    ['is over once reconciliation ended it: its position ends', applyOrderEvent(resting, { kind: 'vanished' }, 8_000)],
  ])('whose cancel is refused %s', async (_name, row) => {
    expect(await gone(row).cancelOrder(resting)).toEqual({ row, written: true });
  });

  it('of which no answer came is proven absent like any other', async () => {
    expect(await gone(rowIn('unknown')).lookUpOrder({ known: rowIn('unknown'), looks: [{ atMs: 7_000 }] })).toMatchObject({ row: { state: 'absent' } });
  });

  it('is another matter where the venue lists it', async () => {
    await expect(gone(resting, { listed: [{ ...INSTRUMENT, id: INTENT.instrumentId }] }).cancelOrder(resting)).rejects.toMatchObject({ code: 'VENUE_REFUSED' });
  });
});

const TERMS: OpeningTerms = { leverage: 5, marginMode: 'cross', positionMode: 'oneWay' };

/** An opening's submission with every port watched. One thing is changed at a time. */
function submission({ intent = INTENT, halted = false, epoch = 3, quote = { bid: '100', ask: '100' }, claimTookMs = 0, terms = TERMS, stands = { kind: 'agreed' } }: {
  intent?: OrderIntent; halted?: boolean; epoch?: number; quote?: { bid: string; ask: string }; claimTookMs?: number; terms?: OpeningTerms | null; stands?: TermsAnswer;
}) {
  const calls: string[] = [];
  let now = 10_000;
  let venueTime = 50_000;
  const ledger = portOf<Ledger>({
    order: async () => rowIn('planned', { intent }),
    claimSubmission: async ({ attempt, timestamp, marketTime }) => {
      calls.push(`claim ${attempt} at ${timestamp}, market ${marketTime}`);
      now += claimTookMs;
      return { won: true, row: rowIn('submitting', { intent, sentTimestamp: timestamp }), fence: { epoch, halted } };
    },
    applyOrderEvent: async (_id, event) => { calls.push(event.kind === 'halted' || event.kind === 'expired' ? `${event.kind}: ${event.reason}${'detail' in event ? ` (${event.detail ?? ''})` : ''}` : event.kind); return rowIn('unknown', { intent }); },
  });
  const venue = portOf<Venue>({
    quote: async () => quote,
    ensureTerms: async (_id, wanted) => { if (wanted !== TERMS) calls.push('other terms'); return stands; },
    marketTime: async () => 700,
    serverTime: async () => (venueTime += 1), // each time later: a timestamp taken twice is seen
    submit: async (_order, { timestamp, recvWindowMs, deadlineMs }) => { calls.push(`send at ${timestamp} within ${recvWindowMs} until ${deadlineMs}`); return { kind: 'unknown', message: 'no answer' }; },
  });
  const { submitOrder } = createOrderActivities({ clock: () => now, ledger, venue });
  return { calls, run: () => submitOrder({ intent, attempt: 1, terms }) };
}

describe('an attempt', () => {
  const SENT = ['claim 1 at 50001, market 700', 'send at 50001 within 2000 until 13000', 'answerLost'];
  it.each<[string, Parameters<typeof submission>[0], readonly string[]]>([
    ['takes the time, wins the row, sends what it signed', {}, SENT],
    ['sends until its deadline', { claimTookMs: 3_000 }, SENT],
    ['sends nothing after it', { claimTookMs: 3_001 }, ['claim 1 at 50001, market 700', 'notSent']],
    ['sends no opening while the fence is up', { halted: true }, ['claim 1 at 50001, market 700', 'halted: fenceHalted']],
    ['sends no opening of an older epoch', { epoch: 4 }, ['claim 1 at 50001, market 700', 'halted: epochMovedOn']],
    ['claims no opening that is too old', { intent: { ...INTENT, validUntil: 9_999 } }, ['expired: validityOver']],
    ['claims no buy whose ask moved away', { quote: { bid: '100', ask: '100.51' } }, ['expired: priceMovedAway']],
    ['claims no sell whose bid moved away', { intent: { ...INTENT, side: 'sell' }, quote: { bid: '99.49', ask: '100' } }, ['expired: priceMovedAway']],
    ['sends an exit, whatever the fence', { intent: EXIT, halted: true, epoch: 9 }, SENT],
  ])('%s', async (_name, changes, expected) => {
    const { calls, run } = submission(changes);
    await run();
    expect(calls).toEqual(expected);
  });
});

describe('an entry that its position priced anew', () => {
  const stale = { ...INTENT, revision: 2, validUntil: 9_999 };

  it.each<[string, OrderRow['state']]>([
    ['is recorded as it ends, when it was never sent', 'expired'],
    ['is what the ledger says, when an attempt claimed it meanwhile', 'submitting'],
  ])('%s', async (_name, state) => {
    const written: OrderRow[] = [];
    const { submitOrder, expireOrder } = createOrderActivities({
      clock: () => 10_000,
      ledger: portOf<Ledger>({ order: async () => null, backfillOrder: async (row) => { written.push(row); return { ...row, state }; } }),
      venue: portOf<Venue>({}),
    });
    expect(await submitOrder({ intent: stale, attempt: 1, terms: TERMS })).toMatchObject({ row: { state }, written: true });
    expect(await expireOrder({ known: rowIn('planned', { intent: stale }), reason: 'validityOver' })).toMatchObject({ row: { state }, written: true });
    expect(written).toMatchObject([{ state: 'expired', attempt: 0, reason: 'validityOver' }, { state: 'expired', attempt: 0, reason: 'validityOver' }]);
  });
});

describe('submitOrder', () => {
  const venue = portOf<Venue>({ serverTime: async () => 1_000, marketTime: async () => 700, submit: async () => ({ kind: 'unknown', message: 'no answer' }) });

  it.each<[string, Ledger['applyOrderEvent']]>([
    ['is down still', LEDGER_DOWN],
    ['is back, and says planned', async () => rowIn('planned', { intent: EXIT })],
    ['is back, and does not know it', async () => { throw new KeelError('NOT_FOUND', 'no such order'); }],
  ])('remembers a full close that went without the ledger, when that %s', async (_name, applyOrderEvent) => {
    const ledger = portOf<Ledger>({ claimSubmission: LEDGER_DOWN, applyOrderEvent });
    const { submitOrder } = createOrderActivities({ clock: () => 1_000, ledger, venue });
    expect(await submitOrder({ intent: EXIT, attempt: 1, terms: null })).toMatchObject({ row: { state: 'unknown', attempt: 1, sentTimestamp: 1_000 }, written: false });
  });

  it.each([
    ['53100', 'could not extend file: No space left on device'], ['53200', 'out of memory'], ['58030', 'could not read block: Input/output error'],
    ['25006', 'cannot execute UPDATE in a read-only transaction'],
  ])('sends a full close while the ledger cannot write: %s, %s', async (code, message) => {
    const away = async (): Promise<never> => { throw ledgerError(Object.assign(new Error(message), { code }), 'claim'); };
    const { submitOrder } = createOrderActivities({ clock: () => 1_000, ledger: portOf<Ledger>({ claimSubmission: away, applyOrderEvent: away }), venue });
    expect(await submitOrder({ intent: EXIT, attempt: 1, terms: null })).toMatchObject({ row: { state: 'unknown', attempt: 1 }, written: false });
  });

  it('sends no opening without the ledger', async () => {
    const opening = { ...INTENT, maxDriftBps: null };
    const { submitOrder } = createOrderActivities({
      clock: () => 1_000,
      ledger: portOf<Ledger>({ claimSubmission: LEDGER_DOWN }),
      venue: portOf<Venue>({ serverTime: async () => 1_000, marketTime: async () => 700, quote: async () => ({ bid: '100', ask: '100' }), ensureTerms: async () => ({ kind: 'agreed' }) }),
    });
    await expect(submitOrder({ intent: opening, attempt: 1, terms: TERMS })).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
  });

  it('sends no partial close without the ledger', async () => {
    const { submitOrder } = createOrderActivities({ clock: () => 1_000, ledger: portOf<Ledger>({ claimSubmission: LEDGER_DOWN }), venue });
    await expect(submitOrder({ intent: { ...EXIT, closesPosition: false }, attempt: 1, terms: null })).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
  });

  it('sends what the ledger holds, not what a reset workflow made anew under the same name', async () => {
    const sent: string[] = [];
    const recorded = rowIn('submitting', { intent: { ...EXIT, quantity: '10' } });
    const { submitOrder } = createOrderActivities({
      clock: () => 1_000,
      ledger: portOf<Ledger>({
        claimSubmission: async () => ({ won: true, row: recorded, fence: { epoch: 3, halted: false } }),
        applyOrderEvent: async () => ({ ...recorded, state: 'unknown' }),
      }),
      venue: portOf<Venue>({
        serverTime: async () => 1_000,
        marketTime: async () => 700,
        submit: async ({ quantity }) => {
          sent.push(quantity);
          return { kind: 'unknown', message: 'no answer' };
        },
      }),
    });
    await submitOrder({ intent: { ...EXIT, quantity: '7' }, attempt: 1, terms: null });
    expect(sent).toEqual(['10']);
  });

  it('sends nothing when another won the row', async () => {
    const { submitOrder } = createOrderActivities({
      clock: () => 1_000,
      ledger: portOf<Ledger>({ claimSubmission: async () => ({ won: false, row: rowIn('submitting', { intent: EXIT }), fence: { epoch: 3, halted: false } }) }),
      venue: portOf<Venue>({ serverTime: async () => 1_000, marketTime: async () => 700 }),
    });
    expect(await submitOrder({ intent: EXIT, attempt: 1, terms: null })).toMatchObject({ row: { state: 'submitting' }, written: true });
  });
});

describe('a ledger that hangs', () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });
  const HANGS = (): Promise<never> => new Promise(() => undefined);

  /** @returns when an order was sent, and when the attempt was over, ms after its start; null: not within a minute */
  async function attemptOf(intent: OrderIntent): Promise<{ sentMs: number | null; endedMs: number | null; written: boolean | null }> {
    let sentMs: number | null = null;
    let endedMs: number | null = null;
    const startedAt = Date.now();
    const { submitOrder } = createOrderActivities({
      clock: () => Date.now(),
      ledger: portOf<Ledger>({ claimSubmission: HANGS, applyOrderEvent: HANGS }),
      venue: portOf<Venue>({
        serverTime: async () => Date.now(), marketTime: async () => 700, quote: async () => ({ bid: '100', ask: '100' }), ensureTerms: async () => ({ kind: 'agreed' }),
        submit: async () => { sentMs = Date.now() - startedAt; return { kind: 'unknown', message: 'no answer' }; },
      }),
    });
    const ended = submitOrder({ intent, attempt: 1, terms: TERMS }).then(({ written }) => { endedMs = Date.now() - startedAt; return written; });
    await vi.advanceTimersByTimeAsync(60_000);
    return { sentMs, endedMs, written: await Promise.race([ended, Promise.resolve(null)]) };
  }

  it('keeps a full close a second, within its attempt', async () => {
    expect(await attemptOf(EXIT)).toEqual({ sentMs: 1_000, endedMs: 2_000, written: false });
  });

  it.each([['an opening', { ...INTENT, validUntil: null }], ['a partial close', { ...EXIT, closesPosition: false }]])('keeps %s for as long as it takes', async (_name, intent) => {
    expect(await attemptOf(intent)).toEqual({ sentMs: null, endedMs: null, written: null });
  });

  it('keeps the answer of an opening a second', async () => {
    const row = rowIn('submitting', { sentTimestamp: 1_000 });
    const { submitOrder } = createOrderActivities({
      clock: () => 1_000,
      ledger: portOf<Ledger>({ claimSubmission: async () => ({ won: true, row, fence: { epoch: row.intent.epoch ?? 0, halted: false } }), applyOrderEvent: HANGS }),
      venue: portOf<Venue>({
        serverTime: async () => 1_000, marketTime: async () => 700, quote: async () => ({ bid: '100', ask: '100' }), ensureTerms: async () => ({ kind: 'agreed' }),
        submit: async () => ({ kind: 'accepted', order: reportOf('filled', '10') }),
      }),
    });
    const submitted = submitOrder({ intent: { ...INTENT, maxDriftBps: null }, attempt: 1, terms: TERMS });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await submitted).toMatchObject({ row: { state: 'filled' }, written: false });
  });

  it.each([['a full close', EXIT], ['an opening', INTENT]])('keeps no look for %s: the venue is asked', async (_name, intent) => {
    const known = rowIn('unknown', { intent, sentTimestamp: 5_000 });
    const { lookUpOrder } = createOrderActivities({ clock: () => 6_000, ledger: portOf<Ledger>({ order: HANGS }), venue: portOf<Venue>({ serverTime: async () => 6_000, lookUp: async () => null }) });
    const look = lookUpOrder({ known, looks: [] });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await look).toMatchObject({ row: { state: 'unknown' }, written: false, emptyLook: { atMs: 6_000 } });
  });
});
