import { createPool, run } from '../../db/pool.ts';

/** What the ledger says of a replay that is over. */
export interface LedgerSummary {
  readonly orders: number;
  readonly fills: number;
  /** Positions that were opened and are closed again. */
  readonly trades: number;
  readonly openPositions: number;
  /** Quote currency; null when no equity was ever recorded. */
  readonly finalEquity: string | null;
  /**
   * The longest time, wall seconds, from a position's first fill on the venue's book to the acceptance of its first stop
   * (or to its last fill, where it ended before).
   */
  readonly unprotectedSecondsMax: number;
}

const SUMMARY = `
  WITH guarded AS (
    SELECT f.position_id, min(f.filled_at_wall) AS exposed_at, max(f.filled_at_wall) AS last_fill_at,
      (SELECT min(o.accepted_at) FROM orders o JOIN intents i USING (client_order_id) WHERE o.position_id = f.position_id AND i.leg = 'stop' AND o.accepted_at IS NOT NULL) AS stop_at
    FROM fills f WHERE f.portfolio_id = $1 GROUP BY f.position_id
  )
  SELECT
    (SELECT count(*) FROM orders WHERE portfolio_id = $1) AS orders,
    (SELECT count(*) FROM fills WHERE portfolio_id = $1) AS fills,
    (SELECT count(*) FROM positions WHERE portfolio_id = $1 AND state = 'closed' AND entry_quantity > 0) AS trades,
    (SELECT count(*) FROM positions WHERE portfolio_id = $1 AND state <> 'closed') AS "openPositions",
    (SELECT equity::text FROM equity WHERE portfolio_id = $1 ORDER BY market_time DESC LIMIT 1) AS "finalEquity",
    (SELECT coalesce(max(greatest(0, coalesce(stop_at, last_fill_at) - exposed_at)), 0) FROM guarded)::float8 / 1000 AS "unprotectedSecondsMax"`;

/** @param databaseUrl the deployment's own database. @throws {KeelError} DATABASE_UNREACHABLE, DATABASE_FAILED */
export async function summarize(databaseUrl: string, portfolioId: string): Promise<LedgerSummary> {
  const pool = createPool(databaseUrl, { applicationName: 'keel-replay', connectionsMax: 1 });
  try {
    const [row] = await run<LedgerSummary & Record<string, unknown>>(pool, `sum up ${portfolioId}`, { text: SUMMARY, values: [portfolioId] });
    if (row === undefined) throw new Error('a SELECT without FROM answers one row');
    return row;
  } finally {
    await pool.end();
  }
}
