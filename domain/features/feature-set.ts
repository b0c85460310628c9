import type { Candle } from '../market/candle.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { timeframeMs } from '../market/timeframe.ts';
import type { Frame } from './graph.ts';
import { Graph } from './graph.ts';

export const FAMILIES = ['return', 'volatility', 'trend', 'oscillator', 'band', 'volume', 'candle', 'level', 'time', 'market', 'timeframe', 'derivatives', 'regime', 'own'] as const;
export type Family = (typeof FAMILIES)[number];

/** One column of a feature set: how it is computed from what has closed, and how much of that it needs. */
export interface FeatureDefinition {
  /** Letters and digits, a letter first; unique in its set. */
  readonly name: string;
  readonly family: Family;
  /** Unit, sign and range, for people. */
  readonly about: string;
  /**
   * W: candles, this one included, from which the value is the same wherever the candles begin (to 1e-9 of its scale).
   * Below it the value is missing.
   */
  readonly warmupCandles: number | ((timeframe: Timeframe) => number);
  /**
   * Asks the graph for what it needs, once, and gives the function that reads the value at each candle. NaN: missing.
   * It keeps no state of its own: state lives in the graph's nodes.
   */
  readonly create: (on: Graph) => () => number;
}

/** A versioned list of features: the same one for training, backtest and live. */
export interface FeatureSet {
  readonly name: string;
  /** Changes whenever any value can. */
  readonly version: string;
  readonly features: readonly FeatureDefinition[];
}

/** A value from outside the symbol's candles, and since when it has been known. */
export interface Fact {
  readonly value: number;
  /** Epoch milliseconds, market clock; never later than the decision. */
  readonly knownAt: number;
}

/** What is known of one symbol when its candle closes. Facts that are missing make their features missing. */
export interface FeatureRow {
  readonly candle: Candle;
  readonly btcClose?: Fact | undefined;
  readonly breadth?: Fact | undefined;
  readonly marketReturn?: Fact | undefined;
  readonly fundingRate?: Fact | undefined;
  readonly openInterest?: Fact | undefined;
}

/** So many missing candles in a row are taken as candles without trades; a longer gap begins anew. */
const GAP_MAX_CANDLES = 24;
/** Facts that are older say nothing about now. */
const FACT_AGE_MAX_MS = 86_400_000;

export const warmupOf = (feature: FeatureDefinition, timeframe: Timeframe): number => (typeof feature.warmupCandles === 'number' ? feature.warmupCandles : feature.warmupCandles(timeframe));

/** Candles after which no feature of the set is missing for want of history. */
export function warmupCandlesOf(set: FeatureSet, timeframe: Timeframe): number {
  return set.features.reduce((most, feature) => Math.max(most, warmupOf(feature, timeframe)), 1);
}

/** A feature set at work on one symbol: fed candle by candle, in a backtest and live alike. */
export class FeatureStream {
  readonly #set: FeatureSet;
  readonly #timeframe: Timeframe;
  readonly #lengthMs: number;
  readonly #warmups: readonly number[];
  #graph: Graph;
  #readers: readonly (() => number)[] = [];
  #count = 0;
  #last: FeatureRow | null = null;

  constructor(set: FeatureSet, timeframe: Timeframe) {
    this.#set = set;
    this.#timeframe = timeframe;
    this.#lengthMs = timeframeMs(timeframe);
    this.#warmups = set.features.map((feature) => warmupOf(feature, timeframe));
    this.#graph = this.#begin();
  }

  #begin(): Graph {
    const graph = new Graph(this.#timeframe);
    this.#readers = this.#set.features.map((feature) => readerOf(feature, graph));
    this.#count = 0;
    return graph;
  }

  /**
   * One more closed candle.
   * @param into as long as the set has features; default: a new array.
   * @returns `into`: a value per feature, in the set's order; NaN where it is missing.
   * @throws {RangeError} not retried: a candle that does not come after the last one, a fact that was not known at its close, or a feature whose value is no number.
   */
  next(row: FeatureRow, into = new Float64Array(this.#readers.length)): Float64Array {
    this.#fill(row.candle.openTime);
    this.#advance(row);
    for (let index = 0; index < this.#readers.length; index += 1) {
      const value = this.#count < (this.#warmups[index] as number) ? NaN : (this.#readers[index] as () => number)();
      into[index] = Number.isFinite(value) ? value : missing(value, this.#set.features[index]);
    }
    return into;
  }

  /** What is missing between the last candle and this one. A level stays what it was; the return over one candle is not that over the next. */
  #fill(openTime: number): void {
    if (this.#last === null) return;
    const { candle } = this.#last;
    const missing = (openTime - candle.openTime) / this.#lengthMs - 1;
    if (!Number.isInteger(missing) || missing < 0) throw new RangeError(`a ${this.#timeframe} candle that opens at ${openTime} cannot follow one that opened at ${candle.openTime}: give closed candles, oldest first, each once`);
    if (missing > GAP_MAX_CANDLES) this.#graph = this.#begin();
    else for (let index = 1; index <= missing; index += 1) this.#advance({ ...this.#last, marketReturn: undefined, candle: { openTime: candle.openTime + index * this.#lengthMs, open: candle.close, high: candle.close, low: candle.close, close: candle.close, volume: 0 } });
  }

  #advance(row: FeatureRow): void {
    this.#last = row;
    this.#count += 1;
    this.#graph.advance(frameOf(row, row.candle.openTime + this.#lengthMs));
  }
}

function readerOf({ name, create }: FeatureDefinition, graph: Graph): () => number {
  const read: unknown = create(graph);
  if (typeof read !== 'function') throw new RangeError(`${name}: create gives back ${typeof read}, not the function that reads its value`);
  return read as () => number;
}

/** Users write features in JavaScript too. */
function missing(value: unknown, feature: FeatureDefinition | undefined): number {
  if (typeof value !== 'number') throw new RangeError(`${feature?.name ?? ''}: its value is ${JSON.stringify(value)}, not a number; NaN is what is missing`);
  return NaN;
}

function frameOf({ candle, btcClose, breadth, marketReturn, fundingRate, openInterest }: FeatureRow, closeTime: number): Frame {
  return {
    openTime: candle.openTime, closeTime, open: candle.open, high: candle.high, low: candle.low, close: candle.close, volume: candle.volume,
    btcClose: valueOf('btcClose', btcClose, closeTime), breadth: valueOf('breadth', breadth, closeTime), marketReturn: valueOf('marketReturn', marketReturn, closeTime),
    fundingRate: valueOf('fundingRate', fundingRate, closeTime), openInterest: valueOf('openInterest', openInterest, closeTime),
  };
}

function valueOf(name: string, fact: Fact | undefined, closeTime: number): number {
  if (fact === undefined || fact.knownAt < closeTime - FACT_AGE_MAX_MS) return NaN;
  if (fact.knownAt > closeTime) throw new RangeError(`${name} was known at ${fact.knownAt} only, after the decision at ${closeTime}: a feature may read what is known at its candle's close`);
  return fact.value;
}

/**
 * The whole history at once: the stream, run over it, so that training and live cannot disagree.
 * @param rows oldest first.
 * @returns a column per feature, in the set's order, each as long as `rows`; NaN where a value is missing.
 */
export function computeColumns(set: FeatureSet, timeframe: Timeframe, rows: readonly FeatureRow[]): readonly Float64Array[] {
  const stream = new FeatureStream(set, timeframe);
  const columns = set.features.map(() => new Float64Array(rows.length));
  const values = new Float64Array(columns.length);
  rows.forEach((row, at) => {
    stream.next(row, values);
    for (let index = 0; index < columns.length; index += 1) (columns[index] as Float64Array)[at] = values[index] as number;
  });
  return columns;
}
