/**
 * Purged walk-forward: each fold learns from what was known before its test part, and rows whose labels reach into a later
 * part are left out, whatever symbol they are of.
 * @source learning.md, "Daily retrain", step 3; López de Prado, Advances in Financial Machine Learning, 2018, chapter 7.
 */
import type { LabelledRows } from './rows.ts';

/** In order of time. */
export const PARTS = ['fit', 'stopping', 'calibration', 'test'] as const;
export type Part = (typeof PARTS)[number];

/** Row numbers by what they are for, each ascending. */
export type Fold = Readonly<Record<Part, Int32Array>>;

export interface FoldOptions {
  /** ≥ 1: as many test parts of equal length, one after the other, up to the end. */
  readonly folds: number;
  /** 0 < share < 1 of all moments that are tested. */
  readonly testShare: number;
  /** 0..1 of the moments before a test part: the last ones calibrate, those before them stop. */
  readonly stoppingShare: number;
  readonly calibrationShare: number;
}

/** What a recipe is validated with unless it says otherwise. */
export const USUAL_FOLDS: FoldOptions = { folds: 5, testShare: 0.5, stoppingShare: 0.1, calibrationShare: 0.25 };

/** From the first decision of some rows to the end of their last label. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

export type Times = Pick<LabelledRows, 'decidedAt' | 'labelUntil'>;

/** @returns null without rows. */
export function spanOf({ decidedAt, labelUntil }: Times, part: Int32Array): Span | null {
  if (part.length === 0) return null;
  let [from, until] = [Infinity, -Infinity];
  for (const row of part) {
    from = Math.min(from, decidedAt[row] as number);
    until = Math.max(until, labelUntil[row] as number);
  }
  return { from, until };
}

/**
 * Rows whose label shares no moment with a span of others, and that were not decided so soon after it that its last
 * moves are in their features.
 * @param embargoMs ≥ 0: where what is learned follows what is tested; a walk forward has no such rows.
 */
export function purged({ decidedAt, labelUntil }: Times, part: Int32Array, span: Span | null, embargoMs = 0): Int32Array {
  if (span === null) return part;
  return part.filter((row) => (labelUntil[row] as number) <= span.from || (decidedAt[row] as number) >= span.until + embargoMs);
}

/**
 * @param rows in order of decision.
 * @returns in order of time; parts may be empty where there are too few moments.
 * @throws {RangeError} not retried: shares or a number of folds that leave nothing to learn from or to test.
 */
export function walkForward(rows: Times, { folds, testShare, stoppingShare, calibrationShare }: FoldOptions): readonly Fold[] {
  const moments = [...new Set(rows.decidedAt)];
  const firstTest = Math.round(moments.length * (1 - testShare));
  if (!(folds >= 1 && testShare > 0 && testShare < 1 && stoppingShare >= 0 && calibrationShare >= 0 && stoppingShare + calibrationShare < 1)) throw new RangeError(`${folds} folds with shares ${testShare}, ${stoppingShare}, ${calibrationShare} leave nothing to learn from or to test`);
  if (moments.length - firstTest < folds || firstTest < 1) throw new RangeError(`${moments.length} moments are too few for ${folds} folds`);
  const startOf = (fold: number): number => firstTest + Math.round((fold * (moments.length - firstTest)) / folds);
  return Array.from({ length: folds }, (_, fold) => foldUpTo(rows, moments, { test: startOf(fold), end: startOf(fold + 1), stoppingShare, calibrationShare }));
}

/** What a model that is registered learns from: everything, in the same parts; nothing is tested. */
export function wholeFold(rows: Times, { stoppingShare, calibrationShare }: FoldOptions): Fold {
  const moments = [...new Set(rows.decidedAt)];
  return foldUpTo(rows, moments, { test: moments.length, end: moments.length, stoppingShare, calibrationShare });
}

interface Cut extends Pick<FoldOptions, 'stoppingShare' | 'calibrationShare'> {
  /** Places among the moments where the test part begins, and where it ends. */
  readonly test: number;
  readonly end: number;
}

function foldUpTo(rows: Times, moments: readonly number[], { test, end, stoppingShare, calibrationShare }: Cut): Fold {
  const calibration = Math.round(test * (1 - calibrationShare));
  const stopping = Math.round(test * (1 - calibrationShare - stoppingShare));
  return foldOf(rows, { fit: between(rows, moments, 0, stopping), stopping: between(rows, moments, stopping, calibration), calibration: between(rows, moments, calibration, test), test: between(rows, moments, test, end) });
}

/** The parts without the rows that reach into any later part. */
function foldOf(rows: Times, parts: Fold): Fold {
  const cut = (part: Part): Int32Array => PARTS.slice(PARTS.indexOf(part) + 1).reduce((left, later) => purged(rows, left, spanOf(rows, parts[later])), parts[part]);
  return { fit: cut('fit'), stopping: cut('stopping'), calibration: cut('calibration'), test: parts.test };
}

/** Rows decided from the one moment on, before the other. */
function between({ decidedAt }: Times, moments: readonly number[], from: number, to: number): Int32Array {
  const [first, last] = [moments[from] ?? Infinity, moments[to] ?? Infinity];
  const found: number[] = [];
  decidedAt.forEach((at, row) => { if (at >= first && at < last) found.push(row); });
  return Int32Array.from(found);
}
