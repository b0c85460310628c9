import { z } from 'zod';
import { d, text } from '../../domain/decimal.ts';
import type { DecimalString } from '../../domain/decimal.ts';
import { KeelError } from '../../domain/errors.ts';
import type { Candle } from '../../domain/market/candle.ts';
import type { Instrument, InstrumentId } from '../../domain/market/instrument.ts';
import { venueSymbolOf } from '../../domain/market/instrument.ts';
import type { Timeframe } from '../../domain/market/timeframe.ts';
import { timeframeMs } from '../../domain/market/timeframe.ts';
import type { Quote } from '../../domain/ports/venue.ts';
import { instrumentIdOfSymbol } from './parse.ts';
import type { Rest } from './rest.ts';
import { klinesRoute, ROUTES } from './routes.ts';
import * as schemas from './schemas.ts';
import type { SymbolInfo } from './schemas.ts';

/** Most candles of one request. */
const KLINES_PAGE = 1_500;
/** Up to so many instruments, fees are asked for each; a request costs a weight of 20. */
const FEES_EACH_MAX = 20;

/**
 * Perpetuals in USDT that trade now.
 * @param only null: all. The venue tells fee rates per symbol: beyond 20 instruments the first one's rates stand for
 * all, as one account has one fee tier.
 */
export async function readInstruments(rest: Rest, only: readonly InstrumentId[] | null): Promise<readonly Instrument[]> {
  const symbols = (await rest.symbols()).filter((info) => info.contractType === 'PERPETUAL' && info.status === 'TRADING' && info.quoteAsset === 'USDT');
  const wanted = symbols.filter((info) => only === null || only.includes(instrumentIdOfSymbol(info.symbol)));
  const [fees, caps] = await Promise.all([readFees(rest, wanted), readNotionalCaps(rest)]);
  return wanted.map((info) => instrumentOf(info, fees(info.symbol), caps.get(info.symbol) ?? null));
}

type Fees = z.infer<typeof schemas.commissionRate>;

async function readFees(rest: Rest, symbols: readonly SymbolInfo[]): Promise<(symbol: string) => Fees> {
  const asked = symbols.length <= FEES_EACH_MAX ? symbols : symbols.slice(0, 1);
  const rates = await Promise.all(asked.map(async ({ symbol }) => [symbol, await rest.read(ROUTES.commissionRate, { symbol }, schemas.commissionRate)] as const));
  const bySymbol = new Map(rates);
  const first = rates[0]?.[1];
  return (symbol) => {
    const found = bySymbol.get(symbol) ?? first;
    if (found === undefined) throw new KeelError('INVARIANT', `no fee rate was read for ${symbol}`);
    return found;
  };
}

/** Largest notional of a position at the leverage that is set. */
async function readNotionalCaps(rest: Rest): Promise<ReadonlyMap<string, DecimalString | null>> {
  const configs = await rest.read(ROUTES.symbolConfig, {}, z.array(schemas.symbolConfig));
  return new Map(configs.map((config) => [config.symbol, config.maxNotionalValue]));
}

export function instrumentOf(info: SymbolInfo, fees: Fees, maxNotional: DecimalString | null): Instrument {
  const price = filterOf(info, 'PRICE_FILTER', schemas.priceFilter);
  const lot = filterOf(info, 'LOT_SIZE', schemas.lotFilter);
  const marketLot = filterOf(info, 'MARKET_LOT_SIZE', schemas.lotFilter);
  return {
    id: instrumentIdOfSymbol(info.symbol), venueSymbol: info.symbol, base: info.baseAsset, quote: info.quoteAsset, kind: 'perpetual',
    tickSize: price.tickSize,
    // A market order has its own filter; the coarser step and the larger minimum satisfy both.
    stepSize: larger(lot.stepSize, marketLot.stepSize), minQuantity: larger(lot.minQty, marketLot.minQty),
    maxQuantity: lot.maxQty, maxMarketQuantity: marketLot.maxQty,
    minNotional: filterOf(info, 'MIN_NOTIONAL', schemas.notionalFilter).notional, maxNotional,
    makerFeeRate: fees.makerCommissionRate, takerFeeRate: fees.takerCommissionRate,
  };
}

function filterOf<T>(info: SymbolInfo, type: string, schema: z.ZodType<T>): T {
  return schemas.parseAnswer(schema, info.filters.find((filter) => filter.filterType === type), `GET exchangeInfo, ${info.symbol}, filter ${type}`);
}

function larger(a: DecimalString, b: DecimalString): DecimalString {
  return d(a).gte(d(b)) ? a : b;
}

export interface CandleQuery {
  readonly instrumentId: InstrumentId;
  readonly timeframe: Timeframe;
  /** Open time of the first candle, or any moment before it. */
  readonly since: number;
  /** ≥ 1. */
  readonly limit: number;
}

/** Closed candles, oldest first, the first at or after `since`. @param now market clock: what ends later is not closed. */
export async function readCandles(rest: Rest, query: CandleQuery, now: number): Promise<readonly Candle[]> {
  const symbol = venueSymbolOf(query.instrumentId);
  const candles: Candle[] = [];
  let startTime = query.since;
  while (candles.length < query.limit) {
    // One more than wanted: the newest row is the candle that still runs.
    const limit = Math.min(KLINES_PAGE, query.limit - candles.length + 1);
    const rows = await rest.read(klinesRoute(limit), { symbol, interval: query.timeframe, startTime, limit }, z.array(schemas.kline));
    candles.push(...rows.filter((row) => row[6] < now).map(candleOf));
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit || last[6] >= now) break;
    startTime = last[0] + timeframeMs(query.timeframe);
  }
  return candles.slice(0, query.limit);
}

function candleOf(row: z.infer<typeof schemas.kline>): Candle {
  return { openTime: row[0], open: Number(row[1]), high: Number(row[2]), low: Number(row[3]), close: Number(row[4]), volume: Number(row[5]) };
}

export async function readQuote(rest: Rest, instrumentId: InstrumentId): Promise<Quote> {
  const ticker = await rest.read(ROUTES.bookTicker, { symbol: venueSymbolOf(instrumentId) }, schemas.bookTicker);
  return { bid: text(d(ticker.bidPrice)), ask: text(d(ticker.askPrice)) };
}
