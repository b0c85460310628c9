import { knownFeatures } from '../features/features.ts';
import { ramp } from '../regime/regime.ts';
import type { Opinion, VoterInput } from './voter.ts';
import { voterOf } from './voter.ts';

/** RSI below this is oversold; above 100 minus it, overbought. */
const RSI_EXTREME = 36;
const RSI_FULL = 22;
/** Band widths beyond the band: none at the band, full half a half-width outside. */
const REACH = { none: -0.1, full: 0.4 } as const;

/**
 * Bets on the way back inside a range: buys below the lower Bollinger band with RSI oversold, sells the mirror image.
 * Confidence: 0.4 plus 0.6 × the mean of RSI between 36 and 22 and of the reach beyond the band (-0.1 to 0.4 half-widths).
 */
export const voteMeanReversion = voterOf('meanReversion', '1', ['range'], ruleOf);

function ruleOf({ candles, features }: VoterInput): Opinion | null {
  const known = knownFeatures(features, ['rsi14', 'bbUpper', 'bbMid', 'bbLower']);
  const close = candles.at(-1)?.close;
  if (known === null || close === undefined || known.bbUpper <= known.bbMid) return null;
  const place = (close - known.bbMid) / (known.bbUpper - known.bbMid);
  const sign = place < 0 ? 1 : -1;
  const fear = sign > 0 ? known.rsi14 : 100 - known.rsi14;
  const reach = -sign * place - 1;
  const because = `RSI ${known.rsi14.toFixed(0)}, ${place.toFixed(2)} half-widths from the middle band`;
  if (fear > RSI_EXTREME || reach < REACH.none) return { action: 'hold', confidence: 1 - Math.min(1, Math.abs(place)) / 2, because };
  const strength = (ramp(fear, RSI_EXTREME, RSI_FULL) + ramp(reach, REACH.none, REACH.full)) / 2;
  return { action: sign > 0 ? 'buy' : 'sell', confidence: 0.4 + 0.6 * strength, because };
}
