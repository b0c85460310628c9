/**
 * How good predictions were, by what came of them. Predictions of one voter on one symbol overlap while their horizons
 * do: intervals count episodes (those that do not overlap), not rows.
 * @source learning.md, "Label and outcome"; Brier 1950; Wilson 1927; Grinold & Kahn 2000 (information coefficient).
 */
import type { InstrumentId } from '../market/instrument.ts';
import { ranksOf } from '../statistics/ranks.ts';
import type { LabelAction } from './label.ts';
import type { Probabilities } from './prediction.ts';

/** One prediction with its outcome. Times are of the market clock. */
export interface Judged {
  readonly voter: string;
  readonly instrumentId: InstrumentId;
  readonly regime: string;
  readonly madeAt: number;
  readonly dueAt: number;
  readonly action: LabelAction;
  readonly confidence: number;
  readonly score: number;
  readonly probabilities: Probabilities;
  /** Expected return, signed. */
  readonly magnitudeBps: number;
  readonly actual: LabelAction;
  readonly moveBps: number;
  readonly returnBps: number;
  readonly isRight: boolean;
}

/** 95 %. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface CalibrationBin {
  readonly count: number;
  /** Mean probability that was given to the action, and how often it came. */
  readonly foretold: number;
  readonly came: number;
}

export interface Metrics {
  readonly predictions: number;
  /** Of them, buys and sells. */
  readonly directional: number;
  /** Directional ones that do not overlap. */
  readonly episodes: number;
  /** Of directional ones: made money after costs. */
  readonly hitRate: Interval | null;
  /** Mean return of directional ones after costs, basis points. */
  readonly expectancyBps: Interval | null;
  /** Gains over losses; null without a loss. */
  readonly profitFactor: number | null;
  /** 0 (perfect) to 2, over the three classes. */
  readonly brier: number | null;
  /** Nats; a probability of 0 counts as 1e-9. */
  readonly logLoss: number | null;
  /** Mean distance of foretold and came over ten bins of equal count, weighted. */
  readonly calibrationError: number | null;
  readonly calibration: readonly CalibrationBin[];
  /** Correlation of expected return and move; of their ranks. Null where nothing varies. */
  readonly informationCoefficient: number | null;
  readonly rankInformationCoefficient: number | null;
  /** Mean move of the fifth with the highest expected return, less that of the lowest, basis points. */
  readonly quantileSpreadBps: number | null;
  /** How often a voter's next word on a symbol is another one, 0..1. */
  readonly turnover: number | null;
}

const Z95 = 1.959963984540054;
const CALIBRATION_BINS = 10;
const QUANTILES = 5;
const PROBABILITY_MIN = 1e-9;

/** Logarithmic loss of what came, which had this probability, 0..1. Nats; a probability of 0 counts as 1e-9. */
export function logLossOf(probability: number): number {
  return -Math.log(Math.max(PROBABILITY_MIN, probability));
}

/** @param rows in the order in which they were made. */
export function metricsOf(rows: readonly Judged[]): Metrics {
  const directional = rows.filter((it) => it.action !== 'hold');
  const episodes = episodesOf(directional).length;
  const returns = directional.map((it) => it.returnBps);
  const losses = -sum(returns.filter((it) => it < 0));
  const calibration = calibrationOf(rows);
  const [expected, moves] = [directional.map((it) => it.magnitudeBps), directional.map((it) => it.moveBps)];
  return {
    predictions: rows.length, directional: directional.length, episodes,
    hitRate: wilson(directional.filter((it) => it.isRight).length / directional.length, episodes),
    expectancyBps: meanInterval(returns, episodes),
    profitFactor: losses === 0 ? null : sum(returns.filter((it) => it > 0)) / losses,
    brier: meanOf(rows.map(brierOf)),
    logLoss: meanOf(rows.map((it) => logLossOf(it.probabilities[it.actual]))),
    calibrationError: rows.length === 0 ? null : sum(calibration.map((it) => it.count * Math.abs(it.foretold - it.came))) / rows.length,
    calibration,
    informationCoefficient: correlation(expected, moves),
    rankInformationCoefficient: correlation(ranksOf(expected), ranksOf(moves)),
    quantileSpreadBps: spreadOf(directional),
    turnover: turnoverOf(rows),
  };
}

/** Those of each voter and symbol that begin when the one before has ended: one per horizon. */
export function episodesOf<Row extends Pick<Judged, 'voter' | 'instrumentId' | 'madeAt' | 'dueAt'>>(rows: readonly Row[]): readonly Row[] {
  const busyUntil = new Map<string, number>();
  return rows.filter(({ voter, instrumentId, madeAt, dueAt }) => {
    const key = `${voter} ${instrumentId}`;
    if (madeAt < (busyUntil.get(key) ?? -Infinity)) return false;
    busyUntil.set(key, dueAt);
    return true;
  });
}

/** Wilson's interval of a share. @param count of independent trials; null without one */
export function wilson(share: number, count: number): Interval | null {
  if (count === 0) return null;
  const z2 = Z95 * Z95;
  const centre = (share + z2 / (2 * count)) / (1 + z2 / count);
  const half = (Z95 / (1 + z2 / count)) * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count * count));
  return { value: share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** Normal interval of a mean; as wide as the values where only one counts. @param count of independent values */
export function meanInterval(values: readonly number[], count: number): Interval | null {
  const mean = meanOf(values);
  if (mean === null || count === 0) return null;
  if (count < 2 || values.length < 2) return { value: mean, low: -Infinity, high: Infinity };
  const half = Z95 * Math.sqrt(sum(values.map((it) => (it - mean) ** 2)) / (values.length - 1) / count);
  return { value: mean, low: mean - half, high: mean + half };
}

export function brierOf({ probabilities, actual }: Pick<Judged, 'probabilities' | 'actual'>): number {
  return (['buy', 'sell', 'hold'] as const).reduce((total, action) => total + (probabilities[action] - (action === actual ? 1 : 0)) ** 2, 0);
}

function calibrationOf(rows: readonly Judged[]): readonly CalibrationBin[] {
  const said = rows.map((it) => ({ foretold: it.probabilities[it.action], came: it.action === it.actual ? 1 : 0 })).sort((a, b) => a.foretold - b.foretold);
  return partsOf(said, CALIBRATION_BINS).map((bin) => ({ count: bin.length, foretold: meanOf(bin.map((it) => it.foretold)) ?? 0, came: meanOf(bin.map((it) => it.came)) ?? 0 }));
}

function spreadOf(rows: readonly Judged[]): number | null {
  if (rows.length < QUANTILES) return null;
  const parts = partsOf([...rows].sort((a, b) => a.magnitudeBps - b.magnitudeBps), QUANTILES);
  const [lowest, highest] = [parts[0] ?? [], parts.at(-1) ?? []];
  if (lowest.at(-1)?.magnitudeBps === highest[0]?.magnitudeBps) return null; // what is expected of them is the same: nothing parts them
  return (meanOf(highest.map((it) => it.moveBps)) ?? 0) - (meanOf(lowest.map((it) => it.moveBps)) ?? 0);
}

/** As equal in count as can be; none empty. */
function partsOf<T>(sorted: readonly T[], count: number): readonly (readonly T[])[] {
  return Array.from({ length: count }, (_, index) => sorted.slice(Math.round((index * sorted.length) / count), Math.round(((index + 1) * sorted.length) / count))).filter((part) => part.length > 0);
}

function turnoverOf(rows: readonly Judged[]): number | null {
  const last = new Map<string, LabelAction>();
  let [pairs, changes] = [0, 0];
  for (const { voter, instrumentId, action } of rows) {
    const key = `${voter} ${instrumentId}`;
    const before = last.get(key);
    if (before !== undefined) pairs += 1;
    if (before !== undefined && before !== action) changes += 1;
    last.set(key, action);
  }
  return pairs === 0 ? null : changes / pairs;
}

/** Pearson's; null where one of them does not vary. */
export function correlation(a: readonly number[], b: readonly number[]): number | null {
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  if (meanA === null || meanB === null || isConstant(a) || isConstant(b)) return null;
  let [products, squaresA, squaresB] = [0, 0, 0];
  for (const [index, value] of a.entries()) {
    const [x, y] = [value - meanA, (b[index] ?? meanB) - meanB];
    products += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return squaresA === 0 || squaresB === 0 ? null : products / Math.sqrt(squaresA * squaresB);
}

/** Where the rounding of a mean would be taken for a move. */
const isConstant = (values: readonly number[]): boolean => values.every((value) => value === values[0]);

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : sum(values) / values.length;
}

/** What the outcomes can be looked at by. */
export const DIMENSIONS = {
  model: (it: Judged) => it.voter,
  symbol: (it: Judged) => it.instrumentId,
  regime: (it: Judged) => it.regime,
  confidence: (it: Judged) => { const tenth = Math.min(9, Math.floor(it.confidence * 10 + 1e-9)); return `${(tenth / 10).toFixed(1)} to ${((tenth + 1) / 10).toFixed(1)}`; },
  hour: (it: Judged) => `${String(new Date(it.madeAt).getUTCHours()).padStart(2, '0')}:00`,
} as const satisfies Record<string, (it: Judged) => string>;

export type Dimension = keyof typeof DIMENSIONS;

/** @returns by the dimension's values, in their order. */
export function metricsBy(rows: readonly Judged[], dimension: Dimension): readonly { readonly name: string; readonly metrics: Metrics }[] {
  const groups = Map.groupBy(rows, DIMENSIONS[dimension]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, group]) => ({ name, metrics: metricsOf(group) }));
}

/** An acting prediction, what the plan did with it, and its return with the exits of policy. */
export interface JudgedDecision extends Judged {
  readonly decision: string | null;
  readonly reason: string | null;
  readonly exitsReturnBps: number | null;
}

/** A mean with its interval: unit sizes, never to be added up as money. */
export interface Hypothetical {
  readonly name: string;
  readonly episodes: number;
  readonly meanBps: Interval | null;
}

/** What refused signals would have come to: one episode per horizon, policy's exits, by the reason of the refusal. */
export function refusedOf(rows: readonly JudgedDecision[]): readonly Hypothetical[] {
  const refused = rows.filter((it) => it.action !== 'hold' && it.decision === 'refused');
  return [...Map.groupBy(refused, (it) => it.reason ?? 'unknown')].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, group]) => hypothetical(name, group));
}

const THRESHOLDS = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] as const;

/** What signals would have come to had this least confidence been asked for, whatever else stood against them. */
export function thresholdsOf(rows: readonly JudgedDecision[]): readonly Hypothetical[] {
  return THRESHOLDS.map((least) => hypothetical(least.toFixed(1), rows.filter((it) => it.action !== 'hold' && it.score >= least)));
}

function hypothetical(name: string, rows: readonly JudgedDecision[]): Hypothetical {
  const episodes = episodesOf(rows);
  return { name, episodes: episodes.length, meanBps: meanInterval(episodes.map((it) => it.exitsReturnBps ?? it.returnBps), episodes.length) };
}
