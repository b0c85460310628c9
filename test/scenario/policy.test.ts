/** The policy on the running system: changed while positions are open, and out of reach while everything else lives. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { explain } from '../../client/explain/explain.ts';
import { databaseUrlOf } from '../../config/database.ts';
import { createPool } from '../../db/pool.ts';
import { createPolicyStore } from '../../db/policy-store.ts';
import type { CyclePlan, Observation } from '../../domain/cycle/types.ts';
import { PRESETS } from '../../domain/policy/policy.ts';
import { whilePolicyReadsFail } from '../support/policy-fault.ts';
import { until } from '../support/processes.ts';
import { testSystem } from '../support/scenario.ts';
import type { System } from '../support/system.ts';

interface RecordedCycle {
  readonly cycleId: string;
  readonly policyVersion: number;
  readonly observation: Observation;
  readonly plan: CyclePlan;
}

const cyclesOf = async ({ database }: System): Promise<readonly RecordedCycle[]> =>
  (await database.query<RecordedCycle>('SELECT cycle_id "cycleId", policy_version "policyVersion", observation, plan FROM cycles WHERE recorded_at IS NOT NULL ORDER BY close_time')).rows;
const sourceOf = ({ observation }: RecordedCycle): string => observation.account.policyRead?.source ?? 'none';
const notionalOf = ({ entry }: CyclePlan['opens'][number]): number => Number(entry.quantity) * Number(entry.decisionPrice);
const log = (system: System): string => readFileSync(join(system.home, 'worker-0.log'), 'utf8');

test('a change holds from the next cycle on, open positions included; without the store the copy, then the stricter of it and the built-in policy holds, until it is back', { timeout: 600_000 }, async () => {
  const system = await testSystem({ candles: 160 });
  const { portfolioId } = system.deployment;
  const pool = createPool(databaseUrlOf(system.settings, system.deployment), { connectionsMax: 2 });
  const store = createPolicyStore(pool);
  const newest = async (): Promise<RecordedCycle | undefined> => (await cyclesOf(system)).at(-1);
  try {
    await system.startReplay();
    await until('a position is open', async () => ((await newest())?.observation.account.positions.length ?? 0) > 0, 120_000);
    const change = { portfolioId, seen: 1, wish: { kind: 'set', values: { notionalMax: '200', maxHoldHours: 6, lastGoodMaxS: 2 } }, by: 'ada', because: 'while it runs' } as const;
    expect((await store.change(change)).version.version).toBe(2);
    await until('a cycle goes by it', async () => (await newest())?.policyVersion === 2, 120_000);
    await whilePolicyReadsFail(system.database, async () => {
      await until('the built-in policy holds', async () => (await newest())?.policyVersion === 0, 120_000);
      const since = (await cyclesOf(system)).length;
      await until('it goes on so', async () => (await cyclesOf(system)).length > since + 5, 120_000);
    });
    await until('the store is read again', async () => { const last = await newest(); return last !== undefined && sourceOf(last) === 'store' && last.policyVersion === 2; }, 120_000);
    await system.waitDone();

    const cycles = await cyclesOf(system);
    // One line: version 1, then 2 from the store, then 2 from memory, then the built-in one, then 2 again.
    const phases = cycles.map((it) => `${it.policyVersion} ${sourceOf(it)}`).filter((phase, i, all) => phase !== all[i - 1]);
    expect(phases.filter((phase) => phase !== '2 lastGood')).toEqual(['1 store', '2 store', '0 builtIn', '2 store']);
    for (const { policyVersion, observation, plan } of cycles) {
      const { policy, policyRead } = observation.account;
      expect(policyRead?.problem === null).toBe(policyRead?.source === 'store');
      if (policyVersion === 2) expect(policy).toMatchObject({ notionalMax: '200', maxHoldHours: 6 });
      if (policyVersion === 0) expect(policy).toEqual({ ...PRESETS.defensive, notionalMax: '200', maxHoldHours: 6, lastGoodMaxS: 2 }); // what a person set stricter stays
      for (const open of plan.opens) expect(notionalOf(open)).toBeLessThanOrEqual(Number(policy.notionalMax));
    }
    const opened = (version: number): number[] => cycles.filter((it) => it.policyVersion === version).flatMap((it) => it.plan.opens.map(notionalOf));
    expect(opened(1).some((notional) => notional > 200)).toBe(true);
    expect(opened(2).length).toBeGreaterThan(0);

    const without = cycles.filter((it) => sourceOf(it) !== 'store').length;
    expect(log(system).match(/the policy cannot be read/g)?.length).toBeGreaterThanOrEqual(without); // one each cycle
    expect(log(system)).toContain('the policy can be read again');
    for (const version of [1, 2, 0]) {
      const { cycleId } = cycles.find((it) => it.policyVersion === version) as RecordedCycle;
      expect(await explain({ pool, settings: system.settings, portfolioId, id: cycleId })).toMatchObject({ policyVersion: version, recomputed: [] });
    }
    expect(await system.violations()).toEqual([]);
  } finally {
    await pool.end();
  }
});
