import { defineLabel } from '../define-label.ts';

/**
 * An example to copy: a trailing stop. A unit leaves where the price has come back by a usual move (σ × √horizon) from the
 * best close so far, else at the end of twelve candles. The exit sees the candles of the horizon alone, and is asked for
 * both directions; what comes after it must not change it. Train and evaluate models by it:
 * `KEEL_LABEL=strategies/examples/own-label.ts npm start`.
 */
export default defineLabel({
  version: 'trailing12/1', // what means something else needs another number
  horizonCandles: 12,
  holdBand: 0.43, // of the rules' own outcomes; models fit theirs
  barriers: null,
  exit({ direction, entryPrice, scaleBps }, candles) {
    if (scaleBps === 0) return null; // nobody knows yet how much it moves
    const sign = direction === 'long' ? 1 : -1;
    let best = entryPrice;
    for (const [index, { open, high, low, close }] of candles.entries()) {
      const stop = best * (1 - (sign * scaleBps) / 10_000); // known before the candle
      const worst = direction === 'long' ? low : high;
      if (sign * (worst - stop) <= 0) return { index, price: sign * (open - stop) < 0 ? open : stop };
      if (sign * (close - best) > 0) best = close;
    }
    return null;
  },
});
