/** Length of a candle. */
export type Timeframe = '1m' | '3m' | '5m' | '15m' | '30m' | '1h' | '2h' | '4h' | '1d';

const MINUTE_MS = 60_000;

const MINUTES: Readonly<Record<Timeframe, number>> = {
  '1m': 1, '3m': 3, '5m': 5, '15m': 15, '30m': 30, '1h': 60, '2h': 120, '4h': 240, '1d': 1440,
};

export const TIMEFRAMES = Object.keys(MINUTES) as readonly Timeframe[];

export function timeframeMs(timeframe: Timeframe): number {
  return MINUTES[timeframe] * MINUTE_MS;
}

/** Open time of the candle that contains the moment. @param timeMs epoch milliseconds. */
export function candleOpenTime(timeMs: number, timeframe: Timeframe): number {
  const lengthMs = timeframeMs(timeframe);
  return Math.floor(timeMs / lengthMs) * lengthMs;
}
