import { expect, it } from 'vitest';
import type { Candle } from '../../../../domain/market/candle.ts';
import { checkCandles } from '../../../../domain/market/quality.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';

const MINUTE_MS = 60_000;
const MINUTES = 1_440;
const FLAT = { open: 100, high: 100, low: 100, close: 100, volume: 1 };
const minutes = (count: number): Candle[] => Array.from({ length: count }, (_, index) => ({ ...FLAT, openTime: index * MINUTE_MS }));
const check = (candles: readonly Candle[], invalidPointsMaxBps: number = PRESETS.normal.invalidPointsMaxBps) =>
  checkCandles(candles, { timeframe: '1m', closeTime: MINUTES * MINUTE_MS, candlesMin: 1, policy: { ...PRESETS.normal, invalidPointsMaxBps } }).issues.map(({ code, detail }) => [code, detail]);

// The day has 1,440 points: 5 % are 72.
it.each<[string, number, number | undefined, string | null]>([
  ['just below 5 %', 71, undefined, null],
  ['5 %', 72, undefined, '72 of 1440 points of the day'],
  ['nothing invalid, where nothing may be', 0, 0, null],
  ['one invalid, where nothing may be', 1, 0, '1 of 1440 points of the day'],
])('invalid points of the day: %s', (_name, missing, limitBps, told) => {
  const seen = check(minutes(MINUTES).filter((_candle, index) => index < 700 || index >= 700 + missing), limitBps);
  expect(seen.filter(([code]) => code === 'invalidShare')).toEqual(told === null ? [] : [['invalidShare', told]]);
});

// The newest of a quiet day.
const MISSING = 'missing';
it.each<[string, Partial<Candle>, Partial<Candle> | typeof MISSING, string | null]>([
  ['a fifth up to the close', { high: 120, close: 120 }, {}, null],
  ['more than a fifth', { high: 121, close: 121 }, {}, '21.0'],
  ['down to the close', { low: 79, close: 79 }, {}, '-21.0'],
  ['up and back', { high: 121 }, {}, '21.0'],
  ['a fifth up and back', { high: 120 }, {}, null],
  ['down and back', { low: 79 }, {}, '-21.0'],
  ['a fifth down and back', { low: 80 }, {}, null],
  ['the largest of both', { high: 125, low: 70 }, {}, '-30.0'],
  ['from the close before it', { open: 121, high: 121, low: 121, close: 121 }, {}, '21.0'],
  ['a fifth from the close before it', { open: 120, high: 120, low: 120, close: 120 }, {}, null],
  ['beyond a gap nothing is known', { open: 150, high: 150, low: 150, close: 150 }, MISSING, null],
  ['after a close that is none', { high: 121, close: 121 }, { close: NaN }, '21.0'],
  ['after a close of zero', {}, { low: 0, close: 0 }, null],
])('jump: %s', (_name, newest, before, told) => {
  const candles = minutes(MINUTES).flatMap((it, index) => (index === MINUTES - 1 ? [{ ...it, ...newest }] : index < MINUTES - 2 ? [it] : before === MISSING ? [] : [{ ...it, ...before }]));
  const seen = checkCandles(candles, { timeframe: '1m', closeTime: MINUTES * MINUTE_MS, candlesMin: 1, policy: PRESETS.normal }).issues;
  expect(seen.filter(({ code, openTime }) => code === 'jump' && openTime === (MINUTES - 1) * MINUTE_MS).map(({ detail }) => detail)).toEqual(told === null ? [] : [`${told} % in one candle`]);
});
