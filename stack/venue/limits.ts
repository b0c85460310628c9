import { refusal, VenueError } from './errors.ts';

/** All counts are per window; windows are aligned on the clock, as Binance's are. */
export interface LimitOptions {
  /** Request weight per minute and IP. */
  readonly weightPerMinute: number;
  /** New orders per account. */
  readonly ordersPer10Seconds: number;
  readonly ordersPerMinute: number;
  /** Refused requests (429) in one window after which the IP is banned (418). */
  readonly banAfterRefusals: number;
  readonly banMs: number;
}

export const DEFAULT_LIMITS: LimitOptions = {
  weightPerMinute: 2_400, ordersPer10Seconds: 300, ordersPerMinute: 1_200, banAfterRefusals: 100, banMs: 120_000,
};

interface Window {
  key: string;
  count: number;
  refusals: number;
}

export interface OrderCost {
  readonly tenSeconds: number;
  readonly minute: number;
}

/**
 * Counts weight per IP and orders per account.
 *
 * Windows lie on the transport clock. In lockstep they also end when the market's minute changes, so that a
 * replay is not slowed by wall time.
 */
export class Limiter {
  readonly #options: LimitOptions;
  readonly #clock: { readonly transport: () => number; readonly lockstepMarketTime: () => number | null };
  readonly #windows = new Map<string, Window>();
  readonly #bannedUntil = new Map<string, number>();
  readonly #ban = { startedAt: 0, refused: 0, lastRefusedAt: 0 };

  constructor(options: LimitOptions, clock: { transport: () => number; lockstepMarketTime: () => number | null }) {
    this.#options = options;
    this.#clock = clock;
  }

  get options(): LimitOptions {
    return this.#options;
  }

  /** @throws {VenueError} -1003 as 429 over the limit, as 418 while banned. @returns headers for the answer. */
  takeWeight(ip: string, weight: number): Record<string, string> {
    const now = this.#clock.transport();
    this.#refuseBanned(ip, now);
    const window = this.#window(`weight ${ip}`, 60_000, now);
    const limit = this.#options.weightPerMinute;
    window.count += weight;
    if (window.count > limit) {
      window.refusals += 1;
      if (window.refusals >= this.#options.banAfterRefusals) this.ban(ip, this.#options.banMs);
      this.#refuseBanned(ip, now);
      throw withRetryAfter(refusal('-1003', ip, limit), secondsToNext(now, 60_000));
    }
    return { 'X-MBX-USED-WEIGHT-1M': String(window.count) };
  }

  /** @throws {VenueError} -1015 (429) over either limit; nothing is counted then. */
  takeOrders(accountId: string, cost: OrderCost): Record<string, string> {
    const now = this.#clock.transport();
    const short = this.#window(`orders10s ${accountId}`, 10_000, now);
    const long = this.#window(`orders1m ${accountId}`, 60_000, now);
    if (short.count + cost.tenSeconds > this.#options.ordersPer10Seconds) throw refusal('-1015', this.#options.ordersPer10Seconds, '10 SECOND');
    if (long.count + cost.minute > this.#options.ordersPerMinute) throw refusal('-1015', this.#options.ordersPerMinute, '1 MINUTE');
    short.count += cost.tenSeconds;
    long.count += cost.minute;
    return { 'X-MBX-ORDER-COUNT-10S': String(short.count), 'X-MBX-ORDER-COUNT-1M': String(long.count) };
  }

  ban(ip: string, durationMs: number): void {
    const now = this.#clock.transport();
    this.#bannedUntil.set(ip, now + durationMs);
    Object.assign(this.#ban, { startedAt: now, refused: 0, lastRefusedAt: 0 });
  }

  /** The newest ban, null before the first: requests that came while it lasted. Transport clock. */
  get lastBan(): { readonly startedAt: number; readonly refused: number; readonly lastRefusedAt: number } | null {
    return this.#ban.startedAt === 0 ? null : { ...this.#ban };
  }

  #refuseBanned(ip: string, now: number): void {
    const until = this.#bannedUntil.get(ip);
    if (until === undefined) return;
    if (until <= now) {
      this.#bannedUntil.delete(ip);
      return;
    }
    this.#ban.refused += 1;
    this.#ban.lastRefusedAt = now;
    throw banned(ip, until, now);
  }

  #window(name: string, lengthMs: number, now: number): Window {
    const marketTime = this.#clock.lockstepMarketTime();
    const key = `${Math.floor(now / lengthMs)} ${marketTime === null ? '' : Math.floor(marketTime / 60_000)}`;
    const window = this.#windows.get(name);
    if (window?.key === key) return window;
    const fresh = { key, count: 0, refusals: 0 };
    this.#windows.set(name, fresh);
    return fresh;
  }
}

/** The refusal of a banned address. @param until transport clock, epoch milliseconds. */
export function banned(ip: string, until: number, now: number): VenueError {
  const message = `Way too many requests; IP(${ip}) banned until ${until}. Please use the websocket for live updates to avoid bans.`;
  return withRetryAfter(new VenueError(-1003, message, { status: 418 }), Math.ceil((until - now) / 1_000));
}

export function withRetryAfter(error: VenueError, seconds: number): VenueError {
  return new VenueError(error.code, error.message, { status: error.status, headers: { ...error.headers, 'Retry-After': String(Math.max(1, seconds)) } });
}

function secondsToNext(now: number, lengthMs: number): number {
  return Math.ceil((lengthMs - (now % lengthMs)) / 1_000);
}
