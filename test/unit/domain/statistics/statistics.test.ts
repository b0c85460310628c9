import { describe, expect, it } from 'vitest';
import { normal, prngOf } from '../../../../domain/market/seeded/prng.ts';
import { blockOf, lowerBoundOfMean } from '../../../../domain/statistics/block-bootstrap.ts';
import { dieboldMariano } from '../../../../domain/statistics/diebold-mariano.ts';
import { momentsOf } from '../../../../domain/statistics/moments.ts';
import { normalCdf, normalQuantile } from '../../../../domain/statistics/normal.ts';
import { logRatioOfTrial, logRatioOfValue, verdictOf } from '../../../../domain/statistics/sequential-test.ts';

const drawn = (count: number, seed: string): Float64Array => { const random = prngOf(seed); return Float64Array.from({ length: count }, () => normal(random)); };

describe('the normal distribution, by its tables', () => {
  it.each([[0, 0.5], [1, 0.8413447], [-1.959964, 0.025], [1.644854, 0.95], [3, 0.9986501], [-6, 9.9e-10]])('at most %d: %d', (x, chance) => expect(normalCdf(x)).toBeCloseTo(chance, 6));
  it.each([[0.5, 0], [0.975, 1.959964], [0.05, -1.644854], [0.999, 3.090232]])('chance %d is reached at %d', (chance, x) => expect(normalQuantile(chance)).toBeCloseTo(x, 4));
  it.each([0, 1, -0.1, NaN])('has no quantile for %d', (chance) => expect(() => normalQuantile(chance)).toThrow(RangeError));
});

describe('moments, by hand', () => {
  it.each([
    ['two values', [1, 3], { count: 2, mean: 2, deviation: 1, skew: 0, kurtosis: 1 }],
    ['one far out: (-1, -1, -1, 3)', [0, 0, 0, 4], { count: 4, mean: 1, deviation: Math.sqrt(3), skew: 24 / 4 / 3 ** 1.5, kurtosis: 84 / 4 / 9 }],
    ['nothing varies', [2, 2], { count: 2, mean: 2, deviation: 0, skew: 0, kurtosis: 3 }],
  ])('%s', (_name, values, expected) => Object.entries(expected).forEach(([name, value]) => expect(momentsOf(values)[name as 'mean']).toBeCloseTo(value, 12)));
});

describe('the bound of a mean', () => {
  it('is the normal one where values do not depend on each other', () => {
    const values = drawn(500, 'independent');
    const { mean, deviation } = momentsOf(values);
    expect(lowerBoundOfMean(values, { block: 1, seed: 's' })).toBeCloseTo(mean - (1.645 * deviation) / Math.sqrt(500), 2);
  });

  it('lies lower where neighbours hang together, if the blocks are long enough to see it', () => {
    const noise = drawn(600, 'dependent');
    const values = noise.map((_, index) => noise.slice(Math.max(0, index - 9), index + 1).reduce((a, b) => a + b)); // each shares nine tenths with the next
    const { mean } = momentsOf(values);
    const [blind, seeing] = [1, 30].map((block) => mean - lowerBoundOfMean(values, { block, seed: 's' })) as [number, number];
    expect(seeing / blind).toBeGreaterThan(2); // √10 with endless blocks
  });

  it.each([[4, 8, 4], [4, 125, 5], [4, 126, 6], [1, 0, 1]])('labels of %d candles, %d values: blocks of %d', (horizon, count, block) => expect(blockOf(horizon, count)).toBe(block));

  it('does not depend on anything but values and seed, and needs values', () => {
    const values = drawn(50, 'x');
    expect(lowerBoundOfMean(values, { block: 5, seed: 'a' })).toBe(lowerBoundOfMean(values, { block: 5, seed: 'a' }));
    expect(lowerBoundOfMean(values, { block: 5, seed: 'a' })).not.toBe(lowerBoundOfMean(values, { block: 5, seed: 'b' }));
    expect(lowerBoundOfMean([], { block: 5, seed: 'a' })).toBeNaN();
  });
});

describe('Diebold and Mariano', () => {
  it('by hand: mean 1, variance 1, four values; corrected by √(3/4)', () => expect(dieboldMariano([0, 2, 0, 2], 0)).toBeCloseTo(1 - normalCdf(Math.sqrt(3 / 4) * 2), 12));
  it.each([
    ['a lag counts neighbours that go together: (0, 0, 2, 2) has an autocovariance of 1/4', [0, 0, 2, 2], 1 + 2 * 0.25],
    ['where they go against each other so much that nothing is left, half of it: (0, 2, 0, 2), -3/4', [0, 2, 0, 2], 1 - 0.75],
  ])('%s', (_name, values, variance) => {
    const correction = Math.sqrt((4 + 1 - 4 + 2 / 4) / 4);
    expect(dieboldMariano(values, 1)).toBeCloseTo(1 - normalCdf((correction * 2) / Math.sqrt(variance)), 12);
  });
  it.each([['too few', [1], 0], ['nothing varies', [1, 1, 1], 0], ['nothing at all', [], 0]])('says nothing: %s', (_name, values, lag) => expect(dieboldMariano(values, lag)).toBe(1));
});

describe('a sequential test', () => {
  const errors = { alpha: 0.02, beta: 0.2 };
  it.each([
    ['at ln(0.8 / 0.02)', Math.log(40), 'worse'], ['just below', Math.log(40) - 1e-9, 'open'],
    ['at ln(0.2 / 0.98)', Math.log(0.2 / 0.98), 'asPromised'], ['just above', Math.log(0.2 / 0.98) + 1e-9, 'open'],
  ] as const)('%s: %s', (_name, ratio, verdict) => expect(verdictOf(ratio, errors)).toBe(verdict));
  it('weighs a win and a loss', () => {
    expect(logRatioOfTrial(true, 0.6, 0.45)).toBeCloseTo(Math.log(0.75), 12);
    expect(logRatioOfTrial(false, 0.6, 0.45)).toBeCloseTo(Math.log(1.375), 12);
  });
  it('weighs a value: half way between them says nothing, below it speaks for the worse', () => {
    expect(logRatioOfValue(0.5, { promised: 1, worse: 0, deviation: 2 })).toBeCloseTo(0, 12);
    expect(logRatioOfValue(0, { promised: 1, worse: 0, deviation: 2 })).toBeCloseTo(1 / 8, 12);
  });
});
