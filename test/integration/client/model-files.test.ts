/** Models as files: ours out and in again, and other tools' models, which stand trial and never act by themselves. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Desk } from '../../../client/deployment-parts.ts';
import { takeModelFile, writeModelFile } from '../../../client/model-files.ts';
import { takePromotion } from '../../../client/models.ts';
import { reproduced } from '../../../client/reproduce.ts';
import { loadSettings } from '../../../config/settings.ts';
import { createModelStore } from '../../../db/model-store.ts';
import { cycleIdOf } from '../../../domain/cycle/ids.ts';
import { DEFAULT_ASSETS } from '../../../domain/market/seeded/assets.ts';
import { seededMarket } from '../../../domain/market/seeded/seeded-market.ts';
import type { ModelStore } from '../../../domain/ports/model-store.ts';
import { afterGate, afterTrial } from '../../../domain/promotion/registry.ts';
import { servedModelOf } from '../../../domain/promotion/served-model.ts';
import { onnxOf } from '../../../models/onnx/export.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { fittedModel, seriesOf } from '../../support/fitted-model.ts';
import { emptyLedger, PORTFOLIO } from '../db/cycle.fixture.ts';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2023, 0, 1);
const COUNT = 1_900;
const MARKET = seededMarket({ seed: 'files', timeframe: '1h', startTime: START, assets: DEFAULT_ASSETS.slice(0, 2) });
const OURS = fittedModel(MARKET, COUNT, { learner: 'boosting', seed: 'a', parameters: { rounds: 10, depthMax: 2 } });
const BINARY = onnxOf(OURS.artefact);
const BY = { by: 'ada', because: 'to see' };

let databases: TestDatabases;
let desk: Desk;
let models: ModelStore;
const folder = mkdtempSync(join(tmpdir(), 'keel-files-'));

beforeAll(async () => { databases = await startDatabases(); });
afterAll(async () => {
  await databases.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  const { pool, ledger } = await emptyLedger(databases);
  models = createModelStore(pool);
  desk = { pool, settings: loadSettings({}), portfolioId: 'sim', deployment: 'sim' };
  await ledger.upsertInstruments(MARKET.instruments);
  await ledger.ensurePortfolio({ ...PORTFOLIO, instrumentIds: MARKET.instruments.map((it) => it.id) });
  await ledger.writeCandles(seriesOf(MARKET, COUNT));
  const candle = { portfolioId: 'sim', strategy: 'ensemble', timeframe: '1h' as const, closeTime: START + COUNT * HOUR_MS };
  await ledger.claimCycle({ cycleId: cycleIdOf(candle), workflowId: 'w', candle });
});

let files = 0;
/** A file, and what stands beside it. */
function fileOf(bytes: Uint8Array | string, beside?: object): string {
  const path = join(folder, `${files += 1}`);
  writeFileSync(path, bytes);
  if (beside !== undefined) writeFileSync(`${path}.json`, JSON.stringify(beside));
  return path;
}

async function registerOurs(validatedAt = START, changes: object = {}): Promise<void> {
  await models.recordTrial({ trialId: 'trial', runId: 'run', portfolioId: 'sim', recipeId: 'r', recipe: {}, kind: 'challenger', outcome: 'passed', daily: { firstDay: 1, returns: Float64Array.of(0) }, rules: [], reason: null });
  await models.registerModel({ portfolioId: 'sim', modelId: OURS.modelId, trialId: 'trial', recipeId: 'r', validatedAt, dataHash: 'd', description: { ...OURS.description, ...changes }, artefact: OURS.artefact });
}
async function beChampion(): Promise<void> {
  await registerOurs();
  const model = { modelId: OURS.modelId, recipeId: 'r', validatedAt: START };
  await models.step({ portfolioId: 'sim', stepId: '1', actor: 'x', decide: (registry) => afterGate(registry, { kind: 'challenger', model }) });
  await models.step({ portfolioId: 'sim', stepId: '2', actor: 'x', decide: (registry) => afterTrial(registry, 'promoted', { why: 'better', at: START }) });
}

describe('our own', () => {
  it('come back as they went, to another ledger, where they stand trial', async () => {
    await registerOurs();
    const path = join(folder, 'ours');
    expect(await writeModelFile(desk, OURS.modelId.slice(0, 8), { file: path, asOnnx: false })).toEqual({ modelId: OURS.modelId, file: path, bytes: OURS.artefact.length });
    const other = await emptyLedger(databases);
    expect(await takeModelFile({ ...desk, pool: other.pool }, path, BY)).toEqual({ deployment: 'sim', kind: 'trialBegun', modelId: OURS.modelId, why: 'imported: to see' });
    const there = createModelStore(other.pool);
    expect(await there.artefact('sim', OURS.modelId)).toEqual(OURS.artefact);
    expect(await there.registry('sim')).toMatchObject({ champion: null, onTrial: { modelId: OURS.modelId } });
  });

  it('that do not belong to what stands beside them are refused', async () => {
    await expect(takeModelFile(desk, fileOf(OURS.artefact), BY)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    await expect(takeModelFile(desk, fileOf(OURS.artefact, { modelId: 'f' }), BY)).rejects.toMatchObject({ code: 'MODEL_INVALID', message: expect.stringContaining('do not belong together') as string });
    await expect(takeModelFile(desk, fileOf(OURS.artefact, { modelId: OURS.modelId, recipeId: 'r', dataHash: 'd', description: { learner: 'boosting' } }), BY)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    expect((await models.registry('sim')).onTrial).toBeNull();
  });

  it.each([
    ['another feature set', { featureSet: 'mine/3' }, /learned from feature set mine\/3, and standard\/2 runs/],
    ['other candles', { timeframe: '4h' }, /learned from 4h candles, and 1h ones run/],
  ])('of %s are refused: they could say nothing here', async (_name, changes, message) => {
    const path = fileOf(OURS.artefact, { modelId: OURS.modelId, recipeId: 'r', dataHash: 'd', description: { ...OURS.description, ...changes } });
    await expect(takeModelFile(desk, path, BY)).rejects.toMatchObject({ code: 'MODEL_INVALID', message: expect.stringMatching(message) as string });
    expect((await models.registry('sim')).onTrial).toBeNull();
  });

  it.each([
    ['learned from another feature set', { featureSet: 'mine/3' }, 'MODEL_INVALID', /learned from feature set mine\/3/],
    ['is too old', {}, 'USAGE', /passed the gate 4\.0 days ago.*keel retrain/],
  ])('that %s is not promoted by a person either: whoever acts goes on', async (_name, changes, code, message) => {
    await registerOurs(START + COUNT * HOUR_MS - 4 * 24 * HOUR_MS, changes);
    await expect(takePromotion(desk, OURS.modelId, BY)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect((await models.registry('sim')).champion).toBeNull();
  });

  it('that passed the gate lately acts by a person\'s word', async () => {
    await registerOurs(START + COUNT * HOUR_MS - HOUR_MS);
    expect(await takePromotion(desk, OURS.modelId, BY)).toMatchObject({ kind: 'promoted' });
  });

  it('go to no folder that is not there: said, with the file\'s name', async () => {
    await registerOurs();
    const file = join(folder, 'away', 'ours');
    await expect(writeModelFile(desk, OURS.modelId, { file, asOnnx: false })).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(file) as string });
  });
});

describe('a model of another tool', () => {
  it('stands trial beside the champion, with its edges ranked among those on this market, and a second one waits', async () => {
    await beChampion();
    const path = join(folder, 'theirs.onnx');
    await writeModelFile(desk, 'champion', { file: path, asOnnx: true });
    expect(JSON.parse(readFileSync(`${path}.json`, 'utf8'))).toEqual({ features: OURS.model.features, task: { kind: 'classes', count: 3 }, label: OURS.description.label });
    const step = await takeModelFile(desk, path, BY);
    expect(step).toMatchObject({ kind: 'trialBegun' });
    const { description, dataHash } = await models.model('sim', step.modelId);
    const served = servedModelOf(description);
    expect(served).toMatchObject({ learner: 'onnx', featureSet: 'standard/2', timeframe: '1h', label: OURS.description.label, known: null });
    expect(served.edges[100]).toBeLessThan(0.9);
    expect(dataHash).toBe('imported');
    await expect(reproduced(desk, step.modelId)).rejects.toMatchObject({ code: 'MODEL_INVALID', message: expect.stringContaining('does not say what it was trained on') as string });
    expect(await models.registry('sim')).toMatchObject({ champion: { modelId: OURS.modelId }, onTrial: { modelId: step.modelId } });
    const second = fileOf(onnxOf(fittedModel(MARKET, COUNT, { learner: 'linear', seed: 'b', parameters: {} }).artefact));
    expect(await takeModelFile(desk, second, BY)).toMatchObject({ kind: 'refused', why: expect.stringContaining('one at a time') as string });
  });

  it.each<[string, () => string, RegExp]>([
    ['no model', () => fileOf('hello'), /no ONNX file|no ONNX graph/],
    ['features that the set does not have', () => fileOf(BINARY, { features: OURS.model.features.map((name) => `my-${name}`) }), /which the feature set does not have/],
    ['a label that there is not', () => fileOf(BINARY, { label: 'mine/1' }), /label mine\/1 is not known/],
    ['a file beside it that says more', () => fileOf(BINARY, { lable: 'horizon4/1' }), /file beside the model is not understood/],
    ['another task', () => fileOf(BINARY, { task: { kind: 'regression' } }), /wide/],
  ])('is refused with its reason: %s', async (_name, path, message) => {
    await expect(takeModelFile(desk, path(), BY)).rejects.toMatchObject({ code: 'MODEL_INVALID', message: expect.stringMatching(message) as string });
    expect((await models.registry('sim')).onTrial).toBeNull();
  });
});
