import type { Candle, CandleSeries } from '../market/candle.ts';
import type { CandleSource } from '../market/candle-source.ts';
import { FUNDING_INTERVAL_MS } from '../market/funding.ts';
import type { InstrumentId } from '../market/instrument.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { timeframeMs } from '../market/timeframe.ts';
import type { Fact, FeatureRow } from './feature-set.ts';

const LEADER = 'BTC-USDT-PERP';
/** Candles over which breadth asks whether a symbol stands higher. */
export const BREADTH_CANDLES = 24;

interface Candles {
  candleAt(id: InstrumentId, index: number): Candle | undefined;
}

/** What one symbol's place in the market is read from: its newest candles by index. */
interface Market {
  readonly breadth: Fact | undefined;
  readonly marketReturn: Fact | undefined;
  readonly btcClose: Fact | undefined;
}

/**
 * Rows of one symbol out of a market: its candles, and beside each what the whole universe showed at the same close.
 * @param from, to indices of the source: from ≤ index < to. An index where the symbol has no candle has no row.
 * @returns oldest first.
 */
export function rowsOf(source: CandleSource, id: InstrumentId, { from, to }: { readonly from: number; readonly to: number }): readonly FeatureRow[] {
  const universe = source.instruments.map((instrument) => instrument.id);
  const lengthMs = timeframeMs(source.timeframe);
  const rows: FeatureRow[] = [];
  for (let index = from; index < to; index += 1) {
    const candle = source.candleAt(id, index);
    if (candle === undefined) continue;
    const closeTime = candle.openTime + lengthMs;
    rows.push({ candle: candleOf(candle), ...marketAt(source, universe, index, closeTime), fundingRate: fundingAt(source, id, closeTime) });
  }
  return rows;
}

/**
 * Rows of every symbol of a market whose candles the ledger holds: training and live cycles read their features from here
 * alike. Funding is not among them: the ledger does not keep it.
 * @param series closed candles, oldest first, each time once; some may be missing.
 * @returns oldest first, a row per candle.
 */
export function marketRowsOf(series: readonly CandleSeries[], timeframe: Timeframe): ReadonlyMap<InstrumentId, readonly FeatureRow[]> {
  const lengthMs = timeframeMs(timeframe);
  const startTime = Math.min(...series.map((it) => it.candles[0]?.openTime ?? Infinity));
  const slots = new Map(series.map(({ instrumentId, candles }) => {
    const placed: Candle[] = [];
    for (const candle of candles) placed[(candle.openTime - startTime) / lengthMs] = candle;
    return [instrumentId, placed];
  }));
  const source = { candleAt: (id: InstrumentId, index: number): Candle | undefined => slots.get(id)?.[index] };
  const markets: Market[] = [];
  return new Map(series.map(({ instrumentId, candles }) => [instrumentId, candles.map((candle): FeatureRow => {
    const index = (candle.openTime - startTime) / lengthMs;
    markets[index] ??= marketAt(source, [...slots.keys()], index, candle.openTime + lengthMs); // the same for all symbols
    return { candle, ...markets[index] };
  })]));
}

/** A symbol that was not listed then, or has no candle, is not counted. */
function marketAt(source: Candles, universe: readonly InstrumentId[], index: number, knownAt: number): Market {
  let [higher, compared, returns, returned] = [0, 0, 0, 0];
  for (const id of universe) {
    const close = source.candleAt(id, index)?.close;
    const before = source.candleAt(id, index - 1)?.close;
    const then = source.candleAt(id, index - BREADTH_CANDLES)?.close;
    if (close !== undefined && then !== undefined) { compared += 1; if (close > then) higher += 1; }
    if (close !== undefined && before !== undefined) { returned += 1; returns += Math.log(close / before); }
  }
  const btc = source.candleAt(LEADER, index)?.close;
  return {
    breadth: compared === 0 ? undefined : { value: higher / compared, knownAt },
    marketReturn: returned === 0 ? undefined : { value: returns / returned, knownAt },
    btcClose: btc === undefined ? undefined : { value: btc, knownAt },
  };
}

/** The rate that was charged last. */
function fundingAt(source: CandleSource, id: InstrumentId, closeTime: number): Fact | undefined {
  const knownAt = Math.floor(closeTime / FUNDING_INTERVAL_MS) * FUNDING_INTERVAL_MS;
  const rate = source.fundingRateAt(id, knownAt);
  return rate === null ? undefined : { value: Number(rate), knownAt };
}

function candleOf({ openTime, open, high, low, close, volume }: Candle): Candle {
  return { openTime, open, high, low, close, volume };
}
