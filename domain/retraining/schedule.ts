/** When retrains are due on a market clock. Pure. */

/** Market clock; every `everyMs` since the epoch's first day, `offsetMs` into the day. */
export interface RetrainRhythm {
  readonly everyMs: number;
  readonly offsetMs: number;
}

const DAY_MS = 86_400_000;

/** Weeks begin on Monday, as the epoch's first day was a Thursday. */
const MONDAY_MS = 4 * DAY_MS;

/** The moment of the newest retrain that is due at a time. */
export function retrainDueAt({ everyMs, offsetMs }: RetrainRhythm, at: number): number {
  const start = offsetMs + (everyMs > DAY_MS ? MONDAY_MS : 0);
  return Math.floor((at - start) / everyMs) * everyMs + start;
}

/** Whether one fell due after a moment, and at another at the latest. */
export function isRetrainDue(rhythm: RetrainRhythm, after: number, at: number): boolean {
  return retrainDueAt(rhythm, at) > after;
}
