import type { Pool } from './pool.ts';
import { run } from './pool.ts';
import { exact } from './rows.ts';

/** The deployment in a line. */
export interface StatusCounters {
  readonly cycles: number;
  /** Market clock; null before the first cycle. */
  readonly lastCloseTime: number | null;
  readonly orders: number;
  readonly fills: number;
  readonly openPositions: number;
  /** Quote currency; null before the first cycle. */
  readonly equity: string | null;
}

const COUNTERS = `
  SELECT (SELECT count(*) FROM cycles WHERE portfolio_id = $1) AS cycles,
    (SELECT max(close_time) FROM cycles WHERE portfolio_id = $1 AND recorded_at IS NOT NULL) AS "lastCloseTime",
    (SELECT count(*) FROM orders WHERE portfolio_id = $1) AS orders,
    (SELECT count(*) FROM fills WHERE portfolio_id = $1) AS fills,
    (SELECT count(*) FROM positions WHERE portfolio_id = $1 AND state <> 'closed') AS "openPositions",
    (SELECT equity::text FROM equity WHERE portfolio_id = $1 ORDER BY market_time DESC LIMIT 1) AS equity`;

/** Counts for a status line. @throws {KeelError} DATABASE_UNREACHABLE or DATABASE_FAILED. */
export async function statusCounters(pool: Pool, portfolioId: string): Promise<StatusCounters> {
  const [row] = await run<Record<keyof StatusCounters, string | number | null>>(pool, `counters of ${portfolioId}`, { name: 'status-counters', text: COUNTERS, values: [portfolioId] });
  return {
    cycles: Number(row?.cycles ?? 0), orders: Number(row?.orders ?? 0), fills: Number(row?.fills ?? 0), openPositions: Number(row?.openPositions ?? 0),
    lastCloseTime: row?.lastCloseTime === null || row?.lastCloseTime === undefined ? null : Number(row.lastCloseTime),
    equity: row?.equity === null || row?.equity === undefined ? null : exact(String(row.equity)),
  };
}
