import { messageOf } from '../domain/errors.ts';
import { BINANCE_LIMITS, PRIORITY_RANK, SKEW_MS, windowAround } from '../domain/limits/budget.ts';
import type { LimitKind, VenueLimits } from '../domain/limits/budget.ts';
import type { LeaseRequest, Limiter, LimiterStore, Permit, PermitRequest, UsageReport } from '../domain/ports/limiter.ts';
import { LimiterWindows } from './limiter-windows.ts';

export interface LimiterSettings {
  /** What all workers share. */
  readonly store: LimiterStore;
  /** Processes that may send at the same time: while the store cannot be asked, each uses this part of the limits. */
  readonly workers: number;
  /** Until the venue tells its own. */
  readonly limits?: VenueLimits;
  /** Wall clock of this process. */
  readonly clock?: () => number;
  /** Told when the store cannot be asked, and why. */
  readonly onDegraded?: (why: string) => void;
}

/** What others wrote (a stop of all workers above all) is known this long after at the latest. */
const FRESH_MS = 1_000;
/** A store that does not answer within this is treated as away: an exit cannot wait for it. */
const STORE_TIMEOUT_MS = 500;
/** How long it is then left alone. */
const STORE_PAUSE_MS = 1_000;
/** Reports of foreign use are cumulative: seldom is enough. */
const REPORT_EVERY_MS = 500;

interface Waiter {
  readonly request: PermitRequest;
  readonly seq: number;
  readonly settle: (permit: Permit) => void;
}

/**
 * Keeps the venue's limits for all workers together. Budget is leased from the store in chunks, so that a permit far
 * from the limits costs no round trip, and one per second at most keeps the rest fresh.
 */
export function createLimiter(settings: LimiterSettings): Limiter {
  return new SharedLimiter(settings);
}

class SharedLimiter implements Limiter {
  readonly #settings: LimiterSettings;
  readonly #clock: () => number;
  readonly #windows: LimiterWindows;
  readonly #lastReports = new Map<LimitKind, number>();
  #waiters: readonly Waiter[] = [];
  #seq = 0;
  /** Venue's clock minus ours. */
  #offsetMs = 0;
  /** Wall clock of this process. */
  #blockedUntilMs = 0;
  #syncedAtMs = -Infinity;
  #aloneUntilMs = 0;
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(settings: LimiterSettings) {
    this.#settings = settings;
    this.#clock = settings.clock ?? Date.now;
    this.#windows = new LimiterWindows(settings.limits ?? BINANCE_LIMITS);
  }

  acquire(request: PermitRequest): Promise<Permit> {
    if (this.#isClosed) return Promise.resolve(denied('this process is closing'));
    if (this.#waiters.length === 0 && this.#isFresh() && !this.#isBlocked() && this.#take(request)) return Promise.resolve(GRANTED);
    return new Promise((settle) => {
      this.#seq += 1;
      const waiter = { request, seq: this.#seq, settle };
      this.#waiters = [...this.#waiters, waiter].sort((a, b) => PRIORITY_RANK[a.request.priority] - PRIORITY_RANK[b.request.priority] || a.seq - b.seq);
      this.#wake();
    });
  }

  observe(usage: UsageReport): void {
    this.#observe('weight1m', usage.usedWeight, usage);
    this.#observe('orders10s', usage.orders10s, usage);
    this.#observe('orders1m', usage.orders1m, usage);
  }

  async backOff(untilMs: number, reason: string): Promise<void> {
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, untilMs);
    this.#wake();
    await this.#settings.store.block(untilMs + this.#offsetMs, reason).catch((error: unknown) => { this.#degrade(error); });
  }

  learn(facts: { readonly limits?: VenueLimits; readonly clockOffsetMs?: number }): void {
    if (facts.limits !== undefined) this.#windows.learn(facts.limits);
    if (facts.clockOffsetMs !== undefined) this.#offsetMs = facts.clockOffsetMs;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const waiter of this.#waiters) waiter.settle(denied('this process is closing'));
    this.#waiters = [];
    await this.#running;
  }

  /** One pass over the waiters at a time; another one follows when somebody came meanwhile. */
  #wake(): void {
    if (this.#isClosed || this.#running !== null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const seqBefore = this.#seq;
    this.#running = this.#pass().finally(() => {
      this.#running = null;
      if (this.#waiters.length === 0 || this.#isClosed) return;
      if (this.#seq !== seqBefore) this.#wake();
      else this.#timer = setTimeout(() => { this.#wake(); }, Math.max(1, this.#nextWakeMs() - this.#clock()));
    });
  }

  async #pass(): Promise<void> {
    this.#windows.forgetOld(this.#venueNow());
    for (const waiter of this.#waiters) {
      if (!this.#isBlocked() && !this.#isServable(waiter.request)) await this.#refill(waiter.request);
      const permit = this.#serve(waiter.request);
      if (permit === null) continue;
      this.#waiters = this.#waiters.filter((each) => each !== waiter);
      waiter.settle(permit);
    }
  }

  #isServable(request: PermitRequest): boolean {
    return this.#isFresh() && this.#windows.wanted(request, this.#venueNow()).length === 0;
  }

  /** Null: it waits on. Whoever cannot be served before the deadline is told at once. */
  #serve(request: PermitRequest): Permit | null {
    const now = this.#clock();
    if (now > request.deadlineMs) return denied(`no permit before the deadline, ${now - request.deadlineMs} ms ago`);
    if (this.#isBlocked()) {
      return this.#blockedUntilMs > request.deadlineMs ? denied(`the venue asks to wait until ${new Date(this.#blockedUntilMs).toISOString()}`) : null;
    }
    if (this.#take(request)) return GRANTED;
    const retryAt = this.#retryAtMs(request);
    return retryAt > request.deadlineMs ? denied(`the venue's limits leave no room before ${new Date(retryAt).toISOString()}`) : null;
  }

  #take(request: PermitRequest): boolean {
    return this.#windows.take(request, this.#venueNow());
  }

  async #refill(request: PermitRequest): Promise<void> {
    const { store, workers } = this.#settings;
    const wanted = this.#windows.wanted(request, this.#venueNow());
    const asked = wanted.length > 0 ? wanted : this.#windows.look(request, this.#venueNow());
    if (asked.length === 0 || this.#clock() < this.#aloneUntilMs) {
      this.#windows.grantAlone(request, this.#venueNow(), workers);
      return;
    }
    try {
      await this.#lease(store, asked);
    } catch (error) {
      this.#degrade(error);
      this.#windows.grantAlone(request, this.#venueNow(), workers);
    }
  }

  async #lease(store: LimiterStore, asked: readonly LeaseRequest[]): Promise<void> {
    const { leases, blockedUntilMs } = await within(store.lease(asked), STORE_TIMEOUT_MS);
    this.#windows.book(leases);
    this.#syncedAtMs = this.#clock();
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, blockedUntilMs - this.#offsetMs);
  }

  #observe(kind: LimitKind, counted: number | null, usage: UsageReport): void {
    if (counted === null) return;
    const windowStart = windowAround(kind, usage.sentAtMs + this.#offsetMs - SKEW_MS, usage.answeredAtMs + this.#offsetMs + SKEW_MS);
    if (windowStart === null || !this.#windows.count({ kind, windowStart }, counted)) return;
    const now = this.#clock();
    if (now - (this.#lastReports.get(kind) ?? -Infinity) < REPORT_EVERY_MS) return;
    this.#lastReports.set(kind, now);
    this.#settings.store.reportUsed({ kind, windowStart }, counted).catch((error: unknown) => { this.#degrade(error); });
  }

  #degrade(error: unknown): void {
    this.#aloneUntilMs = this.#clock() + STORE_PAUSE_MS;
    this.#settings.onDegraded?.(messageOf(error));
  }

  #nextWakeMs(): number {
    return Math.min(...this.#waiters.map(({ request }) => Math.min(request.deadlineMs + 1, this.#isBlocked() ? this.#blockedUntilMs : this.#retryAtMs(request))));
  }

  #retryAtMs(request: PermitRequest): number {
    const retryAt = this.#windows.retryAt(request, this.#venueNow()) - this.#offsetMs;
    // While alone, the store's return may come first.
    return this.#clock() < this.#aloneUntilMs ? Math.min(retryAt, this.#aloneUntilMs) : retryAt;
  }

  #venueNow(): number {
    return this.#clock() + this.#offsetMs;
  }

  #isFresh(): boolean {
    const now = this.#clock();
    return now - this.#syncedAtMs < FRESH_MS || now < this.#aloneUntilMs;
  }

  #isBlocked(): boolean {
    return this.#clock() < this.#blockedUntilMs;
  }
}

/**
 * Counts nothing and only stops when the venue asks to: for lockstep, where a simulated venue counts per market
 * minute and wall time would hold a replay back.
 */
export function createBackOffLimiter(clock: () => number = Date.now): Limiter {
  let blockedUntilMs = 0;
  return {
    async acquire(request) {
      const waitMs = blockedUntilMs - clock();
      if (waitMs <= 0) return GRANTED;
      if (blockedUntilMs > request.deadlineMs) return denied(`the venue asks to wait until ${new Date(blockedUntilMs).toISOString()}`);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      return GRANTED;
    },
    observe: () => undefined,
    async backOff(untilMs) {
      blockedUntilMs = Math.max(blockedUntilMs, untilMs);
      return Promise.resolve();
    },
    learn: () => undefined,
    close: () => Promise.resolve(),
  };
}

const GRANTED: Permit = { kind: 'granted' };

function denied(reason: string): Permit {
  return { kind: 'denied', reason };
}

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => { timer = setTimeout(() => { reject(new Error(`no answer within ${timeoutMs} ms`)); }, timeoutMs); });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
