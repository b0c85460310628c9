/**
 * The fence's decisions (docs/order-protocol.md, "The fence"), pure: ledger, guard and the exhaustive exploration run
 * these same functions. Whether one order may pass it is `verdictBeforeSend`'s to say.
 */
import type { Fence, ProtocolTimes } from './protocol.ts';
import { PROTOCOL_TIMES } from './protocol.ts';

/** The fence's own durations, beside those of a submission. */
export interface FenceTimes extends Pick<ProtocolTimes, 'recvWindowMs' | 'looksApartMs'> {
  /** Beyond `recvWindow`: a timestamp may lie this much ahead of the venue's clock, and look-ups may lag. */
  readonly sealMarginMs: number;
}

/** @source order-protocol.md: a timestamp is taken up to a second ahead, look-ups may lag a second. */
export const FENCE_TIMES: FenceTimes = { recvWindowMs: PROTOCOL_TIMES.recvWindowMs, looksApartMs: PROTOCOL_TIMES.looksApartMs, sealMarginMs: 2_000 };

/** The fence after a stop: halted, and the epoch moved on once per rise, so that every decision made before is void. */
export function raised(fence: Fence): Fence {
  return fence.halted ? fence : { epoch: fence.epoch + 1, halted: true };
}

/** The fence after a resume: open for decisions of the epoch that the rise began; older ones stay void. */
export function lowered(fence: Fence): Fence {
  return { epoch: fence.epoch, halted: false };
}

/**
 * Earliest moment from which a look that finds nothing open may count towards `sealed`: whatever passed the fence before
 * it rose has arrived by then, was refused for its age, and shows.
 * @param raisedAtMs when the fence's rise was known to be written; the looks must be timed by the same clock.
 */
export function sealableAt(raisedAtMs: number, times: FenceTimes): number {
  return raisedAtMs + times.recvWindowMs + times.sealMarginMs;
}

/** One look at positions and both books that found nothing of ours open; `atMs` is taken before it asks. */
export interface ClearLook {
  readonly atMs: number;
}

/** Whether the stop is `sealed`: two looks in a row, apart, both late enough, found nothing open. */
export function isSealProven(raisedAtMs: number, looks: readonly ClearLook[], times: FenceTimes): boolean {
  const late = looks.filter((look) => look.atMs >= sealableAt(raisedAtMs, times));
  const first = late[0];
  const last = late.at(-1);
  return first !== undefined && last !== undefined && last.atMs - first.atMs >= times.looksApartMs;
}
