/** The seven scenarios as a user plays them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ProcessRef } from '../../../bin/process-identity.mjs';
import { isRunning } from '../../../bin/process-identity.mjs';
import type { ScenarioResult } from '../../../domain/events/scenarios.ts';
import { databaseExists } from '../../../stack/postgres/database.ts';
import { embeddedPostgresUrl } from '../../../stack/postgres/server.ts';
import type { Machine } from '../../support/machine.ts';
import { machine } from '../../support/machine.ts';
import { until } from '../../support/processes.ts';

const scenariosIn = ({ home }: Machine): readonly string[] => readdirSync(home).filter((name) => name.startsWith('scenario-'));

/** Nothing of a scenario stays: no process, no folder. */
async function nothingIsLeft({ home, status }: Machine): Promise<void> {
  expect(await status()).toMatchObject({ supervisorPid: null, leftovers: [] });
  expect(readdirSync(home).filter((name) => /^(scenario|candles)-/.test(name))).toEqual([]);
}

it('an interrupt says in JSON what was played until then', { timeout: 120_000 }, async () => {
  const { keel, home } = await machine();
  const interrupted = keel('scenario', '6', '--json');
  await until('its servers start', () => existsSync(join(home, 'run', 'state.json')), 60_000);
  interrupted.kill('SIGINT');
  const { code, out } = await interrupted.ended;
  expect([code, JSON.parse(out)]).toEqual([130, { interrupted: true, scenarios: [] }]);
});

it('all seven pass with their figures, leave nothing behind, also of one that died, and end cleanly when interrupted', { timeout: 420_000 }, async () => {
  const user = await machine();
  const { scenarios } = (await user.json('scenario', 'all')) as { scenarios: readonly ScenarioResult[] };
  for (const { name, passed, expected, seen } of scenarios) expect(passed ? {} : { expected, seen }, name).toEqual({});
  expect(scenarios.map((it) => it.id)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  const [normal, volatile, crash, policy, disagreement, recovery, correlation] = scenarios.map((it) => it.seen);
  expect(normal).toMatchObject({ 'BTC: ATR of price': '2.00 %', 'BTC: factor of signal': '1', 'refusals': 'none', 'held at the venue': 'BTC long, ETH long' });
  expect(volatile).toMatchObject({ 'ATR of price': '4.00 %', 'its mean and limit': 'buy, confidence 0.6000, limit ≥ 0.65', 'its factor by little confidence': '0.5', 'that went against the rule': 'none' });
  expect(crash).toMatchObject({ 'the guard': 'emergency', 'held at the venue': 'none', 'orders at the venue': 'none', 'events': 'emergencyTriggered, emergencyFlat, emergencySealed' });
  expect(policy).toMatchObject({ 'the policy then': 'builtIn', 'its notionalMax': '500', 'SOL at confidence 0.55': 'confidence by version 0', 'SOL, when the policy is read again': 'opened by version 2' });
  expect(disagreement).toMatchObject({ 'votes on BTC': '2 buy, 1 sell, 1 hold', 'reason': 'agreement' });
  expect(recovery).toMatchObject({ 'recovery events': 'emergency → protective at 8 %, protective → cautious at 3 %, cautious → normal at 1 %' });
  expect(correlation).toMatchObject({ 'reason': 'correlation', 'with whom': 'BTC' });
  await nothingIsLeft(user);

  const killed = user.keel('scenario', '6');
  await until('its worker runs', () => scenariosIn(user).some((name) => existsSync(join(user.home, name, 'run', 'worker-1.process.json'))), 60_000);
  killed.kill('SIGKILL');
  await killed.ended;
  const [left = ''] = scenariosIn(user);
  const pids = readdirSync(join(user.home, left, 'run')).filter((file) => file.endsWith('.process.json')).map((file) => (JSON.parse(readFileSync(join(user.home, left, 'run', file), 'utf8')) as ProcessRef));
  expect(pids.length).toBeGreaterThan(0);
  expect(pids.every(isRunning)).toBe(true);

  const interrupted = user.keel('scenario', '6');
  await until('it plays', () => scenariosIn(user).some((name) => name !== left), 90_000);
  expect([scenariosIn(user).includes(left), pids.some(isRunning)]).toEqual([false, false]);
  expect(await databaseExists(await embeddedPostgresUrl({ home: user.home, port: Number(user.env['KEEL_POSTGRES_PORT']) }), `keel_${left.replaceAll('-', '_')}`)).toBe(false);
  interrupted.kill('SIGINT');
  expect(await interrupted.ended).toMatchObject({ code: 130, err: expect.stringContaining(`removed what a run that died left: ${left}`) as string });
  await nothingIsLeft(user);
});
