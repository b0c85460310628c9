import type { InstrumentId } from './instrument.ts';
import type { Timeframe } from './timeframe.ts';

/**
 * Open, high, low, close, volume of one timeframe, keyed by its open time.
 * The numbers are float64: a candle is statistics. Prices of at most 15 digits survive the trip through a
 * float and back digit by digit, so `d(candle.close)` is exact.
 */
export interface Candle {
  /** Epoch milliseconds, market clock. */
  readonly openTime: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** In base currency. */
  readonly volume: number;
}

/** Which closed candle a cycle decides on. */
export interface CandleRef {
  readonly portfolioId: string;
  readonly strategy: string;
  readonly timeframe: Timeframe;
  /** Epoch milliseconds, market clock: open time + length. The moment of the decision. */
  readonly closeTime: number;
}

export interface CandleSeries {
  readonly instrumentId: InstrumentId;
  readonly timeframe: Timeframe;
  /** Oldest first, closed candles only. */
  readonly candles: readonly Candle[];
}
