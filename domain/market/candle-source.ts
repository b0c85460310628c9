import type { DecimalString } from '../decimal.ts';
import type { Candle } from './candle.ts';
import type { Instrument, InstrumentId } from './instrument.ts';
import type { Timeframe } from './timeframe.ts';

/** A market to trade on: drawn from a seed, or recorded. Candles are read forward, index by index, for all symbols together. */
export interface CandleSource {
  readonly timeframe: Timeframe;
  readonly instruments: readonly Instrument[];
  /** Open time of index 0, epoch milliseconds, market clock. Index i opens at `startTime + i × length`. */
  readonly startTime: number;
  /** Number of candles, or null when the market never ends. */
  readonly length: number | null;
  /**
   * The candle of a symbol at an index; undefined where it was not listed yet, or past the end. Any index may be
   * asked for; going forward is cheap.
   * @param index ≥ 0.
   */
  candleAt(id: InstrumentId, index: number): MarketCandle | undefined;
  /** Closed candles before an index, oldest first, at most `count`. */
  history(id: InstrumentId, beforeIndex: number, count: number): readonly MarketCandle[];
  /** Funding rate charged at a market time; null when that is no funding time. Positive: longs pay. */
  fundingRateAt(id: InstrumentId, timeMs: number): DecimalString | null;
  /** The last funding rate known and the next funding time, as a premium index shows them. */
  nextFunding(id: InstrumentId, timeMs: number): { readonly rate: DecimalString; readonly timeMs: number };
  /**
   * From `index` on, all prices of the symbol are multiplied. Factors multiply up.
   * @param factor > 0: 0.9 is a fall by 10 %.
   */
  shock(id: InstrumentId, index: number, factor: number): void;
  /** The shocks so far, to be saved and given again after a restart. */
  shocks(): readonly Shock[];
}

export interface MarketCandle extends Candle {
  /** Mark price over last price minus 1 while the candle runs. */
  readonly markBasis: number;
}

export interface Shock {
  readonly instrumentId: InstrumentId;
  readonly index: number;
  readonly factor: number;
}
