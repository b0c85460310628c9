/** Indicators fed candle by candle. `next` gives null until the indicator has seen enough (its warm-up). */
import { SlidingWindow, assertPeriod } from './window.ts';

export interface Indicator<Input, Output> {
  next(input: Input): Output | null;
}

export interface Bar {
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

export interface Adx {
  /** Null until 2 × period candles: the directional indicators come first. 0..100. */
  readonly adx: number | null;
  /** 0..100. */
  readonly plusDi: number;
  /** 0..100. */
  readonly minusDi: number;
}

export interface Bands {
  readonly upper: number;
  readonly mid: number;
  readonly lower: number;
}

export interface Macd {
  readonly macd: number;
  readonly signal: number;
  readonly histogram: number;
}

/** Simple moving average. First value at candle `period`. */
export function createSma(period: number): Indicator<number, number> {
  const window = new SlidingWindow(period);
  return {
    next(value) {
      window.push(value);
      return window.isFull ? window.mean() : null;
    },
  };
}

/** An average that starts as the mean of its first `period` values and then moves on by `step`. */
function createSeededAverage(period: number, step: (average: number, value: number) => number): Indicator<number, number> {
  assertPeriod(period);
  let count = 0;
  let sum = 0;
  let average: number | null = null;
  return {
    next(value) {
      if (average !== null) {
        average = step(average, value);
        return average;
      }
      count += 1;
      sum += value;
      if (count === period) average = sum / period;
      return average;
    },
  };
}

/** Exponential moving average, weight 2 / (period + 1), seeded by the simple average. First value at candle `period`. */
export function createEma(period: number): Indicator<number, number> {
  const weight = 2 / (period + 1);
  return createSeededAverage(period, (average, value) => average + (value - average) * weight); // a flat price keeps its average to the last bit
}

/**
 * Wilder's smoothing, weight 1 / period, seeded by the simple average.
 * @source J. Welles Wilder, New Concepts in Technical Trading Systems, 1978.
 */
export function createWilderAverage(period: number): Indicator<number, number> {
  return createSeededAverage(period, (average, value) => (average * (period - 1) + value) / period); // a difference would lose a small value beside a large average
}

/**
 * Relative strength index, 0..100; 50 when nothing moved. First value at candle period + 1.
 * @source Wilder 1978.
 */
export function createRsi(period: number): Indicator<number, number> {
  const gains = createWilderAverage(period);
  const losses = createWilderAverage(period);
  let previous: number | null = null;
  return {
    next(close) {
      const change = previous === null ? null : close - previous;
      previous = close;
      if (change === null) return null;
      const gain = gains.next(Math.max(change, 0));
      const loss = losses.next(Math.max(-change, 0));
      if (gain === null || loss === null) return null;
      return gain + loss === 0 ? 50 : (100 * gain) / (gain + loss);
    },
  };
}

/** The larger of the candle's range and its reach beyond the previous close; the range alone without one. */
function trueRange(bar: Bar, previousClose: number | null): number {
  if (previousClose === null) return bar.high - bar.low;
  return Math.max(bar.high, previousClose) - Math.min(bar.low, previousClose);
}

/**
 * Average true range, in price units. The first candle counts with its range. First value at candle `period`.
 * @source Wilder 1978.
 */
export function createAtr(period: number): Indicator<Bar, number> {
  const average = createWilderAverage(period);
  let previousClose: number | null = null;
  return {
    next(bar) {
      const range = trueRange(bar, previousClose);
      previousClose = bar.close;
      return average.next(range);
    },
  };
}

/**
 * Average directional index with its directional indicators. These appear at candle period + 1, the index at 2 × period.
 * @source Wilder 1978.
 */
export function createAdx(period: number): Indicator<Bar, Adx> {
  const [range, plus, minus, index] = [createWilderAverage(period), createWilderAverage(period), createWilderAverage(period), createWilderAverage(period)];
  let previous: Bar | null = null;
  return {
    next(bar) {
      const before = previous;
      previous = bar;
      if (before === null) return null;
      const [up, down] = [bar.high - before.high, before.low - bar.low];
      const meanRange = range.next(trueRange(bar, before.close));
      const meanPlus = plus.next(up > down && up > 0 ? up : 0);
      const meanMinus = minus.next(down > up && down > 0 ? down : 0);
      if (meanRange === null || meanPlus === null || meanMinus === null) return null;
      const directional = meanPlus + meanMinus;
      const adx = index.next(directional === 0 ? 0 : (100 * Math.abs(meanPlus - meanMinus)) / directional);
      return { adx, plusDi: percentOf(meanPlus, meanRange), minusDi: percentOf(meanMinus, meanRange) };
    },
  };
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}

/**
 * Bollinger bands: simple average ± `width` population standard deviations. First value at candle `period`.
 * @source John Bollinger, Bollinger on Bollinger Bands, 2001.
 */
export function createBollinger(period: number, width = 2): Indicator<number, Bands> {
  const window = new SlidingWindow(period);
  return {
    next(value) {
      window.push(value);
      if (!window.isFull) return null;
      const mid = window.mean();
      const reach = width * window.deviation(mid);
      return { upper: mid + reach, mid, lower: mid - reach };
    },
  };
}

/** Donchian channel: highest high and lowest low of the last `period` candles, this one included. */
export function createDonchian(period: number): Indicator<Pick<Bar, 'high' | 'low'>, Bands> {
  const [highs, lows] = [new SlidingWindow(period), new SlidingWindow(period)];
  return {
    next(bar) {
      highs.push(bar.high);
      lows.push(bar.low);
      if (!highs.isFull) return null;
      const [upper, lower] = [highs.highest(), lows.lowest()];
      return { upper, mid: (upper + lower) / 2, lower };
    },
  };
}

/**
 * Moving average convergence / divergence. First value at candle slow + signal - 1.
 * @source Gerald Appel, The Moving Average Convergence-Divergence Trading Method, 1985.
 */
export function createMacd(fast = 12, slow = 26, signal = 9): Indicator<number, Macd> {
  const [quick, calm, smooth] = [createEma(fast), createEma(slow), createEma(signal)];
  return {
    next(value) {
      const [fastMean, slowMean] = [quick.next(value), calm.next(value)];
      if (fastMean === null || slowMean === null) return null;
      const macd = fastMean - slowMean;
      const mean = smooth.next(macd);
      return mean === null ? null : { macd, signal: mean, histogram: macd - mean };
    },
  };
}

/** Volume over the mean of the `period` volumes before it: 1 is usual; 1 as well when there was none to compare with. */
export function createVolumeRatio(period: number): Indicator<number, number> {
  const window = new SlidingWindow(period);
  return {
    next(volume) {
      const mean = window.isFull ? window.mean() : null;
      window.push(volume);
      if (mean === null) return null;
      return mean === 0 ? 1 : volume / mean;
    },
  };
}

export interface Stochastic {
  /** 0..100: the close within the range of the period; 50 where there is no range. */
  readonly k: number;
  /** Mean of the last `smooth` values of k; null until there are so many. */
  readonly d: number | null;
}

/**
 * Fast stochastic oscillator. k from candle `period` on, d from period + smooth - 1 on.
 * @source George Lane, "Lane's Stochastics", Technical Analysis of Stocks & Commodities, 1984.
 */
export function createStochastic(period: number, smooth: number): Indicator<Bar, Stochastic> {
  const channel = createDonchian(period);
  const average = createSma(smooth);
  return {
    next(bar) {
      const range = channel.next(bar);
      if (range === null) return null;
      const k = range.upper === range.lower ? 50 : (100 * (bar.close - range.lower)) / (range.upper - range.lower);
      return { k, d: average.next(k) };
    },
  };
}

const typicalPrice = (bar: Bar): number => (bar.high + bar.low + bar.close) / 3;

/**
 * Money flow index, 0..100; 50 when no money moved. First value at candle period + 1.
 * @source Gene Quong and Avrum Soudack, "Volume-Weighted RSI: Money Flow", Technical Analysis of Stocks & Commodities, 1989.
 */
export function createMoneyFlow(period: number): Indicator<Bar & { readonly volume: number }, number> {
  const [rising, falling] = [new SlidingWindow(period), new SlidingWindow(period)];
  let previous: number | null = null;
  return {
    next(bar) {
      const typical = typicalPrice(bar);
      const change = previous === null ? null : typical - previous;
      previous = typical;
      if (change === null) return null;
      rising.push(change > 0 ? typical * bar.volume : 0);
      falling.push(change < 0 ? typical * bar.volume : 0);
      if (!rising.isFull) return null;
      const [up, down] = [rising.mean(), falling.mean()];
      return up + down === 0 ? 50 : (100 * up) / (up + down);
    },
  };
}

/**
 * Commodity channel index; 0 when nothing moved. First value at candle `period`.
 * @source Donald Lambert, "Commodity Channel Index: Tools for Trading Cyclic Trends", Commodities, 1980.
 */
export function createCommodityChannel(period: number): Indicator<Bar, number> {
  const window = new SlidingWindow(period);
  return {
    next(bar) {
      const typical = typicalPrice(bar);
      window.push(typical);
      if (!window.isFull) return null;
      const mean = window.mean();
      const deviation = window.absoluteDeviation(mean);
      return deviation === 0 ? 0 : (typical - mean) / (0.015 * deviation);
    },
  };
}
