import type { RegimeReading } from '../cycle/types.ts';
import { knownFeatures } from '../features/features.ts';

/** ADX from which a market trends, and below which it ranges. @source Wilder 1978: 25 and 20. */
const TREND_ADX = 25;
const RANGE_ADX = 20;
/** ATR/price above this percentile of its own window is a market to be careful in. */
const HIGH_VOLATILITY_PERCENTILE = 97;
/** ATR in % of price that is high volatility whatever the window. @source risk.md, "Signal filter" */
const HIGH_VOLATILITY_ATR_PCT = 3;

/**
 * The regime of a symbol at a candle: high volatility first, then trend by ADX with direction and averages in
 * agreement, then range by a low ADX; what fits nowhere is choppy.
 * @param features of `computeFeatures`; while they warm up the reading is `choppy` with score 0.
 */
export function regimeOf(features: Readonly<Record<string, number | null>>): RegimeReading {
  const known = knownFeatures(features, ['adx14', 'plusDi14', 'minusDi14', 'ema20', 'ema50', 'atrPct', 'atrPercentile']);
  if (known === null) return { regime: 'choppy', score: 0 };
  const { adx14, plusDi14, minusDi14, ema20, ema50, atrPct, atrPercentile } = known;
  if (atrPct >= HIGH_VOLATILITY_ATR_PCT || atrPercentile >= HIGH_VOLATILITY_PERCENTILE) {
    return { regime: 'highVolatility', score: Math.max(ramp(atrPct, HIGH_VOLATILITY_ATR_PCT / 2, HIGH_VOLATILITY_ATR_PCT), ramp(atrPercentile, 90, 100)) };
  }
  if (adx14 >= TREND_ADX && plusDi14 > minusDi14 && ema20 > ema50) return { regime: 'trendUp', score: ramp(adx14, RANGE_ADX, 40) };
  if (adx14 >= TREND_ADX && minusDi14 > plusDi14 && ema20 < ema50) return { regime: 'trendDown', score: ramp(adx14, RANGE_ADX, 40) };
  if (adx14 < RANGE_ADX) return { regime: 'range', score: 1 - ramp(adx14, 10, TREND_ADX) };
  return { regime: 'choppy', score: 0.5 };
}

/** 0 up to `from`, 1 from `to` on, a straight line between. @param from other than `to`; above it the line falls. */
export function ramp(value: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}
