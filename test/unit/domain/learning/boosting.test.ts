import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readArtefact } from '../../../../domain/learning/artefact.ts';
import { binOf, cutsOf } from '../../../../domain/learning/bins.ts';
import type { BoostingParameters } from '../../../../domain/learning/boosting.ts';
import { boosting } from '../../../../domain/learning/boosting.ts';
import type { Dataset, Task } from '../../../../domain/learning/dataset.ts';
import { pickRows } from '../../../../domain/learning/dataset.ts';
import type { Model } from '../../../../domain/learning/learner.ts';
import { lossOf } from '../../../../domain/learning/metrics.ts';
import { fillGradients, startMargins } from '../../../../domain/learning/objective.ts';
import { permutationImportances } from '../../../../domain/learning/permutation.ts';
import { dataOf, drawnData } from './data.fixture.ts';

const REGRESSION: Task = { kind: 'regression' };
const BINARY: Task = { kind: 'binary' };
const THREE: Task = { kind: 'classes', count: 3 };
const DRAWN = drawnData(400, 'boosting');
const ONE_TREE = { rounds: 1, learningRate: 1, depthMax: 1, lambda: 0, childWeightMin: 0 } as const;

const fitted = (data: Dataset, task: Task, parameters: Partial<BoostingParameters> = {}, stopping?: Dataset, seed = 'seed'): Model => boosting(parameters).fit(data, { task, seed, stopping });
const predicted = (model: Model, data: Dataset): number[] => [...model.predict(data)];
const arraysOf = (model: Model): ReturnType<typeof readArtefact>['arrays'] => readArtefact(model.save()).arrays;

describe('gradients, by hand', () => {
  it.each<[string, Task, number[], number[], number[] | undefined, number, number[]]>([
    ['binary at even odds', BINARY, [0, 0], [1, 0], undefined, 0, [-0.5, 0.25, 0.5, 0.25]],
    ['binary at three to one, twice the weight', BINARY, [Math.log(3)], [1], [2], 0, [-0.5, 0.375]],
    ['three classes, all alike: the one that came', THREE, [0, 0, 0], [1], undefined, 1, [-2 / 3, 4 / 9]],
    ['three classes, all alike: one that did not', THREE, [0, 0, 0], [1], undefined, 2, [1 / 3, 4 / 9]],
    ['a number', REGRESSION, [5], [2], [3], 0, [9, 3]],
  ])('%s', (_name, task, margins, labels, weights, output, expected) => {
    const into = new Float64Array(2 * labels.length);
    fillGradients({ task, margins: Float64Array.from(margins), labels: Float64Array.from(labels), weights: weights === undefined ? undefined : Float64Array.from(weights), output, into });
    expected.forEach((value, index) => expect(into[index]).toBeCloseTo(value, 12));
  });

  it.each<[string, Task, number[], number[]]>([
    ['log-odds of class 1', BINARY, [1, 1, 1, 0], [Math.log(3)]],
    ['logs of the shares', THREE, [0, 0, 1, 2], [Math.log(0.5), Math.log(0.25), Math.log(0.25)]],
    ['the mean', REGRESSION, [1, 2, 6], [3]],
  ])('it starts at %s', (_name, task, labels, expected) => {
    [...startMargins(task, Float64Array.from(labels), undefined)].forEach((value, index) => expect(value).toBeCloseTo(expected[index] ?? NaN, 12));
  });
});

describe('splits, by hand', () => {
  const steps = dataOf({ x: [1, 2, 3, 4] }, [0, 0, 10, 10]);

  it('one split where the numbers step: gradients ±10 on hessians of 2, gain 100/2 + 100/2', () => {
    const model = fitted(steps, REGRESSION, ONE_TREE);
    expect(predicted(model, steps)).toEqual([0, 0, 10, 10]);
    expect(arraysOf(model)).toMatchObject({ feature: Int32Array.of(0, -1, -1), threshold: Float32Array.of(2.5, 0, 0), value: Float32Array.of(0, -5, 5), gain: Float32Array.of(100, 0, 0) });
  });

  it('lambda shrinks the leaves: 10 / (2 + 1)', () => {
    const [first = NaN] = predicted(fitted(steps, REGRESSION, { ...ONE_TREE, lambda: 1 }), steps);
    expect(first).toBeCloseTo(5 - 10 / 3, 6);
  });

  it.each([
    ['the gain that is asked for is not reached', { gainMin: 100 }],
    ['each side must keep more than there is', { childWeightMin: 2.5 }],
    ['no depth', { depthMax: 0 }],
  ])('no split: %s', (_name, change) => expect(predicted(fitted(steps, REGRESSION, { ...ONE_TREE, ...change }), steps)).toEqual([5, 5, 5, 5]));

  it.each([
    ['right', [1, 2, NaN, 4], [0, 0, 10, 10]],
    ['left', [1, 2, NaN, 4], [0, 0, 0, 10]],
    ['right of all that is known', [1, 1, NaN, NaN], [0, 0, 10, 10]],
    ['right of all that is known, infinite', [1, 1, Infinity, -Infinity], [0, 0, 10, 10]],
  ])('what is missing goes where its labels are: %s', (_name, x, labels) => {
    const data = dataOf({ x }, labels);
    predicted(fitted(data, REGRESSION, ONE_TREE), data).forEach((value, row) => expect(value).toBeCloseTo(labels[row] ?? NaN, 5));
  });

  it('of two features that say the same the first is taken', () => {
    expect(fitted(dataOf({ x: [1, 2, 3, 4], y: [1, 2, 3, 4] }, [0, 0, 10, 10]), REGRESSION, ONE_TREE).importances()).toEqual([{ feature: 'x', share: 1 }, { feature: 'y', share: 0 }]);
  });
});

describe('bins', () => {
  const values = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 80 });

  it('a value is below a cut exactly when its bin is at most the cut\'s', () => fc.assert(fc.property(values, fc.integer({ min: 2, max: 12 }), (list, binsMax) => {
    const cuts = cutsOf(Float32Array.from(list), binsMax);
    expect(cuts.length).toBeLessThanOrEqual(binsMax - 1);
    for (const value of list) cuts.forEach((cut, index) => expect(value < cut).toBe(binOf(cuts, value) <= index));
  }), { numRuns: 60 }));

  it('few values are all told apart, many fill their bins evenly', () => {
    expect([...cutsOf(Float32Array.of(3, 1, 2, 1, NaN), 255)]).toEqual([1.5, 2.5]);
    const column = Float32Array.from({ length: 1_000 }, (_, index) => index);
    const counts = new Uint32Array(10);
    for (const value of column) counts[binOf(cutsOf(column, 10), value)] = (counts[binOf(cutsOf(column, 10), value)] ?? 0) + 1;
    expect([...counts]).toEqual(Array.from({ length: 10 }, () => 100));
  });

  it.each([['lowest', 0], ['in the middle', 50], ['highest', 1_000]])('a value of nine rows in ten, the %s, has one bin, and takes none from the others', (_name, heavy) => {
    const others = Array.from({ length: 100 }, (_, index) => index + 0.5);
    const column = Float32Array.from([...others, ...Array.from({ length: 900 }, () => heavy)]);
    const cuts = cutsOf(column, 21);
    const counts = new Uint32Array(21);
    for (const value of column) counts[binOf(cuts, value)] = (counts[binOf(cuts, value)] ?? 0) + 1;
    expect([...counts].toSorted((a, b) => a - b)).toEqual([...Array.from({ length: 20 }, () => 5), 900]);
  });
});

describe('boosting', () => {
  it.each<[string, Task, (data: Dataset) => Dataset]>([
    ['binary', BINARY, (data) => data],
    ['classes', THREE, (data) => ({ ...data, labels: data.labels.map((label, row) => label + (row % 2) * label) })],
    ['regression', REGRESSION, (data) => ({ ...data, labels: data.columns[0]?.map((value) => (Number.isNaN(value) ? 0 : 3 * value)) as unknown as Float64Array })],
  ])('%s: learns, better than its start, in probabilities that sum to 1', (_name, task, of) => {
    const data = of(DRAWN);
    const [train, test] = [pickRows(data, Array.from({ length: 300 }, (_, row) => row)), pickRows(data, Array.from({ length: 100 }, (_, row) => 300 + row))];
    const [short, long] = [fitted(train, task, { rounds: 1, depthMax: 0 }), fitted(train, task, { rounds: 30, depthMax: 3, learningRate: 0.1 })];
    expect(lossOf(task, test, long.predict(test))).toBeLessThan(lossOf(task, test, short.predict(test)));
    if (task.kind === 'classes') for (let row = 0; row < test.rows; row += 1) expect(long.predict(test).slice(3 * row, 3 * row + 3).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(long.importances()[0]?.feature).toBe('a');
  });

  it('walks trees as their definition says, missing values included', () => {
    const model = fitted(DRAWN, BINARY, { rounds: 20, depthMax: 4 });
    const { starts, feature, threshold, left, missingLeft, value, start } = arraysOf(model) as Record<string, Float64Array>;
    const at = (array: Float64Array | undefined, index: number): number => array?.[index] ?? NaN;
    const margin = (row: number): number => {
      let sum = at(start, 0);
      for (let tree = 0; tree < 20; tree += 1) {
        let node = at(starts, tree);
        while (at(feature, node) >= 0) {
          const x = DRAWN.columns[at(feature, node)]?.[row] ?? NaN;
          node = at(left, node) + ((Number.isNaN(x) ? at(missingLeft, node) === 1 : x < at(threshold, node)) ? 0 : 1);
        }
        sum += at(value, node);
      }
      return sum;
    };
    expect(predicted(model, DRAWN)).toEqual(Array.from({ length: DRAWN.rows }, (_, row) => 1 / (1 + Math.exp(-margin(row)))));
  });

  it('a row of weight 2 counts as two rows', () => {
    const rows = Array.from({ length: 100 }, (_, row) => row);
    const [once, twice] = [pickRows(DRAWN, rows), pickRows(DRAWN, rows.flatMap((row) => (row % 3 === 0 ? [row, row] : [row])))];
    const weighted = { ...once, weights: Float64Array.from(rows, (row) => (row % 3 === 0 ? 2 : 1)) };
    const parameters = { rounds: 10, depthMax: 3 };
    const [a, b] = [fitted(weighted, BINARY, parameters).predict(once), fitted(twice, BINARY, parameters).predict(once)];
    a.forEach((value, row) => expect(value).toBeCloseTo(b[row] ?? NaN, 6));
  });

  it('a monotone feature only ever raises, or lowers, what is predicted', () => fc.assert(fc.property(fc.integer({ min: 0, max: 1e6 }), fc.constantFrom<1 | -1>(1, -1), (seed, direction) => {
    const data = drawnData(60, String(seed));
    const model = fitted(data, BINARY, { rounds: 8, depthMax: 3, learningRate: 0.5, childWeightMin: 0, monotone: { a: direction } });
    const steps = dataOf({ a: Array.from({ length: 41 }, (_, index) => (index - 20) / 8), b: Array.from({ length: 41 }, () => 0.3), noise: Array.from({ length: 41 }, () => NaN) }, []);
    const along = predicted(model, { ...steps, rows: 41 });
    along.slice(1).forEach((value, index) => expect(direction * (value - (along[index] ?? NaN))).toBeGreaterThanOrEqual(0));
  }), { numRuns: 20 }));

  it('stops when the stopping rows no longer gain, and keeps the best rounds', () => {
    const other = drawnData(200, 'stopping');
    const parameters = { rounds: 200, learningRate: 0.3, patience: 5 };
    const model = fitted(DRAWN, BINARY, parameters, other);
    const { rounds, stoppingLoss } = model.describe().result as { rounds: number; stoppingLoss: number };
    expect(rounds).toBeGreaterThan(1);
    expect(rounds).toBeLessThan(100);
    expect(lossOf(BINARY, other, model.predict(other))).toBe(stoppingLoss);
    expect(predicted(model, other)).toEqual(predicted(fitted(DRAWN, BINARY, { ...parameters, rounds }), other));
  });

  it('the same data and seed give the same bytes; another seed draws other rows', () => {
    const parameters = { rounds: 5, rowShare: 0.5, columnShare: 0.7 };
    const bytes = (seed: string): Uint8Array => fitted(DRAWN, BINARY, parameters, undefined, seed).save();
    expect(bytes('one')).toEqual(bytes('one'));
    expect(bytes('one')).not.toEqual(bytes('two'));
  });

  it('what it owes to a feature shows when that is dealt out anew', () => {
    const model = fitted(DRAWN, BINARY, { rounds: 30, depthMax: 3 });
    const found = permutationImportances(model, drawnData(300, 'dealt'), 'seed');
    expect(found.map((it) => it.feature)).toEqual(['a', 'b', 'noise']);
    expect(found[0]?.lossIncrease).toBeGreaterThan(0.1);
    expect(Math.abs(found[2]?.lossIncrease ?? NaN)).toBeLessThan(0.02);
  });

  it.each<[string, Partial<Record<keyof BoostingParameters, unknown>>]>([
    ['rounds', { rounds: 0 }], ['learningRate', { learningRate: 0 }], ['depthMax', { depthMax: 13 }], ['binsMax', { binsMax: 256 }], ['rowShare', { rowShare: 1.1 }], ['monotone', { monotone: { a: 2 } }],
  ])('names a wrong %s', (field, change) => expect(() => boosting(change as Partial<BoostingParameters>)).toThrow(new RegExp(`boosting: ${field}`)));

  it.each([
    ['labels of a class that is not', { labels: DRAWN.labels.map((label) => 2 * label) }, /label of row \d+ is 2; allowed: 0 to 1/],
    ['too few labels', { labels: new Float64Array(3) }, /3 labels for 400 rows/],
    ['a weight below 0', { weights: new Float64Array(400).fill(-1) }, /weight of row 0 is -1/],
    ['no weight at all', { weights: new Float64Array(400) }, /all weights are 0/],
    ['a short column', { columns: DRAWN.columns.map((column) => column.slice(1)) }, /column of 400 rows/],
  ])('refuses %s', (_name, change, message) => expect(() => fitted({ ...DRAWN, ...change }, BINARY)).toThrow(message));

  it('refuses to predict from other columns', () => {
    const model = fitted(DRAWN, BINARY, { rounds: 1 });
    expect(() => model.predict({ ...DRAWN, names: ['a', 'c', 'noise'] })).toThrow(/b at place 1; given were 3, c there/);
  });
});
