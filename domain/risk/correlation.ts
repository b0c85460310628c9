/** How symbols move together. */
import type { InstrumentId } from '../market/instrument.ts';
import type { ReturnSeries } from './returns.ts';

export type SeriesOf = Readonly<Record<InstrumentId, ReturnSeries>>;

/**
 * Pearson's correlation of the returns that both know.
 * @param returnsMin fewer than these say nothing.
 * @returns -1..1; null when there are too few, or one of them never moved.
 */
export function correlationOf(a: ReturnSeries | undefined, b: ReturnSeries | undefined, returnsMin: number): number | null {
  if (a === undefined || b === undefined) return null;
  let [count, sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0, 0];
  for (let index = 0; index < a.length; index += 1) {
    const x = a[index] ?? null;
    const y = b[index] ?? null;
    if (x === null || y === null) continue;
    count += 1;
    sumA += x; sumB += y; sumAA += x * x; sumBB += y * y; sumAB += x * y;
  }
  return pearson({ count, sumA, sumB, sumAA, sumBB, sumAB }, returnsMin);
}

interface Sums {
  readonly count: number;
  readonly sumA: number;
  readonly sumB: number;
  readonly sumAA: number;
  readonly sumBB: number;
  readonly sumAB: number;
}

/** @source Pearson 1895, by sums. */
function pearson({ count, sumA, sumB, sumAA, sumBB, sumAB }: Sums, returnsMin: number): number | null {
  if (count < returnsMin) return null;
  const spread = (sumAA - (sumA * sumA) / count) * (sumBB - (sumB * sumB) / count);
  if (!(spread > 0)) return null;
  return Math.max(-1, Math.min(1, (sumAB - (sumA * sumB) / count) / Math.sqrt(spread)));
}

/** Correlation of two symbols by name; null when too little is known of them. */
export type Correlations = (a: InstrumentId, b: InstrumentId) => number | null;

/** A series without a gap, with its sums: a pair of such needs one pass over their products. */
interface Whole {
  readonly values: Float64Array;
  readonly sum: number;
  readonly squares: number;
}

/** Each pair is computed once, however often it is asked for. */
export function correlationsOf(series: SeriesOf, returnsMin: number): Correlations {
  const known = new Map<InstrumentId, Map<InstrumentId, number | null>>();
  const wholes = new Map(Object.entries(series).map(([id, it]) => [id, wholeOf(it)]));
  const compute = (a: InstrumentId, b: InstrumentId): number | null => {
    const [x, y] = [wholes.get(a) ?? null, wholes.get(b) ?? null];
    return x !== null && y !== null && x.values.length === y.values.length ? correlationOfWhole(x, y, returnsMin) : correlationOf(series[a], series[b], returnsMin);
  };
  return (a, b) => {
    let row = known.get(a);
    if (row === undefined) known.set(a, (row = new Map()));
    let value = row.get(b);
    if (value === undefined) {
      value = known.get(b)?.get(a) ?? compute(a, b);
      row.set(b, value);
    }
    return value;
  };
}

function wholeOf(series: ReturnSeries): Whole | null {
  const known = series.filter((it) => it !== null);
  if (known.length < series.length) return null;
  return { values: Float64Array.from(known), sum: known.reduce((sum, it) => sum + it, 0), squares: known.reduce((sum, it) => sum + it * it, 0) };
}

function correlationOfWhole(a: Whole, b: Whole, returnsMin: number): number | null {
  const count = a.values.length;
  let products = 0;
  for (let index = 0; index < count; index += 1) products += (a.values[index] ?? 0) * (b.values[index] ?? 0);
  return pearson({ count, sumA: a.sum, sumB: b.sum, sumAA: a.squares, sumBB: b.squares, sumAB: products }, returnsMin);
}

/** Symbols that hang together with one, itself included: those correlated above the bound, those correlated with these, and so on. */
export function groupOf(id: InstrumentId, others: readonly InstrumentId[], { correlations, correlationMin }: { readonly correlations: Correlations; readonly correlationMin: number }): ReadonlySet<InstrumentId> {
  const group = new Set([id]);
  const waiting = [id];
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
    for (const to of others) {
      if (group.has(to)) continue;
      const correlation = correlations(from, to);
      if (correlation === null || correlation <= correlationMin) continue;
      group.add(to);
      waiting.push(to);
    }
  }
  return group;
}

/** Mean correlation of all pairs, over the whole window and over its newest returns; null without a pair that is known in both. */
export interface CorrelationLevel {
  readonly usual: number;
  readonly now: number;
}

/** So many of the newest returns are "now": five days of four-hourly ones. */
const NEWEST = 30;
/** Pairs grow with the square of the symbols: beyond these, the first in the order of their names stand for all. */
const SYMBOLS_MAX = 16;

export function correlationLevelOf(series: SeriesOf, returnsMin: number): CorrelationLevel | null {
  const all = Object.keys(series).sort().slice(0, SYMBOLS_MAX).flatMap((id) => (series[id] === undefined ? [] : [series[id]]));
  const newest = all.map((it) => it.slice(-NEWEST));
  const [usual, now] = [[] as number[], [] as number[]];
  for (let i = 0; i < all.length; i += 1) {
    for (let j = i + 1; j < all.length; j += 1) {
      const [whole, recent] = [correlationOf(all[i], all[j], returnsMin), correlationOf(newest[i], newest[j], returnsMin)];
      if (whole === null || recent === null) continue;
      usual.push(whole);
      now.push(recent);
    }
  }
  return usual.length === 0 ? null : { usual: meanOf(usual), now: meanOf(now) };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
