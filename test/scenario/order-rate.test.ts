/** The limit of orders a minute on the running system. */
import { expect, test } from 'vitest';
import { explain } from '../../client/explain/explain.ts';
import { databaseUrlOf } from '../../config/database.ts';
import { createPool } from '../../db/pool.ts';
import type { CyclePlan, Observation } from '../../domain/cycle/types.ts';
import { METRONOME } from '../support/fault-session.ts';
import { testSystem } from '../support/scenario.ts';
import { setPolicy } from '../support/set-policy.ts';
import { beginStandstill, nextCandle, rowsOf } from '../support/standstill.ts';

interface CycleRow {
  readonly cycleId: string;
  readonly closeTime: number;
  readonly observation: Observation;
  readonly plan: CyclePlan;
}

/** One opening brings four orders; what closes comes beside, at any count. */
const LIMIT = 6;

test('of all that would open at a candle, one does; every order is counted at the market\'s clock, and the cycle explains itself', async () => {
  const system = await testSystem({ strategy: METRONOME, candles: 20, gated: true });
  await setPolicy(system, { ordersPerMinuteMax: LIMIT, correlationMax: 1, sideShareMax: 1, batchBuyShareMax: 1 });
  await beginStandstill(system);
  for (let candle = 0; candle < 3; candle += 1) await nextCandle(system);

  const cycles = await rowsOf<CycleRow>(system, 'SELECT cycle_id "cycleId", close_time::float8 "closeTime", observation, plan FROM cycles WHERE recorded_at IS NOT NULL ORDER BY close_time');
  const counted = cycles.map(({ observation, plan }) => [observation.risk.ordersSent, plan.opens.length]);
  expect(counted.every(([sent, opens]) => sent === 0 && (opens ?? 9) <= 1)).toBe(true); // candles lie an hour apart
  const refusals = cycles[0]?.plan.decisions.flatMap((it) => it.steps.filter((step) => step.code === 'orderRate'));
  expect(refusals).toEqual(Array.from({ length: 2 }, () => ({ step: 'guard', verdict: 'refused', code: 'orderRate', value: '4 and 4 of its own', limit: `≤ ${LIMIT} a minute` })));

  const orders = await rowsOf<{ leg: string; at: number | null }>(system, 'SELECT leg, sent_market_at::float8 at FROM orders JOIN intents USING (client_order_id) WHERE attempt > 0');
  const first = orders.filter((it) => it.at === cycles[0]?.closeTime).map((it) => it.leg).sort();
  expect(first).toEqual(['entry', 'firstTarget', 'stop', 'target']); // the market stands still while they go out
  expect(orders.every((it) => it.at !== null)).toBe(true);

  const pool = createPool(databaseUrlOf(system.settings, system.deployment), { connectionsMax: 1 });
  try {
    for (const { cycleId } of cycles) expect(await explain({ pool, settings: system.settings, portfolioId: system.deployment.portfolioId, id: cycleId })).toMatchObject({ recomputed: [] });
  } finally {
    await pool.end();
  }
  await system.reconcile();
  expect(await system.violations()).toEqual([]);
});
