/**
 * The data set of one moment: every closed candle of every symbol that was listed then, traded or not, with its features and
 * what came of it.
 * @source learning.md, "Daily retrain", step 1.
 */
import type { Matrix } from '../learning/dataset.ts';
import type { Candle } from '../market/candle.ts';
import type { InstrumentId } from '../market/instrument.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { timeframeMs } from '../market/timeframe.ts';
import type { LabelDefinition } from '../predictions/label.ts';
import { labelOf, SIGMA_CANDLES, sigmaOf } from '../predictions/label.ts';
import { recencyOf, uniquenessOf } from './weights.ts';

/** Candles left out before the label when a model is asked how far ahead it sees. */
export const GAPS = [1, 2, 4] as const;

export interface InstrumentHistory {
  readonly instrumentId: InstrumentId;
  /** Market clock; a decision at `listedUntil` or later is none. Null: listed still. */
  readonly listedFrom: number;
  readonly listedUntil: number | null;
  /** Closed, oldest first, each time once; some may be missing. */
  readonly candles: readonly Candle[];
  /** A column per feature, each as long as `candles`, as known at the candle's close; NaN: missing. */
  readonly features: readonly ArrayLike<number>[];
  /** Of a round trip, basis points. */
  readonly costBps: number;
}

/** Rows in order of decision, those of one moment in order of the instruments. */
export interface LabelledRows extends Matrix {
  readonly label: LabelDefinition;
  readonly candleMs: number;
  readonly instruments: readonly InstrumentId[];
  /** Place in `instruments`. */
  readonly instrument: Int32Array;
  /** Market clock: the close of the candle. What a label says lies in decidedAt ≤ t < labelUntil, at most. */
  readonly decidedAt: Float64Array;
  readonly labelUntil: Float64Array;
  /** Standard deviation of the log returns of one candle, as known at the decision. */
  readonly sigma: Float64Array;
  readonly costBps: Float64Array;
  /** Of the candle of the decision, close to close, basis points. */
  readonly lastMoveBps: Float64Array;
  /** From the first open to the last close, basis points. */
  readonly moveBps: Float64Array;
  /** One unit in each direction after costs, basis points, and the candle of the horizon in which it ended, from 0. */
  readonly longBps: Float64Array;
  readonly shortBps: Float64Array;
  readonly longExit: Int32Array;
  readonly shortExit: Int32Array;
  /** By `GAPS`: the move of a horizon that begins so many candles later; NaN where it is not known yet. */
  readonly gapMovesBps: readonly Float64Array[];
  /** 0..1: share of a label that no other label of its symbol covers; summed, the effective number of labels. */
  readonly uniqueness: Float64Array;
  /** Uniqueness × recency: what learners weigh rows by. */
  readonly weights: Float64Array;
}

/** Candles that gave no row, by reason. */
export interface Omitted {
  /** Its longest horizon had not ended at the moment. */
  unripe: number;
  unlisted: number;
  /** A candle of its horizon is missing. */
  gap: number;
  /** Too few candles before it to know how much the symbol moves. */
  unknownVolatility: number;
  /** A person marked its data as bad. */
  badData: number;
}

export interface AssemblyOptions {
  /** Market clock. */
  readonly asOf: number;
  readonly timeframe: Timeframe;
  readonly featureNames: readonly string[];
  readonly label: LabelDefinition;
  /** A row so old weighs half, > 0. */
  readonly halfLifeMs: number;
  /** Whether a person marked the data of a decision as bad; default: nobody did. */
  readonly isBad?: (instrumentId: InstrumentId, decidedAt: number) => boolean;
}

interface Place {
  readonly instrument: number;
  readonly index: number;
  readonly decidedAt: number;
  readonly sigma: number;
}

/** @throws {RangeError} not retried: features that do not fit their names or candles. */
export function assembleRows(histories: readonly InstrumentHistory[], options: AssemblyOptions): { readonly rows: LabelledRows; readonly omitted: Omitted } {
  const omitted: Omitted = { unripe: 0, unlisted: 0, gap: 0, unknownVolatility: 0, badData: 0 };
  const places = histories.flatMap((history, instrument) => placesOf(history, instrument, options, omitted));
  places.sort((a, b) => a.decidedAt - b.decidedAt || a.instrument - b.instrument);
  return { rows: rowsAt(histories, places, options), omitted };
}

function placesOf({ instrumentId, listedFrom, listedUntil, candles, features }: InstrumentHistory, instrument: number, { asOf, timeframe, featureNames, label, isBad }: AssemblyOptions, omitted: Omitted): Place[] {
  if (features.length !== featureNames.length || features.some((column) => column.length !== candles.length)) throw new RangeError(`${instrumentId}: each of the ${featureNames.length} features needs a column of ${candles.length} candles`);
  const candleMs = timeframeMs(timeframe);
  const places: Place[] = [];
  candles.forEach(({ openTime }, index) => {
    const decidedAt = openTime + candleMs;
    if (decidedAt < listedFrom || (listedUntil !== null && decidedAt >= listedUntil)) omitted.unlisted += 1;
    else if (decidedAt + label.horizonCandles * candleMs > asOf) omitted.unripe += 1; // however early a barrier was hit: else quick results would be too many
    else if (candles[index + label.horizonCandles]?.openTime !== openTime + label.horizonCandles * candleMs) omitted.gap += 1;
    else if (isBad?.(instrumentId, decidedAt) === true) omitted.badData += 1;
    else {
      const sigma = sigmaOf(candles.slice(Math.max(0, index - SIGMA_CANDLES), index + 1));
      if (sigma === null) omitted.unknownVolatility += 1;
      else places.push({ instrument, index, decidedAt, sigma });
    }
  });
  return places;
}

function rowsAt(histories: readonly InstrumentHistory[], places: readonly Place[], { asOf, timeframe, featureNames, label, halfLifeMs }: AssemblyOptions): LabelledRows {
  const candleMs = timeframeMs(timeframe);
  const horizon = label.horizonCandles;
  const historyOf = (place: Place): InstrumentHistory => histories[place.instrument] as InstrumentHistory;
  const labels = places.map((place) => {
    const { candles, costBps } = historyOf(place);
    return labelOf(label, { sigma: place.sigma, costBps }, candles.slice(place.index + 1, place.index + 1 + horizon));
  });
  const instrument = Int32Array.from(places, (place) => place.instrument);
  const decidedAt = Float64Array.from(places, (place) => place.decidedAt);
  const labelUntil = decidedAt.map((at) => at + horizon * candleMs);
  const uniqueness = uniquenessOf({ instrument, decidedAt, candleMs, horizonCandles: horizon });
  return {
    names: featureNames, rows: places.length, label, candleMs, instruments: histories.map((history) => history.instrumentId), instrument, decidedAt, labelUntil, uniqueness,
    columns: featureNames.map((_, feature) => Float32Array.from(places, (place) => historyOf(place).features[feature]?.[place.index] ?? NaN)),
    sigma: Float64Array.from(places, (place) => place.sigma),
    costBps: Float64Array.from(places, (place) => historyOf(place).costBps),
    lastMoveBps: Float64Array.from(places, (place) => { const { candles } = historyOf(place); return 10_000 * ((candles[place.index]?.close ?? NaN) / (candles[place.index - 1]?.close ?? NaN) - 1); }),
    moveBps: Float64Array.from(labels, (it) => it.moveBps),
    longBps: Float64Array.from(labels, (it) => it.long.netBps), shortBps: Float64Array.from(labels, (it) => it.short.netBps),
    longExit: Int32Array.from(labels, (it) => it.long.exitIndex), shortExit: Int32Array.from(labels, (it) => it.short.exitIndex),
    gapMovesBps: GAPS.map((gap) => Float64Array.from(places, (place) => laterMove(historyOf(place).candles, place.index, { gap, horizon, candleMs, asOf }))),
    weights: uniqueness.map((share, row) => share * recencyOf(asOf - (decidedAt[row] as number), halfLifeMs)),
  };
}

function laterMove(candles: readonly Candle[], index: number, { gap, horizon, candleMs, asOf }: { readonly gap: number; readonly horizon: number; readonly candleMs: number; readonly asOf: number }): number {
  const [decision, first, last] = [candles[index], candles[index + 1 + gap], candles[index + gap + horizon]];
  const isWhole = decision !== undefined && last !== undefined && last.openTime === decision.openTime + (gap + horizon) * candleMs && last.openTime + candleMs <= asOf;
  return isWhole && first !== undefined ? 10_000 * (last.close / first.open - 1) : NaN;
}

/** The rows of some instruments alone, as if there were no others. @throws {RangeError} not retried: an instrument without rows. */
export function rowsOfInstruments(rows: LabelledRows, ids: readonly InstrumentId[]): LabelledRows {
  const missing = ids.find((id) => !rows.instruments.includes(id));
  if (missing !== undefined) throw new RangeError(`there are no rows of ${missing}; of ${rows.instruments.join(', ')}`);
  const places = new Map(ids.map((id, place) => [rows.instruments.indexOf(id), place]));
  const kept = Int32Array.from([...rows.instrument.keys()].filter((row) => places.has(rows.instrument[row] as number)));
  const pick = (values: Float64Array): Float64Array => Float64Array.from(kept, (row) => values[row] as number);
  const pickInt = (values: Int32Array): Int32Array => Int32Array.from(kept, (row) => values[row] as number);
  return {
    ...rows, rows: kept.length, instruments: ids, instrument: Int32Array.from(kept, (row) => places.get(rows.instrument[row] as number) ?? 0), columns: rows.columns.map((values) => Float32Array.from(kept, (row) => values[row] as number)),
    decidedAt: pick(rows.decidedAt), labelUntil: pick(rows.labelUntil), sigma: pick(rows.sigma), costBps: pick(rows.costBps), lastMoveBps: pick(rows.lastMoveBps), moveBps: pick(rows.moveBps),
    longBps: pick(rows.longBps), shortBps: pick(rows.shortBps), longExit: pickInt(rows.longExit), shortExit: pickInt(rows.shortExit), gapMovesBps: rows.gapMovesBps.map(pick), uniqueness: pick(rows.uniqueness), weights: pick(rows.weights),
  };
}
