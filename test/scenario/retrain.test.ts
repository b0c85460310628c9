/** Daily retraining on the running system: killed at each of its steps it comes to the same bytes, and what passes stands trial. */
import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { RetrainOutcome, RetrainProgress } from '../../workflows/messages.ts';
import { retrainProgressQuery } from '../../workflows/messages.ts';
import type * as workflows from '../../workflows/index.ts';
import { until } from '../support/processes.ts';
import { plantedOptions, retrained, startRetrain } from '../support/retraining.ts';
import { testSystem } from '../support/scenario.ts';
import { beginStandstill, nextCandle, oneRow, rowsOf } from '../support/standstill.ts';
import type { System } from '../support/system.ts';

/** A step and, of candidates, whose turn it is: `candidates linear judging`. */
function stepOf({ step, candidates }: RetrainProgress): string {
  const current = candidates.find((it) => ['fitting', 'judging', 'registering'].includes(it.state));
  return current === undefined ? step : `${current.learner} ${current.state}`;
}

/** Kills the worker at the first sight of each step. @returns the steps, in order */
async function killedAtEachStep(system: System, handle: WorkflowHandle<typeof workflows.dailyRetrain>): Promise<{ readonly outcome: RetrainOutcome; readonly killedAt: readonly string[] }> {
  const killedAt: string[] = [];
  let isDone = false;
  const result = handle.result().finally(() => (isDone = true));
  result.catch(() => undefined); // it is awaited below
  while (!isDone) {
    const step = await handle.query(retrainProgressQuery).then(stepOf, () => null); // nobody answers while the worker begins
    if (step === null || step === 'ended' || killedAt.includes(step)) continue;
    killedAt.push(step);
    await system.killWorker(0);
    await system.restartWorker(0);
  }
  return { outcome: await result, killedAt };
}

test('killed at each step, a retrain comes to the bytes of one that was not, is recorded once, and what passed stands trial', { timeout: 300_000 }, async () => {
  const system = await testSystem(plantedOptions());
  await beginStandstill(system);

  const { outcome, killedAt } = await killedAtEachStep(system, await startRetrain(system));
  expect(killedAt.length).toBeGreaterThanOrEqual(5);
  expect(outcome).toMatchObject({ outcome: 'registered', rows: expect.any(Number) as number, sizing: { outcome: 'untrained', modelId: null } });
  const passed = outcome.candidates.filter((it) => it.outcome === 'passed');
  expect(passed[0]).toMatchObject({ change: 'trialBegun', kind: 'challenger' });
  expect(passed.slice(1).every((it) => it.change === 'refused')).toBe(true); // one at a time

  expect(await rowsOf(system, 'SELECT outcome, rows FROM retrain_runs')).toEqual([{ outcome: 'registered', rows: outcome.rows }]);
  expect(await oneRow(system, 'SELECT count(*)::int trials, count(DISTINCT recipe_id)::int recipes FROM validation_trials')).toEqual({ trials: 2, recipes: 2 });
  expect(await rowsOf(system, 'SELECT champion, on_trial FROM model_registry')).toEqual([{ champion: null, on_trial: passed[0]?.modelId }]);

  const again = await retrained(system);
  expect(again.dataHash).toBe(outcome.dataHash);
  expect(again.candidates.map((it) => it.modelId)).toEqual(outcome.candidates.map((it) => it.modelId));
  expect(again.candidates.filter((it) => it.change !== null).map((it) => it.change)).toEqual(passed.map(() => 'refused'));

  await nextCandle(system);
  const shadows = await rowsOf<{ voter: string; vector: number; label: string }>(system, `SELECT voter, array_length(feature_vector, 1) vector, label_version label FROM predictions WHERE role = 'shadow'`);
  expect(shadows).toEqual([0, 1].map(() => ({ voter: `model/${passed[0]?.learner ?? ''}`, vector: 15, label: expect.stringMatching(/^horizon4\/1@\d/) as string })));
  expect(await system.violations()).toEqual([]);
});

test('too few candles train nothing, and the run says how many there are', { timeout: 120_000 }, async () => {
  const system = await testSystem({});
  await beginStandstill(system);
  const outcome = await retrained(system);
  expect(outcome).toMatchObject({ outcome: 'skipped', dataHash: null, candidates: [], reason: expect.stringContaining('250 days of tests, and the 12 days that there are') as string });
  await until('it is recorded', async () => (await rowsOf(system, `SELECT 1 FROM retrain_runs WHERE outcome = 'skipped'`)).length === 1, 10_000);
});
