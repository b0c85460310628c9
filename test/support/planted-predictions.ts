/** Predictions of a time that nobody traded through, with outcomes: every candle came a rise. */
import type { Pool } from '../../db/pool.ts';

export interface PlantedPredictions {
  readonly portfolioId: string;
  /** Of their cycles. */
  readonly strategy: string;
  readonly timeframe: string;
  readonly instrumentId: string;
  /** Market clock: close of the first one's candle. */
  readonly firstAt: number;
  readonly candleMs: number;
  readonly count: number;
  readonly role: 'acting' | 'member' | 'shadow';
  readonly voter: string;
  readonly version: string;
  /** 0..1: what the rise was given; it wavers a little, so that it has a variance. */
  readonly right: number;
  /** Of the buy that each of them was, after costs. */
  readonly returnBps: number;
}

const HORIZON = 4;
/** Of one candle: the move to be expected of a horizon is 200 bps. */
const SIGMA = 0.01;

export async function plantPredictions(pool: Pick<Pool, 'query'>, { portfolioId, strategy, timeframe, instrumentId, firstAt, candleMs, count, role, voter, version, right, returnBps }: PlantedPredictions): Promise<void> {
  const id = `'planted/' || $1 || '/' || $2 || '/' || ($3::bigint + n * $4::bigint)`;
  await pool.query({
    text: `INSERT INTO cycles (cycle_id, portfolio_id, strategy, timeframe, close_time, workflow_id, claimed_at) SELECT ${id}, $1, $2, $6, $3::bigint + n * $4::bigint, 'w', 0 FROM generate_series(0, $5::int - 1) n ON CONFLICT DO NOTHING`,
    values: [portfolioId, strategy, firstAt, candleMs, count, timeframe],
  });
  await pool.query({
    text: `WITH made AS (
      INSERT INTO predictions (cycle_id, instrument_id, voter, voter_version, portfolio_id, made_at, action, confidence, probability_buy, probability_sell, probability_hold, because, regime, price, role, horizon_candles, due_at, label_version, sigma, cost_bps)
      SELECT ${id}, $6, $7, $8, $1, $3::bigint + n * $4::bigint, 'buy', 0.5, $9::float8 + 0.02 * sin(n), 1 - $9::float8 - 0.02 * sin(n), 0, 'planted', 'range', 1, $10, ${HORIZON}, $3::bigint + (n + ${HORIZON}) * $4::bigint, 'horizon4/1@0.5', ${SIGMA}, 0
      FROM generate_series(0, $5::int - 1) n RETURNING prediction_id, made_at, due_at)
      INSERT INTO outcomes (prediction_id, label_version, state, entry_at, exit_at, entry_price, exit_price, actual, move_bps, return_bps, is_right, evaluated_at)
      SELECT prediction_id, 'horizon4/1@0.5', 'priced', made_at, due_at, 1, 1, 'buy', 1, $11::float8, true, due_at FROM made`,
    values: [portfolioId, strategy, firstAt, candleMs, count, instrumentId, voter, version, right, role, returnBps],
  });
}
