/** The orders that a position owes by itself: its stop, its target, its exit. Pure builders. */
import type { OpenPlan } from '../cycle/types.ts';
import type { DecimalString } from '../decimal.ts';
import { d, text } from '../decimal.ts';
import type { PricePurpose } from '../market/rounding.ts';
import { roundPrice } from '../market/rounding.ts';
import { CLIENT_ORDER_ID_PREFIX, clientOrderIdOf, intentIdOf } from '../orders/identity.ts';
import type { Leg, OrderIntent, OrderType } from '../orders/order.ts';
import { entrySide, oppositeSide } from '../orders/order.ts';

export interface ConditionalOrder {
  /** > 0, base currency, a multiple of the step. */
  readonly quantity: DecimalString;
  /** > 0, quote currency; rounded here. */
  readonly triggerPrice: DecimalString;
  /** From 1. */
  readonly revision: number;
}

/** A stop on the venue for the whole position: its trigger is rounded to the tighter tick. */
export function stopIntentFor(plan: OpenPlan, order: ConditionalOrder): OrderIntent {
  const triggerPrice = triggerOf(plan, order.triggerPrice, 'stopTrigger');
  return closing(plan, { ...order, leg: 'stop', type: 'stopMarket', triggerPrice, decisionPrice: triggerPrice, closesPosition: true });
}

/**
 * A take-profit on the venue: its trigger is rounded to the nearer tick.
 * @param order.isWhole whether it closes all that the position holds; a rung waits for the ledger.
 */
export function targetIntentFor(plan: OpenPlan, order: ConditionalOrder & { readonly leg: Extract<Leg, 'firstTarget' | 'target'>; readonly isWhole: boolean }): OrderIntent {
  const { isWhole, ...rest } = order;
  const triggerPrice = triggerOf(plan, order.triggerPrice, 'targetTrigger');
  return closing(plan, { ...rest, type: 'takeProfitMarket', triggerPrice, decisionPrice: triggerPrice, closesPosition: isWhole });
}

/** A rung whose price was reached without its order acting: its part is closed at market. */
export function rungAtMarketFor(plan: OpenPlan, order: ConditionalOrder & { readonly leg: Extract<Leg, 'firstTarget' | 'target'> }): OrderIntent {
  const decisionPrice = triggerOf(plan, order.triggerPrice, 'targetTrigger');
  return closing(plan, { ...order, type: 'market', triggerPrice: null, decisionPrice, closesPosition: false });
}

/**
 * A market exit.
 * @param order.isFull whether the quantity is all that the position holds; a partial exit waits for the ledger.
 * @param order.decisionPrice what the decision to exit saw, quote currency.
 */
export function exitIntentFor(plan: OpenPlan, order: { readonly quantity: DecimalString; readonly isFull: boolean; readonly decisionPrice: DecimalString; readonly revision: number }): OrderIntent {
  const { isFull, ...rest } = order;
  return closing(plan, { ...rest, leg: 'exit', type: 'market', triggerPrice: null, closesPosition: isFull });
}

/** A stop's trigger as it will rest on the venue. */
export function stopTriggerFor(plan: OpenPlan, price: DecimalString): DecimalString {
  return triggerOf(plan, price, 'stopTrigger');
}

/** The deployment that made an id of ours. */
export function deploymentIdOf(clientOrderId: string): string {
  return clientOrderId.slice(CLIENT_ORDER_ID_PREFIX.length, clientOrderId.indexOf('-'));
}

interface ClosingOrder {
  readonly leg: Leg;
  readonly type: OrderType;
  readonly revision: number;
  readonly quantity: DecimalString;
  readonly triggerPrice: DecimalString | null;
  readonly decisionPrice: DecimalString;
  readonly closesPosition: boolean;
}

function closing(plan: OpenPlan, order: ClosingOrder): OrderIntent {
  const { entry, positionId } = plan;
  const intentId = intentIdOf({ positionId, leg: order.leg, revision: order.revision });
  return {
    ...order,
    intentId,
    clientOrderId: clientOrderIdOf(deploymentIdOf(entry.clientOrderId), intentId),
    portfolioId: entry.portfolioId,
    positionId,
    cycleId: null,
    instrumentId: plan.instrument.id,
    side: oppositeSide(entrySide(plan.direction)),
    positionSide: entry.positionSide,
    timeInForce: 'GTC',
    price: null,
    reduceOnly: entry.positionSide === 'both', // hedge mode refuses the flag: positionSide says it
    epoch: entry.epoch,
    validUntil: null,
    maxDriftBps: null,
    workUntilMarketTime: null,
    policyVersion: entry.policyVersion,
  };
}

function triggerOf(plan: OpenPlan, price: DecimalString, purpose: PricePurpose): DecimalString {
  const rounded = roundPrice(d(price), { instrument: plan.instrument, purpose, direction: plan.direction });
  // A long's target below one tick cannot be rounded down: one tick is the nearest price that exists.
  return rounded.kind === 'rounded' ? text(rounded.value) : plan.instrument.tickSize;
}
