import { z } from 'zod';
import type { FillView, OrderKey, OrderView } from '../../domain/matching/types.ts';
import type { VenueCore } from './core.ts';
import { refusal, VenueError } from './errors.ts';
import { fillJson, orderJson } from './format.ts';
import { historyQuery, isVisible } from './history-query.ts';
import { stampOfRecord } from './history.ts';
import { readOrder, readSymbol, readTerms } from './order-params.ts';
import { Params } from './params.ts';
import type { Route, VenueRequest } from './route.ts';

const BATCH_MAX = 5;
const CANCEL_BATCH_MAX = 10;
const ONE_ORDER = { tenSeconds: 1, minute: 1 } as const;
const SEVEN_DAYS = 7;

/** Plain orders and fills. @source https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api */
export function tradeRoutes(core: VenueCore): Route[] {
  const signed = (method: Route['method'], path: string, weight: Route['weight'], handle: Route['handle'], more: Partial<Route> = {}): Route =>
    ({ method, path: `/fapi/v1/${path}`, security: 'signed', weight, handle, ...more });
  const forSymbol = (one: number, all: number) => (params: Params): number => (params.has('symbol') ? one : all);
  return [
    signed('POST', 'order', 0, (request) => placeOrder(core, request), { orders: ONE_ORDER, trades: true }),
    signed('POST', 'order/test', 0, (request) => testOrder(core, request), { orders: ONE_ORDER, trades: true }),
    signed('GET', 'order', 1, (request) => queryOrder(core, request)),
    signed('PUT', 'order', 0, (request) => amendOrder(core, request), { orders: ONE_ORDER, trades: true }),
    signed('DELETE', 'order', 1, (request) => cancelOrder(core, request), { trades: true }),
    signed('POST', 'batchOrders', 5, (request) => placeBatch(core, request), { orders: { tenSeconds: 5, minute: 1 }, trades: true }),
    signed('PUT', 'batchOrders', 5, (request) => amendBatch(core, request), { orders: { tenSeconds: 5, minute: 1 }, trades: true }),
    signed('DELETE', 'batchOrders', 1, (request) => cancelBatch(core, request), { trades: true }),
    signed('DELETE', 'allOpenOrders', 1, (request) => cancelAll(core, request), { trades: true }),
    signed('GET', 'openOrder', 1, (request) => openOrder(core, request)),
    signed('GET', 'openOrders', forSymbol(1, 40), (request) => openOrders(core, request)),
    signed('GET', 'allOrders', 5, (request) => allOrders(core, request)),
    signed('GET', 'userTrades', 5, (request) => userTrades(core, request)),
    signed('GET', 'forceOrders', forSymbol(20, 50), (request) => forceOrders(core, request)),
  ];
}

function placeOrder(core: VenueCore, { params, accountId, fillShare }: VenueRequest): unknown {
  const respType = params.text('newOrderRespType') ?? 'ACK';
  if (respType !== 'ACK' && respType !== 'RESULT') throw refusal('-1136');
  const order = readOrder(params, { core, accountId, fillShare });
  const placed = executeSized(core, order.symbol, () => core.command<'placeOrder'>({ kind: 'placeOrder', accountId, order }));
  return orderJson(placed, core.stampOf('order', placed), respType === 'ACK' ? 'ack' : 'result');
}

/** The engine's least notional is named as Binance names it. */
function executeSized(core: VenueCore, symbol: string, execute: () => OrderView): OrderView {
  try {
    return execute();
  } catch (error) {
    if (error instanceof VenueError && error.code === -4164) throw refusal('-4164', core.instrument(symbol).minNotional);
    throw error;
  }
}

/** Validated like an order, and not sent into the matching engine: margin and book are not asked. */
function testOrder(core: VenueCore, { params, accountId, fillShare }: VenueRequest): unknown {
  const order = readOrder(params, { core, accountId, fillShare });
  const refused = core.engine.tryOrder(accountId, order);
  if (refused?.code === -4164) throw refusal('-4164', core.instrument(order.symbol).minNotional);
  if (refused !== null) throw new VenueError(refused.code, refused.message);
  return {};
}

function amendOrder(core: VenueCore, { params, accountId }: VenueRequest): unknown {
  const { symbol, side, quantity, price } = readTerms(params, core);
  const amended = executeSized(core, symbol, () => core.command<'amendOrder'>({ kind: 'amendOrder', accountId, order: { symbol, key: readKey(params), side, quantity, price } }));
  return orderJson(amended, core.stampOf('order', amended), 'result');
}

function readKey(params: Params): OrderKey {
  const orderId = params.integer('orderId');
  if (orderId !== undefined) return { orderId };
  const clientOrderId = params.text('origClientOrderId');
  if (clientOrderId !== undefined) return { clientOrderId };
  throw new VenueError(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!");
}

function queryOrder(core: VenueCore, { params, accountId, lagMs }: VenueRequest): unknown {
  const order = core.engine.findOrder(accountId, readSymbol(params, core), readKey(params));
  if (order === undefined || !isVisible(core, core.stampOf('order', order), lagMs)) throw refusal('-2013');
  return orderJson(order, core.stampOf('order', order), 'query');
}

function openOrder(core: VenueCore, request: VenueRequest): unknown {
  const { params, accountId, lagMs } = request;
  const symbol = readSymbol(params, core);
  const found = core.engine.findOrder(accountId, symbol, readKey(params));
  const open = core.engine.openOrders(accountId, symbol).find((order) => order.orderId === found?.orderId);
  if (open === undefined || !isVisible(core, core.stampOf('order', open), lagMs)) throw refusal('-2013');
  return orderJson(open, core.stampOf('order', open), 'query');
}

function cancelOrder(core: VenueCore, { params, accountId, cancelLost }: VenueRequest): unknown {
  return cancelByKey(core, { accountId, symbol: readSymbol(params, core), key: readKey(params) }, cancelLost);
}

/** @param lost a fault: confirmed, and never done. */
function cancelByKey(core: VenueCore, which: { accountId: string; symbol: string; key: OrderKey }, lost: boolean): unknown {
  const order = lost ? core.engine.findOrder(which.accountId, which.symbol, which.key) : core.command<'cancelOrder'>({ kind: 'cancelOrder', ...which });
  if (order === undefined) throw refusal('-2011');
  return orderJson({ ...order, status: 'CANCELED' }, core.stampOf('order', order), 'result');
}

function cancelAll(core: VenueCore, { params, accountId, cancelLost }: VenueRequest): unknown {
  const symbol = readSymbol(params, core);
  if (!cancelLost) core.command<'cancelAllOrders'>({ kind: 'cancelAllOrders', accountId, symbol });
  return { code: 200, msg: 'The operation of cancel all open order is done.' };
}

const batchSchema = z.array(z.record(z.string(), z.unknown()));

function readList<T>(params: Params, name: string, schema: z.ZodType<T>): T {
  const given = params.mandatory(name);
  try {
    const parsed = schema.safeParse(JSON.parse(given));
    if (parsed.success) return parsed.data;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw refusal('-1130', name);
}

function readBatch(request: VenueRequest): z.output<typeof batchSchema> {
  const orders = readList(request.params, 'batchOrders', batchSchema);
  if (orders.length === 0 || orders.length > BATCH_MAX) throw refusal('-4082', orders.length);
  return orders;
}

function placeBatch(core: VenueCore, request: VenueRequest): unknown {
  return readBatch(request).map((order) => orError(() => placeOrder(core, { ...request, params: Params.of({ newOrderRespType: 'RESULT', ...order }) })));
}

function amendBatch(core: VenueCore, request: VenueRequest): unknown {
  return readBatch(request).map((order) => orError(() => amendOrder(core, { ...request, params: Params.of(order) })));
}

/** ccxt spells the lists in lower case, Binance's documents in camel case: both are read. */
function cancelBatch(core: VenueCore, { params, accountId, cancelLost }: VenueRequest): unknown {
  const symbol = readSymbol(params, core);
  const idsName = params.has('orderidlist') ? 'orderidlist' : 'orderIdList';
  const clientIdsName = params.has('origclientorderidlist') ? 'origclientorderidlist' : 'origClientOrderIdList';
  const keys: OrderKey[] = params.has(idsName)
    ? readList(params, idsName, z.array(z.coerce.number().int())).map((orderId) => ({ orderId }))
    : readList(params, clientIdsName, z.array(z.string())).map((clientOrderId) => ({ clientOrderId }));
  if (keys.length > CANCEL_BATCH_MAX) throw refusal('-4082', keys.length);
  return keys.map((key) => orError(() => cancelByKey(core, { accountId, symbol, key }, cancelLost)));
}

/** Each part of a batch stands or falls alone. */
function orError(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (error instanceof VenueError) return error.body();
    throw error;
  }
}

function openOrders(core: VenueCore, { params, accountId, lagMs }: VenueRequest): unknown {
  const symbol = params.has('symbol') ? readSymbol(params, core) : undefined;
  return listed(core, core.engine.openOrders(accountId, symbol), lagMs);
}

function listed(core: VenueCore, orders: readonly OrderView[], lagMs: number): unknown[] {
  return orders.flatMap((order) => {
    const stamp = core.stampOf('order', order);
    return isVisible(core, stamp, lagMs) ? [orderJson(order, stamp, 'query')] : [];
  });
}

function allOrders(core: VenueCore, { params, accountId, lagMs }: VenueRequest): unknown {
  const symbol = readSymbol(params, core);
  const fromId = params.integer('orderId');
  const { query, since } = historyQuery(params, { accountId, symbol, fromId, now: core.marketTime(), daysMax: SEVEN_DAYS, limit: params.limit(500, 1_000) });
  return listed(core, core.engine.orders(query).filter((order) => order.createdAt >= since), lagMs);
}

function userTrades(core: VenueCore, { params, accountId, lagMs }: VenueRequest): unknown {
  const symbol = readSymbol(params, core);
  const orderId = params.integer('orderId');
  const fromId = params.integer('fromId');
  if (fromId !== undefined && (params.has('startTime') || params.has('endTime'))) throw refusal('-1128');
  const limit = params.limit(500, 1_000);
  const { query, since } = orderId === undefined
    ? historyQuery(params, { accountId, symbol, fromId, now: core.marketTime(), daysMax: SEVEN_DAYS, limit })
    : { query: { accountId, symbol, limit, orderId }, since: 0 };
  return core.engine.fills(query).filter((fill) => fill.time >= since).flatMap((fill) => visibleFill(core, fill, lagMs));
}

function visibleFill(core: VenueCore, fill: FillView, lagMs: number): unknown[] {
  const stamp = stampOfRecord(fill) ?? { transportCreatedAt: 0, transportTime: 0 };
  return isVisible(core, stamp, lagMs) ? [fillJson(fill, stamp)] : [];
}

function forceOrders(core: VenueCore, { params, accountId, lagMs }: VenueRequest): unknown {
  const symbol = params.has('symbol') ? readSymbol(params, core) : undefined;
  const { query, since } = historyQuery(params, { accountId, symbol, fromId: undefined, now: core.marketTime(), daysMax: SEVEN_DAYS, limit: 1_000 });
  const forced = core.engine.orders(query).filter((order) => order.type === 'LIQUIDATION' && order.createdAt >= since).slice(-params.limit(50, 100));
  return listed(core, forced, lagMs);
}
