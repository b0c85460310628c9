/** What the command line lists, newest first. Times are epoch milliseconds, decimals are text. A narrow terminal leaves columns out from the right. */
import { KeelError } from '../domain/errors.ts';
import type { Pool } from './pool.ts';
import { run } from './pool.ts';

const QUERIES = {
  positions: `SELECT position_id AS position, state, direction, instrument_id AS symbol, quantity::text, entry_price::text AS "entryPrice", stop_price::text AS "stopPrice", target_price::text AS "targetPrice", decided_at AS "decidedAt"
    FROM positions WHERE portfolio_id = $1 AND state <> 'closed' ORDER BY seq DESC LIMIT $2`,
  orders: `SELECT o.client_order_id AS "order", i.leg, i.side, i.instrument_id AS symbol, o.state, i.quantity::text, coalesce(i.trigger_price, i.price)::text AS price, o.filled_quantity::text AS filled, o.average_price::text AS "averagePrice", i.type, o.reason, i.revision, o.attempt
    FROM orders o JOIN intents i ON i.client_order_id = o.client_order_id WHERE o.portfolio_id = $1 ORDER BY o.seq DESC LIMIT $2`,
  trades: `SELECT instrument_id AS symbol, direction, realized_pnl::text AS "realizedPnl", close_reason AS reason, entry_price::text AS "entryPrice", exit_price::text AS "exitPrice", entry_quantity::text AS quantity, fees::text, position_id AS position, first_fill_at AS "openedAt", closed_at AS "closedAt"
    FROM positions WHERE portfolio_id = $1 AND state = 'closed' AND entry_quantity > 0 ORDER BY closed_at DESC LIMIT $2`,
  cycles: `SELECT cycle_id AS cycle, opens, instructions, refused, holds, late, recorded_at - claimed_at AS "tookMs", close_time AS "closeTime", policy_version AS "policyVersion"
    FROM cycles WHERE portfolio_id = $1 ORDER BY close_time DESC LIMIT $2`,
  predictions: `SELECT p.prediction_id AS prediction, p.instrument_id AS symbol, p.voter, p.action, round(p.confidence::numeric, 3)::float8 AS confidence, p.decision, p.reason, o.actual, round(o.return_bps::numeric, 1)::float8 AS "returnBps", o.is_right AS "isRight",
      p.made_at AS "madeAt", p.due_at AS "dueAt", p.regime, p.role, p.voter_version AS version, round(p.score::numeric, 3)::float8 AS score, p.probability_buy AS "probabilityBuy", p.probability_sell AS "probabilitySell", p.probability_hold AS "probabilityHold",
      p.magnitude_bps AS "magnitudeBps", p.label_version AS label, p.feature_set AS "featureSet", o.move_bps AS "moveBps", o.exits_return_bps AS "exitsReturnBps", o.state, p.because, p.cycle_id AS cycle, p.request_id AS request
    FROM predictions p LEFT JOIN outcomes o USING (prediction_id) WHERE p.portfolio_id = $1 ORDER BY p.prediction_id DESC LIMIT $2`,
  events: `SELECT time, type, subject, actor, payload FROM domain_events WHERE portfolio_id = $1 ORDER BY seq DESC LIMIT $2`,
} as const;

export type Listing = keyof typeof QUERIES;
export type ListedRow = Readonly<Record<string, unknown>>;

/** @param limit how many, newest first. @throws {KeelError} DATABASE_UNREACHABLE or DATABASE_FAILED. */
export async function list(pool: Pool, listing: Listing, { portfolioId, limit }: { portfolioId: string; limit: number }): Promise<readonly ListedRow[]> {
  if (!Number.isInteger(limit) || limit < 1) throw new KeelError('USAGE', `--limit ${limit}: a whole number from 1 is allowed`);
  return await run<Record<string, unknown>>(pool, `list ${listing}`, { text: QUERIES[listing], values: [portfolioId, limit] });
}
