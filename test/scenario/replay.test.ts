import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DEFAULT_ASSETS } from '../../domain/market/seeded/assets.ts';
import { seededMarket } from '../../domain/market/seeded/seeded-market.ts';
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

test('a symbol that is recorded later than the others, and one whose recording ends before, hold nobody up', async () => {
  const [candles, history] = [60, 300];
  const data = recordingOf({ count: history + candles, later: { name: 'SOL', from: history + 20 }, shorter: { name: 'ETH', to: history + 30 } });
  const system = await testSystem({ data, history, candles });
  await system.startReplay();
  expect(await system.waitDone()).toBe(candles);
  expect(await system.cycleCount()).toBe(candles);
  const outcomes = await rowsOf<{ id: string; state: string; n: number }>(system, 'SELECT instrument_id id, o.state, count(*)::int n FROM outcomes o JOIN predictions p USING (prediction_id) GROUP BY 1, 2 ORDER BY 1, 2');
  expect(outcomes.map(({ id, state }) => `${id} ${state}`)).toEqual(['BTC-USDT-PERP priced', 'ETH-USDT-PERP priced', 'ETH-USDT-PERP unpriceable']);
  const lacking = await rowsOf<{ id: string; n: number }>(system, 'SELECT instrument_id id, count(*)::int n FROM candles GROUP BY 1 ORDER BY 1');
  expect(lacking).toEqual([{ id: 'BTC-USDT-PERP', n: history + candles }, { id: 'ETH-USDT-PERP', n: history + 30 }, { id: 'SOL-USDT-PERP', n: candles - 20 }]);
  expect(await system.violations()).toEqual([]);
});

/** Candles of a seeded market as files: all of BTC's, and parts of two others'. */
function recordingOf({ count, later, shorter }: { readonly count: number; readonly later: { readonly name: string; readonly from: number }; readonly shorter: { readonly name: string; readonly to: number } }): string {
  const folder = mkdtempSync(join(tmpdir(), 'keel-recording-'));
  onTestFinished(() => { rmSync(folder, { recursive: true, force: true }); });
  const market = seededMarket({ seed: '1', timeframe: '1h', startTime: Date.UTC(2024, 0, 1), length: count, assets: DEFAULT_ASSETS.slice(0, 3), makerFeeRate: '0.0002', takerFeeRate: '0.0005' });
  for (const { id, base } of market.instruments) {
    const rows = market.history(id, count, count).filter((_row, index) => (base !== later.name || index >= later.from) && (base !== shorter.name || index < shorter.to));
    const lines = rows.map((it) => [it.openTime, it.open, it.high, it.low, it.close, it.volume].join(','));
    writeFileSync(join(folder, `${id}.1h.csv`), `timestamp,open,high,low,close,volume\n${lines.join('\n')}\n`);
  }
  return folder;
}
