import { knownFeatures } from '../features/features.ts';
import { ramp } from '../regime/regime.ts';
import type { Opinion, VoterInput } from './voter.ts';
import { voterOf } from './voter.ts';

/** Closes further than this many ATRs from ema20 come too late: the vote is hold. */
const STRETCH_MAX_ATR = 3.5;
/** Slope of ema20 over five candles, in ATRs, that is none and that is plenty. */
const SLOPE = { none: 0.3, full: 2 } as const;
const ADX = { none: 20, full: 50 } as const;

/**
 * Follows the averages: buys while ema20 > ema50 rises under a close above it and momentum (MACD) grows; sells the mirror image.
 * Confidence: 0.4 plus 0.6 × the mean of ADX between 20 and 50 and of ema20's slope between 0.3 and 2 ATRs per five candles:
 * the scale of all voters, so that none is heard less than the others for how it counts.
 */
export const voteTrend = voterOf('trend', '2', ['trendUp', 'trendDown', 'breakout'], ruleOf);

function ruleOf({ candles, features }: VoterInput): Opinion | null {
  const known = knownFeatures(features, ['adx14', 'ema20', 'ema50', 'emaSlope', 'atr14', 'macdHistogram']);
  const close = candles.at(-1)?.close;
  if (known === null || close === undefined) return null;
  const { adx14, ema20, ema50, emaSlope, atr14, macdHistogram } = known;
  const sign = ema20 > ema50 ? 1 : -1;
  const strength = (ramp(adx14, ADX.none, ADX.full) + ramp(sign * emaSlope, SLOPE.none, SLOPE.full)) / 2;
  const stretch = (sign * (close - ema20)) / atr14;
  const follows = stretch > 0 && stretch <= STRETCH_MAX_ATR && sign * macdHistogram > 0 && sign * emaSlope > 0;
  const because = `ADX ${adx14.toFixed(0)}, close ${stretch.toFixed(1)} ATR along from ema20`;
  return follows ? { action: sign > 0 ? 'buy' : 'sell', confidence: 0.4 + 0.6 * strength, because } : { action: 'hold', confidence: 1 - strength, because };
}
