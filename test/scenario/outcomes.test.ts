/** Predictions outlive everything: a worker's death, and a week without any. */
import { expect, test } from 'vitest';
import { actOnHealth } from '../support/emergency.ts';
import { until } from '../support/processes.ts';
import { testSystem } from '../support/scenario.ts';
import { setPolicy } from '../support/set-policy.ts';
import { advanceToClose, beginStandstill, nextCandle, oneRow, rowsOf } from '../support/standstill.ts';
import type { System } from '../support/system.ts';

const HOUR_MS = 3_600_000;
const WEEK_CANDLES = 168;
const HORIZON = 4;

/** Predictions that are due or will be, and how many have their outcome at exactly their own candles. */
const COUNTS = `
  SELECT count(*) FILTER (WHERE p.due_at <= $1)::int due, count(o.*) FILTER (WHERE p.due_at <= $1)::int evaluated, count(o.*) FILTER (WHERE p.due_at > $1)::int early,
    count(o.*) FILTER (WHERE o.state = 'priced' AND o.entry_at = p.made_at AND o.exit_at = p.due_at AND o.entry_price = a.open AND o.exit_price = z.close)::int own
  FROM predictions p LEFT JOIN outcomes o USING (prediction_id)
  LEFT JOIN candles a ON a.instrument_id = p.instrument_id AND a.timeframe = '1h' AND a.open_time = p.made_at
  LEFT JOIN candles z ON z.instrument_id = p.instrument_id AND z.timeframe = '1h' AND z.open_time = p.due_at - ${HOUR_MS}
  WHERE p.due_at IS NOT NULL`;

async function counts(system: System, marketTime: number): Promise<{ due: number; evaluated: number; early: number; own: number }> {
  return await oneRow(system, COUNTS, [marketTime]);
}

test('after a week without any worker, and one killed while it catches up, every due prediction is priced at its own candles, no cycle is doubled, and models are trained once', async () => {
  const system = await testSystem({ mode: 'sim', seed: '1', symbolCount: 1, candles: WEEK_CANDLES + 20, env: { KEEL_RETRAIN: 'daily' } });
  await actOnHealth(system, false); // a market that stands still is ill
  await setPolicy(system, { confidenceMin: 0.999, confidenceFull: 1 }); // every signal is refused: nothing is traded, all the same it is judged
  await beginStandstill(system);
  for (let candle = 0; candle < HORIZON + 2; candle += 1) await nextCandle(system);
  const before = await oneRow<{ n: number }>(system, 'SELECT count(*)::int n FROM predictions WHERE due_at IS NOT NULL');

  const retrains = async (): Promise<number> => (await oneRow<{ n: number }>(system, 'SELECT count(*)::int n FROM retrain_runs')).n;
  const trained = await retrains();

  await system.killWorker(0);
  let marketTime = 0;
  for (let candle = 0; candle < WEEK_CANDLES; candle += 1) marketTime = await advanceToClose(system);
  expect(await oneRow(system, 'SELECT count(*)::int n FROM predictions WHERE due_at IS NOT NULL')).toEqual(before);

  await system.restartWorker(0);
  await until('some of it is caught up', async () => (await system.cycleCount()) > 20, 60_000);
  await system.killWorker(0);
  await system.restartWorker(0);
  await until('each candle has its cycle', async () => (await rowsOf(system, 'SELECT 1 FROM cycles WHERE recorded_at IS NOT NULL')).length === HORIZON + 2 + WEEK_CANDLES, 120_000);
  await until('nothing is due', async () => (await rowsOf(system, 'SELECT 1 FROM due_evaluations WHERE due_at <= $1', [marketTime])).length === 0, 60_000);

  const { due, evaluated, early, own } = await counts(system, marketTime);
  expect(due).toBeGreaterThan(WEEK_CANDLES);
  expect({ evaluated, early, own }).toEqual({ evaluated: due, early: 0, own: due });
  expect(await rowsOf(system, `SELECT 1 FROM predictions WHERE role = 'acting' AND decision = 'refused' LIMIT 1`)).toHaveLength(1);
  const { counted, acting } = await oneRow<{ counted: number; acting: number }>(system, `SELECT (SELECT sum(buys + sells + holds)::int FROM outcome_counts) counted, (SELECT count(*)::int FROM outcomes JOIN predictions USING (prediction_id) WHERE role = 'acting') acting`);
  expect(counted).toBe(acting);
  expect(await oneRow(system, 'SELECT count(*)::int n, count(DISTINCT close_time)::int moments FROM cycles')).toEqual({ n: HORIZON + 2 + WEEK_CANDLES, moments: HORIZON + 2 + WEEK_CANDLES });
  await until('models are trained anew', async () => (await retrains()) > trained, 60_000);
  expect(await rowsOf(system, `SELECT cause, outcome FROM retrain_runs ORDER BY started_at`)).toHaveLength(trained + 1);
  await nextCandle(system); // the venue counts its limits by the market's minutes, and there was one for all of the week
  expect(await system.violations()).toEqual([]);

  const planted = `INSERT INTO predictions (cycle_id, instrument_id, voter, voter_version, portfolio_id, made_at, action, confidence, probability_buy, probability_sell, probability_hold, because, regime, price, role, horizon_candles, due_at, label_version, sigma, cost_bps)
    SELECT cycle_id, instrument_id, 'planted', '1', portfolio_id, made_at, 'buy', 0.5, 1, 0, 0, 'planted', regime, price, 'member', horizon_candles, due_at, label_version, sigma, cost_bps FROM predictions WHERE role = 'acting' AND due_at IS NOT NULL ORDER BY made_at LIMIT 1 RETURNING prediction_id::int id`;
  const { id } = await oneRow<{ id: number }>(system, planted);
  await nextCandle(system);
  const late = { invariant: 8, name: 'a prediction was stored after its use', subject: `prediction ${id}` };
  expect(await system.violations()).toMatchObject([late, { invariant: 8, name: 'predictions fell due and have no outcome', evidence: { predictions: 1 } }]);
  await system.database.query(`INSERT INTO outcomes (prediction_id, label_version, state, entry_at, exit_at, entry_price, exit_price, actual, move_bps, return_bps, is_right, evaluated_at)
    SELECT prediction_id, label_version, 'priced', made_at, due_at, 1, 2, 'buy', 10000, 9990, true, due_at FROM predictions WHERE prediction_id = $1`, [id]);
  await nextCandle(system);
  expect(await system.violations()).toMatchObject([late, { invariant: 8, name: 'an outcome is not what its label says of the stored candles', subject: `prediction ${id}` }]);
});
