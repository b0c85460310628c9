import type { Candle, CandleSeries } from '../market/candle.ts';
import type { InstrumentId } from '../market/instrument.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { timeframeMs } from '../market/timeframe.ts';
import type { FeatureSet } from './feature-set.ts';
import { FeatureStream, warmupCandlesOf } from './feature-set.ts';
import { BREADTH_CANDLES, marketRowsOf } from './rows.ts';

/** What was fed so far, up to one candle. */
interface Fed {
  readonly openTime: number;
  readonly streams: ReadonlyMap<InstrumentId, FeatureStream>;
  /** Float32; a symbol without a candle at that time has none. */
  readonly vectors: ReadonlyMap<InstrumentId, Float32Array>;
  /** Candles that were known of the newest `#lookBack` slots of each symbol: more of them later is a gap that was filled. */
  readonly known: readonly number[];
  /** Candles since a history that was too short: from time to time it is asked for anew. Null: it was long enough. */
  readonly shortFor: number | null;
}

/** What is further behind begins anew. */
const STEPS_MAX = 24;
const LOOK_BACK_MAX = 1_000;
const ASK_AGAIN_AFTER = 24;

/**
 * The feature vectors of a market as its candles close, symbol by symbol: the streams that training runs over a whole
 * history, fed one candle at a time. After a start, a jump, or a gap that was filled they begin anew from history.
 */
export class LiveFeatures {
  readonly #set: FeatureSet;
  readonly #timeframe: Timeframe;
  readonly #lengthMs: number;
  /** Candles per symbol that a beginning needs. */
  readonly historyCandles: number;
  readonly #lookBack: number;
  #fed: Fed | null = null;

  constructor(set: FeatureSet, timeframe: Timeframe) {
    this.#set = set;
    this.#timeframe = timeframe;
    this.#lengthMs = timeframeMs(timeframe);
    this.historyCandles = warmupCandlesOf(set, timeframe) + BREADTH_CANDLES;
    this.#lookBack = Math.min(LOOK_BACK_MAX, this.historyCandles);
  }

  /** Whether `at` has to be given `historyCandles` of each symbol, as far as there are so many; else a thousand do. */
  isBehind(series: readonly CandleSeries[], closeTime: number): boolean {
    const openTime = closeTime - this.#lengthMs;
    return openTime !== this.#fed?.openTime && !this.#follows(series, openTime);
  }

  /**
   * @param series closed candles of the whole market up to the decision, oldest first.
   * @returns by symbol its vector at the candle that closes then, in the set's order, NaN where missing; none for a symbol that lacks this candle.
   */
  at(series: readonly CandleSeries[], closeTime: number): ReadonlyMap<InstrumentId, Float32Array> {
    const openTime = closeTime - this.#lengthMs;
    const fed = this.#fed;
    if (fed !== null && openTime === fed.openTime) return fed.vectors;
    if (fed !== null && openTime < fed.openTime) return this.#begun(series, openTime).vectors; // a late cycle; the streams stay where they are
    this.#fed = fed !== null && this.#follows(series, openTime) ? this.#continued(fed, series, openTime) : this.#begun(series, openTime);
    return this.#fed.vectors;
  }

  /** Whether the streams stand a few candles before, and nothing of what they were fed has changed since. */
  #follows(series: readonly CandleSeries[], openTime: number): boolean {
    const fed = this.#fed;
    if (fed === null || fed.streams.size !== series.length || (fed.shortFor ?? 0) >= ASK_AGAIN_AFTER) return false;
    const steps = (openTime - fed.openTime) / this.#lengthMs;
    return Number.isInteger(steps) && steps >= 1 && steps <= STEPS_MAX
      && series.every((it, index) => fed.streams.has(it.instrumentId) && this.#knownOf(it, fed.openTime) === fed.known[index]);
  }

  #begun(series: readonly CandleSeries[], openTime: number): Fed {
    const streams = new Map(series.map((it) => [it.instrumentId, new FeatureStream(this.#set, this.#timeframe)]));
    const isShort = series.some((it) => it.candles.length < this.historyCandles);
    return this.#advanced(streams, series, { after: openTime - this.historyCandles * this.#lengthMs, openTime, shortFor: isShort ? 0 : null });
  }

  #continued({ streams, openTime: after, shortFor }: Fed, series: readonly CandleSeries[], openTime: number): Fed {
    return this.#advanced(streams, series, { after, openTime, shortFor: shortFor === null ? null : shortFor + 1 });
  }

  /** Feeds what opened after a time, up to the candle that opened at `openTime`. */
  #advanced(streams: Fed['streams'], series: readonly CandleSeries[], { after, openTime, shortFor }: { readonly after: number; readonly openTime: number; readonly shortFor: number | null }): Fed {
    const from = after - BREADTH_CANDLES * this.#lengthMs; // breadth compares with candles before
    const rows = marketRowsOf(series.map((it) => ({ ...it, candles: within(it.candles, from, openTime) })), this.#timeframe);
    const vectors = new Map<InstrumentId, Float32Array>();
    for (const [instrumentId, stream] of streams) {
      const values = new Float64Array(this.#set.features.length);
      for (const row of rows.get(instrumentId) ?? []) {
        if (row.candle.openTime <= after) continue;
        stream.next(row, values);
        if (row.candle.openTime === openTime) vectors.set(instrumentId, Float32Array.from(values));
      }
    }
    return { openTime, streams, vectors, shortFor, known: series.map((it) => this.#knownOf(it, openTime)) };
  }

  #knownOf({ candles }: CandleSeries, openTime: number): number {
    return within(candles.slice(-this.#lookBack - STEPS_MAX), openTime - this.#lookBack * this.#lengthMs, openTime).length;
  }
}

/** Those that opened after `from`, up to `to` with it. */
function within(candles: readonly Candle[], from: number, to: number): readonly Candle[] {
  const first = candles.findIndex((it) => it.openTime > from);
  if (first < 0) return [];
  const past = candles.findLastIndex((it) => it.openTime <= to) + 1;
  return candles.slice(first, past);
}
