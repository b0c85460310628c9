/** What people see of models and runs, and the steps that they take. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { comparisonText, modelsText, modelText, runsText, runText } from '../../../client/model-text.ts';
import { createModelStore } from '../../../db/model-store.ts';
import { modelRows, runRows, stepsOf, trialsOf } from '../../../db/model-views.ts';
import type { Pool } from '../../../db/pool.ts';
import type { ModelStore, RetrainRun, ValidationTrial } from '../../../domain/ports/model-store.ts';
import { promotedByHand, retiredByHand } from '../../../domain/promotion/by-hand.ts';
import type { RegistryStep } from '../../../domain/promotion/registry.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { emptyLedger } from './cycle.fixture.ts';

const RUN: RetrainRun = { runId: 'sim/retrain/01a', portfolioId: 'sim', cause: 'schedule', asOf: 1_000, dataHash: 'd', rows: 5, outcome: 'registered', reason: null, startedAt: 1, endedAt: 2 };
const TRIAL: ValidationTrial = {
  trialId: 'sim/retrain/01a/r', runId: RUN.runId, portfolioId: 'sim', recipeId: 'r', recipe: { learner: 'linear' }, kind: 'challenger', outcome: 'passed', daily: { firstDay: 19_000, returns: Float64Array.of(0.1) },
  rules: [{ code: 'testDays', isPassed: true, value: 251, limit: { min: 250 }, detail: null }, { code: 'brierSkill', isPassed: false, value: null, limit: { min: 0, isStrict: true }, detail: 'why' }], reason: null,
};
const artefact = new TextEncoder().encode('bytes');
const modelId = createHash('sha256').update(artefact).digest('hex');

let databases: TestDatabases;
let pool: Pool;
let store: ModelStore;
beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => {
  ({ pool } = await emptyLedger(databases));
  store = createModelStore(pool);
  await store.recordTrial(TRIAL);
  await store.registerModel({ portfolioId: 'sim', modelId, trialId: TRIAL.trialId, recipeId: 'r', validatedAt: 1_000, dataHash: 'd', description: { learner: 'linear', parameters: {}, importances: [{ feature: 'rsi14', share: 1 }], metrics: { brier: 0.6 } }, artefact });
  await store.recordRun(RUN);
  await store.recordRun({ ...RUN, runId: 'sim/retrain/02b', outcome: 'skipped', reason: 'too few candles', dataHash: null, rows: null, endedAt: 3 });
});

const query = { portfolioId: 'sim', prefix: '', limit: 10 };

it('a model is found by the beginning of its id, with its place, its gate, and each step of its life', async () => {
  expect(await modelRows(pool, { ...query, prefix: modelId.slice(0, 8) })).toMatchObject([{ modelId, place: null, gate: 'passed', learner: 'linear', runId: RUN.runId }]);
  for (const prefix of ['zz', '%', '_', '\\']) expect(await modelRows(pool, { ...query, prefix })).toEqual([]); // letters, not patterns
  const byHand = async (stepId: string, decide: Parameters<ModelStore['step']>[0]['decide']) => store.step({ portfolioId: 'sim', stepId, actor: 'ada', decide });
  const model = { modelId, recipeId: 'r', validatedAt: 1_000 };
  await byHand('1', (registry) => promotedByHand(registry, model, { why: 'a look', hasPassed: true, now: 9_000, retrainIntervalMs: 3_000 }) as RegistryStep);
  const [row] = await modelRows(pool, query);
  expect(row).toMatchObject({ place: 'champion', validatedAt: 1_000 });
  await byHand('2', (registry) => retiredByHand(registry, modelId, 'lost') as RegistryStep);
  expect((await modelRows(pool, query))[0]).toMatchObject({ place: null, validatedAt: 1_000 });
  const steps = await stepsOf(pool, 'sim', modelId);
  expect(steps.map(({ kind, why, actor }) => [kind, why, actor])).toEqual([['promoted', 'a look', 'ada'], ['retired', 'lost', 'ada']]);
  const { rows: events } = await pool.query<{ type: string }>(`SELECT type FROM domain_events WHERE type LIKE 'model%' ORDER BY seq`);
  expect(events.map((it) => it.type)).toEqual(['modelPromoted', 'modelRolledBack']); // the rules act again: that is no trial's end
  const text = modelText({ deployment: 'sim', ...(row ?? expect.fail('no row')), description: (await store.model('sim', modelId)).description, run: RUN, trial: (await trialsOf(pool, { trialId: TRIAL.trialId }))[0] ?? null, steps, progress: 'day 2 of 14' });
  for (const part of [modelId, 'rsi14', '100.0 %', '✓ testDays', '✗ brierSkill', 'more than 0', 'ada', 'day 2 of 14']) expect(text).toContain(part);
  expect(modelsText(await modelRows(pool, query))).toContain(modelId.slice(0, 12));
});

it('a run is found by the beginning of its own id, newest first, and compared rule by rule', async () => {
  expect((await runRows(pool, query)).map((it) => it.runId)).toEqual(['sim/retrain/02b', RUN.runId]);
  const [run] = await runRows(pool, { ...query, prefix: '01a' });
  expect(run).toMatchObject({ runId: RUN.runId, rows: 5 });
  const trials = await trialsOf(pool, { runId: RUN.runId });
  expect(trials).toMatchObject([{ recipeId: 'r', outcome: 'passed', days: 1 }]);
  expect(runText(run ?? expect.fail('no run'), trials)).toContain('✗ brierSkill');
  expect(runsText(await runRows(pool, query))).toContain('too few candles');
  expect(comparisonText([run ?? expect.fail('no run'), RUN], [trials, []])).toMatch(/linear r: passed, then not tried/);
  expect(runsText([])).toContain('keel retrain');
  expect(modelsText([])).toContain('the rules act');
});
