import { z } from 'zod';
import { KeelError, messageOf } from '../../domain/errors.ts';
import type { InstrumentId } from '../../domain/market/instrument.ts';
import { venueSymbolOf } from '../../domain/market/instrument.ts';
import type { Fill, OrderIntent, VenueOrder } from '../../domain/orders/order.ts';
import { bookOf } from '../../domain/orders/order.ts';
import { isReducing } from '../../domain/orders/protocol.ts';
import type { CancelAnswer, LookUp, SubmitAnswer, SubmitTimes, Urgency, Venue } from '../../domain/ports/venue.ts';
import { isNotOpen, NO_SUCH_ORDER, submitAnswerOf, venueCodeOf } from './errors.ts';
import type { Params } from './exchange.ts';
import { pageByNumber, pageByTime } from './pages.ts';
import { fillOfTrade, isConditional, orderOfAlgo, orderOfPlain, withFills } from './parse.ts';
import type { Rest } from './rest.ts';
import { ALL_SYMBOLS_WEIGHT, ROUTES } from './routes.ts';
import { algoOrder, parseAnswer, plainOrder, userTrade } from './schemas.ts';
import type { AlgoOrder, PlainOrder, UserTrade } from './schemas.ts';

type OrderKeyOf = Parameters<Venue['cancel']>[0];

/** One attempt. @returns never throws: what is not certain is `unknown`. */
export async function submitOrder(rest: Rest, intent: OrderIntent, times: SubmitTimes): Promise<SubmitAnswer> {
  const isPlain = bookOf(intent.type) === 'plain';
  const route = isPlain ? ROUTES.newOrder : ROUTES.newAlgoOrder;
  const params = isPlain ? plainParamsOf(intent) : conditionalParamsOf(intent);
  const result = await rest.send(route, params, times, isReducing(intent) ? 'exit' : 'entry');
  if (result.kind === 'notSent') return result;
  if (result.kind === 'failed') return submitAnswerOf(result.failure);
  try {
    const what = `${route.method} ${route.path}`;
    const order = isPlain ? orderOfPlain(parseAnswer(plainOrder, result.answer, what)) : orderOfAlgo(parseAnswer(algoOrder, result.answer, what), null);
    return { kind: 'accepted', order };
  } catch (error) {
    return { kind: 'unknown', message: messageOf(error) };
  }
}

/** @source Binance USD-M, New Order. `reduceOnly` is not allowed in hedge mode: the position side says it there. */
export function plainParamsOf(intent: OrderIntent): Params {
  return {
    ...commonParamsOf(intent),
    type: intent.type === 'limit' ? 'LIMIT' : 'MARKET',
    ...(intent.type === 'limit' ? { timeInForce: intent.timeInForce, price: required(intent, 'price') } : {}),
    newClientOrderId: intent.clientOrderId,
    newOrderRespType: 'RESULT',
  };
}

/** @source Binance USD-M, New Algo Order. The last traded price triggers, as in the backtest. */
export function conditionalParamsOf(intent: OrderIntent): Params {
  return {
    algoType: 'CONDITIONAL',
    ...commonParamsOf(intent),
    type: intent.type === 'stopMarket' ? 'STOP_MARKET' : 'TAKE_PROFIT_MARKET',
    triggerPrice: required(intent, 'triggerPrice'),
    workingType: 'CONTRACT_PRICE',
    clientAlgoId: intent.clientOrderId,
  };
}

function commonParamsOf(intent: OrderIntent): Params {
  const isOneWay = intent.positionSide === 'both';
  return {
    symbol: venueSymbolOf(intent.instrumentId),
    side: intent.side === 'buy' ? 'BUY' : 'SELL',
    quantity: intent.quantity,
    ...(isOneWay ? {} : { positionSide: intent.positionSide === 'long' ? 'LONG' : 'SHORT' }),
    ...(isOneWay && intent.reduceOnly ? { reduceOnly: 'true' } : {}),
  };
}

function required(intent: OrderIntent, field: 'price' | 'triggerPrice'): string {
  const value = intent[field];
  if (value === null) throw new KeelError('INVARIANT', `order ${intent.clientOrderId} of type ${intent.type} has no ${field}: a planner must set it`);
  return value;
}

export async function cancelOrder(rest: Rest, order: OrderKeyOf, times: SubmitTimes): Promise<CancelAnswer> {
  const isPlain = order.book === 'plain';
  const params: Params = isPlain
    ? { symbol: venueSymbolOf(order.instrumentId), origClientOrderId: order.clientOrderId }
    : { clientAlgoId: order.clientOrderId };
  const result = await rest.send(isPlain ? ROUTES.cancelOrder : ROUTES.cancelAlgoOrder, params, times, 'exit');
  switch (result.kind) {
    case 'answered': return { kind: 'canceled' };
    case 'notSent': return { kind: 'unknown', message: result.message };
    case 'failed': return isNotOpen(result.failure) ? { kind: 'notOpen', message: result.failure.message } : { kind: 'unknown', message: result.failure.message };
  }
}

/** What both books know of one client id. */
interface Found {
  readonly plain: PlainOrder | null;
  readonly algo: AlgoOrder | null;
}

/**
 * One look: by client id in both books; then their open orders and histories; then the fills. The plain order that a
 * triggered conditional order created carries the same client id: it is counted as part of the conditional one.
 */
export async function lookUpOrder(rest: Rest, order: OrderKeyOf): Promise<LookUp> {
  const direct = await findByClientId(rest, order);
  const found = direct.plain === null && direct.algo === null ? await findInLists(rest, order) : direct;
  if (found.algo !== null) return resolveConditional(rest, found.algo, found.plain);
  if (found.plain === null) return null;
  return withItsFills(rest, orderOfPlain(found.plain), found.plain.orderId);
}

async function findByClientId(rest: Rest, { clientOrderId, instrumentId }: OrderKeyOf): Promise<Found> {
  const symbol = venueSymbolOf(instrumentId);
  const [plain, algo] = await Promise.all([
    orNull(rest.read(ROUTES.order, { symbol, origClientOrderId: clientOrderId }, plainOrder, { priority: 'exit' })),
    orNull(rest.read(ROUTES.algoOrder, { clientAlgoId: clientOrderId }, algoOrder, { priority: 'exit' })),
  ]);
  return { plain, algo };
}

async function findInLists(rest: Rest, { clientOrderId, instrumentId }: OrderKeyOf): Promise<Found> {
  const symbol = venueSymbolOf(instrumentId);
  const urgent = { priority: 'exit' } as const;
  const [openPlain, openAlgo, allPlain, allAlgo] = await Promise.all([
    rest.read(ROUTES.openOrders, { symbol }, z.array(plainOrder), urgent),
    rest.read(ROUTES.openAlgoOrders, { symbol }, z.array(algoOrder), urgent),
    rest.read(ROUTES.allOrders, { symbol, limit: HISTORY_PAGE }, z.array(plainOrder), urgent),
    rest.read(ROUTES.allAlgoOrders, { symbol, limit: HISTORY_PAGE }, z.array(algoOrder), urgent),
  ]);
  // A client id may have been used before: the newest order of it counts.
  const plain = [...openPlain, ...allPlain].filter((each) => each.clientOrderId === clientOrderId).sort((a, b) => b.updateTime - a.updateTime)[0] ?? null;
  const algo = [...openAlgo, ...allAlgo].filter((each) => each.clientAlgoId === clientOrderId).sort((a, b) => b.updateTime - a.updateTime)[0] ?? null;
  return { plain, algo };
}

async function resolveConditional(rest: Rest, algo: AlgoOrder, sameId: PlainOrder | null): Promise<LookUp> {
  const createdId = algo.actualOrderId;
  const isKnown = sameId !== null && (createdId === null ? isConditional(sameId.origType ?? '') : sameId.orderId === createdId);
  if (isKnown) return withItsFills(rest, { ...orderOfAlgo(algo, sameId), triggeredOrderId: sameId.orderId }, sameId.orderId);
  if (createdId === null) return { order: orderOfAlgo(algo, null), fills: [] };
  const created = await orNull(rest.read(ROUTES.order, { symbol: algo.symbol, orderId: createdId }, plainOrder, { priority: 'exit' }));
  return withItsFills(rest, orderOfAlgo(algo, created), createdId);
}

async function withItsFills(rest: Rest, order: VenueOrder, plainOrderId: string): Promise<LookUp> {
  const isUntouched = order.filledQuantity === '0' && order.status === 'working';
  const trades = isUntouched ? [] : await rest.read(
    ROUTES.userTrades, { symbol: venueSymbolOf(order.instrumentId), orderId: plainOrderId, limit: HISTORY_PAGE }, z.array(userTrade), { priority: 'exit' },
  );
  const fills = trades.filter((trade) => trade.orderId === plainOrderId).map((trade) => fillOfTrade(trade, order.clientOrderId));
  return { order: withFills(order, fills), fills };
}

/** "No such order" is an answer here; every other refusal is thrown on. */
async function orNull<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (venueCodeOf(error) === NO_SUCH_ORDER) return null;
    throw error;
  }
}

/** Working orders of both books, of one instrument or of all. */
export async function readOpenOrders(rest: Rest, instrumentId: InstrumentId | undefined, { priority }: Urgency = { priority: 'read' }): Promise<readonly VenueOrder[]> {
  const params: Params = instrumentId === undefined ? {} : { symbol: venueSymbolOf(instrumentId) };
  const options = { priority, ...(instrumentId === undefined ? { weight: ALL_SYMBOLS_WEIGHT } : {}) };
  const [plain, algo] = await Promise.all([
    rest.read(ROUTES.openOrders, params, z.array(plainOrder), options),
    rest.read(ROUTES.openAlgoOrders, params, z.array(algoOrder), options),
  ]);
  return mergeBooks(plain, algo);
}

/** Largest page of orders, algo orders and trades. */
const HISTORY_PAGE = 1_000;
/** The venue answers with at most seven days from a start time: longer histories are read by number. */
const HISTORY_SPAN_MS = 7 * 86_400_000;

interface HistoryReach {
  /** Market clock. */
  readonly since: number;
  /** Market clock, now. */
  readonly untilMs: number;
}

/** Every order that the venue remembers, both books, oldest first. */
export async function readOrderHistory(rest: Rest, { instrumentId, ...reach }: HistoryReach & { readonly instrumentId: InstrumentId }, urgency: Urgency = { priority: 'read' }): Promise<readonly VenueOrder[]> {
  const symbol = venueSymbolOf(instrumentId);
  const [plain, algo] = await Promise.all([
    readHistory<PlainOrder>(reach, {
      idOf: (order) => order.orderId, numberOf: (order) => order.orderId, timeOf: (order) => order.time ?? order.updateTime, numberName: 'orderId',
      read: (page) => rest.read(ROUTES.allOrders, { symbol, ...page }, z.array(plainOrder), urgency),
    }),
    readHistory<AlgoOrder>(reach, {
      idOf: (order) => order.algoId, numberOf: (order) => order.algoId, timeOf: (order) => order.createTime ?? order.updateTime, numberName: 'algoId',
      read: (page) => rest.read(ROUTES.allAlgoOrders, { symbol, ...page }, z.array(algoOrder), urgency),
    }),
  ]);
  return mergeBooks(plain, algo).toSorted((a, b) => a.updatedAt - b.updatedAt);
}

/** Fills of one instrument, oldest first. */
export async function readFills(rest: Rest, { instrumentId, ...reach }: HistoryReach & { readonly instrumentId: InstrumentId }, urgency: Urgency = { priority: 'read' }): Promise<readonly Fill[]> {
  const symbol = venueSymbolOf(instrumentId);
  const trades = await readHistory<UserTrade>(reach, {
    idOf: (trade) => `${trade.id} ${trade.orderId}`, numberOf: (trade) => trade.id, timeOf: (trade) => trade.time, numberName: 'fromId',
    read: (page) => rest.read(ROUTES.userTrades, { symbol, ...page }, z.array(userTrade), urgency),
  });
  return trades.map((trade) => fillOfTrade(trade, null));
}

interface HistorySource<T> {
  readonly idOf: (item: T) => string;
  readonly numberOf: (item: T) => string;
  readonly timeOf: (item: T) => number;
  /** The parameter from whose number on the venue answers. */
  readonly numberName: 'orderId' | 'algoId' | 'fromId';
  readonly read: (page: Params) => Promise<readonly T[]>;
}

async function readHistory<T>({ since, untilMs }: HistoryReach, source: HistorySource<T>): Promise<readonly T[]> {
  const { idOf, numberOf, timeOf, read, numberName } = source;
  if (untilMs - since < HISTORY_SPAN_MS) {
    return pageByTime({ since, limit: HISTORY_PAGE, idOf, timeOf, readFrom: (page) => read({ ...page }) });
  }
  const whole = await pageByNumber({ limit: HISTORY_PAGE, idOf, numberOf, timeOf, readFrom: ({ fromId, limit }) => read({ [numberName]: fromId, limit }) });
  return whole.filter((item) => timeOf(item) >= since);
}

/** The order that a conditional one created is shown as part of it, not a second time. */
function mergeBooks(plain: readonly PlainOrder[], algo: readonly AlgoOrder[]): VenueOrder[] {
  const createdBy = new Map(algo.flatMap((each) => (each.actualOrderId === null ? [] : [[each.actualOrderId, each] as const])));
  const byId = new Map(plain.map((order) => [order.orderId, order]));
  return [
    ...plain.filter((order) => !createdBy.has(order.orderId)).map(orderOfPlain),
    ...algo.map((each) => orderOfAlgo(each, each.actualOrderId === null ? null : (byId.get(each.actualOrderId) ?? null))),
  ];
}
