import { describe, expect, it } from 'vitest';
import { FEATURE_NAMES, WARMUP_CANDLES, computeFeatures, knownFeatures } from '../../../../domain/features/features.ts';
import { candlesAlong, drawnCandles } from '../signals/candles.fixture.ts';

const CANDLES = drawnCandles(WARMUP_CANDLES + 120);

describe('computeFeatures', () => {
  it('knows every feature from the warm-up on, and none before', () => {
    expect(Object.values(computeFeatures(CANDLES.slice(-WARMUP_CANDLES))).every((value) => value !== null && Number.isFinite(value))).toBe(true);
    expect(computeFeatures(CANDLES.slice(-WARMUP_CANDLES + 1))).toEqual(Object.fromEntries(FEATURE_NAMES.map((name) => [name, null])));
  });

  it('gives identical values whatever came before the window: a restart changes nothing', () => {
    expect(computeFeatures(CANDLES)).toEqual(computeFeatures(CANDLES.slice(-WARMUP_CANDLES)));
  });

  it('measures the channel before the last candle, so that a break can be seen', () => {
    const last = CANDLES.at(-1);
    if (last === undefined) throw new Error('no candles');
    const broken = computeFeatures([...CANDLES.slice(0, -1), { ...last, high: last.high * 2, close: last.high * 2 }]);
    expect(broken.donchianHigh20).toBe(Math.max(...CANDLES.slice(-21, -1).map((candle) => candle.high)));
    expect(broken.donchianLow20).toBe(Math.min(...CANDLES.slice(-21, -1).map((candle) => candle.low)));
  });

  it('reads a steady rise', () => {
    const rise = computeFeatures(candlesAlong(Array.from({ length: WARMUP_CANDLES }, (_, index) => 100 + index)));
    expect(rise).toMatchObject({ rsi14: 100, volumeRatio20: 1 });
    expect(rise.atr14).toBeCloseTo(2, 9);
    expect(rise.return1).toBeCloseTo(1 / 398, 12);
    expect(rise.return24).toBeCloseTo(24 / 375, 12);
    expect(rise.ema20).toBeCloseTo(399 - 9.5, 6);
    expect(rise.emaSlope).toBeCloseTo(2.5, 6);
  });

  it('holds null, never NaN, where a ratio has no value', () => {
    const none = computeFeatures(candlesAlong(Array.from({ length: WARMUP_CANDLES }, () => 0), 0));
    expect(none.atrPct).toBeNull();
    expect(none.return1).toBeNull();
  });
});

it.each([
  ['all known', { atr14: 1, rsi14: 50 }, true],
  ['one null', { atr14: 1, rsi14: null }, false],
  ['one missing', { atr14: 1 }, false],
])('knownFeatures: %s', (_name, features, expected) => {
  expect(knownFeatures(features, ['atr14', 'rsi14']) !== null).toBe(expected);
});
