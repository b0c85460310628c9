import type { Candle, CandleRef, CandleSeries } from '../domain/market/candle.ts';
import type { InstrumentId } from '../domain/market/instrument.ts';
import { timeframeMs } from '../domain/market/timeframe.ts';
import type { Ledger } from '../domain/ports/ledger.ts';

/** A window that is further behind is read whole. */
const STEPS_MAX = 5;

export interface CandleWindows {
  /** The newest `limit` candles up to the candle's close, oldest first, as the ledger holds them. */
  read(candle: CandleRef, instrumentIds: readonly InstrumentId[]): Promise<readonly CandleSeries[]>;
}

/**
 * Keeps each window without a gap at hand and reads what came since. A stored candle never changes, so a whole window is
 * what the ledger would answer; one with a gap is read again each time, since the gap may be filled.
 */
export function createCandleWindows(ledger: Pick<Ledger, 'candles'>, limit: number): CandleWindows {
  const kept = new Map<string, readonly Candle[]>();

  return {
    read: async ({ timeframe, closeTime }, instrumentIds) => {
      const lengthMs = timeframeMs(timeframe);
      const keyOf = (id: InstrumentId): string => `${timeframe} ${id}`;
      const steps = instrumentIds.map((id) => stepsBehind(kept.get(keyOf(id)), closeTime, lengthMs));
      const most = steps.some((count) => count === null) ? null : Math.max(0, ...steps.filter((count) => count !== null));
      const series = await ledger.candles({ instrumentIds, timeframe, until: closeTime, limit: most ?? limit });
      const whole = most === null ? series : series.map((it) => ({ ...it, candles: continued(kept.get(keyOf(it.instrumentId)) ?? [], it.candles, limit) }));
      const isTrusted = most === null || whole.every((it) => isWhole(it.candles, { closeTime, lengthMs, limit }));
      const read = isTrusted ? whole : await ledger.candles({ instrumentIds, timeframe, until: closeTime, limit });
      for (const { instrumentId, candles } of read) {
        if (isWhole(candles, { closeTime, lengthMs, limit })) kept.set(keyOf(instrumentId), candles);
        else kept.delete(keyOf(instrumentId));
      }
      return read;
    },
  };
}

/** How many candles the kept window lacks, from 1; null when it has to be read whole. */
function stepsBehind(window: readonly Candle[] | undefined, closeTime: number, lengthMs: number): number | null {
  const last = window?.at(-1);
  if (last === undefined) return null;
  const steps = (closeTime - lengthMs - last.openTime) / lengthMs;
  return Number.isInteger(steps) && steps >= 1 && steps <= STEPS_MAX ? steps : null;
}

function continued(window: readonly Candle[], newer: readonly Candle[], limit: number): readonly Candle[] {
  const since = window.at(-1)?.openTime ?? -Infinity;
  return [...window, ...newer.filter((candle) => candle.openTime > since)].slice(-limit);
}

/** Up to the wanted candle, each right after the one before. Shorter than what was asked for: the ledger's history is. */
function isWhole(candles: readonly Candle[], { closeTime, lengthMs, limit }: { closeTime: number; lengthMs: number; limit: number }): boolean {
  return candles.length > 0 && candles.length <= limit && candles.every((candle, index) => candle.openTime === closeTime - (candles.length - index) * lengthMs);
}
