/** Venue words → Keel's words. Pure. */
import type { DecimalString } from '../../domain/decimal.ts';
import { d, text, ZERO } from '../../domain/decimal.ts';
import { KeelError } from '../../domain/errors.ts';
import type { InstrumentId } from '../../domain/market/instrument.ts';
import type { Fill, OrderType, PositionSide, Side, VenueOrder } from '../../domain/orders/order.ts';
import type { AlgoOrder, PlainOrder, UserTrade } from './schemas.ts';

const QUOTES = ['USDT', 'USDC', 'BUSD', 'FDUSD', 'BTC', 'ETH'] as const;

/** `BTCUSDT` → `BTC-USDT-PERP`. A symbol without a known quote (a delivery contract) keeps its own name. */
export function instrumentIdOfSymbol(symbol: string): InstrumentId {
  const quote = QUOTES.find((candidate) => symbol.endsWith(candidate) && symbol.length > candidate.length);
  return quote === undefined ? symbol : `${symbol.slice(0, -quote.length)}-${quote}-PERP`;
}

export function sideOf(word: 'BUY' | 'SELL'): Side {
  return word === 'BUY' ? 'buy' : 'sell';
}

export function positionSideOf(word: 'BOTH' | 'LONG' | 'SHORT'): PositionSide {
  return ({ BOTH: 'both', LONG: 'long', SHORT: 'short' } as const)[word];
}

/** Order types that the algo service holds. A triggered one shows its first type as `origType`. */
export function isConditional(type: string): boolean {
  return ['STOP', 'STOP_MARKET', 'TAKE_PROFIT', 'TAKE_PROFIT_MARKET', 'TRAILING_STOP_MARKET'].includes(type);
}

/** Foreign orders may be of types that Keel never sends: each becomes the nearest of ours. */
export function typeOf(word: string): OrderType {
  switch (word) {
    case 'STOP': case 'STOP_MARKET': case 'TRAILING_STOP_MARKET': return 'stopMarket';
    case 'TAKE_PROFIT': case 'TAKE_PROFIT_MARKET': return 'takeProfitMarket';
    case 'LIMIT': return 'limit';
    // LIQUIDATION and whatever else the venue itself sends takes the market's price.
    default: return 'market';
  }
}

/** @throws {KeelError} VENUE_ANSWER_INVALID: a state that the documents do not name. */
export function plainStatusOf(word: string): VenueOrder['status'] {
  switch (word) {
    // NEW_INSURANCE and NEW_ADL: orders of the venue itself, in a liquidation.
    case 'NEW': case 'PARTIALLY_FILLED': case 'NEW_INSURANCE': case 'NEW_ADL': return 'working';
    case 'FILLED': return 'filled';
    case 'CANCELED': case 'PENDING_CANCEL': return 'canceled';
    case 'EXPIRED': case 'EXPIRED_IN_MATCH': return 'expired';
    case 'REJECTED': return 'rejected';
    default: throw unknownWord('order status', word, 'NEW, PARTIALLY_FILLED, FILLED, CANCELED, EXPIRED, EXPIRED_IN_MATCH, REJECTED');
  }
}

/**
 * The state of a conditional order. FINISHED says that the order which it created is over, not how: its filled
 * quantity tells.
 */
export function algoStatusOf(word: string, quantity: DecimalString | null, filled: DecimalString | null): VenueOrder['status'] {
  switch (word) {
    case 'NEW': return 'working';
    case 'TRIGGERING': case 'TRIGGERED': return 'triggered';
    case 'FINISHED': return finishedStatusOf(quantity, filled);
    case 'CANCELED': return 'canceled';
    case 'REJECTED': return 'rejected';
    case 'EXPIRED': return 'expired';
    default: throw unknownWord('algo status', word, 'NEW, TRIGGERING, TRIGGERED, FINISHED, CANCELED, REJECTED, EXPIRED');
  }
}

function finishedStatusOf(quantity: DecimalString | null, filled: DecimalString | null): VenueOrder['status'] {
  if (filled === null) return 'triggered';
  if (d(filled).lte(ZERO)) return 'canceled';
  // An order that closes the position has no quantity of its own.
  return quantity === null || d(filled).gte(d(quantity)) ? 'filled' : 'canceled';
}

function unknownWord(what: string, word: string, allowed: string): KeelError {
  return new KeelError('VENUE_ANSWER_INVALID', `${what} ${JSON.stringify(word)} is not known (known: ${allowed})`);
}

/** Zero means "none" in the venue's prices. */
export function priceOrNull(price: DecimalString | null): DecimalString | null {
  return price === null || d(price).lte(ZERO) ? null : price;
}

/**
 * A plain order. One that a conditional order created carries its client id, so it is reported as that conditional
 * order: `venueOrderId` is empty where the algo id is not known.
 */
export function orderOfPlain(order: PlainOrder): VenueOrder {
  const first = order.origType ?? order.type;
  const wasConditional = isConditional(first);
  return {
    venueOrderId: wasConditional ? '' : order.orderId,
    clientOrderId: order.clientOrderId,
    instrumentId: instrumentIdOfSymbol(order.symbol),
    book: wasConditional ? 'conditional' : 'plain',
    status: triggeredStatus(plainStatusOf(order.status), wasConditional),
    side: sideOf(order.side),
    positionSide: positionSideOf(order.positionSide),
    type: typeOf(first),
    quantity: order.origQty,
    filledQuantity: order.executedQty,
    averagePrice: d(order.executedQty).gt(ZERO) ? priceOrNull(order.avgPrice) : null,
    price: priceOrNull(order.price),
    triggerPrice: priceOrNull(order.stopPrice),
    reduceOnly: order.reduceOnly,
    triggeredOrderId: wasConditional ? order.orderId : null,
    updatedAt: order.updateTime,
  };
}

/** A conditional order whose second order works has triggered. */
export function triggeredStatus(status: VenueOrder['status'], wasConditional: boolean): VenueOrder['status'] {
  return wasConditional && status === 'working' ? 'triggered' : status;
}

/** @param created the plain order that it created when it triggered, as far as it was read. */
export function orderOfAlgo(algo: AlgoOrder, created: PlainOrder | null): VenueOrder {
  const filled = created?.executedQty ?? (algo.actualOrderId === null ? null : algo.actualQty);
  const average = created?.avgPrice ?? algo.actualPrice;
  return {
    venueOrderId: algo.algoId,
    clientOrderId: algo.clientAlgoId,
    instrumentId: instrumentIdOfSymbol(algo.symbol),
    book: 'conditional',
    status: created === null ? algoStatusOf(algo.algoStatus, algo.quantity, filled) : triggeredStatus(plainStatusOf(created.status), true),
    side: sideOf(algo.side),
    positionSide: positionSideOf(algo.positionSide),
    type: typeOf(algo.orderType),
    quantity: algo.quantity ?? '0',
    filledQuantity: filled ?? '0',
    averagePrice: filled !== null && d(filled).gt(ZERO) ? priceOrNull(average) : null,
    price: priceOrNull(algo.price),
    triggerPrice: priceOrNull(algo.triggerPrice),
    reduceOnly: algo.reduceOnly,
    triggeredOrderId: algo.actualOrderId,
    updatedAt: Math.max(algo.updateTime, created?.updateTime ?? 0),
  };
}

/** @param clientOrderId of the order, where the caller knows it. */
export function fillOfTrade(trade: UserTrade, clientOrderId: string | null): Fill {
  return {
    tradeId: trade.id,
    venueOrderId: trade.orderId,
    clientOrderId: clientOrderId ?? trade.clientOrderId ?? null,
    instrumentId: instrumentIdOfSymbol(trade.symbol),
    side: sideOf(trade.side),
    positionSide: positionSideOf(trade.positionSide),
    price: trade.price,
    quantity: trade.qty,
    fee: trade.commission,
    feeCurrency: trade.commissionAsset,
    realizedPnl: trade.realizedPnl,
    maker: trade.maker,
    filledAt: trade.time,
    filledAtWall: trade.transportTime ?? trade.time,
  };
}

/**
 * An order together with the fills that were read for it: the larger of both filled quantities counts, since order
 * and trades are read one after the other.
 */
export function withFills(order: VenueOrder, fills: readonly Fill[]): VenueOrder {
  const filled = fills.reduce((sum, fill) => sum.plus(fill.quantity), ZERO);
  if (filled.lt(d(order.filledQuantity)) || filled.lte(ZERO)) return order;
  const cost = fills.reduce((sum, fill) => sum.plus(d(fill.quantity).times(fill.price)), ZERO);
  const isDone = d(order.quantity).gt(ZERO) && filled.gte(d(order.quantity));
  return {
    ...order,
    status: isDone ? 'filled' : order.status,
    filledQuantity: text(filled),
    averagePrice: order.averagePrice !== null && filled.eq(d(order.filledQuantity)) ? order.averagePrice : text(cost.div(filled)),
  };
}
