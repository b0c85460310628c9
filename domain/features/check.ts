import type { Timeframe } from '../market/timeframe.ts';
import type { FeatureRow, FeatureSet } from './feature-set.ts';
import { computeColumns, warmupCandlesOf, warmupOf } from './feature-set.ts';

export interface FeatureFault {
  readonly feature: string;
  /** `lookAhead`: later candles change it; `warmup`: it depends on candles further back than it declares. */
  readonly fault: 'lookAhead' | 'warmup';
  /** The first place, with both values. */
  readonly detail: string;
}

/** Of a column's scale, its standard deviation. */
const TOLERANCE = 1e-9;
/** Where the shorter histories begin: at odd places within hours, 4-hour candles and days. */
const STARTS = [37, 110] as const;
/** Rows beyond the longest warm-up that are compared. */
const COMPARED = 140;

type Compute = (set: FeatureSet, timeframe: Timeframe, rows: readonly FeatureRow[]) => readonly Float64Array[];

/** Rows that `checkFeatures` needs for a set. */
export const rowsToCheck = (set: FeatureSet, timeframe: Timeframe): number => warmupCandlesOf(set, timeframe) + COMPARED;

/**
 * Holds a feature set to its word: what comes later changes nothing, and a history that begins W candles earlier gives the
 * same value as one that begins long before (to 1e-9 of the column's standard deviation).
 * @param rows oldest first, at least `rowsToCheck` of them, of a market that moves.
 * @param compute default: `computeColumns`.
 * @returns one fault per feature and kind; empty when all is well.
 */
export function checkFeatures(set: FeatureSet, timeframe: Timeframe, rows: readonly FeatureRow[], compute: Compute = computeColumns): readonly FeatureFault[] {
  const whole = compute(set, timeframe, rows);
  const cut = rows.length - Math.floor(COMPARED / 2);
  const changed = compute(set, timeframe, [...rows.slice(0, cut), ...otherFuture(rows.slice(cut))]);
  const shorter = STARTS.map((start) => ({ start, columns: compute(set, timeframe, rows.slice(start)) }));
  return set.features.flatMap((feature, index) => {
    const column = whole[index] ?? new Float64Array(0);
    const later = firstDifference(column, changed[index], { from: 0, to: cut, tolerance: 0 });
    const earlier = shorter.flatMap(({ start, columns }) => {
      const shifted = new Float64Array(rows.length).fill(NaN);
      shifted.set(columns[index] ?? [], start);
      const found = firstDifference(column, shifted, { from: start + warmupOf(feature, timeframe) - 1, to: rows.length, tolerance: TOLERANCE * deviationOf(column) });
      return found === null ? [] : [`begun ${start} candles later, at candle ${found}`];
    });
    return [
      ...(later === null ? [] : [{ feature: feature.name, fault: 'lookAhead' as const, detail: `other candles from ${cut} on change candle ${later}` }]),
      ...(earlier[0] === undefined ? [] : [{ feature: feature.name, fault: 'warmup' as const, detail: `declares ${warmupOf(feature, timeframe)} candles, but ${earlier[0]}` }]),
    ];
  });
}

/** The same times with the candles of another order, and every fact turned around. */
function otherFuture(rows: readonly FeatureRow[]): FeatureRow[] {
  return rows.map((row, index) => {
    const { candle: { open, high, low, close, volume } } = rows[rows.length - 1 - index] ?? row;
    const other = (name: 'btcClose' | 'breadth' | 'marketReturn' | 'fundingRate' | 'openInterest'): Partial<FeatureRow> => (row[name] === undefined ? {} : { [name]: { ...row[name], value: row[name].value * 1.37 } });
    return {
      candle: { openTime: row.candle.openTime, open: open * 1.21, high: high * 1.21, low: low * 1.21, close: close * 1.21, volume: volume * 3 },
      ...other('btcClose'), ...other('breadth'), ...other('marketReturn'), ...other('fundingRate'), ...other('openInterest'),
    };
  });
}

/** The first index where the two differ, or where only one is missing; with both values. */
function firstDifference(a: Float64Array, b: Float64Array | undefined, { from, to, tolerance }: { readonly from: number; readonly to: number; readonly tolerance: number }): string | null {
  for (let index = from; index < to; index += 1) {
    const [x, y] = [a[index] ?? NaN, b?.[index] ?? NaN];
    if (Number.isNaN(x) && Number.isNaN(y)) continue;
    if (!(Math.abs(x - y) <= tolerance)) return `${index}: ${x} becomes ${y}`;
  }
  return null;
}

function deviationOf(column: Float64Array): number {
  const known = column.filter((value) => !Number.isNaN(value));
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length);
}
