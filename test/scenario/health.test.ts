/** Health on the running system: what is stopped shows, trading stops with it, and both come back. */
import { expect, test } from 'vitest';
import { actOnHealth, emergencyEvents, guardState, sealed, untilMode } from '../support/emergency.ts';
import { METRONOME } from '../support/fault-session.ts';
import { until } from '../support/processes.ts';
import { testSystem } from '../support/scenario.ts';
import { setPolicy } from '../support/set-policy.ts';
import { beginStandstill, nextCandle, oneRow, rowsOf, settled } from '../support/standstill.ts';
import type { System } from '../support/system.ts';
import { healthReport } from '../../client/health.ts';
import type { Observation } from '../../domain/cycle/types.ts';
import { d } from '../../domain/decimal.ts';
import { FAILURES_TO_UNHEALTHY } from '../../domain/health/check.ts';
import type { HealthPart } from '../../domain/health/types.ts';

/** By its fills: the account's own answers cost weight, which the venue counts by the minute of a market that stands still. */
async function heldInBook(system: System): Promise<readonly string[]> {
  const { fills } = (await system.control('/book')) as { fills: readonly { symbol: string; side: 'BUY' | 'SELL'; qty: string }[] };
  const symbols = [...new Set(fills.map((it) => it.symbol))];
  return symbols.filter((symbol) => !fills.filter((it) => it.symbol === symbol).reduce((sum, it) => (it.side === 'BUY' ? sum.plus(it.qty) : sum.minus(it.qty)), d('0')).isZero());
}

test('the database is taken away: nobody vouches for health, posture and guard act, and trading comes back with it', async () => {
  const system = await testSystem({ strategy: METRONOME, candles: 20, gated: true });
  await setPolicy(system, { healthCheckS: 3, healthRecheckS: 3, healthStaleS: 10, recoveryDwellS: 0 });
  await beginStandstill(system);
  await nextCandle(system);
  expect((await heldInBook(system)).length).toBeGreaterThan(0);
  await system.checkHealth();
  const stateOf = async (part: HealthPart) => (await healthReport(system)).parts.find((it) => it.part === part)?.state;
  for (const part of ['engine', 'database', 'venue', 'accountFeed', 'marketFeed', 'clock', 'workers.trading', 'workers.venue', 'workers.feeds', 'cycle'] as const) expect([part, await stateOf(part)]).toEqual([part, 'healthy']);
  await actOnHealth(system, true);
  const toldAt = Date.now();
  await until('the feed of the account knows that it is to act', async () => (await rowsOf(system, `SELECT 1 FROM guard_watch WHERE (memory->>'machineryAt')::float8 > $1`, [toldAt])).length > 0, 30_000);

  await system.checkHealth(); // the test has paused a Schedule: degraded
  await nextCandle(system);
  const { account } = (await oneRow<{ observation: Observation }>(system, 'SELECT observation FROM cycles ORDER BY close_time DESC LIMIT 1')).observation;
  expect(account).toMatchObject({ posture: { name: 'safe', why: 'health is degraded' }, policy: { positionsMax: 5, confidenceMin: 0.75 }, overlay: { sizeFactor: 0.6, owners: { positionsMax: 'posture', confidenceMin: 'posture', sizeFactor: 'posture' } } });

  await system.gate.shut();
  for (let check = 1; check < FAILURES_TO_UNHEALTHY; check += 1) await system.checkHealth();
  expect(await system.checkHealth()).toMatchObject({ isStored: false, parts: expect.arrayContaining([expect.objectContaining({ part: 'database', state: 'unhealthy' })]) as unknown });
  await until('everything is closed at the venue', async () => (await heldInBook(system)).length === 0, 60_000);

  await system.gate.open();
  expect(await sealed(system)).toMatchObject({ emergencyId: expect.stringContaining('/1') as string });
  expect((await guardState(system)).cause).toMatchObject({ trigger: 'health', reason: 'the health monitor cannot be reached', by: 'keel' });
  await until('the database is healthy again', async () => (await stateOf('database')) === 'healthy', 30_000);
  await untilMode(system, 'armed');
  expect((await emergencyEvents(system)).filter((it) => it.startsWith('emergencyRecovered'))).toHaveLength(3);
  await actOnHealth(system, false);
  await settled(system);
  await nextCandle(system);
  expect((await heldInBook(system)).length).toBeGreaterThan(0);
  const postures = await rowsOf<{ told: string }>(system, `SELECT actor || ' ' || (payload->>'to') told FROM domain_events WHERE type = 'postureChanged' ORDER BY seq`);
  expect(postures.map((it) => it.told)).toEqual(['cycle aggressive', 'healthCheck safe', expect.stringMatching(/critical$/), 'cycle aggressive']);
  await system.reconcile();
  expect(await system.violations()).toEqual([]);
});
