import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Artefact } from '../../../domain/learning/artefact.ts';
import { readArtefact, writeArtefact } from '../../../domain/learning/artefact.ts';
import { boosting } from '../../../domain/learning/boosting.ts';
import { calibrate } from '../../../domain/learning/calibration.ts';
import type { Dataset, Task } from '../../../domain/learning/dataset.ts';
import type { Model } from '../../../domain/learning/learner.ts';
import { aucOf, lossOf } from '../../../domain/learning/metrics.ts';
import { runFitJob } from '../../../models/fit-job.ts';
import { anyLearnerOf, loadAnyModel, offeredLearners } from '../../../models/learners.ts';
import { openPredictor } from '../../../models/predictor.ts';
import type { SideCar } from '../../../models/side-car.ts';
import { Booster } from '../../../models/xgboost/booster.ts';
import { importXgboost } from '../../../models/xgboost/import.ts';
import { xgboost } from '../../../models/xgboost/learner.ts';
import { xgboostLibrary } from '../../../models/xgboost/library.ts';
import { placesOf } from '../../../models/xgboost/places.ts';
import { dataOf, drawnData } from '../../unit/domain/learning/data.fixture.ts';

const BINARY: Task = { kind: 'binary' };
const THREE: Task = { kind: 'classes', count: 3 };
const DATA = drawnData(800, 'xgboost');
const CLASSES: Dataset = { ...DATA, labels: DATA.labels.map((label, row) => label + (row % 2) * label) };
const missing = offeredLearners().find(({ name }) => name === 'xgboost')?.missing ?? null;
const folder = mkdtempSync(join(tmpdir(), 'keel-xgboost-'));
afterAll(() => { rmSync(folder, { recursive: true }); });

describe('where its library is looked for', () => {
  const file = (...parts: string[]): string => {
    const path = join(folder, ...parts);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'no library');
    return path;
  };

  it('where a setting says, and nowhere else', () => expect(placesOf({ KEEL_XGBOOST_LIBRARY: '/opt/x.so', VIRTUAL_ENV: folder }, 'linux')).toEqual(['/opt/x.so']));

  it('in an active Python environment, then the system\'s', () => {
    const inPython = file('venv', 'lib', 'python3.12', 'site-packages', 'xgboost', 'lib', 'libxgboost.so');
    const places = placesOf({ VIRTUAL_ENV: join(folder, 'venv') }, 'linux');
    expect(places).toContain(inPython);
    expect(places.indexOf(inPython)).toBeLessThan(places.indexOf('/usr/lib/libxgboost.so'));
  });

  it.each([['darwin', '/opt/homebrew/lib/libxgboost.dylib', true], ['aix', '/usr/lib/libxgboost.so', false]])('by the names of the system: %s', (platform, place, isOne) => expect(placesOf({}, platform).includes(place)).toBe(isOne));

  it('what is no library is not available, with what to do', () => {
    if (missing === null) return; // it is loaded by now, and is not looked for again
    const path = file('libxgboost.so');
    expect(() => xgboostLibrary({ KEEL_XGBOOST_LIBRARY: path })).toThrow(expect.objectContaining({ code: 'LEARNER_UNAVAILABLE', message: expect.stringMatching(/cannot be loaded.*pip install xgboost-cpu.*KEEL_XGBOOST_LIBRARY/) as string }));
    expect(() => xgboostLibrary({ KEEL_XGBOOST_LIBRARY: join(folder, 'none.so') })).toThrow(expect.objectContaining({ code: 'LEARNER_UNAVAILABLE', message: expect.stringMatching(/in none of .*none\.so; install it/) as string }));
  });

  it('ours need nothing', () => expect(offeredLearners().map(({ name, missing: why }) => [name, why === null])).toEqual([['boosting', true], ['linear', true], ['xgboost', missing === null]]));

  it.each([[{ depthMax: 0 }, /xgboost: depthMax: 1 to 12/], [{ rounds: 0 }, /xgboost: rounds/]])('refuses parameters out of range, with or without it: %o', (given, message) => expect(() => anyLearnerOf('xgboost', given)).toThrow(message));
});

describe.skipIf(missing !== null)(`XGBoost${missing === null ? '' : ` (not run: ${missing})`}`, () => {
  const options = { task: BINARY, seed: 'fold 0' };
  const learner = xgboost({ rounds: 30, learningRate: 0.2, depthMax: 4 });
  let once: Model | undefined;
  const model = (): Model => (once ??= learner.fit(DATA, options));

  it('foretells as well as ours with equal parameters, on rows of their own', () => {
    const other = drawnData(4_000, 'others');
    const [theirs, ours] = [model(), boosting({ rounds: 30, learningRate: 0.2, depthMax: 4 }).fit(DATA, options)].map((it) => aucOf(other.labels, it.predict(other))) as [number, number];
    expect(theirs).toBeGreaterThan(0.8);
    expect(Math.abs(theirs - ours)).toBeLessThan(0.01);
  });

  it.each<[string, Task, Dataset, number]>([['two classes', BINARY, DATA, 1], ['three', THREE, CLASSES, 3], ['numbers', { kind: 'regression' }, { ...DATA, labels: DATA.labels.map((label, row) => 100 * label + (row % 5)) }, 1]])('%s: saved and loaded it says the same, of itself and of any row', (_name, task, data, outputs) => {
    const fitted = learner.fit(data, { task, seed: '' });
    const loaded = loadAnyModel(fitted.save());
    const said = fitted.predict(data);
    expect(said).toHaveLength(outputs * data.rows);
    if (outputs === 3) expect((said[0] ?? NaN) + (said[1] ?? NaN) + (said[2] ?? NaN)).toBeCloseTo(1, 6);
    expect(lossOf(task, data, said)).toBeLessThan(lossOf(task, data, said.map((_, place) => said[place % outputs] ?? NaN)));
    expect(loaded.predict(data)).toEqual(said);
    expect(loaded.describe()).toEqual(fitted.describe());
    expect(loaded.importances()).toEqual(fitted.importances());
  });

  it('a row alone says what it says among others', () => {
    const first = { ...DATA, rows: 1, columns: DATA.columns.map((column) => column.slice(0, 1)) };
    expect(model().predict(first)).toEqual(model().predict(DATA).slice(0, 1));
    expect(model().predict({ ...DATA, rows: 0, columns: DATA.columns.map(() => new Float32Array(0)) })).toHaveLength(0);
  });

  it('the same data, parameters and seed say the same; another seed draws other rows', () => {
    const drawn = xgboost({ rounds: 5, rowShare: 0.5 });
    expect(drawn.fit(DATA, options).predict(DATA)).toEqual(drawn.fit(DATA, options).predict(DATA));
    expect(drawn.fit(DATA, { ...options, seed: 'fold 1' }).predict(DATA)).not.toEqual(drawn.fit(DATA, options).predict(DATA));
  });

  it('says which features count', () => {
    const shares = model().importances();
    expect(shares.map(({ feature }) => feature).slice(0, 2)).toEqual(['a', 'b']);
    expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
  });

  it('stops where the loss on rows of their own stops falling, and keeps no more', () => {
    const stopped = xgboost({ rounds: 500, learningRate: 0.5, patience: 5 }).fit(DATA, { ...options, stopping: drawnData(200, 'stop') });
    const { rounds, stoppingLoss } = stopped.describe().result as { rounds: number; stoppingLoss: number };
    expect(rounds).toBeLessThan(100);
    const stop = drawnData(200, 'stop');
    expect(lossOf(BINARY, stop, stopped.predict(stop))).toBeCloseTo(stoppingLoss, 6);
  });

  it('weights count, infinite is missing, and a prediction only rises with what it must rise with', () => {
    const all = xgboost({ rounds: 20, childWeightMin: 0, lambda: 0, learningRate: 1 });
    const share = all.fit(dataOf({ x: [1, 1] }, [0, 1], [1, 3]), options).predict(dataOf({ x: [1] }, [0]))[0] ?? NaN;
    expect(share).toBeCloseTo(0.75, 3);
    const at = (value: number) => ({ ...DATA, rows: 1, columns: [Float32Array.of(value), Float32Array.of(0), Float32Array.of(0)] });
    expect(model().predict(at(Infinity))).toEqual(model().predict(at(NaN)));
    const falling = xgboost({ rounds: 20, monotone: { a: -1 } }).fit(DATA, options);
    const said = Array.from({ length: 40 }, (_, step) => falling.predict(at(step / 10 - 2))[0] ?? NaN);
    said.slice(1).forEach((value, step) => expect(value).toBeLessThanOrEqual(said[step] ?? NaN));
  });

  it('fits where any learner does, calibrated, and answers as a predictor', async () => {
    const rows = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, index) => from + index);
    const bytes = runFitJob(CLASSES, { learner: 'xgboost', parameters: { rounds: 10 }, task: THREE, seed: 's', train: rows(0, 400), stopping: rows(400, 600), calibration: { rows: rows(600, 800), method: 'platt' } });
    const predictor = await openPredictor(bytes);
    expect(await predictor.predict(CLASSES)).toEqual(loadAnyModel(bytes).predict(CLASSES));
    expect(loadAnyModel(calibrate(model(), DATA, 'isotonic').save()).predict(DATA)).toEqual(calibrate(model(), DATA, 'isotonic').predict(DATA));
    await predictor.close();
  });

  describe('a file that XGBoost wrote', () => {
    const booster = (data: Dataset, task: Task): Booster => Booster.load(xgboostLibrary(), readArtefact(learner.fit(data, { task, seed: '' }).save()).arrays['booster'] as Uint8Array);

    it.each(['json', 'ubj'] as const)('comes in as it is: %s', (format) => {
      const imported = loadAnyModel(importXgboost(booster(CLASSES, THREE).save(format), { features: ['a', 'b', 'noise'] }, ['noise', 'b', 'a', 'd']));
      expect(imported.features).toEqual(['a', 'b', 'noise']);
      expect(imported.predict(CLASSES)).toEqual(learner.fit(CLASSES, { task: THREE, seed: '' }).predict(CLASSES));
    });

    it('under the names that it was fitted with', () => {
      const nameless = new TextDecoder().decode(booster(CLASSES, THREE).save('json'));
      const named = nameless.replace('"feature_names":[]', '"feature_names":["a","b","noise"]').replace('"feature_types":[]', '"feature_types":["float","float","float"]');
      const [imported, without] = [loadAnyModel(importXgboost(new TextEncoder().encode(named), {}, ['a', 'b', 'noise'])), loadAnyModel(importXgboost(new TextEncoder().encode(nameless), { features: ['a', 'b', 'noise'] }, ['a', 'b', 'noise']))];
      expect(imported.features).toEqual(['a', 'b', 'noise']);
      expect(imported.importances()).toEqual(without.importances());
      expect(imported.importances()[0]?.share).toBeGreaterThan(0.3);
    });

    it.each<[string, () => Uint8Array, SideCar, RegExp]>([
      ['no model', () => new TextEncoder().encode('{"learner":7}'), {}, /xgboost failed to read a model|cannot be used/],
      ['two classes', () => booster(DATA, BINARY).save('json'), { features: ['a', 'b', 'noise'] }, /objective is binary:logistic of 0 classes; allowed: multi:softprob of 3/],
      ['nameless features', () => booster(CLASSES, THREE).save('json'), {}, /nothing names its features/],
      ['too few names', () => booster(CLASSES, THREE).save('ubj'), { features: ['a'] }, /reads 3 features, it names 1/],
      ['an unknown name', () => booster(CLASSES, THREE).save('ubj'), { features: ['a', 'b', 'x'] }, /"x", which the feature set does not have/],
      ['another task beside it', () => booster(CLASSES, THREE).save('ubj'), { features: ['a', 'b', 'noise'], task: BINARY }, /the file beside it says the task/],
    ])('is refused with its reason: %s', (_name, bytes, sideCar, message) => {
      expect(() => importXgboost(bytes(), sideCar, ['a', 'b', 'noise'])).toThrow(expect.objectContaining({ code: 'MODEL_INVALID', message: expect.stringMatching(message) as string }));
    });
  });

  it.each<[string, (whole: Artefact) => Artefact, RegExp]>([
    ['bytes that are no booster', (whole) => ({ ...whole, arrays: { booster: new Uint8Array(50).fill(7) } }), /xgboost failed to read a model/],
    ['other features', (whole) => ({ ...whole, meta: { ...whole.meta, features: ['a'] } }), /its booster reads 3 features, it names 1/],
    ['another task', (whole) => ({ ...whole, meta: { ...whole.meta, task: THREE } }), /wants \[1, 3\], task classes/],
    ['no booster', (whole) => ({ ...whole, arrays: {} }), /no array booster/],
    ['parameters out of range', (whole) => ({ ...whole, meta: { ...whole.meta, parameters: { rounds: 0 } } }), /rounds/],
  ])('refuses an artefact that makes no sense: %s', (_name, change, message) => {
    const bytes = writeArtefact(change(readArtefact(model().save())));
    expect(() => loadAnyModel(bytes)).toThrow(expect.objectContaining({ code: 'MODEL_INVALID', message: expect.stringMatching(message) as string }));
  });
});
