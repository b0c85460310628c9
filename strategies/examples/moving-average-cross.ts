import type { Candle } from '../../domain/market/candle.ts';
import { defineStrategy } from '../define-strategy.ts';

const FAST = 20;
const SLOW = 50;

function average(candles: readonly Candle[], count: number, endingBefore: number): number {
  const window = candles.slice(candles.length - endingBefore - count, candles.length - endingBefore);
  return window.reduce((sum, candle) => sum + candle.close, 0) / window.length;
}

/**
 * An example to copy: buy when the fast average crosses above the slow one, sell when it crosses below, else no opinion.
 * Start Keel with it: `KEEL_STRATEGIES=strategies/examples/moving-average-cross.ts npm start`.
 */
export default defineStrategy({
  name: 'moving-average-cross',
  version: '1',
  warmupCandles: SLOW + 1,
  vote({ candles }) {
    const before = average(candles, FAST, 1) - average(candles, SLOW, 1);
    const now = average(candles, FAST, 0) - average(candles, SLOW, 0);
    const action = before <= 0 && now > 0 ? 'buy' : before >= 0 && now < 0 ? 'sell' : 'abstain';
    if (action === 'abstain') return [{ voter: 'moving-average-cross', version: '1', action, confidence: 0, probabilities: null, because: 'no cross' }];
    return [{
      voter: 'moving-average-cross', version: '1', action, confidence: 0.6,
      probabilities: action === 'buy' ? { buy: 0.4, sell: 0.3, hold: 0.3 } : { buy: 0.3, sell: 0.4, hold: 0.3 },
      because: `${FAST} candles' average ${now.toFixed(4)} from ${SLOW} candles', was ${before.toFixed(4)}`,
    }];
  },
});
