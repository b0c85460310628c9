/** Waiting on the engine while it may go away and come back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, WorkflowFailedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { KeelError, messageOf } from '../domain/errors.ts';

/** What a server says, or nobody says, while it is away or starting. @source gRPC status codes */
const PASSING_GRPC_CODES: ReadonlySet<number> = new Set([
  1, // CANCELLED: the connection went while the answer was awaited
  2, // UNKNOWN
  4, // DEADLINE_EXCEEDED
  8, // RESOURCE_EXHAUSTED
  10, // ABORTED
  13, // INTERNAL: the stream broke
  14, // UNAVAILABLE
]);
const AGAIN_AFTER_MS = 250;

/**
 * Does `work` until the engine answers it. `work` may have been carried out although its answer was lost: it must be
 * one that can be repeated.
 * @param signal ends the waiting
 * @throws what `work` throws that is not a passing failure of the connection; the signal's reason
 */
export async function untilAnswered<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await sleep(AGAIN_AFTER_MS, undefined, { signal });
    }
  }
}

/**
 * The result of a workflow, however often the engine goes away before it is there.
 * @throws {KeelError} INVARIANT when the workflow failed; the signal's reason
 */
export async function workflowResult<T>(client: Client, workflowId: string, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  aborted.promise.catch(() => {}); // it is heard below, or nobody waits any more
  try {
    return await untilAnswered(() => Promise.race([client.workflow.getHandle(workflowId).result() as Promise<T>, aborted.promise]), signal);
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    throw new KeelError('INVARIANT', `workflow ${workflowId} ended without a result: ${messageOf(error.cause ?? error)}; its history in the Temporal UI shows where`, { cause: error });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * Gives up waiting after `timeoutMs`; what was asked for goes on.
 * @throws `lateness()` when it takes longer; else what the work throws
 */
export async function unlessLate<T>(timeoutMs: number, work: Promise<T>, lateness: () => Error): Promise<T> {
  const ended = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: ended.signal }).then(() => { throw lateness(); });
  late.catch(() => {}); // nobody waits for it any more
  try {
    return await Promise.race([work, late]);
  } finally {
    ended.abort();
  }
}

function isPassing(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (isGrpcServiceError(at)) return PASSING_GRPC_CODES.has(at.code);
  return false;
}
