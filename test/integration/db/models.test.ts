/** Models, trials and runs as they are kept: once, for ever, and with at most one champion. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createModelStore } from '../../../db/model-store.ts';
import type { Pool } from '../../../db/pool.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { ModelStore, RetrainRun, StoredModel, Supervision, ValidationTrial } from '../../../domain/ports/model-store.ts';
import { afterGate, afterRollBack, afterTrial, EMPTY_REGISTRY } from '../../../domain/promotion/registry.ts';
import type { Registry, RegistryStep } from '../../../domain/promotion/registry.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { emptyLedger, OBSERVATION } from './cycle.fixture.ts';

const RUN: RetrainRun = { runId: 'run/1', portfolioId: 'sim', cause: 'schedule', asOf: 1_000, dataHash: 'd', rows: 5, outcome: 'registered', reason: null, startedAt: 1, endedAt: 2 };
const TRIAL: ValidationTrial = {
  trialId: 'trial/1', runId: 'run/1', portfolioId: 'sim', recipeId: 'a', recipe: { learner: 'linear' }, kind: 'challenger', outcome: 'passed', daily: { firstDay: 19_000, returns: Float64Array.of(0.1, -1 / 3) },
  rules: [{ code: 'testDays', isPassed: true, value: 250, limit: { min: 250 }, detail: null }], reason: null,
};
const modelOf = (text: string, recipeId = 'a'): StoredModel => {
  const artefact = new TextEncoder().encode(text);
  return { portfolioId: 'sim', modelId: createHash('sha256').update(artefact).digest('hex'), trialId: 'trial/1', recipeId, validatedAt: 1_000, dataHash: 'd', description: { learner: 'linear' }, artefact };
};
const A = modelOf('a');
const B = modelOf('b', 'b');
const registered = ({ modelId, recipeId, validatedAt }: StoredModel) => ({ modelId, recipeId, validatedAt });

let databases: TestDatabases;
let pool: Pool;
let ledger: Ledger;
let store: ModelStore;

beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => {
  ({ pool, ledger } = await emptyLedger(databases));
  store = createModelStore(pool);
  await store.recordTrial(TRIAL);
  for (const model of [A, B]) await store.registerModel(model);
});

const step = (stepId: string, decide: (registry: Registry) => RegistryStep | null) => store.step({ portfolioId: 'sim', stepId, actor: 'dailyRetrain', decide });
const passed = (model: StoredModel) => (registry: Registry) => afterGate(registry, { kind: 'challenger', model: registered(model) });
const promoted = (registry: Registry) => afterTrial(registry, 'promoted', { why: 'better', at: 1_000 });

describe('what was tried', () => {
  it('is read back to the last bit, in order, those that failed included', async () => {
    await store.recordTrial({ ...TRIAL, trialId: 'trial/2', outcome: 'failed', daily: null, rules: null, reason: 'out of memory' });
    expect(await store.trials('sim')).toEqual([{ trialId: 'trial/1', recipeId: 'a', daily: TRIAL.daily }, { trialId: 'trial/2', recipeId: 'a', daily: null }]);
    expect(await store.trials('other')).toEqual([]);
  });

  it('vectors that models saw come once each, and where they are too many, as many of each day', async () => {
    const HOURS = 8 * 24;
    await pool.query(`SET session_replication_role = replica;
      INSERT INTO cycles (cycle_id, portfolio_id, strategy, timeframe, close_time, workflow_id, claimed_at) SELECT 'c' || g, 'sim', 'ensemble', '1h', g, 'w', 0 FROM generate_series(1, ${HOURS}) g;
      INSERT INTO predictions (cycle_id, instrument_id, voter, voter_version, role, portfolio_id, made_at, action, confidence, because, regime, price, feature_set, feature_vector)
        SELECT 'c' || g, symbol, 'model/linear', version, CASE version WHEN 'a' THEN 'member' ELSE 'shadow' END, 'sim', g, 'hold', 0.5, 'x', 'range', 1, 'standard/2', ARRAY[g, NULL]
        FROM generate_series(1, ${HOURS}) g, unnest(ARRAY['A', 'B']) symbol, unnest(ARRAY['a', 'b']) version;
      SET session_replication_role = DEFAULT`);
    const vectors = async (limit: number, after = 0) => await store.liveVectors({ portfolioId: 'sim', featureSet: 'standard/2', after, limit });
    const all = await vectors(2 * HOURS);
    expect(all).toHaveLength(2 * HOURS);
    expect(all.slice(0, 3)).toEqual([['A', HOURS], ['B', HOURS], ['A', HOURS - 1]].map(([instrumentId, decidedAt]) => ({ instrumentId, decidedAt, values: [decidedAt, null] })));
    const some = await vectors(100);
    expect(some).toHaveLength(2 * (HOURS / 4));
    expect(some.map((it) => it.decidedAt)).toEqual(Array.from({ length: 96 }, (_, row) => HOURS - 4 * Math.floor(row / 2)));
    expect(await vectors(100, HOURS - 1)).toHaveLength(2);
    expect(await vectors(100, HOURS)).toEqual([]);
  });

  it('tells of the run of the newest moment, and of a model all but its bytes', async () => {
    expect([await store.latestRun('sim'), await store.latestDataset('sim')]).toEqual([null, null]);
    await store.recordRun({ ...RUN, runId: 'run/2', asOf: 2_000 });
    await store.recordRun(RUN);
    expect(await store.latestRun('sim')).toEqual({ ...RUN, runId: 'run/2', asOf: 2_000 });
    expect(await store.latestDataset('sim')).toEqual({ asOf: 2_000, rows: 5 });
    await store.recordRun({ ...RUN, runId: 'run/3', asOf: 3_000, dataHash: null, rows: null, outcome: 'skipped', reason: 'too few candles' });
    expect([(await store.latestRun('sim'))?.runId, await store.latestDataset('sim')]).toEqual(['run/3', { asOf: 2_000, rows: 5 }]);
    const { artefact: _, ...record } = A;
    expect(await store.model('sim', A.modelId)).toEqual(record);
    await expect(store.model('sim', 'nosuch')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is recorded once: what comes again under its id changes nothing', async () => {
    await store.recordTrial({ ...TRIAL, daily: { firstDay: 1, returns: Float64Array.of(9) } });
    await store.recordRun(RUN);
    await store.recordRun({ ...RUN, rows: 6 });
    expect(await store.trials('sim')).toEqual([{ trialId: 'trial/1', recipeId: 'a', daily: TRIAL.daily }]);
    expect((await pool.query('SELECT rows, outcome FROM retrain_runs')).rows).toEqual([{ rows: 5, outcome: 'registered' }]);
  });

  it.each<[string, () => Promise<void>]>([
    ['a trial that was judged without its days', () => store.recordTrial({ ...TRIAL, trialId: 'x', daily: null })],
    ['a failure without a reason', () => store.recordTrial({ ...TRIAL, trialId: 'x', outcome: 'failed' })],
    ['a run that ended before it began', () => store.recordRun({ ...RUN, runId: 'x', endedAt: 0 })],
    ['a refused run without a reason', () => store.recordRun({ ...RUN, runId: 'x', outcome: 'refused' })],
    ['bytes under another name', () => store.registerModel({ ...A, modelId: 'f'.repeat(64) })],
    ['a model that nobody validated', () => store.registerModel({ ...modelOf('c'), trialId: 'none' })],
  ])('the database refuses %s', async (_name, write) => { await expect(write()).rejects.toMatchObject({ code: 'DATABASE_FAILED' }); });

  it.each(['retrain_runs', 'validation_trials', 'models', 'model_steps', 'supervisions'])('%s stays as it was written', async (table) => {
    await expect(pool.query(`DELETE FROM ${table}`)).rejects.toThrow(/append-only/);
    await expect(pool.query(`UPDATE ${table} SET portfolio_id = portfolio_id`)).rejects.toThrow(/append-only/);
  });
});

describe('models', () => {
  it('are the bytes that were registered', async () => {
    expect(await store.artefact('sim', A.modelId)).toEqual(A.artefact);
    await expect(store.artefact('sim', 'none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('go from trial to champion and back, each step told with who acted before and after', async () => {
    expect(await store.registry('sim')).toEqual(EMPTY_REGISTRY);
    expect(await step('1', passed(A))).toMatchObject({ kind: 'trialBegun', modelId: A.modelId });
    expect(await step('2', promoted)).toMatchObject({ kind: 'promoted' });
    await step('3', passed(B));
    await step('4', promoted);
    expect(await store.registry('sim')).toEqual({ champion: registered(B), predecessor: registered(A), onTrial: null });
    await step('5', (registry) => afterRollBack(registry, 'worse', { now: 1_000, retrainIntervalMs: 1 }));
    expect(await store.registry('sim')).toEqual({ champion: registered(A), predecessor: null, onTrial: null });
    const { rows } = await pool.query(`SELECT type, actor, payload->>'before' AS before, payload->>'after' AS after FROM domain_events WHERE type LIKE 'model%' ORDER BY seq`);
    expect(rows).toEqual([
      { type: 'modelTried', actor: 'dailyRetrain', before: null, after: null }, { type: 'modelPromoted', actor: 'dailyRetrain', before: null, after: A.modelId },
      { type: 'modelTried', actor: 'dailyRetrain', before: A.modelId, after: A.modelId }, { type: 'modelPromoted', actor: 'dailyRetrain', before: A.modelId, after: B.modelId },
      { type: 'modelRolledBack', actor: 'dailyRetrain', before: B.modelId, after: A.modelId },
    ]);
  });

  it('a step that is repeated is not taken again, also after others', async () => {
    await step('1', passed(A));
    await step('2', promoted);
    expect(await step('1', () => { throw new Error('decided twice'); })).toMatchObject({ kind: 'trialBegun', modelId: A.modelId });
    expect((await store.registry('sim')).champion).toEqual(registered(A));
  });

  it('of two that want the trial at once one has it', async () => {
    const kinds = await Promise.all([step('1', passed(A)), step('2', passed(B))]);
    expect(kinds.map((change) => change?.kind).toSorted()).toEqual(['refused', 'trialBegun']);
  });

  it('where nothing is to be done nothing is written', async () => {
    expect(await step('1', () => null)).toBeNull();
    expect((await pool.query('SELECT count(*)::int AS count FROM model_steps')).rows).toEqual([{ count: 0 }]);
  });

  it('an unknown portfolio is named', async () => { await expect(store.step({ portfolioId: 'none', stepId: '1', actor: 'x', decide: () => null })).rejects.toMatchObject({ code: 'NOT_FOUND' }); });
});

describe('the supervisor', () => {
  const LOSS = { modelId: A.modelId, of: 'loss' as const, features: [], loss: { sum: 6, limit: 5, since: 7 } };
  const INPUT = { modelId: A.modelId, of: 'input' as const, features: [{ feature: 'rsi14', psi: 0.9, limit: 0.25 }], loss: null };
  const lookAt = (at: number, change: Partial<Supervision> = {}): Supervision => ({
    portfolioId: 'sim', at, scores: [{ voter: 'trend', days: 7, predictions: 1, episodes: 1, hitRate: { value: 1, low: 0.2, high: 1 }, brier: 0.5, expectancyBps: null }], weights: { range: { trend: 1.1 } }, drift: [], findings: [], retrain: null, ...change,
  });
  const told = async (): Promise<unknown[]> => (await pool.query<{ payload: unknown }>(`SELECT payload FROM domain_events WHERE type = 'driftDetected' AND actor = 'supervisor' ORDER BY seq`)).rows.map((it) => it.payload);

  it('finds what it saw last, and when drift started a retrain', async () => {
    expect(await store.latestSupervision('sim')).toBeNull();
    await store.recordSupervision(lookAt(1, { drift: [INPUT], findings: [{ code: 'coverage', why: 'seldom' }], retrain: 'drift' }));
    await store.recordSupervision(lookAt(2, { retrain: 'labels' }));
    expect(await store.latestSupervision('sim')).toEqual({ ...lookAt(2, { retrain: 'labels' }), driftRetrainAt: 1 });
    await expect(store.recordSupervision({ ...lookAt(3), portfolioId: 'none' })).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
  });

  it('gives votes their weights from the next market day on', async () => {
    const day = 86_400_000;
    const weightsAt = async (closeTime: number) => (await ledger.accountContext({ ...OBSERVATION.candle, closeTime })).weights;
    await store.recordSupervision(lookAt(day));
    await store.recordSupervision(lookAt(3 * day + 1, { weights: {} }));
    expect([await weightsAt(day + 1), await weightsAt(2 * day - 1), await weightsAt(2 * day), await weightsAt(4 * day - 1), await weightsAt(4 * day)]).toEqual([{}, {}, { range: { trend: 1.1 } }, { range: { trend: 1.1 } }, {}]);
  });

  it('tells of drift, of one rise of the losses once, and of each look once', async () => {
    await store.recordSupervision(lookAt(1, { drift: [INPUT, LOSS] }));
    await store.recordSupervision(lookAt(1, { drift: [INPUT, LOSS], weights: {} }));
    await store.recordSupervision(lookAt(2, { drift: [INPUT, LOSS] }));
    expect(await told()).toEqual([INPUT, LOSS, INPUT]);
    expect((await pool.query('SELECT at, weights FROM supervisions ORDER BY at')).rows).toEqual([{ at: 1, weights: { range: { trend: 1.1 } } }, { at: 2, weights: { range: { trend: 1.1 } } }]);
  });
});
