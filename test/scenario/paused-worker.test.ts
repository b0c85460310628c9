/** A process that stands still past its time-out and wakes later: another has gone on, and what it still wanted to do must not happen twice. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CrashMark } from '../../activities/crash-hook.ts';
import type { CrashPoint } from '../../activities/effects.ts';
import { METRONOME, readOrders } from '../support/fault-session.ts';
import { until } from '../support/processes.ts';
import { testSystem } from '../support/scenario.ts';
import { allowCorrelated } from '../support/set-policy.ts';
import { rowsOf } from '../support/standstill.ts';
import type { System } from '../support/system.ts';

const CANDLES = 8;
/**
 * Nobody tells the engine that a process stands still. What it had taken is lost until its time-outs: a workflow task for 5 s, from
 * either queue, and then for as long again until the next try.
 */
const UNPROTECTED_SECONDS_MAX = 40;

const POINTS: readonly CrashPoint[] = ['submitOrder/venue.submit/before', 'submitOrder/venue.submit/after'];

test('a worker that is paused before or after it sends, past the time-out, and wakes when the others have gone on, sends nothing twice', async () => {
  const systems = await Promise.all(POINTS.map(async () => await testSystem({ candles: CANDLES, strategy: METRONOME, workers: 0 })));
  await Promise.all(systems.map(async (system, index) => { await tradeWithAPause(system, POINTS[index] as CrashPoint); }));
  for (const system of systems) {
    expect((await system.trades()).length).toBeGreaterThan(0);
    expect([...(await readOrders(system)).values()].filter((order) => order.timesAtVenue > 1)).toEqual([]);
    expect(await system.checkInvariants()).toEqual([]);
    expect((await system.violations()).filter(({ invariant, evidence }) => invariant !== 4 || Number(evidence['seconds']) > UNPROTECTED_SECONDS_MAX)).toEqual([]);
  }
});

async function tradeWithAPause(system: System, point: CrashPoint): Promise<void> {
  const marker = join(system.home, 'paused.json');
  const env = { KEEL_CRASH_AT: `${point}#1`, KEEL_CRASH_ACTION: 'pause', KEEL_CRASH_MARKER: marker };
  await Promise.all([system.startWorker(env), system.startWorker(env)]);
  await allowCorrelated(system);
  await system.startReplay();
  await until('a worker stands still', () => existsSync(marker), 60_000);
  const { pid } = JSON.parse(readFileSync(marker, 'utf8')) as CrashMark;
  const before = await system.cycleCount();
  await until('the other one trades on', async () => (await system.cycleCount()) > before && (await rowsOf(system, `SELECT 1 FROM orders WHERE state IN ('submitting', 'unknown')`)).length === 0, 120_000);
  process.kill(pid, 'SIGCONT');
  expect(await system.waitDone()).toBe(CANDLES);
  await system.reconcile();
}
