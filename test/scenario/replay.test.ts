import { expect, test } from 'vitest';
import { until } from '../support/processes.ts';
import { testSystem } from '../support/scenario.ts';
import { rowsOf } from '../support/standstill.ts';

const CANDLES = 80;
const MARKET = { seed: '1', symbolCount: 3, candles: CANDLES } as const;

test('a session over a seeded market trades, keeps its books, and trades the same although its worker is killed', async () => {
  const whole = await testSystem(MARKET);
  await whole.startReplay();
  expect(await whole.waitDone()).toBe(CANDLES);
  const trades = await whole.trades();
  expect(trades.length).toBeGreaterThanOrEqual(3);
  expect(await whole.checkInvariants()).toEqual([]);
  expect(await rowsOf(whole, 'SELECT 1 FROM venue_calls')).toEqual([]); // nothing acts on them there

  const broken = await testSystem(MARKET);
  await broken.startReplay();
  await until('half of the candles are traded', async () => (await broken.cycleCount()) >= CANDLES / 2, 120_000);
  await broken.killWorker(0);
  await broken.restartWorker(0);
  expect(await broken.waitDone()).toBe(CANDLES);
  expect(await broken.cycleCount()).toBe(CANDLES);
  for (const system of [whole, broken]) expect(await rowsOf(system, `SELECT DISTINCT observation->'account'->'policyRead' "policyRead" FROM cycles`)).toEqual([{ policyRead: { source: 'store', problem: null } }]);
  const entriesOf = async (system: typeof whole): Promise<unknown> => await rowsOf(system, `SELECT regexp_replace(position_id, 'replay-[0-9]+', '') position, state, reason FROM orders JOIN intents USING (client_order_id, position_id) WHERE leg = 'entry' ORDER BY 1`);
  expect(await entriesOf(broken)).toEqual(await entriesOf(whole));
  expect(await broken.trades()).toEqual(trades);
  expect(await broken.checkInvariants()).toEqual([]);
});
