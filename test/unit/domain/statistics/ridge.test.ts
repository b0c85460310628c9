import { describe, expect, it } from 'vitest';
import { ridgeByParts } from '../../../../domain/statistics/ridge.ts';

/** y = 2x + 1 at x = -1, 1, -1, 1, and -y beside it. */
const LINE = { rows: Float64Array.from([-1, 1, 1, 1, -1, 1, 1, 1]), width: 2, outcomes: Float64Array.from([-1, 1, 3, -3, -1, 1, 3, -3]), outcomeCount: 2 };

describe('ridge regression', () => {
  it('draws a slope to 0 by n / (n + penalty) and leaves the intercept: 2 × 4 / (4 + 4)', () => {
    const [whole] = ridgeByParts({ ...LINE, penalty: 4 }, 2);
    expect([...(whole ?? [])].map((it) => Number(it.toFixed(12)))).toEqual([1, 1, -1, -1]);
  });

  it('leaves each part out in turn: two of the four rows give 2 × 2 / (2 + 4)', () => {
    const [, first, second] = ridgeByParts({ ...LINE, penalty: 4 }, 2);
    for (const part of [first, second]) expect([...(part ?? [])].map((it) => Number(it.toFixed(12)))).toEqual([0.666666666667, 1, -0.666666666667, -1]);
  });

  it('solves what hangs together: y = a + b of two equal columns is shared between them', () => {
    const rows = Float64Array.from([1, 1, 1, -1, -1, 1, 2, 2, 1, -2, -2, 1]);
    const [whole] = ridgeByParts({ rows, width: 3, outcomes: Float64Array.from([2, -2, 4, -4]), outcomeCount: 1, penalty: 1e-9 }, 2);
    expect(whole?.[0]).toBeCloseTo(1, 6);
    expect(whole?.[1]).toBeCloseTo(1, 6);
    expect(whole?.[2]).toBeCloseTo(0, 9);
  });

  it('refuses more parts than rows', () => {
    expect(() => ridgeByParts({ ...LINE, penalty: 1 }, 5)).toThrow('4 rows do not give 5 parts');
  });
});
