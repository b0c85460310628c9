import { expect, test } from 'vitest';
import { discoveriesOf } from '../../../../domain/statistics/false-discoveries.ts';

// The limit of the k-th smallest of 5 at 5 %: 0.01, 0.02, 0.03, 0.04, 0.05.
test.each([
  [[0.5, 0.01, 0.9, 0.7, 0.6], [1]],
  [[0.5, 0.011, 0.9, 0.7, 0.6], []],
  [[0.5, 0.019, 0.9, 0.015, 0.6], [1, 3]], // the smallest alone would not stand
  [[0.04, 0.04, 0.04, 0.04, 0.9], [0, 1, 2, 3]],
  [[0, 0, 0, 0, 0], [0, 1, 2, 3, 4]],
  [[], []],
])('of %j stand %j', (pValues, expected) => {
  expect(discoveriesOf(pValues, 0.05)).toEqual(expected);
});
