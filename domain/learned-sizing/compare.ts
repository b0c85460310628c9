/** Whether the learned policy beats neutral on signals that it did not learn from. @source learning.md, "Learned sizing". */
import { lowerBoundOfMean } from '../statistics/block-bootstrap.ts';
import { walkForward } from '../validation/folds.ts';
import type { SizingSample } from './model.ts';
import { chooseSize, fitSizing, rewardAt } from './model.ts';
import { NEUTRAL } from './multipliers.ts';

/** Fewer do not show how far a mean is chance: symbols share their luck, and so do signals that were decided within one hold. */
export const BLOCKS_MIN = 10;
const FOLDS = { folds: 5, testShare: 0.5, stoppingShare: 0, calibrationShare: 0 };
const MOMENTS_MIN = 4 * FOLDS.folds;

export interface Gain {
  /** Mean gain over neutral per signal, basis points of equity. */
  readonly meanBps: number;
  /** Its lower 95 % bound. */
  readonly boundBps: number;
}

export interface SizingComparison {
  /** Signals of the test parts. */
  readonly tested: number;
  /** Of them, those on which the policy did not choose neutral. */
  readonly changed: number;
  /** As it would act in each mode. */
  readonly primary: Gain;
  readonly advise: Gain;
  /** Mean reward of neutral on the same signals. */
  readonly neutralBps: number;
  /** Signals that stayed together: as many as were decided within the longest hold. */
  readonly block: number;
}

/** Why there is no comparison, for people. */
export interface NotCompared {
  readonly notCompared: string;
}

/**
 * Purged walk-forward: each fold learns from signals whose outcome was known before its test part; the paired differences
 * of all test parts are drawn in blocks.
 * @param samples in order of decision. @param seed of the draws.
 * @returns why not, where there is too little that hangs on its own luck.
 */
export function compareSizing(samples: readonly SizingSample[], seed: string): SizingComparison | NotCompared {
  const times = { decidedAt: Float64Array.from(samples, (it) => it.decidedAt), labelUntil: Float64Array.from(samples, (it) => it.knownAt) };
  const moments = new Set(times.decidedAt).size;
  if (moments < MOMENTS_MIN) return { notCompared: `signals were decided at ${moments} of ${MOMENTS_MIN} moments` };
  const tested = walkForward(times, FOLDS).flatMap(({ fit, test }) => {
    const model = fitSizing([...fit].map((row) => samples[row] as SizingSample));
    return model === null ? [] : [...test].map((row) => outcomeOf(samples[row] as SizingSample, chooseSize(model, (samples[row] as SizingSample).state).multiplier));
  });
  if (tested.length === 0) return { notCompared: 'no test part had enough to learn from before it' };
  const block = longestRun(tested.map((it) => it.sample));
  const blocks = Math.floor(tested.length / block);
  if (blocks < BLOCKS_MIN) return { notCompared: `${tested.length} signals that it did not learn from are ${blocks} of ${BLOCKS_MIN} blocks: up to ${block} were decided within one hold, and share their luck` };
  const gainOf = (of: (it: Outcome) => number, name: string): Gain => ({ meanBps: meanOf(tested.map(of)), boundBps: lowerBoundOfMean(tested.map(of), { block, seed: `${seed}|${name}` }) });
  return {
    tested: tested.length, changed: tested.filter((it) => it.multiplier !== NEUTRAL).length, block,
    primary: gainOf((it) => it.primary, 'primary'), advise: gainOf((it) => it.advise, 'advise'), neutralBps: meanOf(tested.map((it) => it.neutral)),
  };
}

/** Of its gain in charge, basis points of equity; null: not compared. */
export function boundOf(comparison: SizingComparison | NotCompared | null): number | null {
  return comparison === null || 'notCompared' in comparison ? null : comparison.primary.boundBps;
}

/** Why not; null: it was, or nobody knows. */
export function notComparedOf(comparison: SizingComparison | NotCompared | null): string | null {
  return comparison !== null && 'notCompared' in comparison ? comparison.notCompared : null;
}

interface Outcome { readonly sample: SizingSample; readonly multiplier: number; readonly neutral: number; readonly primary: number; readonly advise: number }

function outcomeOf(sample: SizingSample, multiplier: number): Outcome {
  const neutral = rewardAt(sample.rewards, NEUTRAL);
  return { sample, multiplier, neutral, primary: rewardAt(sample.rewards, multiplier) - neutral, advise: rewardAt(sample.rewards, Math.min(NEUTRAL, multiplier)) - neutral };
}

/** The most signals, in order of decision, that hang together with one: decided before what it opened must have ended. */
function longestRun(samples: readonly SizingSample[]): number {
  let [last, longest] = [0, 1];
  samples.forEach(({ knownAt }, first) => {
    while (last < samples.length && (samples[last] as SizingSample).decidedAt < knownAt) last += 1;
    longest = Math.max(longest, last - first);
  });
  return longest;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, it) => sum + it, 0) / values.length;
