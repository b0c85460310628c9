/** What the gate judges, measured from the rows, the folds and what was foretold in them. */
import type { Method } from '../learning/calibration.ts';
import type { FeatureFault } from '../features/check.ts';
import { blockOf, lowerBoundOfMean } from '../statistics/block-bootstrap.ts';
import { calibrationMethodOf, calibrationSlopeOf, excessCalibrationError } from './calibration-checks.ts';
import type { CLASSES } from './classes.ts';
import { classOf } from './classes.ts';
import type { Cliff, FeatureScore } from './leaks.ts';
import { cliffOf, featureScoresOf, gapScoresOf } from './leaks.ts';
import type { DailyReturns } from './net-returns.ts';
import { dailyReturnsOf } from './net-returns.ts';
import type { LabelledRows } from './rows.ts';
import type { SplitFaults } from './split-faults.ts';
import { splitFaultsOf } from './split-faults.ts';
import type { FoldPredictions, Foretold, Tested } from './tested.ts';
import { brierAt, byMoment, logLossAt, testedOf } from './tested.ts';
import type { Luck, Trial } from './trials.ts';
import { deflatedSharpeOf, luckOf } from './trials.ts';

/** Lower 95 % bounds of what a challenger gained on its predecessor, on the same rows. */
export interface Duel {
  /** Brier, mean of a moment. */
  readonly brierLow: number;
  /** Daily net return, share of the capital. */
  readonly returnLow: number;
}

export interface Evidence {
  /** A refresh is the champion's recipe on newer data; a challenger another recipe, or the first. */
  readonly kind: 'refresh' | 'challenger';
  /** Sums of uniqueness, of all and of each class. */
  readonly effectiveLabels: number;
  readonly effectivePerClass: Readonly<Record<(typeof CLASSES)[number], number>>;
  /** Lower 95 % bounds of what was gained on the class priors, as a share of their loss. */
  readonly brierSkillLow: number;
  readonly logLossSkillLow: number;
  readonly calibrationSlope: number | null;
  readonly calibrationExcess: number;
  /** What calibrated each fold, and what should have. */
  readonly calibrations: readonly { readonly used: Method; readonly due: Method }[];
  readonly daily: DailyReturns;
  readonly deflatedSharpe: number;
  readonly luck: Luck;
  readonly featureFaults: readonly FeatureFault[];
  /** Stored live values of the last seven days that computing them anew does not give, by name. */
  readonly skew: readonly string[];
  readonly cliff: Cliff | null;
  readonly featureScores: readonly FeatureScore[];
  readonly split: SplitFaults;
  /** Null: a refresh, which follows itself. */
  readonly duel: Duel | null;
}

export interface Validation {
  readonly kind: Evidence['kind'];
  readonly rows: LabelledRows;
  readonly folds: readonly (FoldPredictions & { readonly method: Method })[];
  readonly featureFaults: readonly FeatureFault[];
  readonly skew: readonly string[];
  /** Every trial before this one, of any recipe. */
  readonly earlierTrials: readonly Trial[];
  /** What the champion's recipe, fitted in the same folds, foretold for the same rows; the rules where there is no champion. */
  readonly predecessor: Foretold | null;
  /** Whatever is drawn is drawn from it. */
  readonly seed: string;
  readonly embargoMs?: number;
}

export function evidenceOf({ kind, rows, folds, featureFaults, skew, earlierTrials, predecessor, seed, embargoMs = 0 }: Validation): Evidence {
  const tested = testedOf(rows, folds);
  const classes = Uint8Array.from({ length: rows.rows }, (_, row) => classOf(rows, row, folds.at(-1)?.holdBand ?? 0));
  const daily = dailyReturnsOf(tested);
  const luck = luckOf([...earlierTrials, { trialId: 'this', daily }]);
  return {
    kind, featureFaults, skew, daily, luck,
    effectiveLabels: effectiveOf(rows, () => true),
    effectivePerClass: { buy: effectiveOf(rows, (row) => classes[row] === 0), sell: effectiveOf(rows, (row) => classes[row] === 1), hold: effectiveOf(rows, (row) => classes[row] === 2) },
    brierSkillLow: skillLowOf(tested, brierAt, `${seed}|brier`),
    logLossSkillLow: skillLowOf(tested, logLossAt, `${seed}|logLoss`),
    calibrationSlope: calibrationSlopeOf(tested),
    calibrationExcess: excessCalibrationError(tested, meanOf(tested.row, (row) => rows.uniqueness[row] as number)),
    calibrations: folds.map(({ fold, method }) => ({ used: method, due: calibrationMethodOf(effectiveOf(rows, () => true, fold.calibration)) })),
    deflatedSharpe: deflatedSharpeOf(daily.returns, luck),
    cliff: cliffOf(gapScoresOf(tested)),
    featureScores: featureScoresOf(rows, classes),
    split: splitFaultsOf(rows, folds.map((it) => it.fold), embargoMs),
    duel: predecessor === null ? null : duelOf(tested, predecessor, seed),
  };
}

function effectiveOf({ uniqueness, rows }: LabelledRows, isCounted: (row: number) => boolean, part: Int32Array = Int32Array.from({ length: rows }, (_, row) => row)): number {
  return part.reduce((sum, row) => sum + (isCounted(row) ? uniqueness[row] as number : 0), 0);
}

function meanOf(part: Int32Array, of: (row: number) => number): number {
  return part.reduce((sum, row) => sum + of(row), 0) / part.length;
}

type Loss = (probabilities: Float64Array, actual: number, index: number) => number;

function skillLowOf(tested: Tested, loss: Loss, seed: string): number {
  const { priors, probabilities, actual } = tested;
  const ofPriors = byMoment(tested, (index) => loss(priors, actual[index] as number, index));
  const gained = byMoment(tested, (index) => loss(priors, actual[index] as number, index) - loss(probabilities, actual[index] as number, index));
  return lowerBoundOfMean(gained, { block: blockOf(tested.rows.label.horizonCandles, gained.length), seed }) / (ofPriors.reduce((sum, value) => sum + value, 0) / ofPriors.length);
}

/** Paired: both on the same moments and days. */
function duelOf(tested: Tested, predecessor: Foretold, seed: string): Duel {
  const { actual, probabilities, rows } = tested;
  const gained = byMoment(tested, (index) => brierAt(predecessor.probabilities, actual[index] as number, index) - brierAt(probabilities, actual[index] as number, index));
  const [own, theirs] = [dailyReturnsOf(tested).returns, dailyReturnsOf({ ...tested, actions: predecessor.actions }).returns];
  const horizonDays = Math.ceil((rows.label.horizonCandles * rows.candleMs) / 86_400_000);
  return {
    brierLow: lowerBoundOfMean(gained, { block: blockOf(rows.label.horizonCandles, gained.length), seed: `${seed}|duel|brier` }),
    returnLow: lowerBoundOfMean(own.map((value, day) => value - (theirs[day] as number)), { block: blockOf(horizonDays, own.length), seed: `${seed}|duel|return` }),
  };
}
