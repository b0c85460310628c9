import type { VolatilityReading } from '../cycle/types.ts';
import { createAtr } from '../indicators/streaming.ts';
import type { Candle } from '../market/candle.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { timeframeMs } from '../market/timeframe.ts';
import type { Policy } from '../policy/policy.ts';
import { DAY_MS } from '../risk/returns.ts';

const ATR_PERIOD = 14;
/** Fewer values say nothing about the symbol's own past. */
const VALUES_MIN = 100;
/** @source risk.md, "Exits": volatility against its 30-day median. */
const MEDIAN_DAYS = 30;

export const UNKNOWN_VOLATILITY: VolatilityReading = { class: 'normal', percentile: null, toMedian: null };

/**
 * Where the newest ATR/price stands in the symbol's own past: low below the 20th percentile, high above the 80th, extreme
 * above the 97th of 90 days.
 * @param candles closed, oldest first: as many as are kept, the window takes the newest of them.
 */
export function volatilityOf(candles: readonly Candle[], timeframe: Timeframe, policy: Pick<Policy, 'volatilityWindowDays' | 'volatilityLowPercentile' | 'volatilityHighPercentile' | 'volatilityExtremePercentile'>): VolatilityReading {
  const atr = createAtr(ATR_PERIOD);
  const ratios: number[] = [];
  for (const candle of candles) {
    const ratio = (atr.next(candle) ?? NaN) / candle.close;
    if (Number.isFinite(ratio)) ratios.push(ratio);
  }
  const perDay = DAY_MS / timeframeMs(timeframe);
  const window = ratios.slice(-Math.max(1, Math.round(policy.volatilityWindowDays * perDay)));
  const last = window.at(-1);
  if (last === undefined || window.length < VALUES_MIN) return UNKNOWN_VOLATILITY;
  const percentile = (100 * window.filter((value) => value <= last).length) / window.length;
  const median = medianOf(window.slice(-Math.max(1, Math.round(MEDIAN_DAYS * perDay))));
  return { class: classOf(percentile, policy), percentile, toMedian: median > 0 ? last / median : null };
}

function classOf(percentile: number, policy: Parameters<typeof volatilityOf>[2]): VolatilityReading['class'] {
  if (percentile > policy.volatilityExtremePercentile) return 'extreme';
  if (percentile > policy.volatilityHighPercentile) return 'high';
  return percentile < policy.volatilityLowPercentile ? 'low' : 'normal';
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] ?? NaN : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}
