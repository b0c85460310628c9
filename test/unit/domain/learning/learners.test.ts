import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { artefactHash, readArtefact, writeArtefact } from '../../../../domain/learning/artefact.ts';
import { boosting } from '../../../../domain/learning/boosting.ts';
import { calibrate, isotonicOf, onCurve, plattOf } from '../../../../domain/learning/calibration.ts';
import type { Task } from '../../../../domain/learning/dataset.ts';
import type { Model } from '../../../../domain/learning/learner.ts';
import { linear } from '../../../../domain/learning/linear.ts';
import { loadModel } from '../../../../domain/learning/load.ts';
import { aucOf, lossOf } from '../../../../domain/learning/metrics.ts';
import { minimise } from '../../../../domain/learning/minimise.ts';
import type { Trees } from '../../../../domain/learning/trees.ts';
import { TreesBuilder } from '../../../../domain/learning/trees.ts';
import { dataOf, drawnData } from './data.fixture.ts';

const BINARY: Task = { kind: 'binary' };
const DRAWN = drawnData(300, 'learners');
const THREE = { ...DRAWN, labels: DRAWN.labels.map((label, row) => label + (row % 2) * label) };

describe('linear', () => {
  it('finds a line', () => {
    const data = dataOf({ x: [0, 1, 2, 3] }, [1, 3, 5, 7]);
    [...linear({ lambda: 0 }).fit(data, { task: { kind: 'regression' }, seed: '' }).predict(data)].forEach((value, row) => expect(value).toBeCloseTo(1 + 2 * row, 6));
  });

  it('a ridge: on one standardised feature the slope is divided by 1 + lambda', () => {
    const data = dataOf({ x: [-1, 1] }, [-3, 3]);
    expect([...linear({ lambda: 0.5 }).fit(data, { task: { kind: 'regression' }, seed: '' }).predict(data)][1]).toBeCloseTo(3 / 1.5, 6);
  });

  it('the share of hits where x is 0 and where it is 1, missing between them', () => {
    const data = dataOf({ x: [0, 0, 0, 0, 1, 1, 1, 1] }, [1, 0, 0, 0, 1, 1, 1, 0]);
    const model = linear({ lambda: 0 }).fit(data, { task: BINARY, seed: '' });
    [...model.predict({ ...data, rows: 3, columns: [Float32Array.of(0, 1, NaN)] })].forEach((value, row) => expect(value).toBeCloseTo([0.25, 0.75, 0.5][row] ?? NaN, 6));
  });

  it('weights count, and three classes get their shares', () => {
    const data = dataOf({ x: [1, 1, 1] }, [0, 1, 2], [2, 1, 1]);
    [...linear().fit(data, { task: { kind: 'classes', count: 3 }, seed: '' }).predict(data)].slice(0, 3).forEach((value, index) => expect(value).toBeCloseTo([0.5, 0.25, 0.25][index] ?? NaN, 6));
  });

  it('says which features count', () => expect(linear().fit(DRAWN, { task: BINARY, seed: '' }).importances().map((it) => it.feature)).toEqual(['a', 'b', 'noise']));

  it('names a wrong lambda', () => expect(() => linear({ lambda: -1 })).toThrow(/linear: lambda/));
});

it('minimise finds the bottom of a long valley', () => {
  const [x = NaN, y = NaN] = minimise(([a = 0, b = 0], slope) => {
    slope.set([2 * (a - 3), 200 * (b + 2)]);
    return (a - 3) ** 2 + 100 * (b + 2) ** 2;
  }, Float64Array.of(0, 0));
  expect(x).toBeCloseTo(3, 6);
  expect(y).toBeCloseTo(-2, 6);
});

describe('calibration', () => {
  it('isotonic pools neighbours that fall, by hand', () => {
    const curve = isotonicOf([0.4, 0.1, 0.3, 0.2], [1, 0, 0, 1]);
    expect([...curve.knots]).toEqual([0.1, 0.2, 0.3, 0.4]);
    expect([...curve.values]).toEqual([0, 0.5, 0.5, 1]);
  });

  it.each([[0, 0], [0.1, 0], [0.15, 0.25], [0.25, 0.5], [0.35, 0.75], [0.9, 1]])('on its curve %d is %d', (score, probability) => {
    expect(onCurve('isotonic', isotonicOf([0.4, 0.1, 0.3, 0.2], [1, 0, 0, 1]), score)).toBeCloseTo(probability, 12);
  });

  it('isotonic never falls and keeps the mean, on any scores', () => fc.assert(fc.property(fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), { minLength: 1, maxLength: 60 }), (rows) => {
    const [scores, hits] = [rows.map(([score]) => score), rows.map(([, hit]) => Number(hit))];
    const curve = isotonicOf(scores, hits);
    curve.values.slice(1).forEach((value, index) => expect(value).toBeGreaterThanOrEqual(curve.values[index] ?? NaN));
    const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
    expect(mean(scores.map((score) => onCurve('isotonic', curve, score)))).toBeCloseTo(mean(hits), 9);
  })));

  it('Platt, by hand: at one score the targets\' mean, (3 × 4/5 + 1/3) / 4', () => {
    expect(onCurve('platt', plattOf([0.5, 0.5, 0.5, 0.5], [1, 1, 1, 0]), 0.5)).toBeCloseTo((3 * 0.8 + 1 / 3) / 4, 6);
  });

  it('Platt leaves what is true alone, and takes overconfidence back', () => {
    const truth = Array.from({ length: 2_000 }, (_, row) => (row % 10) / 10 + 0.05);
    const hits = truth.map((chance, row) => (Math.floor(row / 10) / 200 < chance ? 1 : 0));
    const squared = truth.map((chance) => chance ** 2 / (chance ** 2 + (1 - chance) ** 2)); // twice the log-odds
    expect(plattOf(truth, hits).knots[0]).toBeCloseTo(1, 1);
    expect(plattOf(squared, hits).knots[0]).toBeCloseTo(0.5, 1);
  });

  it.each(['platt', 'isotonic'] as const)('%s brings a model nearer to what happens, classes still sum to 1', (method) => {
    const rough = boosting({ rounds: 60, learningRate: 1, depthMax: 4 });
    for (const [task, data, other] of [[BINARY, DRAWN, drawnData(300, 'other')], [{ kind: 'classes', count: 3 }, THREE, THREE]] as const) {
      const model = rough.fit(data, { task, seed: '' });
      const better = calibrate(model, other, method);
      expect(lossOf(task, other, better.predict(other))).toBeLessThanOrEqual(lossOf(task, other, model.predict(other)));
      if (task.kind === 'classes') expect(better.predict(other).slice(0, 3).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    }
  });

  it('refuses numbers', () => {
    const data = dataOf({ x: [1, 2] }, [1, 2]);
    expect(() => calibrate(linear().fit(data, { task: { kind: 'regression' }, seed: '' }), data, 'platt')).toThrow(/only classifiers/);
  });
});

describe('metrics, by hand', () => {
  it.each([
    ['all in order', [0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], 1],
    ['one pair of four the wrong way', [0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], 0.75],
    ['a tie counts half', [0, 1], [0.5, 0.5], 0.5],
    ['one class only', [1, 1], [0.1, 0.2], NaN],
  ])('AUC: %s', (_name, labels, scores, auc) => expect(aucOf(Float64Array.from(labels), Float64Array.from(scores))).toBe(auc));

  it.each<[string, Task, number[], number[], number]>([
    ['binary', BINARY, [1, 0], [0.8, 0.4], -(Math.log(0.8) + Math.log(0.6)) / 2],
    ['classes', { kind: 'classes', count: 2 }, [1], [0.3, 0.7], -Math.log(0.7)],
    ['regression', { kind: 'regression' }, [1, 2], [2, 4], 2.5],
  ])('loss: %s', (_name, task, labels, outputs, loss) => expect(lossOf(task, { labels: Float64Array.from(labels) }, Float64Array.from(outputs))).toBeCloseTo(loss, 12));
});

/** One tree, so many splits below each other. */
function chainOf(depth: number): Trees {
  const builder = new TreesBuilder();
  let node = builder.addLeaf();
  for (let level = 0; level < depth; level += 1) {
    const left = builder.addLeaf();
    builder.split(node, { feature: 0, threshold: level, missingLeft: false, gain: 1, left });
    node = builder.addLeaf();
  }
  builder.endTree();
  return builder.build();
}

/** With the hash that it should have, whatever its header says. */
function artefactOf(header: string): Uint8Array {
  const text = new TextEncoder().encode(header);
  const body = Uint8Array.from([...new TextEncoder().encode('KEELMODL'), text.length, 0, 0, 0, ...text]);
  return Uint8Array.from([...body, ...sha256(body)]);
}

describe('artefacts', () => {
  const options = { task: BINARY, seed: 'artefact' };
  const trees = boosting({ rounds: 4, depthMax: 3, monotone: { a: 1 } }).fit(DRAWN, { ...options, stopping: drawnData(50, 'stop') });
  const classes = boosting({ rounds: 2 }).fit(THREE, { task: { kind: 'classes', count: 3 }, seed: '' });
  const MODELS: [string, Model][] = [
    ['boosting', trees], ['linear', linear().fit(DRAWN, options)], ['Platt', calibrate(trees, DRAWN, 'platt')], ['isotonic', calibrate(trees, DRAWN, 'isotonic')], ['classes, calibrated', calibrate(classes, THREE, 'isotonic')],
  ];

  it.each(MODELS)('%s: saved and loaded it says the same, of itself and of any row, and saves the same bytes', (_name, model) => {
    const bytes = model.save();
    const loaded = loadModel(bytes);
    expect(loaded.predict(DRAWN)).toEqual(model.predict(DRAWN));
    expect(loaded.describe()).toEqual(model.describe());
    expect(loaded.importances()).toEqual(model.importances());
    expect(artefactHash(loaded.save())).toBe(artefactHash(bytes));
  });

  const bytes = trees.save();
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /KEELMODL/],
    ['something else', new TextEncoder().encode('PK\u0003\u0004'.padEnd(200, 'x')), /KEELMODL/],
    ['a part', bytes.slice(0, -1), /cut off or altered/],
    ['one other byte', bytes.map((byte, index) => (index === bytes.length - 200 ? byte ^ 1 : byte)), /cut off or altered/],
    ['a header that is no object', artefactOf('null'), /it has format undefined/],
    ['arrays that are none', artefactOf('{"format":1,"kind":"linear","meta":{},"arrays":[null]}'), /lacks kind, meta or arrays/],
    ['a meta that is none', artefactOf('{"format":1,"kind":"linear","meta":null,"arrays":[]}'), /lacks kind, meta or arrays/],
    ['an unknown kind', writeArtefact({ kind: 'oracle', meta: {}, arrays: {} }), /"oracle"; known are boosting/],
  ])('refuses %s', (_name, given, message) => expect(() => loadModel(given)).toThrow(expect.objectContaining({ code: 'MODEL_INVALID', message: expect.stringMatching(message) as string })));

  const { kind, meta, arrays } = readArtefact(bytes);
  const altered = (name: string, change: (array: Int32Array) => Int32Array): Uint8Array => writeArtefact({ kind, meta, arrays: { ...arrays, [name]: change((arrays[name] as Int32Array).slice()) } });
  it.each<[string, Uint8Array, RegExp]>([
    ['a walk in circles', altered('left', (left) => left.fill(0)), /node 0 of its trees/],
    ['a feature that is not there', altered('feature', (feature) => feature.map((at) => (at < 0 ? at : 7))), /splits? of one of its 3 features/],
    ['a leaf without a value', altered('value', (value) => value.fill(NaN)), /neither a leaf/],
    ['a tree deeper than any that is grown', writeArtefact({ kind, meta, arrays: { ...arrays, ...chainOf(13) } }), /its tree 0 is deeper than 12 splits/],
    ['nodes without a tree', altered('starts', (starts) => starts.slice(0, 2)), /do not cover/],
    ['columns of different lengths', altered('gain', (gain) => gain.slice(1)), /different lengths/],
    ['a missing array', writeArtefact({ kind, meta, arrays: {} }), /no array starts/],
    ['a parameter out of range', writeArtefact({ kind, meta: { ...meta, parameters: {} }, arrays }), /parameters\.rounds/],
    ['coefficients that do not fit', writeArtefact({ kind: 'linear', meta: { ...meta, parameters: { lambda: 0 } }, arrays: { mean: new Float64Array(3), scale: new Float64Array(3), coefficients: new Float64Array(9) } }), /do not fit its 3 features/],
    ['a calibration of another task', writeArtefact({ kind: 'calibrated', meta: { ...meta, task: { kind: 'regression' }, method: 'platt' }, arrays: { model: bytes, knots0: new Float64Array(2), values0: new Float64Array(0) } }), /does not fit the model inside/],
  ])('refuses a whole artefact that makes no sense: %s', (_name, given, message) => expect(() => loadModel(given)).toThrow(expect.objectContaining({ code: 'MODEL_INVALID', message: expect.stringMatching(message) as string })));

  it('reads bytes that lie anywhere in their buffer', () => {
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(loadModel(shifted.subarray(3)).predict(DRAWN)).toEqual(trees.predict(DRAWN));
  });
});
