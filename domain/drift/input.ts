/**
 * Whether what a model sees still comes from the distribution that it learned from. Markets wander between any two weeks:
 * a difference counts only where it is larger than those between the training set's own weeks. Pure.
 * @source learning.md, "Drift"; Siddiqi, Credit Risk Scorecards, 2006: population stability index, above 0.25 a large shift.
 */
import { z } from 'zod';
import { binOf, cutsOf, MISSING_BIN } from '../learning/bins.ts';
import { momentsOf } from '../statistics/moments.ts';
import { discoveriesOf } from '../statistics/false-discoveries.ts';
import { normalCdf } from '../statistics/normal.ts';
import type { LabelledRows } from '../validation/rows.ts';

const LEARNED_FEATURE = z.object({
  feature: z.string(),
  /** Between the bins, ascending. */
  edges: z.array(z.number()),
  /** Of the training set by bin, the last one's values are missing; sum 1. */
  shares: z.array(z.number()),
  /** 99th percentile of the index of a training window against the rest of the set. */
  limit: z.number(),
  /** Of the logarithms of these. */
  logMean: z.number(),
  logDeviation: z.number().positive(),
});

/** What is kept of the training set. JSON. */
export const LEARNED_INPUT = z.object({
  /** A window of training, and as long a one of live vectors. */
  windowMs: z.number().positive(),
  /** Windows side by side that the set had room for. */
  windows: z.number().int().min(2),
  features: z.array(LEARNED_FEATURE).min(1),
});
export type LearnedInput = z.output<typeof LEARNED_INPUT>;
type LearnedFeature = z.output<typeof LEARNED_FEATURE>;

const DAY_MS = 86_400_000;
const ROWS_MIN = 1_000;
const SPAN_MIN_MS = 7 * DAY_MS;
/** A tenth more rows and a day more than the least: a gap or an abstention makes nobody blind. */
const SPARE = { rows: 1.1, spanMs: DAY_MS } as const;
const BINS = 10;
/** Windows overlap: so many begin in the length of one. */
const STARTS = 4;
/** With fewer, side by side, the set says nothing of how its weeks differ. */
const WINDOWS_MIN = 8;
const INDEX_MIN = 0.25;
const LIMIT_QUANTILE = 0.99;
const FALSE_SHARE = 0.05;
/** A feature that never varied must be able to begin, or to go missing. */
const LOG_DEVIATION_MIN = 0.1;
const DIGITS = 6;

type TrainingRows = Pick<LabelledRows, 'names' | 'columns' | 'rows' | 'decidedAt' | 'candleMs' | 'instruments'>;

/**
 * @param rows in order of decision.
 * @param features what the model goes by, without calendar features: those change from week to week by what they are.
 * @returns null where the set is too short, or has none of them.
 */
export function learnedInputOf(rows: TrainingRows, features: readonly string[]): LearnedInput | null {
  const windowMs = windowMsOf(rows);
  const [first, last] = [rows.decidedAt[0] ?? 0, rows.decidedAt[rows.rows - 1] ?? 0];
  const windows = Math.floor((last - first) / windowMs);
  if (windows < WINDOWS_MIN) return null;
  const spans = windowSpans(rows, windowMs);
  const learned = features.flatMap((feature) => { const column = rows.columns[rows.names.indexOf(feature)]; return column === undefined ? [] : learnedFeatureOf(feature, column, spans); });
  return learned.length === 0 ? null : { windowMs, windows, features: learned };
}

/** As long as live vectors need to be enough, in whole days. */
function windowMsOf({ candleMs, instruments }: TrainingRows): number {
  const rowsADay = (instruments.length * DAY_MS) / candleMs;
  return DAY_MS * Math.ceil(Math.max((SPARE.rows * ROWS_MIN) / rowsADay, (SPAN_MIN_MS + SPARE.spanMs) / DAY_MS));
}

interface RowSpan {
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

/** Places of the rows of each window; windows with hardly half of what they should have are left out. */
function windowSpans({ decidedAt, rows, candleMs, instruments }: TrainingRows, windowMs: number): readonly RowSpan[] {
  const spans: RowSpan[] = [];
  const expected = (instruments.length * windowMs) / candleMs;
  let [from, to] = [0, 0];
  for (let start = decidedAt[0] ?? 0; start + windowMs <= (decidedAt[rows - 1] ?? 0); start += windowMs / STARTS) {
    while (from < rows && (decidedAt[from] as number) < start) from += 1;
    while (to < rows && (decidedAt[to] as number) < start + windowMs) to += 1;
    if (to - from >= expected / 2) spans.push({ from, to });
  }
  return spans;
}

function learnedFeatureOf(feature: string, column: Float32Array, spans: readonly RowSpan[]): LearnedFeature {
  const cuts = cutsOf(column, BINS);
  const bins = Uint8Array.from(column, (value) => placeOf(cuts, value));
  const all = countsOf(bins, { from: 0, to: bins.length }, cuts.length + 2);
  const indices = spans.map((span) => {
    const inside = countsOf(bins, span, all.length);
    return indexOf(sharesOf(inside), sharesOf(all.map((count, bin) => count - (inside[bin] ?? 0)))); // a window is no part of what it is compared with
  }).sort((a, b) => a - b);
  const { mean, deviation } = momentsOf(indices.map(logOf));
  return {
    feature, edges: [...cuts].map(tidy), shares: sharesOf(all).map(tidy), limit: tidy(indices[Math.ceil(LIMIT_QUANTILE * indices.length) - 1] ?? 0), logMean: tidy(mean), logDeviation: tidy(Math.max(LOG_DEVIATION_MIN, deviation)),
  };
}

export interface LiveInput {
  /** Market clock. */
  readonly decidedAt: number;
  /** NaN: missing. */
  readonly valueOf: (feature: string) => number;
}

export interface InputDrift {
  /** Live vectors that were looked at. */
  readonly rows: number;
  /** Those that have drifted, the farthest first. */
  readonly features: readonly { readonly feature: string; readonly psi: number; readonly limit: number }[];
}

/**
 * @param live vectors of cycles, in any order, each symbol's moment once; those older than a window are not looked at.
 * @returns null: fewer than 1,000, or of less than seven days.
 */
export function inputDriftOf({ windowMs, windows, features }: LearnedInput, live: readonly LiveInput[]): InputDrift | null {
  const newest = live.reduce((most, it) => Math.max(most, it.decidedAt), -Infinity);
  const seen = live.filter((it) => it.decidedAt > newest - windowMs);
  const oldest = seen.reduce((least, it) => Math.min(least, it.decidedAt), Infinity);
  if (seen.length < ROWS_MIN || newest - oldest < SPAN_MIN_MS) return null;
  const looks = features.map((learned) => {
    const cuts = Float32Array.from(learned.edges);
    const counts = learned.shares.map(() => 0);
    for (const { valueOf } of seen) { const bin = placeOf(cuts, valueOf(learned.feature)); counts[bin] = (counts[bin] ?? 0) + 1; }
    const psi = indexOf(sharesOf(counts), learned.shares);
    return { feature: learned.feature, psi, limit: Math.max(INDEX_MIN, learned.limit), p: chanceOf(psi, learned, windows) };
  });
  const standing = discoveriesOf(looks.map((it) => it.p), FALSE_SHARE).flatMap((place) => looks[place] ?? []);
  const drifted = standing.filter((it) => it.psi > it.limit).sort((a, b) => b.psi / b.limit - a.psi / a.limit);
  return { rows: seen.length, features: drifted.map(({ feature, psi, limit }) => ({ feature, psi: tidy(psi), limit: tidy(limit) })) };
}

/**
 * Chance that a window of the training set has so large an index, log-normal as they are: the set has too few windows for
 * what many features at once ask of a percentile. Student's t of the windows side by side, as a normal.
 * @source Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 26.7.8.
 */
function chanceOf(psi: number, { logMean, logDeviation }: LearnedFeature, windows: number): number {
  const freedom = windows - 1;
  const t = (logOf(psi) - logMean) / (logDeviation * Math.sqrt(1 + 1 / windows));
  return 1 - normalCdf((t * (1 - 1 / (4 * freedom))) / Math.sqrt(1 + (t * t) / (2 * freedom)));
}

/** Population stability index of two distributions over the same bins, ≥ 0. */
export function indexOf(shares: readonly number[], reference: readonly number[]): number {
  return shares.reduce((sum, share, bin) => { const other = reference[bin] ?? 0; return sum + (share - other) * Math.log(share / other); }, 0);
}

/** Each bin holds half a row more than seen: none is impossible. */
function sharesOf(counts: readonly number[]): readonly number[] {
  const total = counts.reduce((sum, count) => sum + count + 0.5, 0);
  return counts.map((count) => (count + 0.5) / total);
}

function countsOf(bins: Uint8Array, { from, to }: RowSpan, size: number): readonly number[] {
  const counts = Array.from({ length: size }, () => 0);
  for (let row = from; row < to; row += 1) { const bin = bins[row] ?? 0; counts[bin] = (counts[bin] ?? 0) + 1; }
  return counts;
}

/** Its bin; the one after the last for what is missing. */
function placeOf(cuts: Float32Array, value: number): number {
  const bin = binOf(cuts, value);
  return bin === MISSING_BIN ? cuts.length + 1 : bin;
}

const logOf = (index: number): number => Math.log(Math.max(1e-6, index));

const tidy = (value: number): number => Number(value.toPrecision(DIGITS));
