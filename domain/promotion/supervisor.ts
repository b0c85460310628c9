/**
 * How each voter did lately, what its vote should weigh for that, and whether the champion is still fit to act. Pure.
 * @source learning.md, "Drift": scores over 7 and 30 days, weights that shrink by n / (n + 200), two critical findings retire.
 */
import type { LossDrift } from '../drift/loss.ts';
import type { Judged, Metrics } from '../predictions/metrics.ts';
import { episodesOf, metricsOf, wilson } from '../predictions/metrics.ts';
import { momentsOf } from '../statistics/moments.ts';
import { calibrationSlopeOf } from '../validation/calibration-checks.ts';
import { CLASSES } from '../validation/classes.ts';

const DAY_MS = 86_400_000;
export const SCORED_DAYS = [7, 30] as const;

export interface VoterScore extends Pick<Metrics, 'predictions' | 'episodes' | 'hitRate' | 'brier' | 'expectancyBps'> {
  readonly voter: string;
  readonly days: (typeof SCORED_DAYS)[number];
}

/** @param rows priced predictions in the order in which they were made. @param at market clock. */
export function scoresOf(rows: readonly Judged[], at: number): readonly VoterScore[] {
  return SCORED_DAYS.flatMap((days) => {
    const recent = rows.filter((it) => it.madeAt > at - days * DAY_MS);
    return [...Map.groupBy(recent, (it) => it.voter)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([voter, own]): VoterScore => {
      const { predictions, episodes, hitRate, brier, expectancyBps } = metricsOf(own);
      return { voter, days, predictions, episodes, hitRate, brier, expectancyBps };
    });
  });
}

/** So many episodes count as much as the belief that all voters are worth the same. */
const SHRINK = 200;
/** Whatever a record says, nobody is silenced and nobody speaks for all. */
const WEIGHT = { least: 0.25, most: 4 } as const;

/** By regime, by voter: > 0, 1 where nothing is known. */
export type VoterWeights = Readonly<Record<string, Readonly<Record<string, number>>>>;

/**
 * A voter's hit rate in a regime over that of all voters there, drawn to 1 by n / (n + 200), n its episodes.
 * @param rows of voters alone (no acting and no shadow rows), in the order in which they were made.
 */
export function weightsOf(rows: readonly Judged[]): VoterWeights {
  const directional = rows.filter((it) => it.action !== 'hold');
  return Object.fromEntries([...Map.groupBy(directional, (it) => it.regime)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([regime, here]) => {
    const episodes = episodesOf(here);
    const usual = shareRight(episodes);
    return [regime, Object.fromEntries([...Map.groupBy(episodes, (it) => it.voter)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([voter, own]) => [voter, weightOf(usual > 0 ? shareRight(own) / usual : 1, own.length)]))];
  }));
}

/** @param ratio of the voter's hit rate to that of all. @param episodes ≥ 0 */
export function weightOf(ratio: number, episodes: number): number {
  const bounded = Math.min(WEIGHT.most, Math.max(WEIGHT.least, ratio));
  const share = episodes / (episodes + SHRINK);
  return Number((share * bounded + (1 - share)).toFixed(6));
}

function shareRight(rows: readonly Judged[]): number {
  return rows.length === 0 ? 0 : rows.filter((it) => it.isRight).length / rows.length;
}

export const FINDINGS = ['loss', 'calibration', 'hitRate', 'coverage'] as const;

export interface Finding {
  readonly code: (typeof FINDINGS)[number];
  /** For people: what was seen, and what was asked for. */
  readonly why: string;
}

export interface ChampionFacts {
  /** Its priced predictions of the last 30 days, in the order in which they were made. */
  readonly rows: readonly Judged[];
  /** Null: it cannot be told. */
  readonly loss: LossDrift | null;
  /** Times that it was asked in these days, and how often it spoke. */
  readonly asked: number;
  readonly spoke: number;
}

const SLOPE = { least: 0.8, most: 1.25 } as const;
const EPISODES_MIN = 200;
const PARTS = 10;
const Z95 = 1.959963984540054;
const COVERAGE = { least: 0.9, askedMin: 100 } as const;
/** So many critical findings at once retire a champion: one may be chance. */
export const FINDINGS_TO_RETIRE = 2;

/** Critical findings about a champion; each only where it is hardly chance. */
export function findingsOf({ rows, loss, asked, spoke }: ChampionFacts): readonly Finding[] {
  const episodes = episodesOf(rows);
  return [
    loss !== null && loss.since !== null ? { code: 'loss' as const, why: `its log losses ran ${loss.sum.toFixed(1)} deviations ahead of its validation's since ${new Date(loss.since).toISOString()}, at most ${loss.limit}` } : null,
    miscalibration(episodes),
    worseThanPriors(episodes),
    asked >= COVERAGE.askedMin && spoke < COVERAGE.least * asked ? { code: 'coverage' as const, why: `it spoke ${spoke} of the ${asked} times that it was asked, at least ${100 * COVERAGE.least} %` } : null,
  ].filter((it) => it !== null);
}

/** The slope's interval lies outside altogether: parts of equal count, each left out once (jackknife). */
function miscalibration(episodes: readonly Judged[]): Finding | null {
  if (episodes.length < EPISODES_MIN) return null;
  const slope = slopeOf(episodes);
  const without = Array.from({ length: PARTS }, (_, part) => slopeOf(episodes.filter((_row, index) => Math.floor((index * PARTS) / episodes.length) !== part)));
  if (slope === null || without.some((it) => it === null)) return null;
  const half = Z95 * Math.sqrt(PARTS - 1) * momentsOf(without as readonly number[]).deviation;
  if (slope + half >= SLOPE.least && slope - half <= SLOPE.most) return null;
  return { code: 'calibration', why: `its probabilities have a calibration slope of ${slope.toFixed(2)} ± ${half.toFixed(2)} over ${episodes.length} episodes, allowed ${SLOPE.least} to ${SLOPE.most}` };
}

function slopeOf(rows: readonly Judged[]): number | null {
  return calibrationSlopeOf({ probabilities: Float64Array.from(rows.flatMap(({ probabilities }) => CLASSES.map((it) => probabilities[it]))), actual: Uint8Array.from(rows, (it) => CLASSES.indexOf(it.actual)) });
}

/** Its words come true less often than the same words said at random would. */
function worseThanPriors(episodes: readonly Judged[]): Finding | null {
  if (episodes.length < EPISODES_MIN) return null;
  const count = episodes.length;
  const shareOf = (of: (it: Judged) => boolean): number => episodes.filter(of).length / count;
  const expected = CLASSES.reduce((sum, action) => sum + shareOf((it) => it.action === action) * shareOf((it) => it.actual === action), 0);
  const came = wilson(shareOf((it) => it.action === it.actual), count);
  return came === null || came.value >= expected || came.high >= expected ? null : { code: 'hitRate', why: `what it said came ${(100 * came.value).toFixed(1)} % of the time in ${count} episodes, by chance it would ${(100 * expected).toFixed(1)} %` };
}

/** Once per market day (UTC). @param before when it was done last; null: never. */
export function isSupervisionDue(before: number | null, at: number): boolean {
  return before === null || Math.floor(at / DAY_MS) > Math.floor(before / DAY_MS);
}

/** Of the rows of the newest data set, and since then. */
const NEW_LABELS = { share: 0.1, afterMs: 6 * 3_600_000 } as const;

export interface RetrainFacts {
  /** Market clock. */
  readonly at: number;
  readonly hasDrifted: boolean;
  /** When drift started a retrain last; null: never. */
  readonly driftRetrainAt: number | null;
  /** The newest run that had a data set; null: models were never trained here, and nobody asks for it now. */
  readonly run: { readonly asOf: number; readonly rows: number } | null;
  /** Candles of all symbols since then: each is a row of the next data set. */
  readonly newRows: number;
}

/** What a retrain is to be started for; null: none. Drift does at most once in 24 h. */
export function retrainCauseOf({ at, hasDrifted, driftRetrainAt, run, newRows }: RetrainFacts): 'drift' | 'labels' | null {
  if (hasDrifted && (driftRetrainAt === null || at - driftRetrainAt >= DAY_MS)) return 'drift';
  if (run === null || at - run.asOf < NEW_LABELS.afterMs) return null;
  return newRows >= NEW_LABELS.share * run.rows ? 'labels' : null;
}
