/** When a process that died is started again. */
export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Up for this long, and the next death counts as the first again. */
  readonly resetAfterMs: number;
}

/** Quick at first, since something durable is waiting; never faster than every 5 s for what keeps dying. */
export const BACK_OFF: BackOff = { firstMs: 200, maxMs: 5_000, resetAfterMs: 30_000 };

/**
 * Wait before the next start.
 * @param deaths in a row, from 1
 */
export function backOffMs(deaths: number, backOff: BackOff = BACK_OFF): number {
  return Math.min(backOff.maxMs, backOff.firstMs * 2 ** Math.min(deaths - 1, 30));
}

/** Deaths in a row after one more. @param upMs how long it had been up */
export function deathsAfter(deaths: number, upMs: number, backOff: BackOff = BACK_OFF): number {
  return upMs >= backOff.resetAfterMs ? 1 : deaths + 1;
}
