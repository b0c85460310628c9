/** Whether the vectors that live cycles saw are those that computing anew gives. Pure. @source learning.md, "Features". */
import { computeColumns } from '../features/feature-set.ts';
import type { FeatureSet } from '../features/feature-set.ts';
import { marketRowsOf } from '../features/rows.ts';
import type { CandleSeries } from '../market/candle.ts';
import type { InstrumentId } from '../market/instrument.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { timeframeMs } from '../market/timeframe.ts';
import type { LiveVector } from '../ports/trainer.ts';
import { momentsOf } from '../statistics/moments.ts';
import type { LabelledRows } from '../validation/rows.ts';

/** Of the column's standard deviation: both are float32. */
const TOLERANCE = 1e-5;
/** Of a feature so many differences are enough to name it. */
const NAMED_MAX = 1;

/** @returns feature, place and both values, one per feature; vectors of moments without a row say nothing. */
export function skewOf(rows: Pick<LabelledRows, 'names' | 'columns' | 'instruments' | 'instrument' | 'decidedAt' | 'rows'>, live: readonly LiveVector[]): readonly string[] {
  if (live.length === 0) return [];
  const placeOf = new Map(Array.from({ length: rows.rows }, (_, row) => [`${rows.instruments[rows.instrument[row] as number] ?? ''} ${rows.decidedAt[row] ?? 0}`, row]));
  const seen = live.flatMap(({ instrumentId, decidedAt, values }) => { const row = placeOf.get(`${instrumentId} ${decidedAt}`); return row === undefined ? [] : [{ row, instrumentId, decidedAt, values }]; });
  return rows.names.flatMap((name, feature) => {
    const column = rows.columns[feature] as Float32Array;
    const scale = momentsOf(column.filter((value) => !Number.isNaN(value))).deviation;
    const differing = seen.filter(({ row, values }) => !isSame(values[feature] ?? null, column[row] as number, TOLERANCE * scale));
    return differing.slice(0, NAMED_MAX).map(({ row, instrumentId, decidedAt, values }) => `${name} of ${instrumentId} at ${new Date(decidedAt).toISOString()}: ${values[feature] ?? 'missing'} live, ${column[row] ?? NaN} now (${differing.length} of ${seen.length})`);
  });
}

/**
 * Vectors of moments at which the market is the same now: breadth and mean return are of all symbols. Where one was added or
 * removed since, or its candle came late, what others saw then is not what computing anew gives, and no code is to blame.
 * @param universe that is computed anew. @param isKnown whether a symbol has that moment's candle now
 */
export function ofSameMarket(live: readonly LiveVector[], universe: readonly InstrumentId[], isKnown: (instrumentId: InstrumentId, decidedAt: number) => boolean): readonly LiveVector[] {
  return [...Map.groupBy(live, (it) => it.decidedAt)].flatMap(([decidedAt, seen]) => {
    const then = new Set(seen.map((it) => it.instrumentId));
    const isSame = universe.every((id) => then.has(id) === isKnown(id, decidedAt)) && [...then].every((id) => universe.includes(id));
    return isSame ? seen : [];
  });
}

/**
 * The same, of candles alone: one symbol's vectors are computed anew, in the market that they were seen in.
 * @param series of the whole market, from so long before the first vector as the set needs to be warm
 */
export function skewOfSymbol(instrumentId: string, { set, timeframe, series }: { readonly set: FeatureSet; readonly timeframe: Timeframe; readonly series: readonly CandleSeries[] }, live: readonly LiveVector[]): readonly string[] {
  const from = live.reduce((first, it) => Math.min(first, it.decidedAt), Infinity);
  const rows = marketRowsOf(series, timeframe).get(instrumentId) ?? [];
  const columns = computeColumns(set, timeframe, rows).map((column) => Float32Array.from(column.filter((_value, row) => closeOf(row) >= from)));
  const decidedAt = Float64Array.from(rows.map((_row, row) => closeOf(row)).filter((at) => at >= from));
  return skewOf({ names: set.features.map((it) => it.name), columns, instruments: [instrumentId], instrument: new Int32Array(decidedAt.length), decidedAt, rows: decidedAt.length }, live);

  function closeOf(row: number): number {
    return (rows[row]?.candle.openTime ?? NaN) + timeframeMs(timeframe);
  }
}

function isSame(live: number | null, now: number, tolerance: number): boolean {
  if (live === null || Number.isNaN(now)) return (live === null) === Number.isNaN(now);
  return Math.abs(live - now) <= tolerance + 1e-6 * Math.abs(now);
}
