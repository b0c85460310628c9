/** Whether a score can be true: what is foretold honestly fades with distance, and no single feature knows the future. */
import { aucOf } from '../learning/metrics.ts';
import { ranksOf } from '../statistics/ranks.ts';
import { correlation } from '../predictions/metrics.ts';
import { CLASSES, HOLD } from './classes.ts';
import { GAPS } from './rows.ts';
import type { LabelledRows } from './rows.ts';
import type { Tested } from './tested.ts';

/** How well what was foretold ranks the moves that begin so many candles after the decision. */
export interface GapScore {
  readonly gapCandles: number;
  /** Rank correlation of p(buy) - p(sell) with the move; 0 where nothing varies. */
  readonly score: number;
  /** Its standard deviation by chance. */
  readonly deviation: number;
}

/** Without a gap, and with each of `GAPS`. */
export function gapScoresOf({ rows, row, probabilities }: Pick<Tested, 'rows' | 'row' | 'probabilities'>): readonly GapScore[] {
  return [0, ...GAPS].map((gapCandles, place) => {
    const moves = place === 0 ? rows.moveBps : rows.gapMovesBps[place - 1] ?? new Float64Array(rows.rows).fill(NaN);
    const known = [...row].flatMap((at, index) => (Number.isNaN(moves[at] as number) ? [] : [{ move: moves[at] as number, edge: edgeAt(probabilities, index), uniqueness: rows.uniqueness[at] as number }]));
    const effective = known.reduce((sum, it) => sum + it.uniqueness, 0);
    const score = correlation(ranksOf(known.map((it) => it.edge)), ranksOf(known.map((it) => it.move))) ?? 0;
    return { gapCandles, score, deviation: 1 / Math.sqrt(Math.max(1, effective - 1)) };
  });
}

const edgeAt = (probabilities: Float64Array, index: number): number => (probabilities[index * CLASSES.length] as number) - (probabilities[index * CLASSES.length + 1] as number);

/** A fall within two of its standard deviations is chance. */
const CHANCE_DEVIATIONS = 2;

/** A fall between two neighbouring gaps, as a share of the score without one. */
export interface Cliff {
  readonly from: number;
  readonly to: number;
  readonly share: number;
}

/** The largest fall that is not chance; null: none. */
export function cliffOf(scores: readonly GapScore[]): Cliff | null {
  const whole = scores[0]?.score ?? 0;
  const falls = scores.slice(1).flatMap((later, index) => {
    const before = scores[index] as GapScore;
    const fall = before.score - later.score;
    const isChance = fall <= CHANCE_DEVIATIONS * Math.hypot(before.deviation, later.deviation);
    return isChance || whole <= 0 ? [] : [{ from: before.gapCandles, to: later.gapCandles, share: fall / whole }];
  });
  return falls.reduce<Cliff | null>((most, fall) => (most === null || fall.share > most.share ? fall : most), null);
}

export interface FeatureScore {
  readonly feature: string;
  /** How well it tells buys from sells by itself, whichever way round: 0.5..1. */
  readonly auc: number;
}

/**
 * @param classes of all rows; holds are left out, as are rows where the feature is missing.
 * @returns the best first.
 */
export function featureScoresOf({ names, columns }: Pick<LabelledRows, 'names' | 'columns'>, classes: ArrayLike<number>): readonly FeatureScore[] {
  return columns.map((column, index) => {
    const used = [...column.keys()].filter((row) => classes[row] !== HOLD && !Number.isNaN(column[row] as number));
    const auc = aucOf(Float64Array.from(used, (row) => (classes[row] === 0 ? 1 : 0)), Float64Array.from(used, (row) => column[row] as number));
    return { feature: names[index] ?? String(index), auc: Number.isNaN(auc) ? 0.5 : Math.max(auc, 1 - auc) };
  }).sort((a, b) => b.auc - a.auc);
}
