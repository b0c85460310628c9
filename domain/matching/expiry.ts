/** How orders end, and what ends with a position. */
import { emitAlgo, emitOrder } from './events.ts';
import { countExposure } from './margin.ts';
import { closableSteps, closesOnly, positionOf } from './state.ts';
import type { AccountState, AlgoState, Core, OrderState, PositionState } from './state.ts';
import type { OrderView } from './types.ts';
import { algoView } from './views.ts';

/** Takes an order off the book, tells it, and moves it to history. */
export function endOrder(core: Core, account: AccountState, order: OrderState, status: 'CANCELED' | 'EXPIRED'): OrderView {
  order.status = status;
  order.updatedAt = core.state.time;
  const view = emitOrder(core, account, order, status);
  retireOrder(core, account, order, view);
  return view;
}

/** Moves a done order, already told, to history, and its conditional parent with it. */
export function retireOrder(core: Core, account: AccountState, order: OrderState, view: OrderView): void {
  if (account.orders.delete(order.orderId)) countExposure(account, order, order.filledSteps - order.steps);
  if (account.clientOrderIds.get(order.clientOrderId) === order.orderId) account.clientOrderIds.delete(order.clientOrderId);
  core.history.appendOrder(view);
  const parent = order.algoId === null ? undefined : account.algos.get(order.algoId);
  if (parent === undefined) return;
  parent.filledSteps = order.filledSteps;
  parent.filledProduct = order.filledProduct;
  endAlgo(core, account, parent, 'FINISHED');
}

export function endAlgo(core: Core, account: AccountState, algo: AlgoState, status: 'CANCELED' | 'FINISHED' | 'REJECTED' | 'EXPIRED'): void {
  account.algos.delete(algo.algoId);
  if (account.clientAlgoIds.get(algo.clientAlgoId) === algo.algoId) account.clientAlgoIds.delete(algo.clientAlgoId);
  emitAlgo(core, account, algo, status);
  core.history.appendAlgo(algoView(core, algo));
}

/** After a fill: resting orders that may only close and have nothing left to close expire; `GTE_GTC` orders end with the position. */
export function expireIdle(core: Core, account: AccountState, position: PositionState, filled: OrderState): void {
  for (const order of account.orders.values()) {
    if (order === filled || order.symbol !== position.symbol || order.positionSide !== position.positionSide) continue;
    if (closesOnly(order) && closableSteps(position, order.side) === 0) endOrder(core, account, order, 'EXPIRED');
  }
  if (position.steps !== 0) return;
  for (const algo of account.algos.values()) {
    if (algo.status !== 'NEW' || algo.timeInForce !== 'GTE_GTC') continue;
    if (algo.symbol === position.symbol && algo.positionSide === position.positionSide) endAlgo(core, account, algo, 'EXPIRED');
  }
}

/** Ends the oldest order whose good-till date has come. @returns whether there was one. */
export function expireByDate(core: Core, account: AccountState): boolean {
  const { time } = core.state;
  for (const order of account.orders.values()) {
    if (order.goodTillDate === null || order.goodTillDate > time) continue;
    endOrder(core, account, order, 'EXPIRED');
    return true;
  }
  for (const algo of account.algos.values()) {
    if (algo.status !== 'NEW' || algo.goodTillDate === null || algo.goodTillDate > time) continue;
    endAlgo(core, account, algo, 'EXPIRED');
    return true;
  }
  return false;
}

/** Steps that an order may still fill: reduce-only ones never more than the position. */
export function fillableSteps(account: AccountState, order: OrderState): number {
  const remaining = order.steps - order.filledSteps;
  if (!closesOnly(order)) return remaining;
  return Math.min(remaining, closableSteps(positionOf(account, order.symbol, order.positionSide), order.side));
}
