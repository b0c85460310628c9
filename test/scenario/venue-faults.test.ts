import { beforeAll, describe, expect, inject as provided, test } from 'vitest';
import { FAULT_KINDS } from '../../stack/venue/faults.ts';
import type { OrderStory, SessionResult, SessionSpec } from '../support/fault-session.ts';
import { inParallel, runFaultSession } from '../support/fault-session.ts';

const CANDLES = 16;
const entry = (at: number) => ({ match: { method: 'POST', path: '/order', type: 'MARKET' }, at });
const stop = (at: number) => ({ match: { method: 'POST', path: '/algoOrder', type: 'STOP_MARKET' }, at });
const target = (at: number, symbol?: string) => ({ match: { method: 'POST', path: '/algoOrder', type: 'TAKE_PROFIT_MARKET', ...(symbol === undefined ? {} : { symbol }) }, at });

/** Several faults in one session, where they do not touch one another. */
const SESSIONS = {
  answers: {
    candles: CANDLES,
    faults: {
      silent: { kind: 'silentStream', ...entry(1) },
      lostEntry: { kind: 'acceptedNoAnswer', ...entry(1) },
      hangingStop: { kind: 'acceptedNoAnswer', how: 'hang', ...stop(1) },
      lateAnswer: { kind: 'answerDelayed', delayMs: 700, ...target(1) },
      errorButTaken: { kind: 'http5xx', accepted: true, ...target(2) },
      lateArrival: { kind: 'processingDelayed', delayMs: 2_200, ...entry(5) },
    },
  },
  refusals: {
    candles: CANDLES,
    faults: {
      dropped: { kind: 'dropConnection', ...entry(1) },
      refused: { kind: 'rejectOrder', code: -2019, message: 'Margin is insufficient.', ...entry(3) },
      tooMany: { kind: 'http429', delayMs: 1_000, ...target(1) },
      overload: { kind: 'http5xx', ...stop(2) },
      banned: { kind: 'http418', durationMs: 4_000, match: { method: 'GET', path: '/account' }, at: 8 },
      skewed: { kind: 'clockSkew', skewMs: 3_000, ...entry(5) },
    },
  },
  orders: {
    candles: CANDLES,
    faults: {
      partial: { kind: 'partialFillThenCancel', share: 0.4, ...entry(1) },
      wouldTrigger: { kind: 'rejectOrder', code: -2021, message: 'Order would immediately trigger.', ...stop(2) },
      cancelRefused: { kind: 'cancelRefused', at: 1 },
      cancelLost: { kind: 'cancelLost', at: 2 },
      silent: { kind: 'silentStream', ...entry(6) },
      lostUnderLag: { kind: 'acceptedNoAnswer', ...entry(6) },
      lag: { kind: 'lookupLag', lagMs: 2_000 },
    },
  },
  streams: {
    candles: CANDLES,
    faults: {
      twice: { kind: 'duplicateEvent', count: 30 },
      disordered: { kind: 'outOfOrderEvents', count: 30, match: { type: 'ORDER_TRADE_UPDATE' } },
      expired: { kind: 'listenKeyExpired', ...entry(4) },
      zombie: { kind: 'zombieStream', ...entry(8) },
      noStop: { kind: 'dropConnection', match: { method: 'POST', path: '/algoOrder', type: 'STOP_MARKET', symbol: 'BTCUSDT' }, at: 1, count: 3 },
    },
  },
  account: {
    candles: CANDLES,
    faults: {
      closed: { kind: 'outsideClose', symbol: 'BTCUSDT', ...target(1, 'BTCUSDT') },
      liquidated: { kind: 'liquidation', symbol: 'ETHUSDT', ...target(1, 'ETHUSDT') },
      transfer: { kind: 'income', incomeType: 'TRANSFER', amount: '250', ...entry(2) },
      fee: { kind: 'income', incomeType: 'INSURANCE_CLEAR', amount: '-3', ...entry(3) },
    },
  },
} as const satisfies Readonly<Record<string, SessionSpec>>;
type SessionName = keyof typeof SESSIONS;

/** Half of them at a time: more would only make each other slow. */
const AT_ONCE = 3;
/** The account's stream is given up this long after it fell behind (venues/ccxt/streams.ts): what is heard earlier was asked for. */
const SILENCE_MS = 5_000;

const results = new Map<SessionName, SessionResult>();

beforeAll(async () => {
  const servers = { postgresUrl: provided('postgresUrl'), temporalAddress: provided('temporalAddress') };
  const names = Object.keys(SESSIONS) as SessionName[];
  const all = await inParallel(AT_ONCE, names.map((name) => async () => [name, await runFaultSession(servers, SESSIONS[name])] as const));
  for (const [name, result] of all) results.set(name, result);
}, 290_000);

function resultOf(name: SessionName): SessionResult {
  const result = results.get(name);
  if (result === undefined) throw new Error(`session ${name} came to no end`);
  return result;
}

/** The order that a fault struck. */
function struck(name: SessionName, fault: string): OrderStory {
  const { faults, orders } = resultOf(name);
  const story = orders.get(faults[fault]?.hits[0] ?? '');
  if (story === undefined) throw new Error(`fault ${fault} struck no order of ours: ${JSON.stringify(faults[fault])}`);
  return story;
}

const positionOf = (name: SessionName, { positionId }: OrderStory) => resultOf(name).positions.find((it) => it.positionId === positionId);
const stopsOf = (name: SessionName, { positionId }: OrderStory) => [...resultOf(name).orders.values()].filter((it) => it.positionId === positionId && it.leg === 'stop');

test('every fault that the venue knows is injected', () => {
  const injected = new Set(Object.values<SessionSpec>(SESSIONS).flatMap(({ faults }) => Object.values(faults).map((fault) => fault.kind)));
  expect(Object.keys(FAULT_KINDS).filter((kind) => !injected.has(kind))).toEqual([]);
});

describe.each(Object.keys(SESSIONS) as SessionName[])('the session with faults of %s', (name) => {
  test('trades to its end, every fault happened, and every invariant holds', () => {
    const { cycles, faults, positions, broken, violations } = resultOf(name);
    expect(cycles).toBe(CANDLES);
    expect(positions.filter((it) => it.state === 'closed').length).toBeGreaterThanOrEqual(3);
    expect(Object.entries(faults).filter(([, fault]) => fault.fired === 0).map(([fault]) => fault)).toEqual([]);
    expect(broken).toEqual([]);
    expect(violations).toEqual([]); // invariant 4 among them: nothing was without a stop for longer than its limit
  });

  test('no intent was sent to the venue twice', () => {
    expect([...resultOf(name).orders.values()].filter((it) => it.timesAtVenue > 1)).toEqual([]);
  });
});

describe('an order whose answer is lost is looked for, adopted, and not sent again', () => {
  test.each<[string, SessionName, string, string]>([
    ['accepted, the connection dies, the stream is silent', 'answers', 'lostEntry', 'unknown→filled'],
    ['accepted, the connection hangs, the stream is silent', 'answers', 'hangingStop', 'unknown→accepted'],
    ['accepted, but answered with a server error', 'answers', 'errorButTaken', 'unknown→accepted'],
    ['accepted, the connection dies, look-ups lag', 'orders', 'lostUnderLag', 'unknown→filled'],
  ])('%s', (_case, name, fault, found) => {
    const order = struck(name, fault);
    expect(order).toMatchObject({ attempt: 1, timesAtVenue: 1 });
    expect(order.moves.slice(0, 3)).toEqual(['planned or absent→submitting', 'submitting→unknown', found]);
  });

  test('a late answer is waited for', () => {
    const order = struck('answers', 'lateAnswer');
    expect(order).toMatchObject({ attempt: 1, timesAtVenue: 1 });
    expect(order.moves.slice(0, 2)).toEqual(['planned or absent→submitting', 'submitting→accepted']);
  });

  test('under look-ups that lag two seconds, the order is not taken for absent before', () => {
    const { movedAt, moves } = struck('orders', 'lostUnderLag');
    expect(moves.some((move) => move.endsWith('absent'))).toBe(false);
    expect((movedAt[2] ?? 0) - (movedAt[0] ?? 0)).toBeGreaterThanOrEqual(2_000);
  });

  test('the position hears of its fill by asking, before the silent stream is given up', () => {
    const { movedAt } = struck('answers', 'lostEntry');
    expect((movedAt[2] ?? Infinity) - (movedAt[0] ?? 0)).toBeLessThan(SILENCE_MS);
  });
});

describe('an order that the venue turned away is sent again, once it is certain', () => {
  test.each<[string, SessionName, string, readonly string[]]>([
    ['the connection died before anything was done', 'refusals', 'dropped', ['submitting→unknown', 'unknown→absent']],
    ['429', 'refusals', 'tooMany', ['submitting→absent']],
    ['503, overloaded', 'refusals', 'overload', ['submitting→absent']],
    ['it arrived after its recvWindow', 'answers', 'lateArrival', ['submitting→absent']],
  ])('%s', (_case, name, fault, moves) => {
    const order = struck(name, fault);
    expect(order).toMatchObject({ attempt: 2, timesAtVenue: 1 });
    expect(order.moves.slice(0, 2 + moves.length)).toEqual(['planned or absent→submitting', ...moves, 'planned or absent→submitting']);
  });

  test('absence is believed no earlier than it can be proven', () => {
    const { movedAt } = struck('refusals', 'dropped');
    expect((movedAt[2] ?? 0) - (movedAt[0] ?? 0)).toBeGreaterThanOrEqual(6_000);
  });
});

describe('refusals', () => {
  test('an entry that is refused opens nothing', () => {
    const order = struck('refusals', 'refused');
    expect(order).toMatchObject({ state: 'rejected', reason: '-2019', filled: '0' });
    expect(positionOf('refusals', order)).toMatchObject({ state: 'closed', closeReason: 'notEntered' });
  });

  test('a stop that would trigger at once: the position closes at market', () => {
    const order = struck('orders', 'wouldTrigger');
    expect(order).toMatchObject({ state: 'rejected', reason: '-2021' });
    expect(positionOf('orders', order)).toMatchObject({ state: 'closed', closeReason: 'stop' });
  });

  test('stops that never arrive: one more at once, and no stop in time closes the position at market', () => {
    const first = struck('streams', 'noStop');
    const next = stopsOf('streams', first)[1];
    expect((next?.movedAt[0] ?? Infinity) - (first.movedAt[0] ?? 0)).toBeLessThan(3_000);
    expect(positionOf('streams', first)).toMatchObject({ state: 'closed', closeReason: 'unprotected' });
  });

  test('418: nobody sends until it is over', () => {
    const { lastBan } = resultOf('refusals');
    if (lastBan === null) throw new Error('nobody was banned');
    // What was under way when the ban began may still arrive; nothing after that.
    if (lastBan.refused > 0) expect(lastBan.lastRefusedAt - lastBan.startedAt).toBeLessThan(2_000);
  });

  test('a clock that jumps is followed: later orders are signed in the venue\'s time', () => {
    const { orders, faults } = resultOf('refusals');
    const ahead = [...orders.values()].map((it) => (it.sentTimestamp ?? 0) - (it.movedAt[0] ?? 0));
    expect(faults['skewed']?.fired).toBe(1);
    expect(Math.max(...ahead)).toBeGreaterThan(2_000);
    expect(Math.max(...ahead.slice(-3))).toBeGreaterThan(2_000);
  });
});

describe('orders', () => {
  test('a part is filled, the rest cancelled: the part is protected, exactly', () => {
    const order = struck('orders', 'partial');
    expect(order.state).toBe('canceled');
    expect(Number(order.filled)).toBeGreaterThan(0);
    expect(Number(order.filled)).toBeLessThan(Number(order.quantity));
    expect(stopsOf('orders', order)[0]?.quantity).toBe(order.filled);
  });

  test.each(['cancelRefused', 'cancelLost'])('%s: it is cancelled all the same', (fault) => {
    expect(struck('orders', fault)).toMatchObject({ state: 'canceled', timesAtVenue: 1 });
  });
});

describe('streams', () => {
  test('events twice and out of order change nothing', () => {
    const { faults, resolved } = resultOf('streams');
    expect(Math.min(faults['twice']?.fired ?? 0, faults['disordered']?.fired ?? 0)).toBeGreaterThan(5);
    const { positionId } = struck('streams', 'noStop'); // a pass may find it before it closes: that is what the other fault does
    expect(resolved.filter((it) => it.kind !== 'missedFill' && !(it.kind === 'unprotected' && it.positionId === positionId))).toEqual([]);
  });

  test.each<[SessionName, number]>([
    ['answers', 1], // silent
    ['orders', 1], // silent
    ['streams', 2], // its listen key expired; a zombie
  ])('in session %s a stream that is over is given up and opened anew: %d times', (name, times) => {
    expect(resultOf(name).accountStreams).toBe(1 + times);
  });
});

describe('another hand on the account', () => {
  test.each([['closed', 'outside', 'closedOutside'], ['liquidated', 'liquidation', 'liquidated']])('%s: the position ends as %s', (fault, reason, kind) => {
    const position = positionOf('account', struck('account', fault));
    expect(position).toMatchObject({ state: 'closed', closeReason: reason });
    expect(resultOf('account').resolved.filter((it) => it.kind === kind).map((it) => it.instrumentId)).toEqual([position?.instrumentId]);
  });

  test('income of any kind is booked, and is nobody\'s profit', () => {
    const { income } = resultOf('account');
    expect(income).toEqual(expect.arrayContaining([{ type: 'TRANSFER', amount: '250' }, { type: 'INSURANCE_CLEAR', amount: '-3' }]));
  });
});
