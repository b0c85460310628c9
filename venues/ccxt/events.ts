/** Messages of the venue's streams → Keel's events. Pure. */
import { z } from 'zod';
import { d, ZERO } from '../../domain/decimal.ts';
import type { Fill, VenueOrder } from '../../domain/orders/order.ts';
import type { AccountEvent, MarketEvent } from '../../domain/ports/venue.ts';
import { ACCOUNT_CURRENCY } from '../../domain/ports/venue.ts';
import { algoStatusOf, instrumentIdOfSymbol, isConditional, plainStatusOf, positionSideOf, priceOrNull, sideOf, triggeredStatus, typeOf } from './parse.ts';
import { decimal, id, maybeDecimal, maybeId, millis, parseAnswer, positionSide, side } from './schemas.ts';
import { TIMEFRAMES } from '../../domain/market/timeframe.ts';

/** A simulated venue adds these two. */
const extras = { eventId: z.number().int().positive().optional(), transportTime: millis.optional() };
const head = z.object({ e: z.string(), ...extras });

/** @source Event: Order Update. `ot` is the type that the order was asked for as: a conditional one for a triggered order. */
const orderUpdate = z.object({
  E: millis, T: millis, ...extras,
  o: z.object({
    s: z.string(), c: z.string(), S: side, o: z.string(), ot: z.string().optional(), q: decimal, p: maybeDecimal, ap: maybeDecimal, sp: maybeDecimal,
    x: z.string(), X: z.string(), i: id, l: decimal, z: decimal, L: maybeDecimal, N: z.string().nullish(), n: maybeDecimal, T: millis, t: id,
    m: z.boolean(), R: z.boolean(), ps: positionSide, rp: maybeDecimal,
  }),
});

/** @source Event: Algo Order Update. `ai`, `ap`, `aq`: the order that it created, once triggered. */
const algoUpdate = z.object({
  E: millis, T: millis, ...extras,
  o: z.object({
    caid: z.string(), aid: id, o: z.string(), s: z.string(), S: side, ps: positionSide, q: maybeDecimal, X: z.string(), ai: maybeId, ap: maybeDecimal,
    aq: maybeDecimal, tp: maybeDecimal, p: maybeDecimal, R: z.boolean(),
  }),
});

/** @source Event: Balance and Position Update. */
const accountUpdate = z.object({
  E: millis, T: millis, ...extras,
  a: z.object({
    m: z.string(),
    B: z.array(z.object({ a: z.string(), wb: decimal })).default([]),
    P: z.array(z.object({ s: z.string(), pa: decimal, up: maybeDecimal, ps: positionSide })).default([]),
  }),
});

/**
 * One message of the user-data stream.
 * @throws {KeelError} VENUE_ANSWER_INVALID: a known event with a field that cannot be understood.
 */
export function accountEventOf(message: unknown): AccountEvent {
  const { e: type, eventId } = parseAnswer(head, message, 'user stream');
  switch (type) {
    case 'ORDER_TRADE_UPDATE': return orderEventOf(message);
    case 'ALGO_UPDATE': return algoEventOf(message);
    case 'ACCOUNT_UPDATE': return balanceEventOf(message);
    default: return { kind: 'other', eventId: eventId ?? null, type };
  }
}

function orderEventOf(message: unknown): AccountEvent {
  const event = parseAnswer(orderUpdate, message, 'ORDER_TRADE_UPDATE');
  const { o } = event;
  const first = o.ot ?? o.o;
  const wasConditional = isConditional(first);
  const order: VenueOrder = {
    // The created order carries its creator's client id; the algo id comes with ALGO_UPDATE.
    venueOrderId: wasConditional ? '' : o.i,
    clientOrderId: o.c,
    instrumentId: instrumentIdOfSymbol(o.s),
    book: wasConditional ? 'conditional' : 'plain',
    status: triggeredStatus(plainStatusOf(o.X), wasConditional),
    side: sideOf(o.S),
    positionSide: positionSideOf(o.ps),
    type: typeOf(first),
    quantity: o.q,
    filledQuantity: o.z,
    averagePrice: d(o.z).gt(ZERO) ? priceOrNull(o.ap) : null,
    price: priceOrNull(o.p),
    triggerPrice: priceOrNull(o.sp),
    reduceOnly: o.R,
    triggeredOrderId: wasConditional ? o.i : null,
    updatedAt: event.T,
  };
  return { kind: 'order', eventId: event.eventId ?? null, order, fill: fillOf(event) };
}

/** TRADE is a fill, CALCULATED one of a liquidation. */
function fillOf(event: z.infer<typeof orderUpdate>): Fill | null {
  const { o } = event;
  if ((o.x !== 'TRADE' && o.x !== 'CALCULATED') || d(o.l).lte(ZERO)) return null;
  return {
    tradeId: o.t, venueOrderId: o.i, clientOrderId: o.c, instrumentId: instrumentIdOfSymbol(o.s), side: sideOf(o.S), positionSide: positionSideOf(o.ps),
    price: o.L ?? '0', quantity: o.l, fee: o.n ?? '0', feeCurrency: o.N ?? ACCOUNT_CURRENCY, realizedPnl: o.rp ?? '0', maker: o.m,
    filledAt: o.T, filledAtWall: event.transportTime ?? o.T,
  };
}

function algoEventOf(message: unknown): AccountEvent {
  const event = parseAnswer(algoUpdate, message, 'ALGO_UPDATE');
  const { o } = event;
  const filled = o.ai === null ? null : o.aq;
  const order: VenueOrder = {
    venueOrderId: o.aid,
    clientOrderId: o.caid,
    instrumentId: instrumentIdOfSymbol(o.s),
    book: 'conditional',
    status: algoStatusOf(o.X, o.q, filled),
    side: sideOf(o.S),
    positionSide: positionSideOf(o.ps),
    type: typeOf(o.o),
    quantity: o.q ?? '0',
    filledQuantity: filled ?? '0',
    averagePrice: filled !== null && d(filled).gt(ZERO) ? priceOrNull(o.ap) : null,
    price: priceOrNull(o.p),
    triggerPrice: priceOrNull(o.tp),
    reduceOnly: o.R,
    triggeredOrderId: o.ai,
    updatedAt: event.T,
  };
  return { kind: 'order', eventId: event.eventId ?? null, order, fill: null };
}

function balanceEventOf(message: unknown): AccountEvent {
  const event = parseAnswer(accountUpdate, message, 'ACCOUNT_UPDATE');
  const eventId = event.eventId ?? null;
  const money = event.a.B.find((balance) => balance.a === ACCOUNT_CURRENCY);
  // A change of another currency alone: no word on ours.
  if (money === undefined) return { kind: 'other', eventId, type: `ACCOUNT_UPDATE ${event.a.m}` };
  const positions = event.a.P.map((position) => ({
    instrumentId: instrumentIdOfSymbol(position.s), positionSide: positionSideOf(position.ps), quantity: position.pa, unrealizedPnl: position.up ?? '0',
  }));
  return { kind: 'balance', eventId, reason: event.a.m, walletBalance: money.wb, positions, at: event.T };
}

/** @source Kline/Candlestick Streams; `x` tells whether the candle is closed. */
const kline = z.object({
  e: z.literal('kline'), E: millis,
  k: z.object({ t: millis, s: z.string(), i: z.enum(TIMEFRAMES as [typeof TIMEFRAMES[number], ...typeof TIMEFRAMES]), o: decimal, h: decimal, l: decimal, c: decimal, v: decimal, x: z.boolean() }),
});
const timed = z.object({ e: z.string(), E: millis });

/** The events of one message of a market stream, in order: a closed candle first, then the time. Empty for control messages. */
export function marketEventsOf(message: unknown): readonly MarketEvent[] {
  const data = unwrapped(message);
  const known = timed.safeParse(data);
  if (!known.success) return [];
  const time: MarketEvent = { kind: 'time', marketTime: known.data.E };
  if (known.data.e !== 'kline') return [time];
  const { k } = parseAnswer(kline, data, 'kline stream');
  if (!k.x) return [time];
  const candle = { openTime: k.t, open: Number(k.o), high: Number(k.h), low: Number(k.l), close: Number(k.c), volume: Number(k.v) };
  return [{ kind: 'candleClosed', instrumentId: instrumentIdOfSymbol(k.s), timeframe: k.i, candle }, time];
}

/** Combined streams wrap each message as `{ stream, data }`. */
export function unwrapped(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'data' in message && 'stream' in message ? message.data : message;
}
