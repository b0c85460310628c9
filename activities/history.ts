import type { CandleSeries } from '../domain/market/candle.ts';
import type { InstrumentId } from '../domain/market/instrument.ts';
import { missingSpans } from '../domain/market/missing.ts';
import type { Timeframe } from '../domain/market/timeframe.ts';
import { timeframeMs } from '../domain/market/timeframe.ts';
import type { Ledger } from '../domain/ports/ledger.ts';
import type { Venue } from '../domain/ports/venue.ts';

export interface HistoryDeps {
  readonly ledger: Pick<Ledger, 'candlesBetween'>;
  /** None of a symbol that the venue does not list any more: `createShownCandles`. */
  readonly shownCandles: Venue['candles'];
}

interface HistoryQuery {
  readonly instrumentId: InstrumentId;
  readonly timeframe: Timeframe;
  /** from ≤ open time < to, market clock. */
  readonly from: number;
  readonly to: number;
}

/** What every venue gives at once. */
const PAGE_CANDLES = 1_000;

/** One symbol's candles of a long span: the ledger's, and what it lacks from the venue, where that knows it. @param keep what came from the venue */
export async function readHistory(deps: HistoryDeps, query: HistoryQuery, keep: (series: CandleSeries) => Promise<void>): Promise<CandleSeries> {
  const { instrumentId, timeframe, from, to } = query;
  const lengthMs = timeframeMs(timeframe);
  const [known] = await deps.ledger.candlesBetween({ instrumentIds: [instrumentId], timeframe, from, to });
  const candles = [...(known?.candles ?? [])];
  const stored = candles.length;
  for (const span of missingSpans(known?.candles ?? [], { from, to, lengthMs })) {
    const end = span.from + span.count * lengthMs;
    for (let since = span.from; since < end;) {
      const shown = await deps.shownCandles({ instrumentId, timeframe, since, limit: Math.min(PAGE_CANDLES, (end - since) / lengthMs) });
      const page = shown.filter((it) => it.openTime >= since && it.openTime < end);
      const last = page.at(-1);
      if (last === undefined) break; // it has no more: not listed yet, or a gap of its own
      await keep({ instrumentId, timeframe, candles: page });
      candles.push(...page);
      since = last.openTime + lengthMs;
    }
  }
  return { instrumentId, timeframe, candles: candles.length === stored ? candles : candles.sort((a, b) => a.openTime - b.openTime) };
}

/** Open time of the first candle that the venue shows from a moment on; null: none before the other moment. */
export async function firstCandleAt({ shownCandles }: Pick<HistoryDeps, 'shownCandles'>, { instrumentId, timeframe, from, to }: HistoryQuery): Promise<number | null> {
  const [first] = await shownCandles({ instrumentId, timeframe, since: from, limit: 1 });
  return first === undefined || first.openTime >= to ? null : first.openTime;
}
