/** Funding, margin calls, liquidation, and closing by the venue. */
import { book, emit, emitAccount } from './events.ts';
import { endOrder } from './expiry.ts';
import { crossHealth, crossWallet, isIsolated, isolatedHealth, presentMark } from './margin.ts';
import type { MarkOf } from './margin.ts';
import { markTicks, takeDepth, touchTicks, walkBook } from './market.ts';
import { acceptOrder, fillOrder } from './orders.ts';
import { max, min, moneyText, product, rateOf, timesRateDown, timesRateUp } from './scaled.ts';
import { moneyOfProduct } from './spec.ts';
import { marketOf, specOf } from './state.ts';
import type { AccountState, Core, OrderState, PositionState } from './state.ts';
import type { BookedOrderType } from './types.ts';
import { positionView } from './views.ts';

/** A margin call is sent once when maintenance margin reaches this share of the margin balance, in percent. */
const MARGIN_CALL_PERCENT = 80n;

/** Charges the rate of the candle that opens on every position in its symbol, at mark price. Rounded against the account. */
export function chargeFunding(core: Core): void {
  for (const account of core.state.accounts.values()) {
    for (const position of account.positions.values()) {
      const market = marketOf(core, position.symbol);
      const rateText = market.bar?.fundingRate ?? null;
      if (rateText === null || position.steps === 0) continue;
      const notional = moneyOfProduct(specOf(core, position.symbol), product(markTicks(market), position.steps));
      const amount = timesRateDown(-notional, rateOf(rateText));
      if (amount === 0n) continue;
      const isolated = isIsolated(core, account, position.symbol);
      if (isolated) position.isolatedWallet += amount;
      const income = book(core, account, { type: 'FUNDING_FEE', amount, symbol: position.symbol, info: 'FUNDING_FEE', tradeId: '' });
      emitAccount(core, account, { reason: 'FUNDING_FEE', balanceChange: amount, positions: isolated ? [position] : [], income: [income] });
    }
  }
}

/** Whether something of the account would be liquidated at these mark prices. */
function isLiquidatable(core: Core, account: AccountState, markOf: MarkOf): boolean {
  const cross = crossHealth(core, account, markOf);
  if (cross.exposed && cross.equity <= cross.maintenance) return true;
  for (const position of account.positions.values()) {
    if (position.steps === 0 || !isIsolated(core, account, position.symbol)) continue;
    const health = isolatedHealth(core, position, markOf);
    if (health.equity <= health.maintenance) return true;
  }
  return false;
}

/** Liquidates what is below its maintenance margin: isolated positions one by one, cross ones all together. */
export function liquidateDue(core: Core, account: AccountState): boolean {
  const markOf = presentMark(core);
  for (const position of account.positions.values()) {
    if (position.steps === 0 || !isIsolated(core, account, position.symbol)) continue;
    const health = isolatedHealth(core, position, markOf);
    if (health.equity > health.maintenance) continue;
    liquidate(core, account, [position], 'isolated');
    return true;
  }
  const cross = crossHealth(core, account, markOf);
  if (!cross.exposed || cross.equity > cross.maintenance) return false;
  liquidate(core, account, openPositions(account).filter((position) => !isIsolated(core, account, position.symbol)), 'cross');
  return true;
}

export function openPositions(account: AccountState): PositionState[] {
  return [...account.positions.values()].filter((position) => position.steps !== 0);
}

/**
 * Open plain orders of the symbols expire, the positions are closed against the book, then the clearance fee is taken
 * from what is left; the insurance fund covers what is missing, so that no more than the margin is lost.
 */
export function liquidate(core: Core, account: AccountState, positions: readonly PositionState[], marginType: 'cross' | 'isolated'): void {
  emit(core, account, { kind: 'liquidation', marginType, positions: positions.map((position) => positionView(core, account, position)) });
  const symbols = new Set(positions.map((position) => position.symbol));
  for (const order of account.orders.values()) {
    if (marginType === 'cross' ? !isIsolated(core, account, order.symbol) : symbols.has(order.symbol)) endOrder(core, account, order, 'EXPIRED');
  }
  const floor = marginType === 'isolated' ? crossWallet(account) : 0n;
  let fee = 0n;
  for (const position of positions) {
    const spec = specOf(core, position.symbol);
    fee += timesRateUp(moneyOfProduct(spec, product(markTicks(marketOf(core, position.symbol)), Math.abs(position.steps))), spec.liquidationFeeRate);
    closeByVenue(core, account, position, 'LIQUIDATION', `autoclose-${core.state.orderId + 1}`);
  }
  const left = crossWallet(account) - floor;
  const amount = left < 0n ? -left : -min(left, fee);
  if (amount === 0n) return;
  const symbol = positions.length === 1 ? (positions[0]?.symbol ?? '') : '';
  const income = book(core, account, { type: 'INSURANCE_CLEAR', amount, symbol, info: 'INSURANCE_CLEAR', tradeId: '' });
  emitAccount(core, account, { reason: 'INSURANCE_CLEAR', balanceChange: amount, positions: [], income: [income] });
}

/** Closes a whole position against the book, whatever its depth: what the book does not hold goes at its last level. */
export function closeByVenue(core: Core, account: AccountState, position: PositionState, type: BookedOrderType, clientOrderId: string): OrderState {
  const side = position.steps > 0 ? 'SELL' : 'BUY';
  const { symbol, positionSide } = position;
  const order = acceptOrder(core, account, {
    symbol, side, positionSide, type, origType: type, timeInForce: type === 'LIQUIDATION' ? 'IOC' : 'GTC', steps: Math.abs(position.steps), ticks: 0,
    reduceOnly: positionSide === 'BOTH', closePosition: false, clientOrderId, goodTillDate: null, algoId: null,
  });
  const market = marketOf(core, symbol);
  let left = order.steps;
  let ticks = touchTicks(core, market, side);
  const fills: { ticks: number; steps: number }[] = [];
  walkBook(core, market, side, (level) => {
    ticks = level.ticks;
    const steps = Math.min(left, level.steps);
    fills.push({ ticks, steps });
    left -= steps;
    return left > 0;
  });
  if (left > 0) fills.push({ ticks, steps: left });
  takeDepth(market, side, order.steps);
  for (const fill of fills) fillOrder(core, account, order, { ...fill, maker: false });
  return order;
}

/** Sent once, when the cross positions come near their liquidation; again after they were away from it. @returns whether one was sent. */
export function callMargin(core: Core, account: AccountState): boolean {
  const near = isNearLiquidation(core, account, presentMark(core));
  if (near === account.marginCalled) return false;
  account.marginCalled = near;
  if (!near) return false;
  const positions = openPositions(account).filter((position) => !isIsolated(core, account, position.symbol));
  emit(core, account, {
    kind: 'marginCall', crossWalletBalance: moneyText(crossWallet(account)), positions: positions.map((position) => positionView(core, account, position)),
  });
  return true;
}

function isNearLiquidation(core: Core, account: AccountState, markOf: MarkOf): boolean {
  const cross = crossHealth(core, account, markOf);
  return cross.exposed && cross.maintenance * 100n >= max(0n, cross.equity) * MARGIN_CALL_PERCENT;
}

/** Whether the account would be called or liquidated at these mark prices. */
export function isMarginDue(core: Core, account: AccountState, markOf: MarkOf): boolean {
  if (account.positions.size === 0) return false;
  return isLiquidatable(core, account, markOf) || (!account.marginCalled && isNearLiquidation(core, account, markOf));
}
