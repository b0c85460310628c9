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
  /** Of the trades, those that won after fees. */
  readonly tradesWon: number;
  /** From its highest, basis points, as each cycle saw it. */
  readonly drawdownMaxBps: number;
  /** Market clock, quote currency: the first cycle of each UTC day, and the last of all. */
  readonly equity: readonly { readonly at: number; readonly equity: number }[];
  /** Signals that a step refused, by its code. */
  readonly refusals: Readonly<Record<string, number>>;
}

const SUMMARY = `
  WITH guarded AS (
    SELECT f.position_id, min(f.filled_at_wall) AS exposed_at, max(f.filled_at_wall) AS last_fill_at,
      (SELECT min(o.accepted_at) FROM orders o JOIN intents i USING (client_order_id) WHERE o.position_id = f.position_id AND i.leg = 'stop' AND o.accepted_at IS NOT NULL) AS stop_at
    FROM fills f WHERE f.portfolio_id = $1 GROUP BY f.position_id
  ), seen AS (
    SELECT close_time, (observation->'account'->>'equity')::float8 AS equity FROM cycles WHERE portfolio_id = $1 AND recorded_at IS NOT NULL
  ), drawn AS (
    SELECT close_time, equity, max(equity) OVER (ORDER BY close_time) AS peak,
      row_number() OVER (PARTITION BY close_time / 86400000 ORDER BY close_time) = 1 OR close_time = max(close_time) OVER () AS is_shown
    FROM seen
  )
  SELECT
    (SELECT count(*) FROM orders WHERE portfolio_id = $1) AS orders,
    (SELECT count(*) FROM fills WHERE portfolio_id = $1) AS fills,
    (SELECT count(*) FROM positions WHERE portfolio_id = $1 AND state = 'closed' AND entry_quantity > 0) AS trades,
    (SELECT count(*) FROM positions WHERE portfolio_id = $1 AND state = 'closed' AND entry_quantity > 0 AND realized_pnl > fees) AS "tradesWon",
    (SELECT count(*) FROM positions WHERE portfolio_id = $1 AND state <> 'closed') AS "openPositions",
    (SELECT coalesce(max(10000 * (1 - equity / peak)), 0) FROM drawn) AS "drawdownMaxBps",
    (SELECT coalesce(json_agg(json_build_object('at', close_time, 'equity', equity) ORDER BY close_time), '[]') FROM drawn WHERE is_shown) AS equity,
    (SELECT coalesce(json_object_agg(reason, n), '{}') FROM (SELECT reason, count(*) AS n FROM predictions WHERE portfolio_id = $1 AND role = 'acting' AND decision = 'refused' GROUP BY reason) r) AS refusals,
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
