import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readArtefact } from '../../../domain/learning/artefact.ts';
import type { BoostingParameters } from '../../../domain/learning/boosting.ts';
import { boosting } from '../../../domain/learning/boosting.ts';
import { calibrate } from '../../../domain/learning/calibration.ts';
import type { Dataset, Matrix, Task } from '../../../domain/learning/dataset.ts';
import { matrixOf } from '../../../domain/learning/dataset.ts';
import type { Model } from '../../../domain/learning/learner.ts';
import { linear } from '../../../domain/learning/linear.ts';
import { loadModel } from '../../../domain/learning/load.ts';
import { onnxOf } from '../../../models/onnx/export.ts';
import { importOnnx } from '../../../models/onnx/predictor.ts';
import { openPredictor } from '../../../models/predictor.ts';
import { drawnData } from '../../unit/domain/learning/data.fixture.ts';

const BINARY: Task = { kind: 'binary' };
const THREE: Task = { kind: 'classes', count: 3 };
const NUMBERS: Task = { kind: 'regression' };

function dataFor(task: Task, rows: number, seed: string): Dataset {
  const data = drawnData(rows, seed);
  return { ...data, labels: data.labels.map((label, row) => (task === BINARY ? label : task === THREE ? label + (row % 2) * label : 10 * label - (row % 7))) };
}

/** Rows of values where a tree might go wrong: each threshold, its neighbours, what is not known. */
function thorny({ features, save }: Model, picks: readonly number[]): Matrix {
  const { kind, arrays } = readArtefact(save());
  const inner = kind === 'calibrated' ? readArtefact(arrays['model'] as Uint8Array) : { arrays };
  const thresholds = (inner.arrays['threshold'] as Float32Array | undefined) ?? Float32Array.of(0.5);
  const values = [...new Set(thresholds)].flatMap((threshold) => [threshold, neighbour(threshold, 1), neighbour(threshold, -1)]).concat([NaN, Infinity, -Infinity, 0, -0, 3e38, -3e38, 1e-42]);
  return matrixOf(features, features.map((_, feature) => picks.map((pick) => values[(pick * (feature + 1)) % values.length] as number)));
}

function neighbour(value: number, step: 1 | -1): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  view.setInt32(0, view.getInt32(0) + step);
  return view.getFloat32(0);
}

/** The largest difference, of numbers beyond 1 as a share of them. */
async function differenceOf(model: Model, matrices: readonly Matrix[]): Promise<number> {
  const predictor = await openPredictor(await importOnnx(onnxOf(model.save())));
  let most = 0;
  for (const matrix of matrices) {
    const [own, foreign] = [model.predict(matrix), await predictor.predict(matrix)];
    expect(foreign).toHaveLength(own.length);
    own.forEach((value, place) => { most = Math.max(most, Math.abs(value - (foreign[place] as number)) / Math.max(1, Math.abs(value))); });
  }
  await predictor.close();
  return most;
}

const measured: number[] = [];
afterAll(() => { console.log(`ONNX Runtime and our own models: largest of ${measured.length} differences ${Math.max(...measured).toExponential(1)}`); });

describe('a model in ONNX Runtime says what it says here, to 1e-6', () => {
  const parameters = fc.record({ rounds: fc.integer({ min: 1, max: 40 }), learningRate: fc.constantFrom(0.05, 0.3, 1), depthMax: fc.integer({ min: 0, max: 6 }), rowShare: fc.constantFrom(1, 0.6), binsMax: fc.constantFrom(4, 255) });
  const cases = fc.record({
    task: fc.constantFrom(BINARY, THREE, NUMBERS), learner: fc.constantFrom('boosting', 'boosting', 'linear'), parameters, method: fc.constantFrom(null, 'platt', 'isotonic'), seed: fc.string({ maxLength: 4 }),
    picks: fc.array(fc.nat({ max: 100_000 }), { minLength: 1, maxLength: 80 }),
  });
  const fit = (learner: string, given: Partial<BoostingParameters>, data: Dataset, task: Task): Model => (learner === 'linear' ? linear() : boosting(given)).fit(data, { task, seed: 'onnx' });

  it('any of them, at thresholds, beside them, and where values are missing', async () => {
    await fc.assert(fc.asyncProperty(cases, async ({ task, learner, parameters: given, method, seed, picks }) => {
      const model = fit(learner, given, dataFor(task, 200, seed), task);
      const whole = method === null || task === NUMBERS ? model : calibrate(model, dataFor(task, 150, `${seed}, calibration`), method);
      const difference = await differenceOf(whole, [thorny(whole, picks), drawnData(60, `${seed}, other`)]);
      measured.push(difference);
      expect(difference).toBeLessThanOrEqual(1e-6);
    }), { numRuns: 40 });
  });

  it.each<[string, Task, Partial<BoostingParameters>]>([
    ['300 trees', BINARY, { rounds: 300, learningRate: 0.1 }],
    ['300 trees of three classes', THREE, { rounds: 100, learningRate: 0.1 }],
    ['no tree at all', BINARY, { rounds: 5, patience: 1, learningRate: 1, depthMax: 12, childWeightMin: 0, lambda: 0 }],
    ['no tree of three classes', THREE, { rounds: 5, patience: 1, learningRate: 1, depthMax: 12, childWeightMin: 0, lambda: 0 }],
  ])('%s, with either calibration', async (name, task, given) => {
    const data = dataFor(task, 400, name);
    const nonsense = { ...data, labels: data.labels.map((label) => (task === THREE ? (label + 1) % 3 : 1 - label)) };
    const model = boosting(given).fit(data, { task, seed: name, stopping: name.startsWith('no') ? nonsense : undefined });
    if (name.startsWith('no')) expect(model.describe().result['rounds']).toBe(0);
    for (const whole of [model, calibrate(model, dataFor(task, 300, 'calibration'), 'platt'), calibrate(model, dataFor(task, 300, 'calibration'), 'isotonic')]) {
      const difference = await differenceOf(whole, [data, thorny(whole, Array.from({ length: 300 }, (_, row) => row * 7))]);
      measured.push(difference);
      expect(difference).toBeLessThanOrEqual(1e-6);
    }
  });

  it('a single row, and none', async () => {
    const model = boosting({ rounds: 5 }).fit(dataFor(BINARY, 100, 'one'), { task: BINARY, seed: '' });
    expect(await differenceOf(model, [drawnData(1, 'one'), { ...drawnData(1, 'none'), rows: 0, columns: [0, 1, 2].map(() => new Float32Array(0)) }])).toBeLessThanOrEqual(1e-6);
  });
});

describe('export', () => {
  const model = calibrate(boosting({ rounds: 3 }).fit(dataFor(THREE, 200, 'bytes'), { task: THREE, seed: '' }), dataFor(THREE, 200, 'c'), 'isotonic');

  it('the same artefact gives the same bytes', () => {
    expect(onnxOf(loadModel(model.save()).save())).toEqual(onnxOf(model.save()));
  });

  it('brings features and task along', async () => {
    const predictor = await openPredictor(await importOnnx(onnxOf(model.save())));
    expect(predictor).toMatchObject({ task: THREE, features: ['a', 'b', 'noise'] });
    expect(predictor.describe()).toMatchObject({ kind: 'onnx', result: { producer: 'keel', input: 'features', output: 'probabilities' } });
    await predictor.close();
  });

  it('refuses what is no artefact, and an imported model', async () => {
    expect(() => onnxOf(new Uint8Array(9))).toThrow(expect.objectContaining({ code: 'MODEL_INVALID' }));
    const imported = await importOnnx(onnxOf(model.save()));
    expect(() => onnxOf(imported)).toThrow(expect.objectContaining({ code: 'MODEL_INVALID', message: expect.stringContaining('"onnx"') as string }));
  });
});
