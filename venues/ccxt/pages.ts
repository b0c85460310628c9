import { KeelError } from '../../domain/errors.ts';

/** How to read one history of the venue, page by page. */
interface History<T> {
  /** Largest page. */
  readonly limit: number;
  readonly idOf: (item: T) => string;
  /** The time by which the venue selects. */
  readonly timeOf: (item: T) => number;
}

export interface TimedHistory<T> extends History<T> {
  /** First moment of interest, epoch milliseconds, market clock. */
  readonly since: number;
  readonly readFrom: (page: { readonly startTime: number; readonly limit: number }) => Promise<readonly T[]>;
}

/**
 * Reads a history forward in time. A full page is followed by one that begins at its last moment, since several
 * items may share it; what is seen twice is dropped by id.
 * @returns oldest first.
 * @throws {KeelError} VENUE_ANSWER_INVALID: a whole page within one millisecond.
 */
export async function pageByTime<T>(history: TimedHistory<T>): Promise<readonly T[]> {
  const found = new Map<string, T>();
  let startTime = history.since;
  for (;;) {
    const page = await history.readFrom({ startTime, limit: history.limit });
    for (const item of page) found.set(history.idOf(item), item);
    if (page.length < history.limit) return [...found.values()].toSorted((a, b) => history.timeOf(a) - history.timeOf(b));
    const last = Math.max(...page.map(history.timeOf));
    if (last <= startTime) throw new KeelError('VENUE_ANSWER_INVALID', `a whole page of ${page.length} items at ${startTime}: such a history cannot be read by time`);
    startTime = last;
  }
}

export interface NumberedHistory<T> extends History<T> {
  readonly numberOf: (item: T) => string;
  readonly readFrom: (page: { readonly fromId: string; readonly limit: number }) => Promise<readonly T[]>;
}

/** Reads a whole history forward by its ascending numbers. @returns oldest first. */
export async function pageByNumber<T>(history: NumberedHistory<T>): Promise<readonly T[]> {
  const found = new Map<string, T>();
  let from = 1n;
  for (;;) {
    const page = await history.readFrom({ fromId: String(from), limit: history.limit });
    for (const item of page) found.set(history.idOf(item), item);
    const last = page.reduce((max, item) => { const number = BigInt(history.numberOf(item)); return number > max ? number : max; }, from - 1n);
    if (page.length < history.limit) return [...found.values()].toSorted((a, b) => history.timeOf(a) - history.timeOf(b));
    from = last + 1n;
  }
}
