import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OrderState } from '../../../../domain/orders/order.ts';
import { bookOf, entrySide, oppositeSide, ORDER_STATES } from '../../../../domain/orders/order.ts';
import type { Fence, NextStep } from '../../../../domain/orders/protocol.ts';
import {
  absenceProvableAt, isAbsenceProven, isReducing, isStillValid, isUnsettled, isWithinDrift, lookDelayMs, mayGoWithoutLedger, nextStep, PROTOCOL_TIMES, resubmitDelayMs, rowToTrust,
  verdictBeforeSend,
} from '../../../../domain/orders/protocol.ts';
import { INTENT, rowIn } from './orders.fixture.ts';

describe('nextStep', () => {
  const VALID_UNTIL = 30_000;
  it.each<[OrderState, NextStep, NextStep]>([
    ['planned', 'submit', 'expire'],
    ['absent', 'submit', 'expire'],
    ['submitting', 'reconcile', 'reconcile'],
    ['unknown', 'reconcile', 'reconcile'],
    ['accepted', 'follow', 'follow'],
    ['partiallyFilled', 'follow', 'follow'],
    ['filled', 'done', 'done'],
    ['canceled', 'done', 'done'],
    ['rejected', 'done', 'done'],
    ['halted', 'done', 'done'],
    ['expired', 'done', 'done'],
  ])('%s: %s while valid, %s afterwards', (state, whileValid, afterwards) => {
    expect(nextStep(rowIn(state), VALID_UNTIL)).toBe(whileValid);
    expect(nextStep(rowIn(state), VALID_UNTIL + 1)).toBe(afterwards);
  });

  it('an exit does not expire', () => {
    const row = rowIn('absent', { intent: { ...INTENT, leg: 'exit', validUntil: null } });
    expect(nextStep(row, Number.MAX_SAFE_INTEGER)).toBe('submit');
  });
});

describe('isStillValid', () => {
  it.each([[29_999, true], [30_000, true], [30_001, false]])('at %d: %s', (nowMs, expected) => {
    expect(isStillValid({ validUntil: 30_000 }, nowMs)).toBe(expected);
  });
});

describe('isWithinDrift', () => {
  it.each([
    ['at the price', '100', 50, true],
    ['at the bound above', '100.5', 50, true],
    ['just over it', '100.50001', 50, false],
    ['at the bound below', '99.5', 50, true],
    ['just under it', '99.49999', 50, false],
    ['no bound', '1', null, true],
  ])('%s', (_name, price, maxDriftBps, expected) => {
    expect(isWithinDrift({ maxDriftBps, decisionPrice: '100' }, price)).toBe(expected);
  });
});

describe('verdictBeforeSend', () => {
  const OPEN: Fence = { epoch: 3, halted: false };
  const HALTED: Fence = { epoch: 4, halted: true };
  const MOVED_ON: Fence = { epoch: 4, halted: false };
  it.each([
    ['an opening in time', 'entry', OPEN, 3_000, 'send'],
    ['an opening past its deadline', 'entry', OPEN, 3_001, 'notSent'],
    ['an opening, halted', 'entry', HALTED, 0, 'fenceHalted'],
    ['an opening of this epoch, halted', 'entry', { epoch: 3, halted: true }, 0, 'fenceHalted'],
    ['an opening of an older epoch', 'entry', MOVED_ON, 0, 'epochMovedOn'],
    ['an opening, fence unread', 'entry', null, 0, 'fenceUnknown'],
    ['a halted opening past its deadline', 'entry', HALTED, 9_999, 'fenceHalted'],
    ['a stop, halted', 'stop', HALTED, 0, 'send'],
    ['a target, epoch moved on', 'target', MOVED_ON, 0, 'send'],
    ['an exit, fence unread', 'exit', null, 0, 'send'],
    ['an exit past its deadline', 'exit', null, 3_001, 'notSent'],
  ] as const)('%s', (_name, leg, fence, nowMs, expected) => {
    const verdict = verdictBeforeSend({ intent: { leg, epoch: 3 }, fence, nowMs, deadlineMs: 3_000 });
    expect(verdict.kind === 'halted' ? verdict.reason : verdict.kind).toBe(expected);
  });
});

describe('absence', () => {
  const PROVABLE_AT = 1_000 + 3_000 + 2_000 + 1_000;
  const row = rowIn('unknown');

  it('may be believed after deadline, recvWindow and margin', () => {
    expect(absenceProvableAt(row, PROTOCOL_TIMES)).toBe(PROVABLE_AT);
  });

  it.each([
    ['no look', [], false],
    ['one look', [PROVABLE_AT], false],
    ['one look seen twice', [PROVABLE_AT, PROVABLE_AT], false],
    ['two, too near', [PROVABLE_AT, PROVABLE_AT + 249], false],
    ['two, apart', [PROVABLE_AT, PROVABLE_AT + 250], true],
    ['the first too early', [PROVABLE_AT - 1, PROVABLE_AT + 250], false],
    ['both too early', [0, 6_000], false],
    ['early ones and two late ones', [0, 6_000, PROVABLE_AT, PROVABLE_AT + 300], true],
  ])('%s', (_name, looks, expected) => {
    expect(isAbsenceProven(row, looks.map((atMs) => ({ atMs })), PROTOCOL_TIMES)).toBe(expected);
  });

  it('is never proven by looks that a copy in flight could still outlive', () => {
    fc.assert(
      fc.property(fc.nat({ max: 100_000 }), fc.array(fc.nat({ max: 120_000 }), { maxLength: 6 }), (sentTimestamp, times) => {
        const looks = times.toSorted((a, b) => a - b).map((atMs) => ({ atMs }));
        if (!isAbsenceProven({ sentTimestamp }, looks, PROTOCOL_TIMES)) return;
        const late = looks.filter(({ atMs }) => atMs > sentTimestamp + PROTOCOL_TIMES.recvWindowMs + 2_000);
        expect(late.length).toBeGreaterThanOrEqual(2);
      }),
    );
  });

  it('the waits between looks lead to two provable ones', () => {
    fc.assert(
      fc.property(fc.nat({ max: 50_000 }), fc.nat({ max: 10_000 }), (sentTimestamp, delay) => {
        const looks: { atMs: number }[] = [];
        let nowMs = sentTimestamp + delay;
        while (!isAbsenceProven({ sentTimestamp }, looks, PROTOCOL_TIMES)) {
          nowMs += lookDelayMs({ sentTimestamp }, looks, nowMs, PROTOCOL_TIMES);
          looks.push({ atMs: nowMs });
          expect(looks.length).toBeLessThan(20);
        }
      }),
    );
  });
});

describe('an order that may go without the ledger', () => {
  const EXIT = { ...INTENT, leg: 'exit', closesPosition: true } as const;
  const remembered = rowIn('unknown', { intent: EXIT, attempt: 2 });

  it.each([
    ['a full close', 'exit', true, true],
    ['a stop', 'stop', true, true],
    ['a partial exit', 'target', false, false],
    ['an entry, whatever it says', 'entry', true, false],
  ] as const)('%s: %s', (_name, leg, closesPosition, expected) => {
    expect(mayGoWithoutLedger({ leg, closesPosition })).toBe(expected);
  });

  it.each([
    ['does not know it', null, true],
    ['still says planned', rowIn('planned', { intent: EXIT }), true],
    ['is an attempt behind', rowIn('absent', { intent: EXIT, attempt: 1 }), true],
    ['knows the attempt', rowIn('submitting', { intent: EXIT, attempt: 2 }), false],
    ['is further', rowIn('submitting', { intent: EXIT, attempt: 3 }), false],
    ['has the venue\'s word', rowIn('accepted', { intent: EXIT, attempt: 0, acceptedAt: 1 }), false],
  ])('a ledger that %s: memory counts is %s', (_name, written, isMemoryTrusted) => {
    expect(rowToTrust(remembered, written)).toBe(isMemoryTrusted ? remembered : written);
  });

  it('any other order was not sent unless the ledger knows of it', () => {
    const opening = rowIn('unknown', { attempt: 2 });
    expect(rowToTrust(opening, rowIn('planned'))).toMatchObject({ state: 'planned' });
    expect(rowToTrust(opening, null)).toMatchObject({ state: 'planned', attempt: 0, sentTimestamp: null });
  });
});

describe('resubmitDelayMs', () => {
  it.each([[0, 0], [1, 100], [2, 200], [5, 1_600], [6, 2_000], [60, 2_000]])('before attempt %d + 1: %d ms', (attempt, expected) => {
    expect(resubmitDelayMs(attempt)).toBe(expected);
  });
});

describe('groups of states and words', () => {
  it('unsettled are those whose fate is open', () => {
    expect(ORDER_STATES.filter((state) => isUnsettled(rowIn(state)))).toEqual(['planned', 'submitting', 'unknown']);
  });

  it.each([['entry', false], ['stop', true], ['target', true], ['exit', true]] as const)('%s reduces: %s', (leg, expected) => {
    expect(isReducing({ leg })).toBe(expected);
  });

  it('sides and books', () => {
    expect([oppositeSide('buy'), oppositeSide('sell'), entrySide('long'), entrySide('short')]).toEqual(['sell', 'buy', 'buy', 'sell']);
    expect((['market', 'limit', 'stopMarket', 'takeProfitMarket'] as const).map(bookOf)).toEqual(['plain', 'plain', 'conditional', 'conditional']);
  });
});
