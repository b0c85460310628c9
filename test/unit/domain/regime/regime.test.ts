import { expect, it } from 'vitest';
import { ramp, regimeOf } from '../../../../domain/regime/regime.ts';

const CALM = { adx14: 30, plusDi14: 30, minusDi14: 10, ema20: 101, ema50: 100, atrPct: 1, atrPercentile: 50 };

// Each row changes one thing of a calm rise.
it.each([
  ['a rise', {}, 'trendUp'],
  ['a fall', { plusDi14: 10, minusDi14: 30, ema20: 99 }, 'trendDown'],
  ['direction against the averages', { ema20: 99 }, 'choppy'],
  ['ADX at its limit', { adx14: 25 }, 'trendUp'],
  ['ADX between trend and range', { adx14: 24.9 }, 'choppy'],
  ['ADX at the upper end of choppy', { adx14: 20 }, 'choppy'],
  ['a low ADX', { adx14: 19.9 }, 'range'],
  ['ATR of 3 % of price', { atrPct: 3 }, 'highVolatility'],
  ['ATR at the top of its window', { atrPercentile: 97 }, 'highVolatility'],
  ['just below both', { atrPct: 2.99, atrPercentile: 96.9 }, 'trendUp'],
  ['warm-up', { adx14: null }, 'choppy'],
])('%s', (_name, change, expected) => {
  const reading = regimeOf({ ...CALM, ...change });
  expect(reading.regime).toBe(expected);
  expect(reading.score).toBeGreaterThanOrEqual(0);
  expect(reading.score).toBeLessThanOrEqual(1);
});

it.each([[0, 0], [1, 0], [2, 0.5], [3, 1], [9, 1]])('ramp from 1 to 3 at %d', (value, expected) => expect(ramp(value, 1, 3)).toBe(expected));
