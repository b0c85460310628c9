/** What was foretold for the rows of the test parts, and what came: everything that is judged is judged on this. */
import { logLossOf } from '../predictions/metrics.ts';
import { CLASSES, HOLD, classOf } from './classes.ts';
import type { Fold } from './folds.ts';
import type { LabelledRows } from './rows.ts';

/** Of one fold, by the model that was fitted in it. */
export interface FoldPredictions {
  readonly fold: Fold;
  /** c, fitted on the rows that were learned from. */
  readonly holdBand: number;
  /** Of the test rows: `index × 3 + class`, sums 1. */
  readonly probabilities: Float64Array;
}

/** What somebody foretold for rows: probabilities to be scored, actions to be traded. */
export interface Foretold {
  /** `index × 3 + class`. */
  readonly probabilities: Float64Array;
  /** Class of each row's action. */
  readonly actions: Uint8Array;
}

export interface Tested extends Foretold {
  readonly rows: LabelledRows;
  /** Row numbers, in order of decision. */
  readonly row: Int32Array;
  readonly actual: Uint8Array;
  /** Shares of the classes among the rows that were learned from: `index × 3 + class`. */
  readonly priors: Float64Array;
}

const COUNT = CLASSES.length;

/** The action of probabilities: buy or sell where one of them is the largest, else hold. */
export function actionOf(probabilities: Float64Array, index: number): number {
  const [buy = 0, sell = 0, hold = 0] = probabilities.subarray(index * COUNT, (index + 1) * COUNT);
  if (buy > sell && buy > hold) return 0;
  return sell > buy && sell > hold ? 1 : HOLD;
}

export function actionsOf(probabilities: Float64Array): Uint8Array {
  return Uint8Array.from({ length: probabilities.length / COUNT }, (_, index) => actionOf(probabilities, index));
}

/** @param folds in order of time, their test parts one after the other. */
export function testedOf(rows: LabelledRows, folds: readonly FoldPredictions[]): Tested {
  const row = Int32Array.from(folds.flatMap(({ fold }) => [...fold.test]));
  const probabilities = Float64Array.from(folds.flatMap((it) => [...it.probabilities]));
  if (probabilities.length !== row.length * COUNT) throw new RangeError(`${probabilities.length} probabilities for ${row.length} rows of ${COUNT} classes`);
  const priors = folds.flatMap(({ fold, holdBand }) => { const shares = sharesOf(rows, fold.fit, holdBand); return [...fold.test].flatMap(() => shares); });
  return {
    rows, row, probabilities, actions: actionsOf(probabilities), priors: Float64Array.from(priors),
    actual: Uint8Array.from(folds.flatMap(({ fold, holdBand }) => [...fold.test].map((at) => classOf(rows, at, holdBand)))),
  };
}

/** Each class counts once more than seen: none is impossible. */
function sharesOf(rows: LabelledRows, part: Int32Array, holdBand: number): readonly number[] {
  const counts = CLASSES.map(() => 1);
  for (const row of part) { const at = classOf(rows, row, holdBand); counts[at] = (counts[at] ?? 0) + (rows.uniqueness[row] as number); }
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / total);
}

/** The same rows foretold by who knows nothing, and by who goes on as the last candle did: what a model is compared with. */
export function baselinesOf({ rows, row, priors }: Tested): Readonly<Record<'priors' | 'lastSign', Foretold>> {
  const signs = Uint8Array.from(row, (at) => { const move = rows.lastMoveBps[at] as number; return move > 0 ? 0 : move < 0 ? 1 : HOLD; });
  return { priors: { probabilities: priors, actions: actionsOf(priors) }, lastSign: { probabilities: priors, actions: signs } };
}

/** The mean of each moment's rows, in order of time: rows of one moment are one observation. */
export function byMoment({ rows, row }: Pick<Tested, 'rows' | 'row'>, valueOf: (index: number) => number): Float64Array {
  const means: number[] = [];
  for (let from = 0; from < row.length;) {
    const at = rows.decidedAt[row[from] as number];
    let [sum, to] = [0, from];
    for (; to < row.length && rows.decidedAt[row[to] as number] === at; to += 1) sum += valueOf(to);
    means.push(sum / (to - from));
    from = to;
  }
  return Float64Array.from(means);
}

/** 0 (perfect) to 2. @source Brier 1950. */
export function brierAt(probabilities: Float64Array, actual: number, index: number): number {
  let sum = 0;
  for (let at = 0; at < COUNT; at += 1) sum += ((probabilities[index * COUNT + at] as number) - (at === actual ? 1 : 0)) ** 2;
  return sum;
}

/** Nats. */
export function logLossAt(probabilities: Float64Array, actual: number, index: number): number {
  return logLossOf(probabilities[index * COUNT + actual] as number);
}
