import type { Candle } from '../domain/market/candle.ts';
import type { InstrumentId } from '../domain/market/instrument.ts';

/** The others' candles are waited for so long; then they are handed on without. Wall clock. */
export const TOGETHER_MS = 2_000;

/**
 * Closed candles, by their close, until every symbol's is there. A symbol that sent none in time (it is not listed yet, or
 * not any more) is silent: nobody waits for it until it is heard again.
 */
export interface CandleGathering {
  /** @returns whether all that are waited for are there */
  add(closeTime: number, instrumentId: InstrumentId, candle: Candle): boolean;
  of(closeTime: number): readonly (readonly [InstrumentId, Candle])[];
  /** That close was handed on, and with it those before. */
  forget(closeTime: number): void;
  /** Its candle came after the close was handed on. @returns whether it was missing there */
  late(instrumentId: InstrumentId): boolean;
  /** Who kept the others waiting too long is silent from now on. @returns closes that wait for nobody any more, oldest first */
  giveUp(): readonly number[];
}

/** @param clock wall clock, epoch milliseconds */
export function createCandleGathering(instrumentIds: readonly InstrumentId[], clock: () => number): CandleGathering {
  const pending = new Map<number, { readonly since: number; readonly candles: Map<InstrumentId, Candle> }>();
  const silent = new Set<InstrumentId>();
  const isWhole = (candles: ReadonlyMap<InstrumentId, Candle>): boolean => instrumentIds.every((id) => candles.has(id) || silent.has(id));

  return {
    add: (closeTime, instrumentId, candle) => {
      silent.delete(instrumentId);
      const together = pending.get(closeTime) ?? { since: clock(), candles: new Map<InstrumentId, Candle>() };
      pending.set(closeTime, together);
      together.candles.set(instrumentId, candle);
      return isWhole(together.candles);
    },
    of: (closeTime) => [...(pending.get(closeTime)?.candles ?? [])],
    forget: (closeTime) => {
      for (const time of pending.keys()) if (time <= closeTime) pending.delete(time);
    },
    late: (instrumentId) => silent.delete(instrumentId),
    giveUp: () => {
      const givenUp = [...pending.values()].filter(({ since }) => clock() - since >= TOGETHER_MS);
      for (const id of instrumentIds) if (givenUp.some(({ candles }) => !candles.has(id))) silent.add(id);
      return givenUp.length === 0 ? [] : [...pending].filter(([, { candles }]) => isWhole(candles)).map(([closeTime]) => closeTime).sort((a, b) => a - b);
    },
  };
}
