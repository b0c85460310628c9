/** What the actions of the test parts would have earned after costs: one position per symbol at a time, equal shares of the capital. */
import { momentsOf } from '../statistics/moments.ts';
import { HOLD } from './classes.ts';
import type { Tested } from './tested.ts';

const DAY_MS = 86_400_000;

export interface UnitTrade {
  readonly row: number;
  readonly enteredAt: number;
  readonly leftAt: number;
  /** After the costs of both sides, basis points of the entry price. */
  readonly netBps: number;
}

type Traded = Pick<Tested, 'rows' | 'row' | 'actions'>;

/** Entered when the symbol has no position, left where the label says; the next decision from then on may enter again. */
export function tradesOf({ rows, row, actions }: Traded): readonly UnitTrade[] {
  const busyUntil = new Map<number, number>();
  return [...row].flatMap((at, index) => {
    const [instrument, enteredAt] = [rows.instrument[at] as number, rows.decidedAt[at] as number];
    const action = actions[index] ?? HOLD;
    if (action === HOLD || enteredAt < (busyUntil.get(instrument) ?? -Infinity)) return [];
    const [net, exits] = action === 0 ? [rows.longBps, rows.longExit] : [rows.shortBps, rows.shortExit];
    const leftAt = enteredAt + ((exits[at] as number) + 1) * rows.candleMs;
    busyUntil.set(instrument, leftAt);
    return [{ row: at, enteredAt, leftAt, netBps: net[at] as number }];
  });
}

/** UTC days, each a number from 1970-01-01. */
export interface DailyReturns {
  readonly firstDay: number;
  /** Share of the capital, per day, days without a trade included. */
  readonly returns: Float64Array;
}

/** A trade's result counts on the day when it was left. From the first decision's day to the last one's, so that all who are judged on the same rows have the same days. */
export function dailyReturnsOf(traded: Traded): DailyReturns {
  return booked(traded, tradesOf(traded));
}

/** Each symbol bought at its first row and kept to its last: the costs of one round trip. */
export function heldReturnsOf({ rows, row }: Pick<Tested, 'rows' | 'row'>): DailyReturns {
  const heldUntil = new Map<number, number>();
  const moves = [...row].flatMap((at) => {
    const [instrument, enteredAt, leftAt] = [rows.instrument[at] as number, rows.decidedAt[at] as number, rows.labelUntil[at] as number];
    const before = heldUntil.get(instrument);
    if (before !== undefined && enteredAt < before) return [];
    heldUntil.set(instrument, leftAt);
    return [{ row: at, enteredAt, leftAt, netBps: (rows.moveBps[at] as number) - (before === undefined ? rows.costBps[at] as number : 0) }];
  });
  return booked({ rows, row }, moves);
}

function booked({ rows, row }: Pick<Tested, 'rows' | 'row'>, trades: readonly UnitTrade[]): DailyReturns {
  const [first, last] = [row[0], row.at(-1)];
  if (first === undefined || last === undefined) return { firstDay: 0, returns: new Float64Array(0) };
  const firstDay = dayOf(rows.decidedAt[first] as number);
  const returns = new Float64Array(dayOf((rows.labelUntil[last] as number) - 1) - firstDay + 1);
  for (const { leftAt, netBps } of trades) {
    const day = dayOf(leftAt - 1) - firstDay;
    returns[day] = (returns[day] as number) + netBps / 10_000 / rows.instruments.length;
  }
  return { firstDay, returns };
}

const dayOf = (at: number): number => Math.floor(at / DAY_MS);

/** Mean over deviation, of a day, not annualised; 0 where nothing varies. */
export function sharpeOf(returns: ArrayLike<number>): number {
  const { mean, deviation } = momentsOf(returns);
  return deviation > 0 ? mean / deviation : 0;
}
