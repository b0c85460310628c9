/** Symbols and closed candles of a portfolio, for whoever observes them. */
import type { Candle, CandleRef, CandleSeries } from '../domain/market/candle.ts';
import type { Instrument } from '../domain/market/instrument.ts';
import { timeframeMs } from '../domain/market/timeframe.ts';
import { once } from '../domain/once.ts';
import type { Ledger, PortfolioSpec } from '../domain/ports/ledger.ts';
import { createCandleWindows } from './candle-windows.ts';
import type { Served, ServingDeps, ServingQuestion } from './serving.ts';
import type { ShownDeps } from './shown-candles.ts';
import { createShownCandles } from './shown-candles.ts';

export interface MarketReader {
  /** Kept: a portfolio's spec does not change while a worker runs. */
  portfolioOf(portfolioId: string): Promise<{ spec: PortfolioSpec; instruments: readonly Instrument[] }>;
  /**
   * Up to the candle's close: from the ledger; what it lacks, in the middle too, comes from the venue, and stays in the
   * ledger. A symbol that the venue does not list any more has what the ledger holds, and soon is stale.
   */
  candlesOf(candle: CandleRef, instruments: readonly Instrument[]): Promise<readonly CandleSeries[]>;
}

/** @param windowCandles how far back each series reaches, ≥ 1 */
export function createMarketReader({ ledger, ...deps }: ShownDeps & { readonly ledger: Pick<Ledger, 'portfolio' | 'instruments' | 'candles' | 'writeCandles'> }, windowCandles: number): MarketReader {
  const shownCandles = createShownCandles(deps);
  const windows = createCandleWindows(ledger, windowCandles);
  const portfolios = new Map<string, { spec: PortfolioSpec; instruments: readonly Instrument[] }>();

  async function fetchMissing(series: CandleSeries, lastOpen: number, candle: CandleRef): Promise<CandleSeries> {
    const lengthMs = timeframeMs(candle.timeframe);
    const since = lastBeforeGap(series.candles, lengthMs) ?? lastOpen - windowCandles * lengthMs;
    const fetched = await shownCandles({ instrumentId: series.instrumentId, timeframe: candle.timeframe, since, limit: windowCandles + 1 });
    return { ...series, candles: fetched.filter((it) => it.openTime <= lastOpen) };
  }

  return {
    portfolioOf: async (portfolioId) => {
      const known = portfolios.get(portfolioId);
      if (known !== undefined) return known;
      const spec = await ledger.portfolio(portfolioId);
      const loaded = { spec, instruments: await ledger.instruments(spec.instrumentIds) };
      portfolios.set(portfolioId, loaded);
      return loaded;
    },

    candlesOf: async (candle, instruments) => {
      const instrumentIds = instruments.map((it) => it.id);
      const lengthMs = timeframeMs(candle.timeframe);
      const lastOpen = candle.closeTime - lengthMs;
      const stored = await windows.read(candle, instrumentIds);
      const lacking = stored.filter((it) => lastBeforeGap(it.candles, lengthMs) !== lastOpen);
      if (lacking.length === 0) return stored;
      await ledger.writeCandles(await Promise.all(lacking.map((it) => fetchMissing(it, lastOpen, candle))));
      return await windows.read(candle, instrumentIds);
    },
  };
}

/** Open time of the candle after which the first one is missing, within or at the end; undefined: there are none. */
function lastBeforeGap(candles: readonly Candle[], lengthMs: number): number | undefined {
  const last = candles.find((it, index) => candles[index + 1]?.openTime !== it.openTime + lengthMs);
  return last?.openTime;
}

/** What serves is loaded with the first model: a start without any pays nothing. */
export function createLazyServing(deps: ServingDeps): (question: ServingQuestion) => Promise<Served> {
  const load = once(async () => (await import('./serving.ts')).createServing(deps));
  return async (question) => {
    const { champion, onTrial, hadChampion } = question.registry;
    if (champion === null && onTrial === null) return { sight: { hadChampion, read: [] }, symbols: new Map() };
    return await (await load())(question);
  };
}
