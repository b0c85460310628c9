/** Waiting on the engine while it may go away and come back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledFailure, isGrpcServiceError, TerminatedFailure, WorkflowFailedError } from '@temporalio/client';
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
/** The venue counts by the minute. */
const RATE_LIMIT_PATIENCE_MS = 90_000;
const RATE_LIMIT_PAUSE_MS = 2_000;

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
 * @throws {KeelError} INVARIANT when the workflow failed, CANCELLED when somebody ended it; the signal's reason
 */
export async function workflowResult<T>(client: Client, workflowId: string, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  aborted.promise.catch(() => {}); // it is heard below, or nobody waits any more
  try {
    return await untilAnswered(() => Promise.race([client.workflow.getHandle(workflowId).result() as Promise<T>, aborted.promise]), signal);
  } catch (error) {
    throw endOf(workflowId, error);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * The same for a workflow that a person asked for, and that goes on when nobody waits for it any more.
 * @throws `lateness()` after `timeoutMs`; {KeelError} INVARIANT, CANCELLED
 */
export async function resultWithin<T>(handle: { readonly workflowId: string; result(): Promise<T> }, timeoutMs: number, lateness: () => Error): Promise<T> {
  try {
    return await unlessLate(timeoutMs, handle.result(), lateness);
  } catch (error) {
    throw endOf(handle.workflowId, error);
  }
}

/** What is said of a workflow that ended without a result; other failures stay what they are. */
function endOf(workflowId: string, error: unknown): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  const { cause } = error;
  if (cause instanceof CancelledFailure || cause instanceof TerminatedFailure) return new KeelError('CANCELLED', `${workflowId} was ended by somebody before it was done (the Temporal UI shows when and why); ask again to have it done`, { cause: error });
  return new KeelError('INVARIANT', `workflow ${workflowId} ended without a result: ${messageOf(cause ?? error)}; its history in the Temporal UI shows where`, { cause: error });
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

/** Whoever trades comes first: a venue that is asked too much is asked again when its next minute has begun. @param say hears once that it waits */
export async function whenAllowed<T>(read: () => Promise<T>, say: (line: string) => void = () => {}): Promise<T> {
  const deadlineMs = performance.now() + RATE_LIMIT_PATIENCE_MS;
  let isSaid = false;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof KeelError && error.code === 'RATE_LIMITED') || performance.now() > deadlineMs) throw error;
      if (!isSaid) say(`${error.message}; waiting`);
      isSaid = true;
      await sleep(RATE_LIMIT_PAUSE_MS);
    }
  }
}
