/** Scaled state as the plain, exact texts that callers see. */
import { markTicks } from './market.ts';
import {
  activePositions, availableBalance, crossHealth, crossWallet, isIsolated, notionalOf, positionMaintenance, presentMark, symbolMargin, unrealizedPnl,
} from './margin.ts';
import { abs, bigText, ceilDiv, floorDiv, max, min, moneyText, product, scaledText } from './scaled.ts';
import { bracketOf, moneyOfProduct } from './spec.ts';
import type { Spec } from './spec.ts';
import { marketOf, settingOf, specOf } from './state.ts';
import type { AccountState, AlgoState, Core, OrderState, PositionState } from './state.ts';
import type { AccountView, AlgoOrderView, OrderView, PositionUpdate, PositionView } from './types.ts';

const AVERAGE_EXTRA_DIGITS = 8;

/** Σ ticks × steps ÷ steps, as a price: all digits of the tick, up to eight more where needed, the last rounded half up. */
export function averageText(spec: Spec, ticksSteps: bigint, steps: number): string {
  if (steps === 0) return '0';
  const divisor = BigInt(Math.abs(steps));
  const sum = abs(ticksSteps);
  if (sum % divisor === 0n) return scaledText(Number(sum / divisor), spec.price);
  const scaled = (sum * BigInt(spec.price.unit) * 10n ** BigInt(AVERAGE_EXTRA_DIGITS) * 2n + divisor) / (divisor * 2n);
  return bigText(scaled, spec.price.digits + AVERAGE_EXTRA_DIGITS).replace(/0+$/, '');
}

export function orderView(core: Core, order: OrderState): OrderView {
  const spec = specOf(core, order.symbol);
  return {
    accountId: order.accountId, orderId: order.orderId, clientOrderId: order.clientOrderId, symbol: order.symbol, side: order.side,
    positionSide: order.positionSide, type: order.type, origType: order.origType, timeInForce: order.timeInForce, status: order.status,
    quantity: scaledText(order.steps, spec.quantity),
    executedQuantity: scaledText(order.filledSteps, spec.quantity),
    cumulativeQuote: moneyText(moneyOfProduct(spec, order.filledProduct)),
    averagePrice: averageText(spec, order.filledProduct, order.filledSteps),
    price: scaledText(order.ticks, spec.price),
    reduceOnly: order.reduceOnly, closePosition: order.closePosition, goodTillDate: order.goodTillDate, algoId: order.algoId,
    createdAt: order.createdAt, updatedAt: order.updatedAt,
  };
}

export function algoView(core: Core, algo: AlgoState): AlgoOrderView {
  const spec = specOf(core, algo.symbol);
  return {
    accountId: algo.accountId, algoId: algo.algoId, clientAlgoId: algo.clientAlgoId, symbol: algo.symbol, side: algo.side,
    positionSide: algo.positionSide, type: algo.type, timeInForce: algo.timeInForce, status: algo.status,
    quantity: scaledText(algo.steps, spec.quantity),
    price: scaledText(algo.ticks, spec.price),
    triggerPrice: scaledText(algo.triggerTicks, spec.price),
    workingType: algo.workingType, priceProtect: algo.priceProtect, reduceOnly: algo.reduceOnly, closePosition: algo.closePosition,
    activatePrice: algo.activateTicks === null ? null : scaledText(algo.activateTicks, spec.price),
    callbackRate: algo.callbackPpm === 0 ? null : bigText(BigInt(algo.callbackPpm), 4),
    goodTillDate: algo.goodTillDate, actualOrderId: algo.actualOrderId,
    executedQuantity: scaledText(algo.filledSteps, spec.quantity),
    averagePrice: averageText(spec, algo.filledProduct, algo.filledSteps),
    triggeredAt: algo.triggeredAt, rejection: algo.rejection, createdAt: algo.createdAt, updatedAt: algo.updatedAt,
  };
}

export function positionUpdate(core: Core, account: AccountState, position: PositionState): PositionUpdate {
  const spec = specOf(core, position.symbol);
  return {
    symbol: position.symbol,
    positionSide: position.positionSide,
    quantity: scaledText(position.steps, spec.quantity),
    entryPrice: averageText(spec, position.cost, position.steps),
    breakEvenPrice: breakEvenText(spec, position),
    unrealizedPnl: moneyText(unrealizedPnl(core, position, presentMark(core))),
    marginType: settingOf(core, account, position.symbol).marginType,
    isolatedWallet: moneyText(position.isolatedWallet),
  };
}

export function positionView(core: Core, account: AccountState, position: PositionState): PositionView {
  const spec = specOf(core, position.symbol);
  const market = marketOf(core, position.symbol);
  const markOf = presentMark(core);
  const margin = symbolMargin(core, account, position);
  return {
    ...positionUpdate(core, account, position),
    accountId: account.accountId,
    markPrice: scaledText(market.last === 0 ? 0 : markTicks(market), spec.price),
    liquidationPrice: liquidationText(core, account, position),
    notional: moneyText(moneyOfProduct(spec, product(markTicks(market), position.steps))),
    leverage: settingOf(core, account, position.symbol).leverage,
    initialMargin: moneyText(margin.position + margin.openOrders),
    openOrderInitialMargin: moneyText(margin.openOrders),
    maintenanceMargin: moneyText(positionMaintenance(core, position, markOf)),
    updatedAt: position.updatedAt,
  };
}

/** Entry price plus the fees paid per unit (long), minus (short); rounded up. */
function breakEvenText(spec: Spec, position: PositionState): string {
  if (position.steps === 0) return '0';
  const fees = ceilDiv(position.feesPaid * spec.unitDivisor, spec.unitMoney);
  return averageText(spec, position.cost + fees, position.steps);
}

/** The mark price at which margin balance = maintenance margin, all other symbols standing still: the first tick at which it is liquidated. */
function liquidationText(core: Core, account: AccountState, position: PositionState): string {
  if (position.steps === 0) return '0';
  const spec = specOf(core, position.symbol);
  const markOf = presentMark(core);
  let wallet = position.isolatedWallet;
  if (!isIsolated(core, account, position.symbol)) {
    const health = crossHealth(core, account, markOf);
    wallet = health.equity - unrealizedPnl(core, position, markOf) - health.maintenance + positionMaintenance(core, position, markOf);
  }
  const bracket = bracketOf(spec, notionalOf(core, position, markOf));
  const size = BigInt(position.steps);
  const rate = bracket.maintenanceRate;
  const numerator = (position.cost * spec.unitMoney - (wallet + bracket.cumulative) * spec.unitDivisor) * 100_000_000n;
  const denominator = (size * 100_000_000n - rate * abs(size)) * spec.unitMoney;
  const ticks = position.steps > 0 ? floorDiv(numerator, denominator) : ceilDiv(numerator, denominator);
  return ticks <= 0n ? '0' : scaledText(Number(ticks), spec.price);
}

export function accountView(core: Core, account: AccountState): AccountView {
  const markOf = presentMark(core);
  const sums = { unrealized: 0n, position: 0n, orders: 0n, maintenance: 0n };
  for (const position of activePositions(account)) {
    const margin = symbolMargin(core, account, position);
    sums.unrealized += unrealizedPnl(core, position, markOf);
    sums.position += margin.position;
    sums.orders += margin.openOrders;
    sums.maintenance += positionMaintenance(core, position, markOf);
  }
  const available = max(0n, availableBalance(core, account));
  return {
    accountId: account.accountId, asset: account.asset, hedgeMode: account.hedgeMode,
    walletBalance: moneyText(account.wallet),
    crossWalletBalance: moneyText(crossWallet(account)),
    unrealizedPnl: moneyText(sums.unrealized),
    marginBalance: moneyText(account.wallet + sums.unrealized),
    initialMargin: moneyText(sums.position + sums.orders),
    positionInitialMargin: moneyText(sums.position),
    openOrderInitialMargin: moneyText(sums.orders),
    maintenanceMargin: moneyText(sums.maintenance),
    availableBalance: moneyText(available),
    maxWithdrawAmount: moneyText(max(0n, min(available, crossWallet(account)))),
    updatedAt: account.updatedAt,
  };
}
