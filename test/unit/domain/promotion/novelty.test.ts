import { expect, test } from 'vitest';
import { matrixOf } from '../../../../domain/learning/dataset.ts';
import { dissimilarityOf, knownSpaceOf } from '../../../../domain/promotion/novelty.ts';
import { normal, prngOf } from '../../../../domain/market/seeded/prng.ts';

const random = prngOf('novelty');
const columns = [0, 1, 2].map(() => Float64Array.from({ length: 1_000 }, () => normal(random)));
const matrix = matrixOf(['a', 'b', 'unused'], columns);
const importances = [{ feature: 'a', share: 0.7 }, { feature: 'b', share: 0.3 }, { feature: 'unused', share: 0 }];
const space = knownSpaceOf(matrix, importances, 'seed');
const index = (values: Readonly<Record<string, number>>): number => dissimilarityOf(space ?? expect.fail('no space'), (feature) => values[feature] ?? NaN);

test('a point of the training set is not novel, one far from all of them is', () => {
  expect(space?.features).toEqual(['a', 'b']);
  expect(space?.points).toHaveLength(256);
  const limit = space?.limit ?? 0;
  expect(index({ a: 0, b: 0, unused: 1e9 })).toBeLessThan(limit); // who owes nothing to a feature does not ask for it
  expect(index({ a: 12, b: 0 })).toBeGreaterThan(limit);
  expect(index({ a: 0, b: 12 })).toBeGreaterThan(limit);
  expect(index({ a: 12, b: 0 })).toBeGreaterThan(index({ a: 0, b: 12 })); // by importance
});

test('of the rows that it was not made from hardly any is novel', () => {
  const fresh = Array.from({ length: 500 }, () => index({ a: normal(random), b: normal(random) }));
  expect(fresh.filter((value) => value > (space?.limit ?? 0)).length).toBeLessThan(50);
});

test('a missing value is its mean, and the same rows and seed give the same space', () => {
  expect(index({ a: NaN, b: NaN })).toBeCloseTo(index({ a: space?.means[0] ?? NaN, b: space?.means[1] ?? NaN }), 9);
  expect(knownSpaceOf(matrix, importances, 'seed')).toEqual(space);
});

test('without importances, rows or differences nothing can be told', () => {
  expect(knownSpaceOf(matrix, [], 'seed')).toBeNull();
  expect(knownSpaceOf(matrixOf(['a'], [[1, 2]]), importances, 'seed')).toBeNull();
  expect(knownSpaceOf(matrixOf(['a'], [Array<number>(100).fill(3)]), importances, 'seed')).toBeNull();
});
