import { KeelError } from '../domain/errors.ts';

/** The ledger cannot be reached, or does not answer in time. */
export function isLedgerDown(error: unknown): boolean {
  return error instanceof KeelError && error.code === 'DATABASE_UNREACHABLE';
}

/**
 * The ledger's answer, waited for that long.
 * @param what names it in the error.
 * @throws {KeelError} DATABASE_UNREACHABLE when it takes longer; else what the work throws.
 */
export async function withinMs<T>(timeoutMs: number, what: string, work: Promise<T>): Promise<T> {
  return await unlessLate(timeoutMs, work, () => new KeelError('DATABASE_UNREACHABLE', `${what}: no answer within ${timeoutMs} ms; does PostgreSQL run, and is it overloaded?`));
}

/**
 * Gives up waiting after `timeoutMs`. What was asked for is not called back: it may still happen, at any time later.
 * @throws `lateness()` when it takes longer; else what the work throws.
 */
export async function unlessLate<T>(timeoutMs: number, work: Promise<T>, lateness: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => { timer = setTimeout(() => { reject(lateness()); }, timeoutMs); });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
