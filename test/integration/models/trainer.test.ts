import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadModel } from '../../../domain/learning/load.ts';
import { artefactHash } from '../../../domain/learning/artefact.ts';
import type { Candle, CandleSeries } from '../../../domain/market/candle.ts';
import { DEFAULT_ASSETS } from '../../../domain/market/seeded/assets.ts';
import { seededMarket } from '../../../domain/market/seeded/seeded-market.ts';
import { timeframeMs } from '../../../domain/market/timeframe.ts';
import type { Trainer } from '../../../domain/ports/trainer.ts';
import { PRESETS } from '../../../domain/policy/policy.ts';
import type { Recipe } from '../../../domain/retraining/recipe.ts';
import type { FeatureSet } from '../../../domain/features/feature-set.ts';
import { opened, shared } from '../../../models/shared-snapshot.ts';
import { readSnapshot } from '../../../models/snapshot.ts';
import { createTrainer } from '../../../models/trainer.ts';
import { makeSnapshot } from '../../../models/training.ts';
import { loadStrategy } from '../../../strategies/load.ts';

const COUNT = 2_300;
const HOUR = timeframeMs('1h');
const market = seededMarket({ seed: 'trainer', timeframe: '1h', startTime: 0, assets: DEFAULT_ASSETS.slice(0, 2) });
const plain = ({ openTime, open, high, low, close, volume }: Candle): Candle => ({ openTime, open, high, low, close, volume });
const series = market.instruments.map(({ id }): CandleSeries => ({ instrumentId: id, timeframe: '1h', candles: market.history(id, COUNT, COUNT).map(plain) }));
const FOLDS = { folds: 2, testShare: 0.5, stoppingShare: 0.1, calibrationShare: 0.25 };
const request = { asOf: COUNT * HOUR, from: 1_524 * HOUR, timeframe: '1h', label: 'horizon4/1', halfLifeMs: 90 * 24 * HOUR, instruments: market.instruments, series, rules: { policy: PRESETS.normal, from: 1_700 * HOUR } } as const;
const recipe: Recipe = { learner: 'boosting', parameters: { rounds: 12, depthMax: 3, rowShare: 0.7, columnShare: 0.5 }, featureSet: 'standard/2', label: 'horizon4/1', instruments: null };

const folders: string[] = [];
function trainerOf(threads: number, features = 'standard', own = { label: 'horizon4/1', learner: '' }, options: { readonly idleMs?: number } = {}): { trainer: Trainer; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'keel-trainer-'));
  folders.push(folder);
  return { folder, trainer: createTrainer({ thread: new URL('../../../workers/training-thread.ts', import.meta.url), parts: { features, strategy: 'ensemble', ...own }, folder, threads, ...options }) };
}
const one = (() => { let kept: ReturnType<typeof trainerOf> | null = null; return () => (kept ??= trainerOf(1)); })();
let dataHash: string;

beforeAll(async () => {
  const summary = await one().trainer.snapshot(request);
  dataHash = summary.dataHash;
  expect(summary).toMatchObject({ rows: 2 * (COUNT - 1_523 - 4), featureFaults: [] });
  expect(summary.omitted.unripe).toBe(2 * 4);
}, 60_000);

afterAll(async () => {
  await one().trainer.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test('the same candles, recipe and seed give the same bytes on 1, 2 and 4 threads, and after all files were lost', async () => {
  const hashesOf = async (trainer: Trainer): Promise<readonly string[]> => {
    expect((await trainer.snapshot(request)).dataHash).toBe(dataHash);
    await Promise.all([0, 1].map(async (fold) => { await trainer.fit({ dataHash, recipe, folds: FOLDS, fold }); }));
    const { artefact, modelId } = await trainer.trained({ dataHash, recipe, folds: FOLDS });
    expect(artefactHash(artefact)).toBe(modelId);
    return [modelId];
  };
  const expected = await hashesOf(one().trainer);
  for (const threads of [2, 4]) {
    const { trainer, folder } = trainerOf(threads);
    expect(await hashesOf(trainer)).toEqual(expected);
    trainer.keepOnly([]);
    expect(readdirSync(folder)).toEqual([dataHash]); // of the last day
    utimesSync(join(folder, dataHash), 0, 0);
    trainer.keepOnly([]);
    expect(readdirSync(folder)).toEqual([]);
    expect(await hashesOf(trainer)).toEqual(expected);
    await trainer.close();
  }
}, 60_000);

test('threads learn from one copy of the data set, which is read once', async () => {
  const { trainer, folder } = trainerOf(2);
  await trainer.snapshot(request);
  const fit = (fold: number | 'whole') => trainer.fit({ dataHash, recipe, folds: FOLDS, fold });
  await fit(0);
  rmSync(join(folder, dataHash, 'rows.parquet'));
  await Promise.all([fit(1), fit('whole')]); // side by side: the second thread is a new one
  const held = shared(await readSnapshot(join(one().folder, dataHash, 'rows.parquet'), dataHash));
  for (const numbers of [...held.rows.columns, held.rows.weights, held.rows.instrument, held.rules]) expect(numbers?.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(opened(held)).toEqual(await readSnapshot(join(one().folder, dataHash, 'rows.parquet'), dataHash));
  await trainer.close();
}, 60_000);

test('a data set that nobody asked for in a while is let go: its retrain may have ended elsewhere', async () => {
  const { trainer, folder } = trainerOf(1, 'standard', { label: 'horizon4/1', learner: '' }, { idleMs: 50 });
  await trainer.snapshot(request);
  await trainer.fit({ dataHash, recipe, folds: FOLDS, fold: 0 });
  rmSync(join(folder, dataHash, 'rows.parquet'));
  await expect.poll(() => trainer.fit({ dataHash, recipe, folds: FOLDS, fold: 1 }).then(() => 'held', () => 'let go'), { interval: 400, timeout: 20_000 }).toBe('let go');
  await trainer.close();
}, 60_000);

test('a folder that cannot be written to is the machine\'s trouble, not the candidate\'s: it may pass', async () => {
  const { trainer, folder } = trainerOf(1);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'a file');
  await expect(trainer.snapshot(request)).rejects.toMatchObject({ code: 'PROCESS_FAILED' });
  await trainer.close();
}, 60_000);

test('rows that people marked as bad data are left out of the data set, which has another name for that', async () => {
  const { trainer } = one();
  const decidedAt = 1_600 * HOUR;
  const [first] = market.instruments;
  const found = await trainer.snapshot({ ...request, rules: null, excluded: [{ instrumentId: first?.id ?? '', decidedAt }, { instrumentId: first?.id ?? '', decidedAt: 10 * HOUR }] });
  const bare = await trainer.snapshot({ ...request, rules: null });
  expect([found.omitted.badData, bare.omitted.badData]).toEqual([1, 0]);
  expect(found.rows).toBe(bare.rows - 1);
  expect(found.dataHash).not.toBe(bare.dataHash);
  expect((await trainer.snapshot({ ...request, rules: null, excluded: [{ instrumentId: first?.id ?? '', decidedAt: 10 * HOUR }] })).dataHash).toBe(bare.dataHash); // long before the first row
}, 60_000);

test('a user\'s label and learner train as ours do', async () => {
  const { trainer } = trainerOf(1, 'standard', { label: 'strategies/examples/own-label.ts', learner: 'strategies/examples/own-learner.ts' });
  const view = await trainer.featureSet('1h');
  expect(view).toMatchObject({ label: 'trailing12/1', learner: { learner: 'own/naive-bayes/1', parameters: { deviationMin: 0.05 } } });
  const made = await trainer.snapshot({ ...request, label: view.label, rules: null });
  expect(made.omitted.unripe).toBe(2 * 12);
  const { artefact, served } = await trainer.trained({ dataHash: made.dataHash, recipe: { ...recipe, ...view.learner, label: view.label }, folds: FOLDS });
  expect(served).toMatchObject({ learner: 'own/naive-bayes/1', label: expect.stringMatching(/^trailing12\/1@/) as string });
  expect(new TextDecoder().decode(artefact)).toContain('own/naive-bayes/1'); // within its calibration
  const increases = served.permuted?.map((it) => it.lossIncrease) ?? [];
  expect(served.permuted?.map((it) => it.feature).toSorted()).toEqual(served.importances.map((it) => it.feature).toSorted());
  expect(increases).toEqual(increases.toSorted((a, b) => b - a));
  expect(increases[0]).toBeGreaterThan(0);
  await trainer.close();
  const broken = trainerOf(1, 'standard', { label: 'strategies/examples/own-learner.ts', learner: '' });
  await expect(broken.trainer.featureSet('1h')).rejects.toMatchObject({ code: 'LABEL_INVALID' });
  await broken.trainer.close();
}, 60_000);

test('a candidate is judged on its folds, against the rules, with all that a registered model tells of itself', async () => {
  const { trainer } = one();
  const common = { dataHash, recipe, folds: FOLDS, kind: 'challenger', predecessor: 'rules', earlierTrials: [], featureFaults: [], liveVectors: [] } as const;
  const judgement = await trainer.judge(common);
  const { verdict, edges, metrics, daily } = judgement;
  expect(verdict.isPassed).toBe(false); // a drawn market has nothing to be learned
  expect(verdict.refusedBy).toContain('testDays');
  expect(verdict.refusedBy).not.toContain('featuresLookAhead');
  expect(edges).toHaveLength(101);
  expect(edges.every((edge, percent) => percent === 0 || edge >= (edges[percent - 1] ?? 0))).toBe(true);
  expect(metrics['returnSumRules']).toEqual(expect.any(Number));
  expect(daily.returns.length).toBeGreaterThan(15);
  expect(await trainer.judge(common)).toEqual(judgement);
  const alone = await trainer.judge({ ...common, recipe: { ...recipe, instruments: [market.instruments[1]?.id ?? ''] }, predecessor: { learner: 'linear', parameters: {} } });
  expect(alone.metrics['testRows']).toBeCloseTo((metrics['testRows'] ?? NaN) / 2, -1);
}, 60_000);

test('a feature that needs more history than it declares is named, on the candles that are learned from', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keel-trainer-'));
  folders.push(folder);
  const set: FeatureSet = { name: 'own', version: '1', features: [{ name: 'endless', family: 'own', about: '', warmupCandles: 1, create: (on) => { let sum = 0; return () => (sum += on.now.close); } }] };
  const { featureFaults } = await makeSnapshot(folder, { ...request, rules: null }, { set, strategy: await loadStrategy('ensemble') });
  expect(featureFaults).toEqual([expect.objectContaining({ feature: 'endless', fault: 'warmup' })]);
});

test('a live vector that computing anew does not give is named', async () => {
  const { trainer } = one();
  const decidedAt = (COUNT - 10) * HOUR;
  const { names } = await trainer.featureSet('1h');
  const seen = market.instruments.map(({ id }) => ({ instrumentId: id, decidedAt, values: names.map(() => 12_345) }));
  const judgedBy = async (liveVectors: typeof seen, instruments: Recipe['instruments'] = null) => await trainer.judge({ dataHash, recipe: { ...recipe, instruments }, folds: FOLDS, kind: 'challenger', predecessor: 'rules', earlierTrials: [], featureFaults: [], liveVectors });
  const { verdict } = await judgedBy(seen);
  const alone = await judgedBy(seen, [market.instruments[1]?.id ?? '']); // a recipe of one symbol: the market is what it was
  expect(alone.verdict.refusedBy).toContain('trainServeSkew');
  expect((await judgedBy(seen.slice(0, 1))).verdict.refusedBy).not.toContain('trainServeSkew'); // another market
  expect(verdict.rules.find((it) => it.code === 'trainServeSkew')).toMatchObject({ isPassed: false, value: names.length, detail: expect.stringContaining(`12345 live`) as string });
}, 60_000);

test('what was kept and altered is fitted anew; a data set that was altered is refused', async () => {
  const { trainer, folder } = trainerOf(1);
  await trainer.snapshot(request);
  await trainer.fit({ dataHash, recipe, folds: FOLDS, fold: 0 });
  const file = readdirSync(join(folder, dataHash)).find((name) => name.endsWith('-0.model')) ?? '';
  const path = join(folder, dataHash, file);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, 100));
  await trainer.fit({ dataHash, recipe, folds: FOLDS, fold: 0 });
  expect(readFileSync(path)).toEqual(bytes);
  expect(loadModel(new Uint8Array(bytes)).features).toHaveLength((await trainer.featureSet('1h')).names.length);
  await trainer.close();
  const { trainer: other, folder: empty } = trainerOf(1);
  await expect(other.fit({ dataHash, recipe, folds: FOLDS, fold: 0 })).rejects.toMatchObject({ code: 'SNAPSHOT_INVALID' });
  expect(other.hasSnapshot(dataHash)).toBe(false);
  expect(readdirSync(empty)).toEqual([]);
  await other.close();
}, 60_000);

test('a recipe that cannot be fitted is refused with its reason, and the next goes on', async () => {
  const { trainer } = one();
  await expect(trainer.fit({ dataHash, recipe: { ...recipe, learner: 'oracle' }, folds: FOLDS, fold: 0 })).rejects.toMatchObject({ code: 'TRAINING_FAILED', message: expect.stringContaining('no learner is called "oracle"') as string });
  await expect(trainer.fit({ dataHash, recipe, folds: FOLDS, fold: 7 })).rejects.toThrow(/there is no fold 7; there are 2, from 0/);
  await trainer.fit({ dataHash, recipe, folds: FOLDS, fold: 1 });
}, 60_000);
