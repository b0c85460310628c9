import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as batch from '../../../../domain/indicators/batch.ts';
import * as streaming from '../../../../domain/indicators/streaming.ts';
import type { Bar } from '../../../../domain/indicators/streaming.ts';
import { ADX_BARS, ADX_VALUES, ATR_BARS, ATR_VALUES, AVERAGE_CLOSES, EMA_VALUES, RSI_CLOSES, RSI_VALUES, SMA_VALUES } from './published.ts';

const bar = ([high, low, close]: readonly [number, number, number]): Bar => ({ high, low, close });

/** Every printed value, to a tolerance that its inputs' rounding allows, and nulls before the first. */
function expectColumn(actual: readonly (number | null | undefined)[], warmup: number, printed: readonly number[], tolerance: number): void {
  expect(actual.slice(0, warmup).every((value) => value === null || value === undefined)).toBe(true);
  printed.forEach((value, index) => {
    expect(Math.abs((actual[warmup + index] ?? NaN) - value), `value ${index}`).toBeLessThanOrEqual(tolerance);
  });
}

describe('published examples', () => {
  it('simple average', () => expectColumn(batch.sma(AVERAGE_CLOSES, 10), 9, SMA_VALUES, 0.011));
  it('exponential average', () => expectColumn(batch.ema(AVERAGE_CLOSES, 10), 9, EMA_VALUES, 0.011));
  it('RSI', () => expectColumn(batch.rsi(RSI_CLOSES, 14), 14, RSI_VALUES, 0.011));
  it('ATR', () => expectColumn(batch.atr(ATR_BARS.map(bar), 14), 13, ATR_VALUES, 0.011));
  it('ADX', () => expectColumn(batch.adx(ADX_BARS.map(bar), 14).map((value) => value?.adx), 27, ADX_VALUES, 0.06));
});

const prices = fc.array(fc.double({ min: 1, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 90 });
const bars = prices.map((closes): Bar[] => closes.map((close, index) => ({ high: close * (1 + (index % 5) / 100), low: close * (1 - (index % 7) / 100), close })));
const period = fc.integer({ min: 1, max: 20 });

const near = (actual: number | null | undefined, expected: number): boolean => Math.abs((actual ?? NaN) - expected) <= 1e-9 * Math.max(1, Math.abs(expected));
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const at = (values: readonly number[], index: number): number => values[index] ?? NaN;

/** The definition, taken literally: mean of the first `n`, then previous × (1 - weight) + value × weight. */
function recursiveAverage(values: readonly number[], n: number, weight: number): number {
  return values.slice(n).reduce((average, value) => average * (1 - weight) + value * weight, mean(values.slice(0, n)));
}

function trueRanges(list: readonly Bar[]): number[] {
  return list.map((b, i) => (i === 0 ? b.high - b.low : Math.max(b.high - b.low, Math.abs(b.high - (list[i - 1]?.close ?? NaN)), Math.abs(b.low - (list[i - 1]?.close ?? NaN)))));
}

/** The last value of a column against its textbook formula; null exactly while it warms up. */
function holds(last: number | null | undefined, length: number, needed: number, formula: () => number): boolean {
  return length < needed ? last === null || last === undefined : near(last, formula());
}

describe('the textbook formulas, on any prices', () => {
  it('averages', () => fc.assert(fc.property(prices, period, (values, n) =>
    holds(batch.sma(values, n).at(-1), values.length, n, () => mean(values.slice(-n)))
    && holds(batch.ema(values, n).at(-1), values.length, n, () => recursiveAverage(values, n, 2 / (n + 1))))));

  it('RSI stays within 0..100 and is 100 - 100 / (1 + RS)', () => fc.assert(fc.property(prices, period, (values, n) => {
    const changes = values.slice(1).map((value, i) => value - at(values, i));
    return holds(batch.rsi(values, n).at(-1), changes.length, n, () => {
      const gain = recursiveAverage(changes.map((c) => Math.max(c, 0)), n, 1 / n);
      const loss = recursiveAverage(changes.map((c) => Math.max(-c, 0)), n, 1 / n);
      if (gain + loss === 0) return 50;
      return loss === 0 ? 100 : 100 - 100 / (1 + gain / loss);
    });
  })));

  it('RSI sees a last move that is tiny beside the one before', () => {
    expect(batch.rsi([3.000000000000002, 1.0000000000000016, 1.0000000000000013], 1)).toEqual([null, 0, 0]);
  });

  it('ATR', () => fc.assert(fc.property(bars, period, (list, n) => holds(batch.atr(list, n).at(-1), list.length, n, () => recursiveAverage(trueRanges(list), n, 1 / n)))));

  it('bands and channels', () => fc.assert(fc.property(bars, period, (list, n) => {
    const closes = list.map((b) => b.close);
    const window = closes.slice(-n);
    const spread = Math.sqrt(mean(window.map((value) => (value - mean(window)) ** 2)));
    return holds(batch.bollinger(closes, n).at(-1)?.upper, closes.length, n, () => mean(window) + 2 * spread)
      && holds(batch.donchian(list, n).at(-1)?.upper, list.length, n, () => Math.max(...list.slice(-n).map((b) => b.high)))
      && holds(batch.donchian(list, n).at(-1)?.lower, list.length, n, () => Math.min(...list.slice(-n).map((b) => b.low)));
  })));

  it('volume ratio compares with the candles before', () => fc.assert(fc.property(prices, period, (volumes, n) =>
    holds(batch.volumeRatio(volumes, n).at(-1), volumes.length, n + 1, () => at(volumes, volumes.length - 1) / mean(volumes.slice(-n - 1, -1))))));
});

describe('streaming', () => {
  it('agrees with the column to 1e-9, candle by candle', () => fc.assert(fc.property(bars, period, (list, n) => {
    const closes = list.map((b) => b.close);
    const pairs: [readonly unknown[], (index: number) => unknown][] = [];
    const add = <I, O>(column: readonly O[], indicator: { next(input: I): O }, inputs: readonly I[]): void => {
      pairs.push([column, (index) => { const input = inputs[index]; return input === undefined ? undefined : indicator.next(input); }]);
    };
    add(batch.ema(closes, n), streaming.createEma(n), closes);
    add(batch.rsi(closes, n), streaming.createRsi(n), closes);
    add(batch.adx(list, n), streaming.createAdx(n), list);
    add(batch.macd(closes, 3, 6, 4), streaming.createMacd(3, 6, 4), closes);
    add(batch.bollinger(closes, n), streaming.createBollinger(n), closes);
    closes.forEach((_close, index) => { for (const [column, next] of pairs) expect(next(index)).toEqual(column[index]); });
  }), { numRuns: 30 }));

  it('MACD is the difference of two averages and its signal their average', () => {
    const [fast, slow] = [batch.ema(RSI_CLOSES, 5), batch.ema(RSI_CLOSES, 10)];
    const line = RSI_CLOSES.map((_c, i) => (fast[i] ?? NaN) - (slow[i] ?? NaN)).slice(9);
    expect(batch.macd(RSI_CLOSES, 5, 10, 4).at(-1)?.signal).toBeCloseTo(recursiveAverage(line, 4, 0.4), 9);
  });

  it.each([0, -1, 1.5, NaN])('refuses a period of %s', (bad) => expect(() => streaming.createEma(bad)).toThrow(RangeError));
});
