import type { LimiterStore, LimitWindow } from '../../../domain/ports/limiter.ts';

interface Row {
  leased: number;
  foreign: number;
}

/** The shared table, in memory. `isAway` makes every call fail. */
export class MemoryLimiterStore implements LimiterStore {
  readonly rows = new Map<string, Row>();
  blockedUntilMs = 0;
  isAway = false;
  calls = 0;

  async lease(requests: Parameters<LimiterStore['lease']>[0]): ReturnType<LimiterStore['lease']> {
    this.#call();
    const leases = requests.map(({ kind, windowStart, units, ceiling }) => {
      const row = this.#row({ kind, windowStart });
      const granted = Math.max(0, Math.min(units, ceiling - row.leased - row.foreign));
      row.leased += granted;
      return { kind, windowStart, granted, leased: row.leased, foreign: row.foreign };
    });
    return Promise.resolve({ leases, blockedUntilMs: this.blockedUntilMs });
  }

  async reportUsed(window: LimitWindow, counted: number): Promise<void> {
    this.#call();
    const row = this.#row(window);
    row.foreign = Math.max(row.foreign, counted - row.leased);
    return Promise.resolve();
  }

  async block(untilMs: number): Promise<void> {
    this.#call();
    this.blockedUntilMs = Math.max(this.blockedUntilMs, untilMs);
    return Promise.resolve();
  }

  #call(): void {
    this.calls += 1;
    if (this.isAway) throw new Error('the database is away');
  }

  #row({ kind, windowStart }: LimitWindow): Row {
    const key = `${kind} ${windowStart}`;
    const row = this.rows.get(key) ?? { leased: 0, foreign: 0 };
    this.rows.set(key, row);
    return row;
  }
}
