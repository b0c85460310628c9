/** Daily retraining on the running system: killed at each of its steps it comes to the same bytes; what passes stands trial, acts, and is rolled back where it breaks its promise. */
import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import { reproduced } from '../../client/reproduce.ts';
import { databaseUrlOf } from '../../config/database.ts';
import { createPool } from '../../db/pool.ts';
import { createTrialStore } from '../../db/trial-store.ts';
import { EMPTY_REGISTRY } from '../../domain/promotion/registry.ts';
import { trialBegun } from '../../domain/promotion/standing.ts';
import type { RetrainOutcome, RetrainProgress } from '../../workflows/messages.ts';
import { retrainProgressQuery } from '../../workflows/messages.ts';
import type * as workflows from '../../workflows/index.ts';
import { plantPredictions } from '../support/planted-predictions.ts';
import { until } from '../support/processes.ts';
import { plantedOptions, retrained, startRetrain } from '../support/retraining.ts';
import { testSystem } from '../support/scenario.ts';
import { setPolicy } from '../support/set-policy.ts';
import { beginStandstill, nextCandle, oneRow, rowsOf } from '../support/standstill.ts';
import type { System } from '../support/system.ts';

const CANDLES = 26;
const CANDLE_MS = 4 * 3_600_000;
const STEPS = ['operations', 'superiority', 'canary', 'canary', 'canary', 'promoted', 'rolledBack'];

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

test('killed at each step, a retrain comes to the bytes of one that was not, is recorded once; what passed stands trial, acts, and is rolled back by itself when it loses', { timeout: 400_000 }, async () => {
  const system = await testSystem(plantedOptions(CANDLES));
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

  // What holds now does not matter: the model says what held then.
  await system.database.query(`UPDATE instruments SET taker_fee_rate = taker_fee_rate * 2`);
  await setPolicy(system, { rsiBuyMax: 55 });
  const { deployment: { name: deployment, portfolioId }, settings } = system;
  const pool = createPool(databaseUrlOf(system.settings, system.deployment));
  const { dataHash } = outcome;
  expect(await reproduced({ pool, portfolioId, deployment, settings }, 'onTrial').finally(() => pool.end())).toMatchObject({ isSame: true, rows: outcome.rows, made: { dataHash, modelId: passed[0]?.modelId } });

  await nextCandle(system);
  const shadows = await rowsOf<{ voter: string; vector: number; label: string }>(system, `SELECT voter, array_length(feature_vector, 1) vector, label_version label FROM predictions WHERE role = 'shadow'`);
  expect(shadows).toEqual([0, 1].map(() => ({ voter: `model/${passed[0]?.learner ?? ''}`, vector: 15, label: expect.stringMatching(/^horizon4\/1@\d/) as string })));
  expect(await system.violations()).toEqual([]);

  await throughTrialAndWatch(system, passed[0]?.modelId ?? '');
});

/** Its proof is planted, and so are the losses after its promotion; the rest is lived through, and the worker dies at each step. */
async function throughTrialAndWatch(system: System, modelId: string): Promise<void> {
  const trials = createTrialStore(system.database);
  const { portfolioId } = system.deployment;
  const { at, instrumentId, voter } = await oneRow<{ at: number; instrumentId: string; voter: string }>(system, `SELECT made_at AS at, instrument_id AS "instrumentId", voter FROM predictions WHERE role = 'shadow' LIMIT 1`);
  const model = { voter, version: modelId.slice(0, 12) };
  const losses = { ...model, candleMs: 1_000, count: 120, role: 'member', right: 0.4, returnBps: -150 } as const; // of the minutes after it
  const planted = { portfolioId, strategy: 'planted', timeframe: '4h', instrumentId, firstAt: at - 260 * CANDLE_MS, candleMs: CANDLE_MS, count: 230, returnBps: 0 };
  await plantPredictions(system.database, { ...planted, role: 'acting', voter: 'ensemble', version: '1', right: 0.4 });
  await plantPredictions(system.database, { ...planted, ...model, role: 'shadow', right: 0.7 });
  await trials.take({ portfolioId, stepId: 'planted', actor: 'shadowTrial', at: planted.firstAt, decide: (standing) => trialBegun(standing, { id: 't', at: planted.firstAt, number: 1 }) });

  await system.startReplay();
  const told = async (): Promise<readonly string[]> => (await rowsOf<{ step: string }>(system, `SELECT coalesce(trial->'state'->>'phase', kind) AS step FROM trial_steps ORDER BY seq`)).map((it) => it.step);
  for (let steps = 1; steps < STEPS.length;) {
    await until('a further step', async () => (await told()).length > steps, 120_000);
    await system.killWorker(0); // the market stands still: it waits for the look
    steps = (await told()).length;
    if (steps === STEPS.indexOf('promoted') + 1) await plantPredictions(system.database, { ...planted, ...losses, firstAt: (await trials.standing(portfolioId)).watch?.since ?? NaN });
    await system.restartWorker(0);
  }
  await system.waitDone();
  expect(await told()).toEqual(STEPS);
  expect(await trials.standing(portfolioId)).toEqual({ registry: EMPTY_REGISTRY, trial: null, watch: null });
  expect(await rowsOf(system, `SELECT kind, actor FROM model_steps WHERE actor = 'shadowTrial' ORDER BY seq`)).toEqual(['promoted', 'rolledBack'].map((kind) => ({ kind, actor: 'shadowTrial' })));
  const acted = await rowsOf(system, `SELECT count(DISTINCT instrument_id)::int symbols FROM predictions WHERE role = 'member' AND voter = $1 AND because <> 'planted' GROUP BY made_at ORDER BY made_at`, [voter]);
  expect([acted[0], acted.at(-1)]).toEqual([{ symbols: 1 }, { symbols: 2 }]); // a tenth of two symbols, then all
  expect((await system.violations()).filter((it) => it.invariant === 10)).toEqual([]);
}

test('too few candles train nothing, and the run says how many there are', { timeout: 120_000 }, async () => {
  const system = await testSystem({});
  await beginStandstill(system);
  const outcome = await retrained(system);
  expect(outcome).toMatchObject({ outcome: 'skipped', dataHash: null, candidates: [], reason: expect.stringContaining('250 days of tests, and the 12 days that there are') as string });
  await until('it is recorded', async () => (await rowsOf(system, `SELECT 1 FROM retrain_runs WHERE outcome = 'skipped'`)).length === 1, 10_000);
});
