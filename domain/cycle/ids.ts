import type { CandleRef } from '../market/candle.ts';
import type { InstrumentId } from '../market/instrument.ts';
import type { Direction } from '../orders/order.ts';

/** `2023-01-05T14:00Z`: candles close on whole minutes. */
function minuteOf(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16)}Z`;
}

/** One cycle per portfolio, strategy, timeframe and close time of the candle. Also the id of its workflow. */
export function cycleIdOf(candle: CandleRef): string {
  return `cycle/${candle.portfolioId}/${candle.strategy}/${candle.timeframe}/${minuteOf(candle.closeTime)}`;
}

/** One position per symbol and cycle. Also the id of its workflow. */
export function positionIdOf(candle: CandleRef, instrumentId: InstrumentId, direction: Direction): string {
  return `position/${candle.portfolioId}/${candle.strategy}/${instrumentId}/${minuteOf(candle.closeTime)}/${direction}`;
}
