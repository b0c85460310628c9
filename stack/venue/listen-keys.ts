import { randomBytes } from 'node:crypto';
import { refusal } from './errors.ts';
import type { Route } from './route.ts';

interface ListenKey {
  readonly key: string;
  readonly accountId: string;
  expiresAt: number;
}

/** The keys of user-data streams: one per account, valid for an hour on the transport clock. They are not kept across a restart. */
export class ListenKeys {
  readonly #now: () => number;
  readonly #validMs: number;
  readonly #byKey = new Map<string, ListenKey>();
  readonly #onExpired: (key: string, accountId: string) => void;

  constructor(options: { now: () => number; validMs: number; onExpired: (key: string, accountId: string) => void }) {
    this.#now = options.now;
    this.#validMs = options.validMs;
    this.#onExpired = options.onExpired;
  }

  /** The account's key, new or prolonged. */
  open(accountId: string): string {
    const existing = this.#of(accountId);
    const listenKey = existing ?? { key: randomBytes(32).toString('hex'), accountId, expiresAt: 0 };
    listenKey.expiresAt = this.#now() + this.#validMs;
    this.#byKey.set(listenKey.key, listenKey);
    return listenKey.key;
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

  #expire(listenKey: ListenKey): void {
    this.#byKey.delete(listenKey.key);
    this.#onExpired(listenKey.key, listenKey.accountId);
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
