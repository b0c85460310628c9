import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { d } from '../../../../domain/decimal.ts';
import { KeelError } from '../../../../domain/errors.ts';
import type { OrderRow, OrderState, VenueOrder } from '../../../../domain/orders/order.ts';
import { DONE_STATES, ORDER_STATES } from '../../../../domain/orders/order.ts';
import type { OrderEvent } from '../../../../domain/orders/transitions.ts';
import { applyOrderEvent, canApply, mayClaim } from '../../../../domain/orders/transitions.ts';
import { INTENT, reportOf, rowIn } from './orders.fixture.ts';

/** Each event as it speaks of the row's own attempt (a claim: of the next). */
function eventsFor(row: OrderRow): Readonly<Record<string, OrderEvent>> {
  const { attempt } = row;
  return {
    claimed: { kind: 'claimed', attempt: attempt + 1, timestamp: 5_000 },
    notSent: { kind: 'notSent', attempt },
    halted: { kind: 'halted', attempt, reason: 'fenceHalted' },
    answerLost: { kind: 'answerLost', attempt },
    rejected: { kind: 'rejected', attempt, reason: '-2019' },
    provenAbsent: { kind: 'provenAbsent', attempt },
    expired: { kind: 'expired', reason: 'validityOver' },
    vanished: { kind: 'vanished' },
    working: { kind: 'reported', order: reportOf('working', '0'), at: 5_000 },
    partly: { kind: 'reported', order: reportOf('working', '4'), at: 5_000 },
    filled: { kind: 'reported', order: reportOf('filled', '10'), at: 5_000 },
    canceled: { kind: 'reported', order: reportOf('canceled', '4'), at: 5_000 },
    ended: { kind: 'reported', order: reportOf('expired', '4'), at: 5_000 },
    refused: { kind: 'reported', order: reportOf('rejected', '0'), at: 5_000 },
    triggered: { kind: 'reported', order: reportOf('triggered', '0', { book: 'conditional', triggeredOrderId: '78' }), at: 5_000 },
  };
}

type Cell = OrderState | 'ORDER_TRANSITION';
const X = 'ORDER_TRANSITION';

/** Every state met by every event. Rows are states, columns events in the order of `COLUMNS`. States that only the venue's word reaches were reported before. */
const COLUMNS = ['claimed', 'notSent', 'halted', 'answerLost', 'rejected', 'provenAbsent', 'expired', 'vanished', 'working', 'partly', 'filled', 'canceled', 'ended', 'refused', 'triggered'] as const;
const TABLE: Readonly<Record<OrderState, readonly Cell[]>> = {
  planned:         ['submitting', X, X, X, X, X, 'expired', X, 'accepted', 'partiallyFilled', 'filled', 'canceled', 'expired', 'rejected', 'accepted'],
  submitting:      [X, 'absent', 'halted', 'unknown', 'rejected', 'absent', X, X, 'accepted', 'partiallyFilled', 'filled', 'canceled', 'expired', 'rejected', 'accepted'],
  unknown:         [X, X, X, 'unknown', 'rejected', 'absent', X, X, 'accepted', 'partiallyFilled', 'filled', 'canceled', 'expired', 'rejected', 'accepted'],
  absent:          ['submitting', 'absent', X, X, X, 'absent', 'expired', X, 'accepted', 'partiallyFilled', 'filled', 'canceled', 'expired', 'rejected', 'accepted'],
  accepted:        [X, X, X, 'accepted', X, X, X, 'expired', 'accepted', 'partiallyFilled', 'filled', 'canceled', 'expired', 'rejected', 'accepted'],
  partiallyFilled: [X, X, X, 'partiallyFilled', X, X, X, 'expired', 'partiallyFilled', 'partiallyFilled', 'filled', 'canceled', 'expired', 'rejected', 'partiallyFilled'],
  filled:          [X, X, X, 'filled', X, X, X, X, 'filled', 'filled', 'filled', 'filled', 'filled', 'filled', 'filled'],
  canceled:        [X, X, X, 'canceled', X, X, X, X, 'canceled', 'canceled', 'filled', 'canceled', 'canceled', 'canceled', 'canceled'],
  rejected:        [X, X, X, 'rejected', 'rejected', X, X, X, 'rejected', 'rejected', 'filled', 'rejected', 'rejected', 'rejected', 'rejected'],
  expired:         [X, X, X, 'expired', X, X, 'expired', 'expired', 'expired', 'expired', 'filled', 'expired', 'expired', 'expired', 'expired'],
  halted:          [X, X, 'halted', X, X, X, X, X, 'accepted', 'partiallyFilled', 'filled', 'canceled', 'expired', 'rejected', 'accepted'],
};

/** Never reported by the venue before, where the state allows it; else reported with what it must have filled. */
function exampleOf(state: OrderState): OrderRow {
  if (['planned', 'submitting', 'unknown', 'absent', 'halted'].includes(state)) return rowIn(state);
  const filledQuantity = state === 'filled' ? '10' : state === 'partiallyFilled' || state === 'canceled' ? '3' : '0';
  return rowIn(state, { venueOrderId: '77', acceptedAt: 1_500, filledQuantity });
}

function outcomeOf(row: OrderRow, event: OrderEvent): Cell {
  try {
    return applyOrderEvent(row, event, 9_000).state;
  } catch (error) {
    if (error instanceof KeelError && error.code === 'ORDER_TRANSITION') return X;
    throw error;
  }
}

describe('every state met by every event', () => {
  const cases = ORDER_STATES.flatMap((state) => COLUMNS.map((column, index) => [state, column, TABLE[state][index]] as const));

  it.each(cases)('%s met by %s: %s', (state, column, expected) => {
    const row = exampleOf(state);
    const event = eventsFor(row)[column];
    if (event === undefined) throw new Error(`no event ${column}`);
    expect(outcomeOf(row, event)).toBe(expected);
    if (expected === X) expect(canApply(state, event.kind)).toBe(false);
  });

  it('covers the whole table', () => {
    for (const cells of Object.values(TABLE)) expect(cells).toHaveLength(COLUMNS.length);
  });
});

describe('an order that we ended and the venue knows', () => {
  // Evidence of an order beats our own belief that it was never there.
  it.each<[OrderState, VenueOrder['status'], string, OrderState]>([
    ['expired', 'working', '0', 'accepted'],
    ['expired', 'working', '4', 'partiallyFilled'],
    ['halted', 'working', '0', 'accepted'],
    ['rejected', 'working', '0', 'accepted'],
    ['rejected', 'canceled', '0', 'canceled'],
  ])('%s, reported %s with %s filled: %s', (state, status, filled, expected) => {
    const after = applyOrderEvent(rowIn(state, { reason: 'ours' }), { kind: 'reported', order: reportOf(status, filled), at: 5_000 }, 9_000);
    expect(after.state).toBe(expected);
    expect(after.reason).toBeNull();
  });
});

describe('mayClaim', () => {
  const EXIT = { ...INTENT, leg: 'exit', closesPosition: true } as const;
  it.each([
    ['the next of a planned order', rowIn('planned'), 1, true],
    ['the next of an absent one', rowIn('absent'), 2, true],
    ['the same again', rowIn('absent'), 1, false],
    ['one too far', rowIn('absent'), 3, false],
    ['the next while one is under way', rowIn('submitting'), 2, false],
    ['the next of one of unknown fate', rowIn('unknown'), 2, false],
    ['a full close: past attempts that the ledger never heard of', rowIn('planned', { intent: EXIT }), 2, true],
    ['a full close: past one that the ledger believes under way', rowIn('submitting', { intent: EXIT }), 3, true],
    ['a full close: the next while one is under way', rowIn('submitting', { intent: EXIT }), 2, false],
    ['a full close: never back', rowIn('absent', { intent: EXIT, attempt: 3 }), 2, false],
    ['a full close that the venue knows', rowIn('accepted', { intent: EXIT, acceptedAt: 1 }), 3, false],
  ])('%s', (_name, row, attempt, expected) => {
    expect(mayClaim(row, attempt)).toBe(expected);
    expect(outcomeOf(row, { kind: 'claimed', attempt, timestamp: 7_000 })).toBe(expected ? 'submitting' : X);
  });
});

describe('what events write', () => {
  it('a claim notes attempt and timestamp', () => {
    expect(applyOrderEvent(rowIn('absent'), { kind: 'claimed', attempt: 2, timestamp: 7_000 }, 9_000)).toMatchObject({ state: 'submitting', attempt: 2, sentTimestamp: 7_000, updatedAt: 9_000 });
  });

  it.each([0, 1, 3])('a claim of attempt %d cannot follow attempt 1', (attempt) => {
    expect(outcomeOf(rowIn('absent'), { kind: 'claimed', attempt, timestamp: 7_000 })).toBe(X);
  });

  it.each(['notSent', 'halted', 'answerLost', 'rejected', 'provenAbsent'] as const)('%s of an earlier or later attempt changes nothing, in any state', (kind) => {
    for (const state of ORDER_STATES) {
      const row = { ...exampleOf(state), attempt: 2 };
      for (const attempt of [1, 3]) {
        const event = { kind, attempt, reason: 'stale' } as const;
        expect(outcomeOf(row, event)).toBe(state); // never refused either
        expect(applyOrderEvent(row, event, 9_000)).toBe(row);
      }
    }
  });

  it('a repeated event changes nothing', () => {
    for (const state of ORDER_STATES) {
      for (const event of Object.values(eventsFor(exampleOf(state)))) {
        if (event.kind === 'claimed' || outcomeOf(exampleOf(state), event) === X) continue;
        const once = applyOrderEvent(exampleOf(state), event, 9_000);
        expect(applyOrderEvent(once, event, 9_000)).toEqual(once);
      }
    }
  });

  it('reasons of a rejection, a halt and an expiry are kept', () => {
    const events = eventsFor(rowIn('submitting'));
    expect(applyOrderEvent(rowIn('submitting'), events['rejected'] as OrderEvent, 9_000).reason).toBe('-2019');
    expect(applyOrderEvent(rowIn('submitting'), events['halted'] as OrderEvent, 9_000).reason).toBe('fenceHalted');
    expect(applyOrderEvent(rowIn('absent'), events['expired'] as OrderEvent, 9_000).reason).toBe('validityOver');
    expect(applyOrderEvent(exampleOf('accepted'), events['refused'] as OrderEvent, 9_000).reason).toBe('rejectedOnTrigger');
  });

  it('a report notes ids, quantity and price, and keeps what a poorer one leaves out', () => {
    const first = applyOrderEvent(rowIn('unknown'), { kind: 'reported', order: reportOf('working', '4'), at: 5_000 }, 9_000);
    expect(first).toMatchObject({ venueOrderId: '77', filledQuantity: '4', averagePrice: '100.5', acceptedAt: 5_000 });
    const poorer = applyOrderEvent(first, { kind: 'reported', order: reportOf('working', '0', { venueOrderId: '' }), at: 6_000 }, 9_500);
    expect(poorer).toMatchObject({ venueOrderId: '77', filledQuantity: '4', averagePrice: '100.5', acceptedAt: 5_000 });
  });

  it('a triggered conditional order notes the plain order that it made', () => {
    const after = applyOrderEvent(exampleOf('accepted'), eventsFor(exampleOf('accepted'))['triggered'] as OrderEvent, 9_000);
    expect(after).toMatchObject({ state: 'accepted', triggeredOrderId: '78' });
  });
});

describe('reports in any order, doubled and dropped', () => {
  const anyReport = fc.record({ filled: fc.nat({ max: 10 }), ending: fc.constantFrom('working' as const, 'canceled' as const, 'expired' as const) });

  /** A life that a venue can tell: filled quantity rises, then one end. */
  const anyLife = fc
    .tuple(fc.array(fc.nat({ max: 10 }), { maxLength: 5 }), fc.constantFrom('canceled' as const, 'expired' as const, 'open' as const))
    .map(([fills, end]): VenueOrder[] => {
      const rising = fills.toSorted((a, b) => a - b).map((filled) => reportOf(filled === 10 ? 'filled' : 'working', String(filled)));
      const last = rising.at(-1)?.filledQuantity ?? '0';
      return end === 'open' || last === '10' ? [reportOf('working', '0'), ...rising] : [reportOf('working', '0'), ...rising, reportOf(end, last)];
    });

  it('filled quantity never shrinks, and an order that the venue ended stays ended', () => {
    fc.assert(
      fc.property(fc.array(anyReport, { maxLength: 12 }), (reports) => {
        let row = rowIn('submitting');
        for (const { filled, ending } of reports) {
          const next = applyOrderEvent(row, { kind: 'reported', order: reportOf(filled === 10 ? 'filled' : ending, String(filled)), at: 5_000 }, 9_000);
          expect(d(next.filledQuantity).gte(d(row.filledQuantity))).toBe(true);
          if (DONE_STATES.includes(row.state)) expect(DONE_STATES).toContain(next.state);
          if (row.state === 'filled') expect(next.state).toBe('filled');
          row = next;
        }
      }),
    );
  });

  it('one life told in any order, with doubles, ends the same', () => {
    fc.assert(
      fc.property(
        anyLife.chain((life) => fc.tuple(fc.constant(life), fc.array(fc.constantFrom(...life)), fc.shuffledSubarray(life, { minLength: life.length }))),
        ([life, doubles, shuffled]) => {
          const tell = (orders: readonly VenueOrder[]): OrderRow => orders.reduce((row, order) => applyOrderEvent(row, { kind: 'reported', order, at: 5_000 }, 9_000), rowIn('unknown'));
          const straight = tell(life);
          const mixed = tell([...shuffled, ...doubles]);
          expect([mixed.state, mixed.filledQuantity]).toEqual([straight.state, straight.filledQuantity]);
        },
      ),
    );
  });
});
