import { KeelError } from '../../domain/errors.ts';
import type { VenueCore } from './core.ts';
import { refusal } from './errors.ts';
import { symbolJson } from './format.ts';
import type { LimitOptions } from './limits.ts';
import type { MarketView } from './market-view.ts';
import type { Params } from './params.ts';
import type { Route, VenueRequest } from './route.ts';

const DEPTH_LIMITS = [5, 10, 20, 50, 100, 500, 1000];

/** Public market data. @source https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api */
export function marketRoutes(core: VenueCore, view: MarketView, limits: LimitOptions): Route[] {
  const get = (path: string, weight: Route['weight'], handle: (request: VenueRequest) => unknown): Route => ({ method: 'GET', path: `/fapi/${path}`, security: 'public', weight, handle });
  const symbolOf = (params: Params): string => view.instrument(params.mandatory('symbol')).venueSymbol;
  const eachOr = (build: (symbol: string) => unknown) => ({ params }: VenueRequest): unknown =>
    params.has('symbol') ? build(symbolOf(params)) : [...core.instruments.keys()].map(build);
  const klines = ({ params }: VenueRequest): unknown => view.klines(klineQuery(params, params.mandatory('symbol')));
  return [
    { method: 'GET', path: '/sapi/v1/system/status', security: 'public', weight: 1, handle: () => ({ status: 0, msg: 'normal' }) },
    get('v1/ping', 1, () => ({})),
    get('v1/time', 1, () => ({ serverTime: core.transportNow() })),
    get('v1/exchangeInfo', 1, () => exchangeInfo(core, limits)),
    get('v1/klines', klineWeight, klines),
    get('v1/continuousKlines', klineWeight, ({ params }) => view.klines(klineQuery(params, params.mandatory('pair')))),
    get('v1/markPriceKlines', klineWeight, klines),
    get('v1/indexPriceKlines', klineWeight, ({ params }) => view.klines(klineQuery(params, params.mandatory('pair')))),
    get('v1/premiumIndexKlines', klineWeight, ({ params }) => flat(view.klines(klineQuery(params, params.mandatory('symbol'))))),
    get('v1/ticker/24hr', (params) => (params.has('symbol') ? 1 : 40), eachOr((symbol) => view.ticker(symbol))),
    get('v1/ticker/bookTicker', (params) => (params.has('symbol') ? 2 : 5), eachOr((symbol) => view.bookTicker(symbol))),
    get('v1/ticker/price', (params) => (params.has('symbol') ? 1 : 2), eachOr((symbol) => lastPrice(core, symbol))),
    get('v2/ticker/price', (params) => (params.has('symbol') ? 1 : 2), eachOr((symbol) => lastPrice(core, symbol))),
    get('v1/premiumIndex', (params) => (params.has('symbol') ? 1 : 10), eachOr((symbol) => view.premiumIndex(symbol))),
    get('v1/fundingRate', 1, ({ params }) => fundingRates(core, view, params)),
    get('v1/fundingInfo', 1, () => [...core.instruments.keys()].map(fundingInfo)),
    get('v1/openInterest', 1, ({ params }) => ({ symbol: symbolOf(params), openInterest: '0', time: core.marketTime() })),
    get('v1/depth', depthWeight, ({ params }) => depth(core, symbolOf(params), params)),
    get('v1/trades', 5, ({ params }) => [publicTrade(core, symbolOf(params))]),
    get('v1/historicalTrades', 20, ({ params }) => [publicTrade(core, symbolOf(params))]),
    get('v1/aggTrades', 20, ({ params }) => [aggregateTrade(core, symbolOf(params))]),
  ];
}

function klineQuery(params: Params, symbol: string): Parameters<MarketView['klines']>[0] {
  const { startTime, endTime } = params.period(Infinity);
  return {
    symbol, interval: params.mandatory('interval'), limit: params.limit(500, 1_500),
    ...(startTime === undefined ? {} : { startTime }), ...(endTime === undefined ? {} : { endTime }),
  };
}

function klineWeight(params: Params): number {
  const limit = params.limit(500, 1_500);
  if (limit < 100) return 1;
  if (limit < 500) return 2;
  return limit <= 1_000 ? 5 : 10;
}

/** Candles of the premium: there is none, so every price is zero. */
function flat(rows: ReturnType<MarketView['klines']>): unknown[] {
  return rows.map((row) => [row[0], '0', '0', '0', '0', '0', row[6], '0', row[8], '0', '0', '0']);
}

function depthWeight(params: Params): number {
  const limit = params.integer('limit') ?? 500;
  if (limit <= 50) return 2;
  if (limit <= 100) return 5;
  return limit <= 500 ? 10 : 20;
}

function depth(core: VenueCore, symbol: string, params: Params): Record<string, unknown> {
  const limit = params.integer('limit') ?? 500;
  if (!DEPTH_LIMITS.includes(limit)) throw refusal('-4021', limit);
  const { bids, asks } = core.engine.depth(symbol, limit);
  const time = core.marketTime();
  return { lastUpdateId: core.updateId, E: time, T: time, bids, asks };
}

function lastPrice(core: VenueCore, symbol: string): Record<string, unknown> {
  return { symbol, price: core.engine.quote(symbol).lastPrice, time: core.marketTime() };
}

function fundingRates(core: VenueCore, view: MarketView, params: Params): unknown[] {
  const query = { ...params.period(Infinity), limit: params.limit(100, 1_000) };
  const symbols = params.has('symbol') ? [params.mandatory('symbol')] : [...core.instruments.keys()];
  return symbols.flatMap((symbol) => view.fundingHistory(symbol, query));
}

function fundingInfo(symbol: string): Record<string, unknown> {
  return { symbol, adjustedFundingRateCap: '0.02000000', adjustedFundingRateFloor: '-0.02000000', fundingIntervalHours: 8, disclaimer: false };
}

/** The newest print: the market has no other participants, so one trade at the last price stands for all. */
export function publicTrade(core: VenueCore, symbol: string): Record<string, unknown> {
  const quote = core.engine.quote(symbol);
  const quantity = core.instrument(symbol).minQuantity;
  return {
    id: core.updateId, price: quote.lastPrice, qty: quantity, quoteQty: (Number(quote.lastPrice) * Number(quantity)).toFixed(8),
    time: core.marketTime(), isBuyerMaker: false,
  };
}

export function aggregateTrade(core: VenueCore, symbol: string): Record<string, unknown> {
  const quote = core.engine.quote(symbol);
  return { a: core.updateId, p: quote.lastPrice, q: core.instrument(symbol).minQuantity, f: core.updateId, l: core.updateId, T: core.marketTime(), m: false };
}

function exchangeInfo(core: VenueCore, limits: LimitOptions): Record<string, unknown> {
  const quotes = [...new Set([...core.instruments.values()].map((instrument) => instrument.quote))];
  if (quotes.length === 0) throw new KeelError('SETTING_INVALID', 'the market has no symbols');
  return {
    timezone: 'UTC', serverTime: core.transportNow(), futuresType: 'U_MARGINED',
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: limits.weightPerMinute },
      { rateLimitType: 'ORDERS', interval: 'MINUTE', intervalNum: 1, limit: limits.ordersPerMinute },
      { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: limits.ordersPer10Seconds },
    ],
    exchangeFilters: [],
    assets: quotes.map((asset) => ({ asset, marginAvailable: true, autoAssetExchange: '0' })),
    symbols: [...core.instruments.values()].map((instrument) => symbolJson(instrument, core.market.source.startTime)),
  };
}
