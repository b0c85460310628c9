/**
 * Every route that is used, with its request weight. New orders cost no weight but count as orders.
 * @source https://developers.binance.com/docs/derivatives/usds-margined-futures (each route's page, "Request Weight")
 */
import type { Route } from './exchange.ts';

export interface WeighedRoute extends Route {
  /** Per IP address and minute. */
  readonly weight: number;
  /** New orders per account. */
  readonly orders: number;
  readonly signed: boolean;
}

function open(path: string, weight: number): WeighedRoute {
  return { api: 'fapiPublic', method: 'GET', path, weight, orders: 0, signed: false };
}

function signed(method: Route['method'], path: string, weight: number, api: Route['api'] = 'fapiPrivate'): WeighedRoute {
  return { api, method, path, weight, orders: 0, signed: true };
}

/** Needs the key, no signature. */
function keyed(method: Route['method'], path: string): WeighedRoute {
  return { api: 'fapiPrivate', method, path, weight: 1, orders: 0, signed: false };
}

export const ROUTES = {
  time: open('time', 1),
  exchangeInfo: open('exchangeInfo', 1),
  bookTicker: open('ticker/bookTicker', 2),
  dayTicker: open('ticker/24hr', 1),
  premiumIndex: open('premiumIndex', 1),
  fundingInfo: open('fundingInfo', 1),
  depth: open('depth', 5),
  leverageBracket: signed('GET', 'leverageBracket', 1),
  marginType: signed('POST', 'marginType', 1),
  setDualSide: signed('POST', 'positionSide/dual', 1),
  newOrder: { ...signed('POST', 'order', 0), orders: 1 },
  newAlgoOrder: { ...signed('POST', 'algoOrder', 0), orders: 1 },
  cancelOrder: signed('DELETE', 'order', 1),
  cancelAlgoOrder: signed('DELETE', 'algoOrder', 1),
  order: signed('GET', 'order', 1),
  algoOrder: signed('GET', 'algoOrder', 1),
  openOrders: signed('GET', 'openOrders', 1),
  openAlgoOrders: signed('GET', 'openAlgoOrders', 1),
  allOrders: signed('GET', 'allOrders', 5),
  allAlgoOrders: signed('GET', 'allAlgoOrders', 5),
  userTrades: signed('GET', 'userTrades', 5),
  income: signed('GET', 'income', 30),
  account: signed('GET', 'account', 5, 'fapiPrivateV3'),
  positionRisk: signed('GET', 'positionRisk', 5, 'fapiPrivateV3'),
  accountConfig: signed('GET', 'accountConfig', 5),
  commissionRate: signed('GET', 'commissionRate', 20),
  symbolConfig: signed('GET', 'symbolConfig', 5),
  leverage: signed('POST', 'leverage', 1),
  newListenKey: keyed('POST', 'listenKey'),
  keepListenKey: keyed('PUT', 'listenKey'),
  apiRestrictions: { api: 'sapi', method: 'GET', path: 'account/apiRestrictions', weight: 1, orders: 0, signed: true },
} as const satisfies Record<string, WeighedRoute>;

/** Lists of open orders over all symbols cost more. */
export const ALL_SYMBOLS_WEIGHT = 40;

/** Market data of all symbols at once costs more than that of one, and is one request. */
export const ALL_MARKETS_WEIGHT = { dayTicker: 40, bookTicker: 5, premiumIndex: 10 } as const;

/** Candles cost by their number. @param limit 1 to 1,500. */
export function klinesRoute(limit: number): WeighedRoute {
  if (limit < 100) return open('klines', 1);
  if (limit < 500) return open('klines', 2);
  return open('klines', limit <= 1_000 ? 5 : 10);
}
