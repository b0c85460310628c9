/** Conditional orders: a book of their own. A trigger creates a plain order, which the venue may refuse. */
import { emitAlgo } from './events.ts';
import { endAlgo } from './expiry.ts';
import { markTicks } from './market.ts';
import { acceptOrder, matchOrder, readPrice, readQuantity, refusalOf } from './orders.ts';
import type { Request } from './orders.ts';
import { isRejection, rejection } from './rejections.ts';
import type { RejectionCode } from './rejections.ts';
import { parseScaled } from './scaled.ts';
import { closableSteps, marketOf, positionOf, specOf } from './state.ts';
import type { AccountState, AlgoState, Core, MarketState } from './state.ts';
import type { AlgoOrderType, NewAlgoOrder, Rejection, VenueSide } from './types.ts';

const PPM = 1_000_000;

/** Whether the order triggers when the price rises to its level. */
export function triggersUpward(algo: { readonly side: VenueSide; readonly type: AlgoOrderType }): boolean {
  const takesProfit = algo.type === 'TAKE_PROFIT' || algo.type === 'TAKE_PROFIT_MARKET';
  return takesProfit ? algo.side === 'SELL' : algo.side === 'BUY';
}

export function workingTicks(market: MarketState, algo: AlgoState): number {
  return algo.workingType === 'MARK_PRICE' ? markTicks(market) : market.last;
}

/** Checks and books a conditional order. Margin and position are checked when it triggers, not now. */
export function placeAlgo(core: Core, account: AccountState, order: NewAlgoOrder): AlgoState | Rejection {
  const algo = readAlgo(core, account, order);
  if (isRejection(algo)) return algo;
  const refused = algoRefusal(core, account, algo);
  if (refused !== null) return rejection(refused);
  core.state.algoId += 1;
  const accepted = { ...algo, algoId: core.state.algoId };
  if (accepted.type === 'TRAILING_STOP_MARKET' && accepted.activateTicks === null) activate(marketOf(core, accepted.symbol), accepted);
  account.algos.set(accepted.algoId, accepted);
  account.clientAlgoIds.set(accepted.clientAlgoId, accepted.algoId);
  emitAlgo(core, account, accepted, 'NEW');
  return accepted;
}

function readAlgo(core: Core, account: AccountState, order: NewAlgoOrder): AlgoState | Rejection {
  const spec = specOf(core, order.symbol);
  const numbers = {
    steps: order.quantity === null ? 0 : readQuantity(spec, order.quantity),
    ticks: order.price === null ? 0 : readPrice(spec, order.price),
    triggerTicks: order.triggerPrice === null ? 0 : readPrice(spec, order.triggerPrice),
    activateTicks: order.activatePrice === null ? null : readPrice(spec, order.activatePrice),
  };
  const { steps, ticks, triggerTicks, activateTicks } = numbers;
  if (typeof steps !== 'number') return steps;
  if (typeof ticks !== 'number') return ticks;
  if (typeof triggerTicks !== 'number') return triggerTicks;
  if (activateTicks !== null && typeof activateTicks !== 'number') return activateTicks;
  const trails = order.type === 'TRAILING_STOP_MARKET';
  const callbackPpm = order.callbackRate === null ? 0 : parseScaled(order.callbackRate, { digits: 4, unit: 1 });
  if (typeof callbackPpm !== 'number') return rejection(-1111);
  if (trails ? callbackPpm <= 0 : triggerTicks === 0) throw new RangeError(`${order.clientAlgoId}: a ${order.type} needs ${trails ? 'a callback rate above 0' : 'a trigger price'}`);
  if ((order.type === 'STOP' || order.type === 'TAKE_PROFIT') && ticks === 0) throw new RangeError(`${order.clientAlgoId}: a ${order.type} needs a price`);
  if (steps === 0 !== order.closePosition) throw new RangeError(`${order.clientAlgoId}: either a quantity or closePosition`);
  return {
    accountId: account.accountId, algoId: 0, clientAlgoId: order.clientAlgoId, symbol: order.symbol, side: order.side,
    positionSide: order.positionSide, type: order.type, timeInForce: order.timeInForce, status: 'NEW', steps, ticks,
    triggerTicks: trails ? 0 : triggerTicks, workingType: order.workingType, priceProtect: order.priceProtect,
    reduceOnly: order.reduceOnly || order.closePosition, closePosition: order.closePosition, activateTicks, callbackPpm, extreme: 0,
    goodTillDate: order.goodTillDate, actualOrderId: null, filledSteps: 0, filledProduct: 0n, triggeredAt: 0, rejection: null,
    createdAt: core.state.time, updatedAt: core.state.time,
  };
}

function algoRefusal(core: Core, account: AccountState, algo: AlgoState): RejectionCode | null {
  const spec = specOf(core, algo.symbol);
  if (account.hedgeMode === (algo.positionSide === 'BOTH')) return -4061;
  if (account.clientAlgoIds.has(algo.clientAlgoId)) return -4116;
  if (!algo.closePosition && algo.steps < spec.minSteps) return -4004;
  if (algo.steps > (algo.ticks === 0 ? spec.maxMarketSteps : spec.maxSteps)) return -4005;
  if (algo.timeInForce === 'GTE_GTC' && positionOf(account, algo.symbol, algo.positionSide).steps === 0) return -4509;
  const bookRefused = fullBookRefusal(core, account, algo);
  if (bookRefused !== null) return bookRefused;
  const market = marketOf(core, algo.symbol);
  if (algo.type !== 'TRAILING_STOP_MARKET') return isTriggered(market, algo) ? -2021 : null;
  if (algo.activateTicks === null) return null;
  const price = workingTicks(market, algo);
  return (algo.side === 'SELL' ? algo.activateTicks <= price : algo.activateTicks >= price) ? -4135 : null;
}

function fullBookRefusal(core: Core, account: AccountState, algo: AlgoState): RejectionCode | null {
  let open = 0;
  for (const other of account.algos.values()) {
    if (other.status !== 'NEW') continue;
    open += 1;
    const sameDirection = other.symbol === algo.symbol && other.side === algo.side && other.positionSide === algo.positionSide;
    if (algo.closePosition && other.closePosition && sameDirection && triggersUpward(other) === triggersUpward(algo)) return -4130;
  }
  return open >= core.config.maxAlgoOrders ? -4045 : null;
}

/** A trailing stop begins to follow from here. */
function activate(market: MarketState, algo: AlgoState): void {
  algo.extreme = workingTicks(market, algo);
  algo.triggerTicks = trailingLevel(algo);
}

/** Rounded toward the market: the earlier trigger. */
function trailingLevel(algo: AlgoState): number {
  const distance = Math.floor((algo.extreme * algo.callbackPpm) / PPM);
  return algo.side === 'SELL' ? algo.extreme - distance : algo.extreme + distance;
}

/** Follows the price, after every move. */
export function trail(market: MarketState, algo: AlgoState): void {
  if (algo.type !== 'TRAILING_STOP_MARKET') return;
  const price = workingTicks(market, algo);
  if (algo.extreme === 0) {
    if (algo.activateTicks !== null && (algo.side === 'SELL' ? price >= algo.activateTicks : price <= algo.activateTicks)) activate(market, algo);
  } else if (algo.side === 'SELL' ? price > algo.extreme : price < algo.extreme) activate(market, algo);
}

export function isTriggered(market: MarketState, algo: AlgoState): boolean {
  if (algo.triggerTicks === 0) return false;
  const price = workingTicks(market, algo);
  return triggersUpward(algo) ? price >= algo.triggerTicks : price <= algo.triggerTicks;
}

/** Triggers one conditional order whose level was reached. @returns whether there was one. */
export function triggerOne(core: Core, account: AccountState): boolean {
  for (const algo of account.algos.values()) {
    if (algo.status !== 'NEW' || !isTriggered(marketOf(core, algo.symbol), algo)) continue;
    trigger(core, account, algo);
    return true;
  }
  return false;
}

function trigger(core: Core, account: AccountState, algo: AlgoState): void {
  algo.triggeredAt = core.state.time;
  emitAlgo(core, account, algo, 'TRIGGERING');
  const request = requestOf(account, algo);
  const refused = refusalOf(core, account, request);
  if (refused !== null) {
    algo.rejection = refused;
    endAlgo(core, account, algo, 'REJECTED');
    return;
  }
  const order = acceptOrder(core, account, request);
  algo.actualOrderId = order.orderId;
  emitAlgo(core, account, algo, 'TRIGGERED');
  matchOrder(core, account, order);
}

/** The created order carries the conditional order's client id, so that it is found by it in the plain book. */
function requestOf(account: AccountState, algo: AlgoState): Request {
  const limit = algo.type === 'STOP' || algo.type === 'TAKE_PROFIT';
  const closable = closableSteps(positionOf(account, algo.symbol, algo.positionSide), algo.side);
  const refusable = algo.closePosition && closable === 0 ? 1 : closable;
  return {
    symbol: algo.symbol, side: algo.side, positionSide: algo.positionSide, type: limit ? 'LIMIT' : 'MARKET', origType: algo.type,
    timeInForce: limit && algo.timeInForce !== 'GTE_GTC' ? algo.timeInForce : 'GTC',
    steps: algo.closePosition ? refusable : algo.steps, ticks: limit ? algo.ticks : 0,
    reduceOnly: algo.positionSide === 'BOTH' && algo.reduceOnly, closePosition: algo.closePosition, clientOrderId: algo.clientAlgoId,
    goodTillDate: algo.goodTillDate, algoId: algo.algoId,
  };
}

