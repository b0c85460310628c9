import { describe, expect, it } from 'vitest';
import type { Regime } from '../../../../domain/cycle/types.ts';
import type { Candle } from '../../../../domain/market/candle.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';
import type { RegimeInput } from '../../../../domain/regime/regime.ts';
import { ramp, regimeOf } from '../../../../domain/regime/regime.ts';
import { UNKNOWN_VOLATILITY, volatilityOf } from '../../../../domain/regime/volatility.ts';

const HOUR_MS = 3_600_000;
const CLOSE_TIME = 500 * HOUR_MS;
const candles = Array.from({ length: 24 }, (_, index): Candle => ({ openTime: index * HOUR_MS, open: 100, high: 101, low: 99, close: 100, volume: 10 }));
const RISE = { adx14: 30, plusDi14: 30, minusDi14: 10, ema20: 101, ema50: 100, donchianHigh20: 105, donchianLow20: 95, volumeRatio20: 1 };
const read = (features: Partial<Record<keyof typeof RISE, number | null>> = {}, more: Partial<RegimeInput> = {}) =>
  regimeOf({ features: { ...RISE, ...features }, candles, volatility: UNKNOWN_VOLATILITY, memory: undefined, closeTime: CLOSE_TIME, ...more });
const memory = (regime: Regime, seen: readonly Regime[] = [regime, regime, regime]): RegimeInput['memory'] => ({ regime, since: 0, seen });
const quiet = (count: number) => candles.map((it, index) => (index < count ? { ...it, volume: 0 } : it));

// Each row changes one thing of a calm rise.
it.each<[string, Parameters<typeof read>[0], Regime]>([
  ['a rise', {}, 'trendUp'],
  ['a fall', { plusDi14: 10, minusDi14: 30, ema20: 99 }, 'trendDown'],
  ['direction against the averages', { ema20: 99 }, 'choppy'],
  ['ADX at its limit', { adx14: 25 }, 'trendUp'],
  ['ADX between trend and range', { adx14: 24.9 }, 'choppy'],
  ['ADX at the upper end of choppy', { adx14: 20 }, 'choppy'],
  ['a low ADX', { adx14: 19.9 }, 'range'],
  ['a close above the channel on volume', { donchianHigh20: 99.9, volumeRatio20: 1.5 }, 'breakout'],
  ['a close below it on volume', { donchianLow20: 100.1, volumeRatio20: 1.5 }, 'breakout'],
  ['without the volume', { donchianHigh20: 99.9, volumeRatio20: 1.49 }, 'trendUp'],
  ['warm-up', { adx14: null }, 'choppy'],
])('%s', (_name, change, expected) => {
  const reading = read(change);
  expect(reading.regime).toBe(expected);
  expect(reading.score).toBeGreaterThanOrEqual(0);
  expect(reading.score).toBeLessThanOrEqual(1);
});

it.each([[5, 'trendUp'], [6, 'illiquid']])('%i of the last 24 candles without a trade: %s', (count, expected) => expect(read({}, { candles: quiet(count) }).regime).toBe(expected));

// ADX between 20 and 25 keeps what was: a trend is left below 20, a range from 25 on.
it.each<[string, Parameters<typeof read>[0], RegimeInput['memory'], Regime]>([
  ['a trend goes on at ADX 20', { adx14: 20 }, memory('trendUp'), 'trendUp'],
  ['and its first candle below does not end it', { adx14: 19 }, memory('trendUp'), 'trendUp'],
  ['the second one does', { adx14: 19 }, memory('trendUp', ['trendUp', 'range']), 'range'],
  ['a range goes on at ADX 24', { adx14: 24 }, memory('range'), 'range'],
  ['a clear trend ends it at once', { adx14: 40 }, memory('range'), 'trendUp'],
  ['a weak one is waited for', { adx14: 26 }, memory('range'), 'range'],
  ['a breakout on three times the volume holds at once', { donchianHigh20: 99, volumeRatio20: 3 }, memory('range'), 'breakout'],
])('%s', (_name, change, before, expected) => expect(read(change, { memory: before }).regime).toBe(expected));

it('remembers the newest twelve looks, since when it holds, and how stable it is', () => {
  const first = read({}, { memory: memory('trendUp', Array.from({ length: 12 }, (_, index) => (index < 6 ? 'range' : 'trendUp'))) });
  expect(first).toMatchObject({ regime: 'trendUp', since: 0, stability: 7 / 12 });
  expect(first.seen).toHaveLength(12);
  expect(read({ adx14: 40 }, { memory: memory('range') })).toMatchObject({ regime: 'trendUp', since: CLOSE_TIME, stability: 1 / 12 });
});

it('a regime that holds against its newest candle scores half of what that candle would', () => {
  expect(read({ adx14: 26 }, { memory: memory('range') }).score).toBeCloseTo(0.15, 6);
});

describe('volatility', () => {
  const market = (ranges: readonly number[]) => ranges.map((range, index): Candle => ({ openTime: index * HOUR_MS, open: 100, high: 100 + range / 2, low: 100 - range / 2, close: 100, volume: 1 }));
  const falling = (last: number): Candle[] => market([...Array.from({ length: 999 }, (_, index) => 3 - index / 500), ...Array.from({ length: 60 }, () => last)]);
  it.each([
    ['calmer than ever', falling(0.5), 'low'],
    ['wilder than ever', falling(9), 'extreme'],
    ['in between', falling(2), 'normal'],
    ['too few candles to tell', falling(9).slice(-50), 'normal'],
  ])('%s', (_name, window, expected) => expect(volatilityOf(window, '1h', PRESETS.normal).class).toBe(expected));
  // Percentiles of a ramp: its newest value is its largest, and 100 × share of the values up to it.
  it.each([[0, 100], [50, 100]])('tells the percentile', (_shift, expected) => expect(volatilityOf(market(Array.from({ length: 300 }, (_, index) => 1 + index / 100)), '1h', PRESETS.normal).percentile).toBe(expected));
  it('and the multiple of the 30-day median', () => {
    expect(volatilityOf(market(Array.from({ length: 300 }, () => 2)), '1h', PRESETS.normal).toMedian).toBeCloseTo(1, 9);
    expect(volatilityOf(market([...Array.from({ length: 300 }, () => 1), ...Array.from({ length: 100 }, () => 2)]), '1h', PRESETS.normal).toMedian).toBeCloseTo(2, 2);
  });
});

it.each([[0, 0], [1, 0], [2, 0.5], [3, 1], [9, 1]])('ramp from 1 to 3 at %d', (value, expected) => expect(ramp(value, 1, 3)).toBe(expected));
