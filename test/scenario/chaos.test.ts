import { expect, onTestFinished, test } from 'vitest';
import { runChaos } from '../support/chaos.ts';
import { startServers } from '../support/servers.ts';

const SECONDS = 20;

test('everything dies at random while it trades: no order twice, no candle without its cycle, books in order', async () => {
  const servers = await startServers();
  onTestFinished(async () => { await servers.stop(); });
  const result = await runChaos(servers, { seconds: SECONDS, seed: process.env['KEEL_TEST_SEED'] ?? '1' });
  expect(result.violations).toEqual([]);
  expect(Object.values(result.done).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(2);
  expect(result.cycles).toBeGreaterThan(0);
  expect(result.trades).toBeGreaterThan(0);
});
