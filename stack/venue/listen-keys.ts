import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { KeelError } from '../../domain/errors.ts';
import { refusal } from './errors.ts';
import type { Route } from './route.ts';

const listenKey = z.object({ key: z.string(), accountId: z.string(), expiresAt: z.number() });
type ListenKey = z.output<typeof listenKey>;

/**
 * The keys of user-data streams: one per account, valid for an hour on the transport clock. They lie in a file, so that
 * a client whose venue was restarted goes on with the key that it has: nothing would tell it to ask for another.
 */
export class ListenKeys {
  readonly #now: () => number;
  readonly #validMs: number;
  readonly #file: string;
  readonly #byKey: Map<string, ListenKey>;
  readonly #onExpired: (key: string, accountId: string) => void;

  /** @throws {KeelError} NOT_FOUND, not retried: the file was changed by hand. */
  constructor(options: { file: string; now: () => number; validMs: number; onExpired: (key: string, accountId: string) => void }) {
    this.#file = options.file;
    this.#now = options.now;
    this.#validMs = options.validMs;
    this.#onExpired = options.onExpired;
    this.#byKey = new Map(readKeys(options.file).map((known) => [known.key, known]));
  }

  /** The account's key, new or prolonged. */
  open(accountId: string): string {
    const existing = this.#of(accountId);
    const key = existing?.key ?? randomBytes(32).toString('hex');
    this.#byKey.set(key, { key, accountId, expiresAt: this.#now() + this.#validMs });
    this.#save();
    return key;
  }

  /** @throws {VenueError} -1125 */
  prolong(accountId: string): string {
    if (this.#of(accountId) === undefined) throw refusal('-1125');
    return this.open(accountId);
  }

  close(accountId: string): void {
    const existing = this.#of(accountId);
    if (existing !== undefined) this.#expire(existing);
  }

  accountOf(key: string): string | undefined {
    this.sweep();
    return this.#byKey.get(key)?.accountId;
  }

  /** Ends what is over; called from a timer too. */
  sweep(): void {
    const now = this.#now();
    for (const listenKey of this.#byKey.values()) if (listenKey.expiresAt <= now) this.#expire(listenKey);
  }

  /** A fault: all keys, or those of one account. */
  expireNow(accountId?: string): void {
    for (const listenKey of this.#byKey.values()) if (accountId === undefined || listenKey.accountId === accountId) this.#expire(listenKey);
  }

  #of(accountId: string): ListenKey | undefined {
    this.sweep();
    return [...this.#byKey.values()].find((listenKey) => listenKey.accountId === accountId);
  }

  /** Readers see the old content or the new one. */
  #save(): void {
    writeFileSync(`${this.#file}.new`, JSON.stringify([...this.#byKey.values()]), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }

  #expire(listenKey: ListenKey): void {
    this.#byKey.delete(listenKey.key);
    this.#save();
    this.#onExpired(listenKey.key, listenKey.accountId);
  }
}

function readKeys(file: string): readonly ListenKey[] {
  if (!existsSync(file)) return [];
  try {
    return z.array(listenKey).parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new KeelError('NOT_FOUND', `${file} does not hold listen keys: remove it, and clients ask for new ones`, { cause: error });
  }
}

/** @source https://developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams/Start-User-Data-Stream */
export function listenKeyRoutes(keys: ListenKeys): Route[] {
  const path = '/fapi/v1/listenKey';
  return [
    { method: 'POST', path, security: 'key', weight: 1, handle: ({ accountId }) => ({ listenKey: keys.open(accountId) }) },
    { method: 'PUT', path, security: 'key', weight: 1, handle: ({ accountId }) => ({ listenKey: keys.prolong(accountId) }) },
    {
      method: 'DELETE', path, security: 'key', weight: 1,
      handle: ({ accountId }) => {
        keys.close(accountId);
        return {};
      },
    },
  ];
}
