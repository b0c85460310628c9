/** Plain orders: checks, acceptance, matching, cancel. */
import { emitOrder } from './events.ts';
import { endOrder, fillableSteps, retireOrder } from './expiry.ts';
import { applyFill } from './fills.ts';
import { additionalMargin, availableBalance, countExposure } from './margin.ts';
import { availableSteps, markTicks, takeDepth, touchTicks, walkBook } from './market.ts';
import { rejection } from './rejections.ts';
import type { RejectionCode } from './rejections.ts';
import { abs, parseScaled, product } from './scaled.ts';
import { maxNotionalAt, moneyOfProduct } from './spec.ts';
import type { Spec } from './spec.ts';
import { closableSteps, closesOnly, exposureOf, marketOf, positionOf, settingOf, specOf } from './state.ts';
import type { AccountState, Core, OrderState } from './state.ts';
import type { AlgoOrderType, BookedOrderType, NewOrder, OrderKey, Rejection, VenuePositionSide, VenueSide, VenueTimeInForce } from './types.ts';

/** A market order is assumed to fill this far beyond the touch when its margin is checked: 5 bps, as Binance does. */
const ASSUMED_SLIPPAGE_BPS = 5;

/** An order in scaled integers, before it is accepted. */
export interface Request {
  readonly symbol: string;
  readonly side: VenueSide;
  readonly positionSide: VenuePositionSide;
  readonly type: BookedOrderType;
  readonly origType: BookedOrderType | AlgoOrderType;
  readonly timeInForce: VenueTimeInForce;
  readonly steps: number;
  readonly ticks: number;
  readonly reduceOnly: boolean;
  readonly closePosition: boolean;
  readonly clientOrderId: string;
  readonly goodTillDate: number | null;
  readonly algoId: number | null;
  /** A fault: at most so many steps are filled at once, then the rest is cancelled; null: as usual. */
  readonly cancelAfterSteps?: number | null;
}

/** Reads the texts of an order. */
export function readOrder(core: Core, order: NewOrder): Request | Rejection {
  const spec = specOf(core, order.symbol);
  const steps = readQuantity(spec, order.quantity);
  if (typeof steps !== 'number') return steps;
  const ticks = order.type === 'MARKET' || order.price === null ? 0 : readPrice(spec, order.price);
  if (typeof ticks !== 'number') return ticks;
  if (order.type === 'LIMIT' && ticks === 0) throw new RangeError(`${order.clientOrderId}: a limit order needs a price`);
  const cancelAfterSteps = order.cancelAfter === undefined ? null : parseScaled(order.cancelAfter, spec.quantity);
  if (cancelAfterSteps === 'precision' || cancelAfterSteps === 'multiple') return rejection(-1111);
  return {
    symbol: order.symbol, side: order.side, positionSide: order.positionSide, type: order.type, origType: order.type,
    timeInForce: order.type === 'MARKET' ? 'GTC' : order.timeInForce, steps, ticks, reduceOnly: order.reduceOnly, closePosition: false,
    clientOrderId: order.clientOrderId, goodTillDate: order.goodTillDate, algoId: null, cancelAfterSteps,
  };
}

export function readQuantity(spec: Spec, quantity: string): number | Rejection {
  const steps = parseScaled(quantity, spec.quantity);
  if (steps === 'precision') return rejection(-1111);
  if (steps === 'multiple') return rejection(-4023);
  return steps <= 0 ? rejection(-4003) : steps;
}

export function readPrice(spec: Spec, price: string): number | Rejection {
  const ticks = parseScaled(price, spec.price);
  if (ticks === 'precision') return rejection(-1111);
  if (ticks === 'multiple') return rejection(-4014);
  if (ticks <= 0) throw new RangeError(`${spec.symbol}: a price must be above 0, not ${price}`);
  return ticks;
}

/** What the venue sees before an order comes to its matching engine: mode and id, lot and least notional; or null. */
export function formRefusalOf(core: Core, account: AccountState, request: Request): Rejection | null {
  const code = idRefusal(core, account, request) ?? sizeRefusal(core, request);
  return code === null ? null : rejection(code);
}

/** Why the venue does not take an order, or null. */
export function refusalOf(core: Core, account: AccountState, request: Request): Rejection | null {
  const form = formRefusalOf(core, account, request);
  if (form !== null) return form;
  const code = riskRefusal(core, account, request) ?? bookRefusal(core, account, request);
  return code === null ? null : rejection(code);
}

function idRefusal(core: Core, account: AccountState, request: Request): RejectionCode | null {
  if (account.hedgeMode === (request.positionSide === 'BOTH')) return -4061;
  if (account.clientOrderIds.has(request.clientOrderId)) return -4116;
  if (account.orders.size < core.config.maxOpenOrders) return null;
  let open = 0;
  for (const order of account.orders.values()) if (order.symbol === request.symbol) open += 1;
  return open >= core.config.maxOpenOrders ? -2025 : null;
}

function sizeRefusal(core: Core, request: Request): RejectionCode | null {
  const spec = specOf(core, request.symbol);
  if (request.steps <= 0) return -4003;
  if (request.steps < spec.minSteps) return -4004;
  if (request.steps > (request.ticks === 0 ? spec.maxMarketSteps : spec.maxSteps)) return -4005;
  if (closesOnly(request)) return null;
  const ticks = request.ticks === 0 ? markTicks(marketOf(core, request.symbol)) : request.ticks; // Binance, MIN_NOTIONAL: a market order has no price, so the mark price is used
  return moneyOfProduct(spec, product(ticks, request.steps)) < spec.minNotional ? -4164 : null;
}

function riskRefusal(core: Core, account: AccountState, request: Request): RejectionCode | null {
  const position = positionOf(account, request.symbol, request.positionSide);
  if (closesOnly(request) || request.reduceOnly) return !closesOnly(request) || closableSteps(position, request.side) === 0 ? -2022 : null;
  const touch = touchTicks(core, marketOf(core, request.symbol), request.side);
  const slip = Math.ceil((touch * ASSUMED_SLIPPAGE_BPS) / 10_000);
  const ticks = request.ticks !== 0 ? request.ticks : Math.max(1, request.side === 'BUY' ? touch + slip : touch - slip);
  const margin = additionalMargin(core, account, { symbol: request.symbol, side: request.side, positionSide: request.positionSide, steps: request.steps, ticks });
  if (margin === 0n) return null;
  if (margin > availableBalance(core, account)) return -2019;
  const spec = specOf(core, request.symbol);
  const exposure = exposureOf(account, request.symbol, request.positionSide);
  const held = product(ticks, position.steps);
  const worst = request.side === 'BUY' ? held + exposure.buyProduct + product(ticks, request.steps) : held - exposure.sellProduct - product(ticks, request.steps);
  return moneyOfProduct(spec, abs(worst)) > maxNotionalAt(spec, settingOf(core, account, request.symbol).leverage) ? -2027 : null;
}

/** Why an open order may not take other terms: size as of a new order, margin for what is not filled yet. */
export function resizeRefusal(core: Core, account: AccountState, order: OrderState, terms: { readonly steps: number; readonly ticks: number }): RejectionCode | null {
  const { clientOrderId, symbol, side, positionSide, type, origType, timeInForce, reduceOnly, closePosition, goodTillDate, algoId } = order;
  const request: Request = { clientOrderId, symbol, side, positionSide, type, origType, timeInForce, reduceOnly, closePosition, goodTillDate, algoId, ...terms };
  return sizeRefusal(core, request) ?? riskRefusal(core, account, { ...request, steps: terms.steps - order.filledSteps });
}

/** What only the book can refuse: post-only that would take, fill-or-kill that cannot, a market order that meets nothing. */
function bookRefusal(core: Core, account: AccountState, request: Request): RejectionCode | null {
  const market = marketOf(core, request.symbol);
  if (request.type === 'MARKET') return availableSteps(core, market, request.side, 0) === 0 ? -4131 : null;
  if (request.timeInForce === 'GTX') return crosses(core, request) ? -5022 : null;
  if (request.timeInForce !== 'FOK') return null;
  const position = positionOf(account, request.symbol, request.positionSide);
  const wanted = closesOnly(request) ? Math.min(request.steps, closableSteps(position, request.side)) : request.steps;
  return wanted < request.steps || availableSteps(core, market, request.side, request.ticks) < wanted ? -5021 : null;
}

/** Whether a limit meets the other side of the book. */
export function crosses(core: Core, order: { readonly symbol: string; readonly side: VenueSide; readonly ticks: number }): boolean {
  const touch = touchTicks(core, marketOf(core, order.symbol), order.side);
  return order.side === 'BUY' ? order.ticks >= touch : order.ticks <= touch;
}

/** Puts an order that was not refused on the book, without matching it yet. */
export function acceptOrder(core: Core, account: AccountState, request: Request): OrderState {
  core.state.orderId += 1;
  const order: OrderState = {
    accountId: account.accountId, orderId: core.state.orderId, clientOrderId: request.clientOrderId, symbol: request.symbol,
    side: request.side, positionSide: request.positionSide, type: request.type, origType: request.origType, timeInForce: request.timeInForce,
    status: 'NEW', steps: request.steps, filledSteps: 0, filledProduct: 0n, ticks: request.ticks, reduceOnly: request.reduceOnly,
    closePosition: request.closePosition, goodTillDate: request.goodTillDate, algoId: request.algoId,
    createdAt: core.state.time, updatedAt: core.state.time,
  };
  account.orders.set(order.orderId, order);
  account.clientOrderIds.set(order.clientOrderId, order.orderId);
  countExposure(account, order, order.steps);
  emitOrder(core, account, order, 'NEW');
  return order;
}

/** Takes what the book offers now; market, IOC and FOK orders end, others rest. */
export function matchOrder(core: Core, account: AccountState, order: OrderState, cancelAfterSteps: number | null = null): void {
  const market = marketOf(core, order.symbol);
  const wanted = Math.min(fillableSteps(account, order), cancelAfterSteps ?? order.steps);
  const fills: { ticks: number; steps: number }[] = [];
  let left = wanted;
  walkBook(core, market, order.side, (level) => {
    if (left === 0) return false;
    if (order.ticks !== 0 && (order.side === 'BUY' ? level.ticks > order.ticks : level.ticks < order.ticks)) return false;
    const steps = Math.min(left, level.steps);
    const last = fills.at(-1);
    if (last?.ticks === level.ticks) last.steps += steps;
    else fills.push({ ticks: level.ticks, steps });
    left -= steps;
    return left > 0;
  });
  takeDepth(market, order.side, wanted - left);
  for (const fill of fills) fillOrder(core, account, order, { ...fill, maker: false });
  const ends = order.type === 'MARKET' || order.timeInForce === 'IOC' || order.timeInForce === 'FOK';
  if (!account.orders.has(order.orderId)) return;
  if (cancelAfterSteps !== null) endOrder(core, account, order, 'CANCELED');
  else if (ends) endOrder(core, account, order, 'EXPIRED');
}

/** One execution; ends the order when it is filled, or may only close and nothing is left to close. */
export function fillOrder(core: Core, account: AccountState, order: OrderState, execution: { ticks: number; steps: number; maker: boolean }): void {
  countExposure(account, order, -execution.steps);
  const view = applyFill(core, account, order, execution);
  if (order.filledSteps === order.steps) retireOrder(core, account, order, view);
  else if (closesOnly(order) && fillableSteps(account, order) === 0) endOrder(core, account, order, 'EXPIRED');
}

/** Fills one resting order that the market has reached, as maker at its own price. @returns whether there was one. */
export function fillResting(core: Core, account: AccountState): boolean {
  for (const order of account.orders.values()) {
    if (!crosses(core, order)) continue;
    const market = marketOf(core, order.symbol);
    const steps = Math.min(fillableSteps(account, order), availableSteps(core, market, order.side, 0));
    if (steps === 0) continue;
    takeDepth(market, order.side, steps);
    fillOrder(core, account, order, { ticks: order.ticks, steps, maker: true });
    return true;
  }
  return false;
}

export function openOrder(account: AccountState, symbol: string, key: OrderKey): OrderState | undefined {
  const id = 'orderId' in key ? key.orderId : account.clientOrderIds.get(key.clientOrderId);
  const order = id === undefined ? undefined : account.orders.get(id);
  return order?.symbol === symbol ? order : undefined;
}
