import { sleep } from '@temporalio/workflow';

/** A durable wait, wall clock; nothing to wait for leaves no timer in the history. */
export async function pause(delayMs: number): Promise<void> {
  if (delayMs > 0) await sleep(delayMs);
}
