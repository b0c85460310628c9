import { describe, expect, it } from 'vitest';
import { normal, prngOf } from '../../../../domain/market/seeded/prng.ts';
import type { Trial } from '../../../../domain/validation/trials.ts';
import { clustersOf, deflatedSharpeOf, luckOf } from '../../../../domain/validation/trials.ts';

function returnsOf(seed: string, { days = 300, mean = 0 } = {}): Float64Array {
  const random = prngOf(seed);
  return Float64Array.from({ length: days }, () => mean + 0.01 * normal(random));
}
const trial = (trialId: string, returns: Float64Array | null, firstDay = 0): Trial => ({ trialId, daily: returns === null ? null : { firstDay, returns } });
const idsOf = (trials: readonly Trial[]): string[][] => clustersOf(trials).map((cluster) => cluster.map((it) => it.trialId));

describe('the ledger of trials', () => {
  const a = returnsOf('a');
  const alike = a.map((value, day) => value + 0.3 * (returnsOf('noise')[day] as number)); // correlation 0.96
  const unlike = a.map((value, day) => value + 1.5 * (returnsOf('noise')[day] as number)); // 0.55

  it.each<[string, readonly Trial[], string[][]]>([
    ['variants of one idea are one', [trial('a', a), trial('alike', alike), trial('other', returnsOf('b'))], [['a', 'alike'], ['other']]],
    ['below a correlation of 0.7 they are two', [trial('a', a), trial('unlike', unlike)], [['a'], ['unlike']]],
    ['on the days that both have', [trial('a', a), trial('later', a.slice(200), 200)], [['a', 'later']]],
    ['fewer than thirty in common say nothing', [trial('a', a), trial('later', a.slice(271), 271)], [['a'], ['later']]],
    ['one that failed counts', [trial('a', a), trial('failed', null), trial('failed too', null)], [['a'], ['failed'], ['failed too']]],
  ])('%s', (_name, trials, expected) => expect(idsOf(trials)).toEqual(expected));

  it('a recipe counts once, however often it failed, and not beside what came of it', () => {
    const of = (recipeId: string, it: Trial): Trial => ({ ...it, recipeId });
    const failures = (recipeId: string) => Array.from({ length: 30 }, (_, index) => of(recipeId, trial(`${recipeId} failed ${index}`, null)));
    expect(clustersOf([...failures('x'), ...failures('y'), of('x', trial('x', a))]).map((it) => it.length)).toEqual([31, 30]);
  });

  it('luck, by hand: two clusters with Sharpe ratios 0 and 0.2 have a variance of 0.02', () => {
    const flip = (mean: number): Float64Array => Float64Array.from({ length: 100 }, (_, day) => mean + (day % 2 === 0 ? 1 : -1));
    const other = Float64Array.from({ length: 100 }, (_, day) => 0.2 + (day % 4 < 2 ? 1 : -1));
    const luck = luckOf([trial('zero', flip(0)), trial('fifth', other)]);
    expect(luck.trials).toBe(2);
    expect(luck.variance).toBeCloseTo(0.02, 12);
    // √0.02 × (0.4228 × Φ⁻¹(1/2) + 0.5772 × Φ⁻¹(1 - 1/2e))
    expect(luck.expectedBest).toBeCloseTo(Math.sqrt(0.02) * 0.5772156649 * 0.9004525966, 5);
  });

  it('a single trial has no luck to deflate; every further one costs, failed or not', () => {
    expect(luckOf([trial('a', a)])).toEqual({ trials: 1, variance: 0, expectedBest: 0 });
    const some = Array.from({ length: 5 }, (_, index) => trial(`t${index}`, returnsOf(`t${index}`)));
    expect(luckOf([...some, trial('failed', null)]).expectedBest).toBeGreaterThan(luckOf(some).expectedBest);
  });
});

describe('the deflated Sharpe ratio', () => {
  it('by hand: daily 0.1 over 400 days of two values, no skew, kurtosis 1: Φ(0.1 × √399)', () => {
    const returns = Float64Array.from({ length: 400 }, (_, day) => 0.1 + (day % 2 === 0 ? 1 : -1));
    expect(deflatedSharpeOf(returns, { expectedBest: 0 })).toBeCloseTo(0.97711447, 6); // Φ(0.1 √399)
    expect(deflatedSharpeOf(returns, { expectedBest: 0.1 })).toBeCloseTo(0.5, 6);
  });

  it('losses far out make it worth less', () => {
    const even = Float64Array.from({ length: 400 }, (_, day) => 0.1 + (day % 2 === 0 ? 1 : -1));
    const skewed = Float64Array.from({ length: 400 }, (_, day) => 0.1 + (day % 50 === 0 ? -7 : 1 / 7)); // the same mean and deviation
    expect(deflatedSharpeOf(skewed, { expectedBest: 0 })).toBeLessThan(deflatedSharpeOf(even, { expectedBest: 0 }));
  });

  it.each([['nothing traded', new Float64Array(300)], ['no days', new Float64Array(0)]])('%s: 0', (_name, returns) => expect(deflatedSharpeOf(returns, { expectedBest: 0 })).toBe(0));
});
