/** Returns on one grid of times for all symbols, so that those of two stand side by side. Floats: this is statistics. */
import type { Candle } from '../market/candle.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { timeframeMs } from '../market/timeframe.ts';

export const DAY_MS = 86_400_000;
/** Candles that risk looks back on: 90 days of hourly ones. Shorter timeframes look back less far. */
export const RISK_CANDLES = 2_160;
/** @source risk.md: correlations and volatilities are those of 30 days. */
const WINDOW_DAYS = 30;
const POINTS = 180;

/** Basis points, to a tenth; null where a candle is missing. Oldest first, the last ends at the cycle's close. */
export type ReturnSeries = readonly (number | null)[];

export interface ReturnGrid {
  /** A multiple of the timeframe. */
  readonly stepMs: number;
  readonly count: number;
}

/** 180 returns over 30 days where the candles that are kept reach so far: four hours each on hourly candles, a day each on daily ones. */
export function returnGridOf(timeframe: Timeframe): ReturnGrid {
  const lengthMs = timeframeMs(timeframe);
  const windowMs = Math.min(WINDOW_DAYS * DAY_MS, RISK_CANDLES * lengthMs);
  const stepMs = Math.max(1, Math.floor(windowMs / POINTS / lengthMs)) * lengthMs;
  return { stepMs, count: Math.floor(windowMs / stepMs) };
}

/** @param candles closed, oldest first. @param closeTime of the newest; where that one is missing, so is the last return. */
export function returnSeriesOf(candles: readonly Candle[], { timeframe, closeTime }: { readonly timeframe: Timeframe; readonly closeTime: number }): ReturnSeries {
  const { stepMs, count } = returnGridOf(timeframe);
  const lengthMs = timeframeMs(timeframe);
  const firstOpen = closeTime - lengthMs - count * stepMs;
  const closes: (number | null)[] = Array.from({ length: count + 1 }, () => null);
  for (let index = candles.length - 1; index >= 0; index -= 1) {
    const candle = candles[index];
    if (candle === undefined || candle.openTime < firstOpen) break;
    const place = (candle.openTime - firstOpen) / stepMs;
    if (Number.isInteger(place) && place <= count && candle.close > 0 && Number.isFinite(candle.close)) closes[place] = candle.close;
  }
  return closes.slice(1).map((close, index) => {
    const before = closes[index];
    return close === null || before === null || before === undefined ? null : Math.round((close / before - 1) * 100_000) / 10;
  });
}

/** Standard deviation scaled to a day, basis points; null below two returns. @source square-root-of-time rule, RiskMetrics 1996, section 4.2. */
export function dailyVolatilityBps(series: ReturnSeries, timeframe: Timeframe): number | null {
  const known = series.filter((value) => value !== null);
  if (known.length < 2) return null;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (known.length - 1);
  return Math.sqrt(variance * (DAY_MS / returnGridOf(timeframe).stepMs));
}
