import { expect, test } from 'vitest';
import { apartOf, learnedLossOf, lossDriftOf } from '../../../../domain/drift/loss.ts';
import type { MomentLoss } from '../../../../domain/drift/loss.ts';
import { normal, prngOf, uniform } from '../../../../domain/market/seeded/prng.ts';

const HOUR_MS = 3_600_000;
const HORIZON_MS = 4 * HOUR_MS;

const at = (hours: number, loss: number): MomentLoss => ({ decidedAt: hours * HOUR_MS, loss });

/** Losses of an honest model of two sides on three symbols, whose edge is as large as its probabilities say; or of its mirror image. */
function lossesOf(seed: string, count: number, isNegated: boolean): readonly MomentLoss[] {
  const random = prngOf(seed);
  return Array.from({ length: count }, (_, index) => {
    const probability = 1 / (1 + Math.exp(-0.8 * normal(random)));
    const isUp = uniform(random) < (isNegated ? 1 - probability : probability);
    return at(Math.floor(index / 3) * 4, -Math.log(isUp ? probability : 1 - probability));
  });
}

test('moments are the mean of their rows, and those that overlap the one before are left out', () => {
  expect(apartOf([at(0, 1), at(0, 3), at(1, 9), at(3, 9), at(4, 5), at(9, 6), at(12, 9)], HORIZON_MS)).toEqual([at(0, 2), at(4, 5), at(9, 6)]);
});

test('the sum counts what is above the mean and half a deviation, by hand', () => {
  const usual = { mean: 1, deviation: 0.5 };
  // z: 2, -1, 3, 7, 0 less 0.5 each: 1.5, 0, 2.5, 9
  expect(lossDriftOf(usual, [at(0, 2), at(4, 0.5), at(8, 2.5)], HORIZON_MS)).toEqual({ sum: 2.5, limit: 9, since: null });
  expect(lossDriftOf(usual, [at(0, 2), at(4, 0.5), at(8, 2.5), at(12, 4.5), at(16, 1)], HORIZON_MS)).toEqual({ sum: 9, limit: 9, since: 8 * HOUR_MS });
  expect(lossDriftOf(usual, [], HORIZON_MS)).toEqual({ sum: 0, limit: 9, since: null });
});

test('a model that was negated is found within 60 moments, an honest one hardly ever in that time', () => {
  const seeds = Array.from({ length: 200 }, (_, seed) => `cusum ${seed}`);
  const usual = learnedLossOf(lossesOf('validation', 6_000, false), HORIZON_MS) ?? expect.fail('enough moments');
  const alarms = (isNegated: boolean): number => seeds.filter((seed) => lossDriftOf(usual, lossesOf(seed, 180, isNegated), HORIZON_MS).since !== null).length;
  expect(alarms(true)).toBeGreaterThanOrEqual(198);
  expect(alarms(false)).toBeLessThanOrEqual(4);
});

test('too few moments, or none that differ, tell nothing of what is usual', () => {
  expect(learnedLossOf(lossesOf('few', 147, false), HORIZON_MS)).toBeNull();
  expect(learnedLossOf(lossesOf('enough', 150, false), HORIZON_MS)).not.toBeNull();
  expect(learnedLossOf(Array.from({ length: 100 }, (_, index) => at(4 * index, 1)), HORIZON_MS)).toBeNull();
});
