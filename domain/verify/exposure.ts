/** When a position held more than its working stops covered, from its fills and its orders' life. Pure. */
import type { Dec } from '../decimal.ts';
import { d, ZERO } from '../decimal.ts';
import { entrySide } from '../orders/order.ts';
import type { FillFact, OrderFact, PositionFact } from './facts.ts';
import { sumOf } from './sums.ts';

/** A stretch without covering stops. Wall clock, epoch milliseconds, `from` < `to`. */
export interface Exposure {
  readonly from: number;
  readonly to: number;
  /** An exit of the position was on its way, from its beginning on. */
  readonly isClosing: boolean;
}

export interface PositionLife {
  readonly position: PositionFact;
  readonly fills: readonly FillFact[];
  readonly orders: readonly OrderFact[];
  /** The look: what is open lasts until then. */
  readonly readAt: number;
}

/** Oldest first; one ends, and another begins, where closing begins. */
export function exposuresOf(life: PositionLife): Exposure[] {
  const { position, fills, orders, readAt } = life;
  const lastFillAt = Math.max(...fills.map((it) => it.filledAtWall));
  const end = position.endedAt ?? (position.state === 'closed' ? lastFillAt : readAt);
  const closingFrom = Math.min(...orders.filter((it) => it.intent.leg === 'exit').map(beganAt));
  const moments = [...fills.map((it) => it.filledAtWall), ...orders.flatMap((it) => [it.acceptedAt, it.endedAt]), closingFrom, end]
    .filter((at): at is number => at !== null && at <= end);
  const sorted = [...new Set(moments)].toSorted((a, b) => a - b);
  return sorted.slice(0, -1).reduce<Exposure[]>((found, from, at) => {
    const to = sorted[at + 1] ?? end;
    if (heldAt(from, life).lte(coveredAt(from, life))) return found;
    const isClosing = from >= closingFrom;
    const last = found.at(-1);
    return last?.to === from && last.isClosing === isClosing ? [...found.slice(0, -1), { ...last, to }] : [...found, { from, to, isClosing }];
  }, []);
}

/** One that went out without the ledger was written to it later than it was sent. */
function beganAt({ plannedAt, sentTimestamp }: OrderFact): number {
  return Math.min(plannedAt, sentTimestamp ?? plannedAt);
}

function heldAt(at: number, { position, fills }: PositionLife): Dec {
  const opens = entrySide(position.direction);
  return fills.filter((it) => it.filledAtWall <= at).reduce((sum, it) => (it.side === opens ? sum.plus(d(it.quantity)) : sum.minus(d(it.quantity))), ZERO);
}

/** All that work at once count: a stop is placed before the one that it replaces is taken away. */
function coveredAt(at: number, { orders }: PositionLife): Dec {
  const working = orders.filter(({ intent, acceptedAt, endedAt }) => intent.leg === 'stop' && acceptedAt !== null && acceptedAt <= at && (endedAt === null || endedAt > at));
  return sumOf(working, (it) => it.intent.quantity);
}
