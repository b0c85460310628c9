import { CALLS_KEPT_MS } from '../domain/emergency/venue-calls.ts';
import type { CallStore } from '../domain/ports/call-counter.ts';
import type { Queryable } from './pool.ts';
import { run } from './pool.ts';

/** A worker that stops waits no longer for it; what was not told comes with the next. */
const TELL_TIMEOUT_MS = 2_000;

const TELL = `
  WITH forgotten AS (DELETE FROM venue_calls WHERE portfolio_id = $1 AND stretch_at < $4)
  INSERT INTO venue_calls AS c (portfolio_id, stretch_at, worker, calls, failures)
  SELECT $1, s.at, $2, s."venueCalls", s."venueFailures" FROM jsonb_to_recordset($3::jsonb) AS s(at bigint, "venueCalls" integer, "venueFailures" integer)
  ON CONFLICT (portfolio_id, stretch_at, worker) DO UPDATE SET calls = greatest(c.calls, excluded.calls), failures = greatest(c.failures, excluded.failures)`;

/** The calls of one portfolio's workers, in the ledger's database. One statement, one round trip. */
export function createCallStore(pool: Queryable, portfolioId: string): CallStore {
  return {
    tell: async (worker, stretches) => {
      const newestAt = Math.max(...stretches.map((it) => it.at));
      const query = { name: 'tell-venue-calls', text: TELL, values: [portfolioId, worker, JSON.stringify(stretches), newestAt - CALLS_KEPT_MS], query_timeout: TELL_TIMEOUT_MS };
      await run(pool, `venue calls of ${portfolioId}`, query);
    },
  };
}
