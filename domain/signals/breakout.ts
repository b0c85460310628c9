import { knownFeatures } from '../features/features.ts';
import { ramp } from '../regime/regime.ts';
import type { Opinion, VoterInput } from './voter.ts';
import { voterOf } from './voter.ts';

/** Volume over its usual: a break below the first is not believed (hold), the second is full weight. */
const VOLUME = { believed: 1.2, full: 3 } as const;
/** ATRs beyond the channel for full weight. */
const REACH_FULL_ATR = 1;

/**
 * Follows a close beyond the Donchian channel of the 20 candles before, if volume comes with it; inside the channel it abstains.
 * Confidence: 0.4 plus 0.6 × the mean of the volume ratio between 1.2 and 3 and of the reach beyond the channel (0 to 1 ATR).
 */
export const voteBreakout = voterOf('breakout', '2', ['trendUp', 'trendDown', 'breakout', 'choppy'], ruleOf);

function ruleOf({ candles, features }: VoterInput): Opinion | null {
  const known = knownFeatures(features, ['donchianHigh20', 'donchianLow20', 'volumeRatio20', 'atr14']);
  const close = candles.at(-1)?.close;
  if (known === null || close === undefined || known.atr14 === 0) return null;
  const { donchianHigh20, donchianLow20, volumeRatio20, atr14 } = known;
  const isUp = close > donchianHigh20;
  if (!isUp && close >= donchianLow20) return null;
  const reach = (isUp ? close - donchianHigh20 : donchianLow20 - close) / atr14;
  const because = `${reach.toFixed(2)} ATR ${isUp ? 'above' : 'below'} the channel on ${volumeRatio20.toFixed(1)} × volume`;
  if (volumeRatio20 < VOLUME.believed) return { action: 'hold', confidence: 0.5, because };
  const strength = (ramp(volumeRatio20, VOLUME.believed, VOLUME.full) + ramp(reach, 0, REACH_FULL_ATR)) / 2;
  return { action: isUp ? 'buy' : 'sell', confidence: 0.4 + 0.6 * strength, because };
}
