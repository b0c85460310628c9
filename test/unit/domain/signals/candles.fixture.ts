import type { Candle } from '../../../../domain/market/candle.ts';
import { seededMarket } from '../../../../domain/market/seeded/seeded-market.ts';

export const HOUR_MS = 3_600_000;

/** Hourly candles along a path of closes, each opening at the close before and reaching `reach` beyond both. */
export function candlesAlong(closes: readonly number[], reach = 0.5, volume: (index: number) => number = () => 100): Candle[] {
  return closes.map((close, index) => {
    const open = closes[index - 1] ?? close;
    return { openTime: index * HOUR_MS, open, high: Math.max(open, close) + reach, low: Math.min(open, close) - reach, close, volume: volume(index) };
  });
}

/** A drawn market, the same each time. */
export function drawnCandles(count: number, seed = 'voters'): readonly Candle[] {
  const market = seededMarket({ seed, timeframe: '1h', startTime: 0 });
  return market.history('BTC-USDT-PERP', count, count).map(({ openTime, open, high, low, close, volume }) => ({ openTime, open, high, low, close, volume }));
}
