import { expect, test } from 'vitest';
import { matrixOf } from '../../../../domain/learning/dataset.ts';
import { skewOf } from '../../../../domain/retraining/skew.ts';

const rows = { ...matrixOf(['a', 'b'], [[1, 2, 3, 4], [NaN, 0.1, 0.2, 0.3]]), instruments: ['BTC', 'ETH'], instrument: Int32Array.from([0, 1, 0, 1]), decidedAt: Float64Array.from([10, 10, 20, 20]) };

test('vectors that computing anew gives are no skew, to the noise of a float', () => {
  expect(skewOf(rows, [{ instrumentId: 'BTC', decidedAt: 10, values: [1, null] }, { instrumentId: 'ETH', decidedAt: 20, values: [4.000_001, Math.fround(0.3)] }])).toEqual([]);
});

test('a value that differs, or that one side lacks, is named with both', () => {
  expect(skewOf(rows, [{ instrumentId: 'BTC', decidedAt: 10, values: [1.01, null] }, { instrumentId: 'ETH', decidedAt: 10, values: [2, null] }])).toEqual([
    'a of BTC at 1970-01-01T00:00:00.010Z: 1.01 live, 1 now (1 of 2)', 'b of ETH at 1970-01-01T00:00:00.010Z: missing live, 0.10000000149011612 now (1 of 2)',
  ]);
  expect(skewOf(rows, [{ instrumentId: 'BTC', decidedAt: 10, values: [1, 0] }])).toHaveLength(1);
});

test('a moment that has no row says nothing', () => {
  expect(skewOf(rows, [{ instrumentId: 'BTC', decidedAt: 30, values: [9, 9] }, { instrumentId: 'XRP', decidedAt: 10, values: [9, 9] }])).toEqual([]);
});
