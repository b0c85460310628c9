/**
 * How good the best of many tries looks by luck alone. The ledger holds every recipe that was ever validated: those that
 * failed, and those of people, included.
 * @source Bailey and López de Prado, "The Deflated Sharpe Ratio", Journal of Portfolio Management 2014; clusters: López de Prado and Lewis, "Detection of False Investment Strategies Using Unsupervised Learning Methods", 2019.
 */
import { correlation } from '../predictions/metrics.ts';
import { momentsOf } from '../statistics/moments.ts';
import { normalCdf, normalQuantile } from '../statistics/normal.ts';
import type { DailyReturns } from './net-returns.ts';
import { sharpeOf } from './net-returns.ts';

export interface Trial {
  readonly trialId: string;
  /** Absent: of one that is not told apart from others. */
  readonly recipeId?: string;
  /** Of its test parts; null: it failed before there were any. */
  readonly daily: DailyReturns | null;
}

/** Trials whose returns go together so far count as one. */
const SAME_CORRELATION = 0.7;
/** Fewer days in common say nothing. */
const COMMON_DAYS_MIN = 30;

/**
 * @returns trials that are variants of one idea: each correlates with the first of its cluster. One without returns belongs
 * to its recipe, however often that failed: a full disk is no further idea.
 */
export function clustersOf(trials: readonly Trial[]): readonly (readonly Trial[])[] {
  const clusters: Trial[][] = [];
  for (const trial of [...trials.filter((it) => it.daily !== null), ...trials.filter((it) => it.daily === null)]) {
    const own = clusters.find((cluster) => (trial.daily === null ? cluster.some((it) => it.recipeId !== undefined && it.recipeId === trial.recipeId) : isSame(cluster[0] as Trial, trial)));
    if (own === undefined) clusters.push([trial]);
    else own.push(trial);
  }
  return clusters;
}

function isSame(a: Trial, b: Trial): boolean {
  if (a.daily === null || b.daily === null) return false;
  const from = Math.max(a.daily.firstDay, b.daily.firstDay);
  const to = Math.min(a.daily.firstDay + a.daily.returns.length, b.daily.firstDay + b.daily.returns.length);
  if (to - from < COMMON_DAYS_MIN) return false;
  const within = ({ firstDay, returns }: DailyReturns): number[] => [...returns.subarray(from - firstDay, to - firstDay)];
  return (correlation(within(a.daily), within(b.daily)) ?? 0) >= SAME_CORRELATION;
}

export interface Luck {
  /** Clusters, the candidate's included. */
  readonly trials: number;
  /** Variance of the clusters' mean daily Sharpe ratios; 0 with fewer than two. */
  readonly variance: number;
  /** The daily Sharpe ratio that the best of so many is expected to show without any skill. */
  readonly expectedBest: number;
}

const EULER_MASCHERONI = 0.5772156649015329;

export function luckOf(trials: readonly Trial[]): Luck {
  const clusters = clustersOf(trials);
  const sharpes = clusters.flatMap((cluster) => {
    const known = cluster.flatMap(({ daily }) => (daily === null ? [] : [sharpeOf(daily.returns)]));
    return known.length === 0 ? [] : [known.reduce((sum, sharpe) => sum + sharpe, 0) / known.length];
  });
  const count = clusters.length;
  const variance = sharpes.length < 2 ? 0 : (momentsOf(sharpes).deviation ** 2 * sharpes.length) / (sharpes.length - 1);
  const factor = count < 2 ? 0 : (1 - EULER_MASCHERONI) * normalQuantile(1 - 1 / count) + EULER_MASCHERONI * normalQuantile(1 - 1 / (count * Math.E));
  return { trials: count, variance, expectedBest: Math.sqrt(variance) * factor };
}

/**
 * The chance that the true daily Sharpe ratio is above what luck alone would show, given length, skew and kurtosis of the
 * returns. 0..1; 0 where nothing was traded.
 */
export function deflatedSharpeOf(returns: ArrayLike<number>, { expectedBest }: Pick<Luck, 'expectedBest'>): number {
  const { count, deviation, skew, kurtosis } = momentsOf(returns);
  if (!(deviation > 0) || count < 2) return 0;
  const sharpe = sharpeOf(returns);
  const spread = 1 - skew * sharpe + ((kurtosis - 1) / 4) * sharpe * sharpe;
  return spread > 0 ? normalCdf(((sharpe - expectedBest) * Math.sqrt(count - 1)) / Math.sqrt(spread)) : 0;
}
