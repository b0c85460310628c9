import type { LimitKind } from '../domain/limits/budget.ts';
import type { Lease, LimiterStore } from '../domain/ports/limiter.ts';
import { run } from './pool.ts';
import type { Queryable } from './pool.ts';

export interface LimiterScopes {
  /** Whoever sends from the same IP address shares this name. */
  readonly ip: string;
  /** The venue account. */
  readonly account: string;
}

/**
 * The venue's limits in the ledger's database. Each method is one statement, one round trip.
 * @throws {KeelError} DATABASE_UNREACHABLE (retried), DATABASE_FAILED (not retried).
 */
export function createLimiterStore(pool: Queryable, scopes: LimiterScopes): LimiterStore {
  const scopeOf = (kind: LimitKind): string => (kind === 'weight1m' ? scopes.ip : scopes.account);

  return {
    async lease(requests) {
      // In one order for everybody, so that two workers never wait for each other.
      const sorted = requests.toSorted((a, b) => a.kind.localeCompare(b.kind) || a.windowStart - b.windowStart);
      const rows = await run<LeaseRow>(pool, 'leasing request budget', {
        name: 'limiter-lease',
        text: LEASE,
        values: [
          sorted.map((request) => scopeOf(request.kind)), sorted.map((request) => request.kind), sorted.map((request) => request.windowStart),
          sorted.map((request) => request.units), sorted.map((request) => request.ceiling), scopes.ip,
        ],
      });
      const leases = rows.map((row): Lease => ({ kind: row.kind, windowStart: row.window_start, granted: row.granted, leased: row.leased, foreign: row.foreign_used }));
      return { leases, blockedUntilMs: rows[0]?.blocked_until_ms ?? 0 };
    },
    async reportUsed(window, counted) {
      await run(pool, 'reporting used request budget', {
        name: 'limiter-report',
        text: `INSERT INTO limiter_windows AS w (scope, kind, window_start, foreign_used) VALUES ($1, $2, $3, $4)
               ON CONFLICT (scope, kind, window_start) DO UPDATE SET foreign_used = GREATEST(w.foreign_used, $4 - w.leased)`,
        values: [scopeOf(window.kind), window.kind, window.windowStart, counted],
      });
    },
    async block(untilMs, reason) {
      await run(pool, 'sharing that the venue asks to wait', {
        name: 'limiter-block',
        text: `INSERT INTO limiter_blocks AS b (scope, blocked_until_ms, reason) VALUES ($1, $2, $3)
               ON CONFLICT (scope) DO UPDATE SET blocked_until_ms = excluded.blocked_until_ms, reason = excluded.reason
               WHERE b.blocked_until_ms < excluded.blocked_until_ms`,
        values: [scopes.ip, untilMs, reason],
      });
    },
  };
}

interface LeaseRow {
  readonly kind: LimitKind;
  readonly window_start: number;
  readonly granted: number;
  readonly leased: number;
  readonly foreign_used: number;
  readonly blocked_until_ms: number;
}

const LEASE = `
  SELECT w.kind, w.window_start, l.granted, l.leased, l.foreign_used,
         COALESCE((SELECT blocked_until_ms FROM limiter_blocks WHERE scope = $6), 0)::bigint AS blocked_until_ms
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::integer[], $5::integer[]) WITH ORDINALITY AS w(scope, kind, window_start, units, ceiling, position)
  CROSS JOIN LATERAL limiter_lease(w.scope, w.kind, w.window_start, w.units, w.ceiling) AS l
  ORDER BY w.position`;
