/**
 * Modify order: a resting limit order gets another price and quantity, under its old ids and at the end of the queue.
 * @source https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api/Modify-Order
 */
import { emitOrder } from './events.ts';
import { endOrder } from './expiry.ts';
import { countExposure } from './margin.ts';
import { crosses, matchOrder, openOrder, readPrice, readQuantity, resizeRefusal } from './orders.ts';
import { rejection } from './rejections.ts';
import type { RejectionCode } from './rejections.ts';
import { specOf } from './state.ts';
import type { AccountState, Core, OrderState } from './state.ts';
import type { AmendOrder, OrderView, Rejection } from './types.ts';
import { orderView } from './views.ts';

const AMENDMENTS_MAX = 10_000;

/**
 * A refused amendment leaves the order as it is. It is cancelled instead where it has filled the new quantity already,
 * and where it is post-only and would take at the new price.
 */
export function amendOrder(core: Core, account: AccountState, wish: AmendOrder): OrderView | Rejection {
  const order = openOrder(account, wish.symbol, wish.key);
  if (order === undefined) return rejection(-2013);
  const spec = specOf(core, wish.symbol);
  const steps = readQuantity(spec, wish.quantity);
  if (typeof steps !== 'number') return steps;
  const ticks = readPrice(spec, wish.price);
  if (typeof ticks !== 'number') return ticks;
  const refused = formRefusal(order, wish, { steps, ticks }) ?? sizeOrRiskRefusal(core, account, order, { steps, ticks });
  if (refused !== null) return rejection(refused);
  if (steps <= order.filledSteps) return endOrder(core, account, order, 'CANCELED');
  if (order.timeInForce === 'GTX' && crosses(core, { ...order, ticks })) return endOrder(core, account, order, 'CANCELED');
  return orderView(core, requeue(core, account, order, { steps, ticks }));
}

interface Terms {
  readonly steps: number;
  readonly ticks: number;
}

function formRefusal(order: OrderState, wish: AmendOrder, terms: Terms): RejectionCode | null {
  if (order.type !== 'LIMIT') return -5025;
  if (order.side !== wish.side) return -1117;
  if (order.steps === terms.steps && order.ticks === terms.ticks) return -5027;
  return (order.amendments ?? 0) >= AMENDMENTS_MAX ? -5026 : null;
}

/** What the old terms bind is free for the new ones; the filled part binds nothing more. */
function sizeOrRiskRefusal(core: Core, account: AccountState, order: OrderState, terms: Terms): RejectionCode | null {
  if (terms.steps <= order.filledSteps) return null;
  const open = order.steps - order.filledSteps;
  countExposure(account, order, -open);
  const refused = resizeRefusal(core, account, order, terms);
  countExposure(account, order, open);
  return refused;
}

/** Leaves the book and comes back as the last of it; meets the other side like a new order. */
function requeue(core: Core, account: AccountState, order: OrderState, terms: Terms): OrderState {
  const amended: OrderState = { ...order, ...terms, amendments: (order.amendments ?? 0) + 1, updatedAt: core.state.time };
  countExposure(account, order, order.filledSteps - order.steps);
  account.orders.delete(order.orderId);
  account.orders.set(amended.orderId, amended);
  countExposure(account, amended, amended.steps - amended.filledSteps);
  emitOrder(core, account, amended, 'AMENDMENT');
  matchOrder(core, account, amended);
  return amended;
}
