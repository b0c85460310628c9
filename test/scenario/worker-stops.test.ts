/** A worker that is asked to stop, and one that is killed, as the health check tells of them. */
import { expect, test } from 'vitest';
import { healthReport, healthText } from '../../client/health.ts';
import type { HealthPart } from '../../domain/health/types.ts';
import { METRONOME } from '../support/fault-session.ts';
import { until } from '../support/processes.ts';
import { testSystem } from '../support/scenario.ts';
import { beginStandstill, nextCandle, rowsOf } from '../support/standstill.ts';

const HANGING = ['accountFeed', 'marketFeed', 'workers.trading', 'workers.venue', 'workers.models', 'workers.feeds', 'cycle'] as const satisfies readonly HealthPart[];

test('a worker that is asked to stop is stopping, then stopped, starting and healthy again; a killed one is not', async () => {
  const system = await testSystem({ strategy: METRONOME, candles: 20 });
  await beginStandstill(system);
  await nextCandle(system);
  await system.checkHealth();
  const states = async (): Promise<readonly (string | undefined)[]> => {
    const { parts } = await healthReport(system);
    return [...new Set(HANGING.map((part) => parts.find((it) => it.part === part)?.state))];
  };
  expect(await states()).toEqual(['healthy']);

  await system.killWorker(0, 'SIGTERM');
  const stopped = await healthReport(system);
  expect([await states(), stopped.isStopped, stopped.isStale, stopped.parts.filter((it) => it.action !== null && HANGING.some((part) => part === it.part))]).toEqual([['stopped'], true, false, []]);
  expect(healthText(stopped)).toMatch(/stopped in good order \d+ s ago/);

  await system.restartWorker(0);
  await until('it looks again', async () => (await rowsOf(system, `SELECT 1 FROM worker_words WHERE state = 'running'`)).length > 0, 30_000);
  await until('all is well again', async () => {
    await system.checkHealth();
    return (await states()).every((it) => it === 'healthy');
  }, 90_000);
  const told = await rowsOf<{ to: string }>(system, `SELECT payload->>'to' AS "to" FROM domain_events WHERE type = 'serviceHealthChanged' AND payload->>'part' = 'workers.feeds' ORDER BY seq`);
  expect(told.map((it) => it.to)).toEqual(['stopping', 'stopped', 'starting', 'healthy']);

  await system.killWorker(0);
  expect([await states(), (await healthReport(system)).isStopped]).toEqual([['healthy'], false]); // nobody said anything
});
