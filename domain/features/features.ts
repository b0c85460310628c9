/** Named indicator values of one symbol at one closed candle: what regimes, voters and exits read. */
import { atr as atrColumn } from '../indicators/batch.ts';
import { createAdx, createBollinger, createDonchian, createEma, createMacd, createRsi, createVolumeRatio } from '../indicators/streaming.ts';
import type { Indicator } from '../indicators/streaming.ts';
import type { Candle } from '../market/candle.ts';

/**
 * Candles that one set of features is computed from: always exactly so many, the newest last. A restart, a backtest
 * and a live cycle therefore give the same values to the last bit. At 300 an EMA over 50 has lost its start to 1e-4.
 */
export const WARMUP_CANDLES = 300;

/** Candles over which the slope of the average is taken. */
const SLOPE_CANDLES = 5;
const DAY_CANDLES = 24;

export const FEATURE_NAMES = [
  /** Average true range, price units. */
  'atr14',
  /** ATR in % of the close. */
  'atrPct',
  /** 0..100: share of the window's ATR/price values that are at most the last one. */
  'atrPercentile',
  /** 0..100. */
  'rsi14', 'adx14', 'plusDi14', 'minusDi14',
  /** Price units. */
  'ema20', 'ema50',
  /** Move of ema20 over five candles, in ATRs; positive rises. */
  'emaSlope',
  /** Price units; 20 candles, 2 deviations. */
  'bbUpper', 'bbMid', 'bbLower',
  /** Price units; of the 20 candles before the last one. */
  'donchianHigh20', 'donchianLow20',
  /** Volume over the mean of the 20 before it. */
  'volumeRatio20',
  /** Price units; 12, 26, 9. */
  'macdHistogram',
  /** Fractions: 0.01 is a rise by 1 %. */
  'return1', 'return24',
] as const;

export type FeatureName = (typeof FEATURE_NAMES)[number];
export type Features = Readonly<Record<FeatureName, number | null>>;

/**
 * Features at the last candle of a window.
 * @param candles closed, oldest first; only the last `WARMUP_CANDLES` are read.
 * @returns every name of `FEATURE_NAMES`; all null when there are too few candles, one null when it is not a finite number.
 */
export function computeFeatures(candles: readonly Candle[]): Features {
  const window = candles.slice(-WARMUP_CANDLES);
  const values = window.length < WARMUP_CANDLES ? null : valuesOf(window);
  return Object.fromEntries(FEATURE_NAMES.map((name) => [name, finiteOrNull(values?.[name])])) as Record<FeatureName, number | null>;
}

/** Infinite and undefined ratios (a price of zero) are unknown, and payloads hold neither. */
function finiteOrNull(value: number | null | undefined): number | null {
  return value !== null && value !== undefined && Number.isFinite(value) ? value : null;
}

function valuesOf(window: readonly Candle[]): Record<FeatureName, number | null | undefined> {
  const closes = window.map((candle) => candle.close);
  const close = at(closes, 1);
  const atrs = atrColumn(window, 14);
  const atr14 = atrs.at(-1) ?? NaN;
  const ema20 = createEma(20);
  const averages = closes.map((value) => ema20.next(value) ?? NaN);
  const adx = lastOf(createAdx(14), window);
  const bands = lastOf(createBollinger(20), closes.slice(-20));
  const channel = lastOf(createDonchian(20), window.slice(-21, -1));
  return {
    atr14,
    atrPct: (100 * atr14) / close,
    atrPercentile: percentileOfLast(atrs.flatMap((value, i) => (value === null ? [] : [value / (closes[i] ?? NaN)]))),
    rsi14: lastOf(createRsi(14), closes),
    adx14: adx?.adx, plusDi14: adx?.plusDi, minusDi14: adx?.minusDi,
    ema20: at(averages, 1),
    ema50: lastOf(createEma(50), closes),
    emaSlope: (at(averages, 1) - at(averages, 1 + SLOPE_CANDLES)) / atr14,
    bbUpper: bands?.upper, bbMid: bands?.mid, bbLower: bands?.lower,
    donchianHigh20: channel?.upper, donchianLow20: channel?.lower,
    volumeRatio20: lastOf(createVolumeRatio(20), window.slice(-21).map((candle) => candle.volume)),
    macdHistogram: lastOf(createMacd(), closes)?.histogram,
    return1: close / at(closes, 2) - 1,
    return24: close / at(closes, 1 + DAY_CANDLES) - 1,
  };
}

/** @param back 1 is the last value. */
function at(values: readonly number[], back: number): number {
  return values[values.length - back] ?? NaN;
}

function lastOf<Input, Output>(indicator: Indicator<Input, Output>, inputs: readonly Input[]): Output | null {
  let last: Output | null = null;
  for (const input of inputs) last = indicator.next(input);
  return last;
}

function percentileOfLast(values: readonly number[]): number {
  const last = at(values, 1);
  return (100 * values.filter((value) => value <= last).length) / values.length;
}

/** The named features, or null when one of them is not known: then a voter has no inputs and abstains. */
export function knownFeatures<const Name extends FeatureName>(features: Readonly<Record<string, number | null>>, names: readonly Name[]): Readonly<Record<Name, number>> | null {
  const known: Partial<Record<Name, number>> = {};
  for (const name of names) {
    const value = features[name];
    if (value === null || value === undefined) return null;
    known[name] = value;
  }
  return known as Record<Name, number>;
}
