/**
 * Whether a model's losses are still those of its validation: cumulative sums, which find a small lasting rise sooner than
 * any mean does. Pure.
 * @source learning.md, "Drift"; Page, Continuous inspection schemes, Biometrika 41, 1954; Montgomery, Introduction to Statistical Quality Control, 7th edition 2013, chapter 9.
 */
import { z } from 'zod';
import { momentsOf } from '../statistics/moments.ts';

/** Log loss of moments that do not overlap, on the test parts: nats. JSON. */
export const LEARNED_LOSS = z.object({ mean: z.number(), deviation: z.number().positive() });
export type LearnedLoss = z.output<typeof LEARNED_LOSS>;

/** In deviations: half of the rise that is looked for, and the sum that alarms. Losses are skewed and their usual is an estimate: at 5, the textbook's, 338 of 1,000 honest models alarmed within 180 moments (thirty days of four-hour labels), at 9 it were 10, and 17 of as many that 9 was not chosen on; a negated one was found each time. */
const SLACK = 0.5;
const ALARM = 9;
const MOMENTS_MIN = 50;

export interface MomentLoss {
  /** Market clock. */
  readonly decidedAt: number;
  readonly loss: number;
}

/** @param losses in order of time. @returns the mean of each moment whose label shares no time with that of the one before. */
export function apartOf(losses: readonly MomentLoss[], horizonMs: number): readonly MomentLoss[] {
  const moments: MomentLoss[] = [];
  let free = -Infinity;
  for (const [decidedAt, rows] of Map.groupBy(losses, (it) => it.decidedAt)) {
    if (decidedAt < free) continue;
    moments.push({ decidedAt, loss: rows.reduce((sum, row) => sum + row.loss, 0) / rows.length });
    free = decidedAt + horizonMs;
  }
  return moments;
}

/** @returns null where too few moments, or none that differ, tell what is usual. */
export function learnedLossOf(losses: readonly MomentLoss[], horizonMs: number): LearnedLoss | null {
  const { count, mean, deviation } = momentsOf(apartOf(losses, horizonMs).map((it) => it.loss));
  return count >= MOMENTS_MIN && deviation > 0 ? { mean, deviation } : null;
}

export interface LossDrift {
  /** Deviations, ≥ 0: how far the losses have run ahead since they last were as usual. */
  readonly sum: number;
  readonly limit: number;
  /** Market clock: when the rise that alarms began; null: no alarm. */
  readonly since: number | null;
}

/** @param losses of live predictions, in order of time. The alarm stands from the moment it is reached. */
export function lossDriftOf({ mean, deviation }: LearnedLoss, losses: readonly MomentLoss[], horizonMs: number): LossDrift {
  let [sum, since] = [0, 0];
  for (const { decidedAt, loss } of apartOf(losses, horizonMs)) {
    if (sum === 0) since = decidedAt;
    sum = Math.max(0, sum + (loss - mean) / deviation - SLACK);
    if (sum >= ALARM) return { sum, limit: ALARM, since };
  }
  return { sum, limit: ALARM, since: null };
}
