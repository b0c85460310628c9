import { d } from '../decimal.ts';
import { ownerOfClientOrderId } from '../orders/identity.ts';
import { bookOf, DONE_STATES, UNSETTLED_STATES, WORKING_STATES } from '../orders/order.ts';
import type { OrderIntent, VenueOrder } from '../orders/order.ts';
import type { Facts, OrderFact, VenueFacts, Violation } from './facts.ts';
import { same } from './sums.ts';

/** Invariant 1: per intent at most one order at the venue, ledger and venue know the same ones, and the venue holds each as its intent says. */
export function orderViolations({ ledger, venue, engine }: Facts): Violation[] {
  const known = new Set(ledger.orders.map((row) => row.intent.clientOrderId));
  const atVenue = new Map<string, VenueOrder[]>();
  for (const order of venue.orders) {
    if (ownerOfClientOrderId(order.clientOrderId, ledger.deploymentId) === 'ours') atVenue.set(order.clientOrderId, [...(atVenue.get(order.clientOrderId) ?? []), order]);
  }
  return [
    ...[...atVenue].flatMap(([clientOrderId, orders]) => [...twice(clientOrderId, orders), ...(known.has(clientOrderId) ? [] : [unknownToLedger(clientOrderId, orders)])]),
    ...otherMasters(venue.orders, ledger.deploymentId),
    ...ledger.orders.flatMap((row) => neverSeen(row, atVenue.get(row.intent.clientOrderId) ?? [], venue)),
    ...ledger.orders.flatMap((row) => (atVenue.get(row.intent.clientOrderId) ?? []).flatMap((order) => [...notAsIntended(row, order), ...standsOtherwise(row, order)])),
    ...(engine.isAtRest ? ledger.orders.filter((row) => UNSETTLED_STATES.includes(row.state)).map(withoutOutcome) : []),
  ];
}

/** A conditional order and the plain one that it created are one order: the port shows them as one. */
function twice(clientOrderId: string, orders: readonly VenueOrder[]): Violation[] {
  const ids = [...new Set(orders.map((order) => `${order.book} ${order.venueOrderId}`))].sort();
  return ids.length < 2 ? [] : [{ invariant: 1, name: 'one intent, more than one order at the venue', subject: clientOrderId, evidence: { venueOrders: ids } }];
}

function unknownToLedger(clientOrderId: string, orders: readonly VenueOrder[]): Violation {
  return {
    invariant: 1, name: 'an order of ours at the venue that the ledger does not know', subject: clientOrderId,
    evidence: { venueOrders: orders.map((order) => `${order.book} ${order.venueOrderId} ${order.instrumentId} ${order.side} ${order.quantity} ${order.status}`) },
  };
}

function otherMasters(orders: readonly VenueOrder[], deploymentId: string): Violation[] {
  return orders.filter((order) => ownerOfClientOrderId(order.clientOrderId, deploymentId) === 'otherDeployment').map((order) => ({
    invariant: 1, name: 'an order of another Keel on this account', subject: order.clientOrderId, evidence: { venueOrderId: order.venueOrderId, instrument: order.instrumentId },
  }));
}

function neverSeen(row: OrderFact, orders: readonly VenueOrder[], { forgetsBefore, untold }: VenueFacts): Violation[] {
  const ids = orders.map((order) => order.venueOrderId);
  const { venueOrderId, intent: { clientOrderId, instrumentId } } = row;
  const isUntold = untold.some((it) => it.instrumentId === instrumentId);
  if (venueOrderId === null || ids.includes(venueOrderId) || isUntold || mayBeForgotten(row, forgetsBefore)) return [];
  return [{
    invariant: 1, name: 'the ledger holds an accepted order that the venue never saw', subject: clientOrderId,
    evidence: { state: row.state, venueOrderId, atVenue: ids },
  }];
}

/** Of each field that differs, both sides. A limit's price, a conditional order's trigger; what a type has not is not compared. */
function notAsIntended({ intent }: OrderFact, order: VenueOrder): Violation[] {
  // Shown by the plain order that it created alone (its own is older than what was read): that one tells no trigger.
  const hasTrigger = bookOf(intent.type) === 'conditional' && order.venueOrderId !== '';
  const fields: readonly (readonly [name: string, intended: string | null, held: string | null])[] = [
    ['instrument', intent.instrumentId, order.instrumentId], ['side', intent.side, order.side], ['position side', intent.positionSide, order.positionSide], ['type', intent.type, order.type],
    ['quantity', intent.quantity, isShrunk(intent, order) ? intent.quantity : order.quantity],
    ...(intent.type === 'limit' ? [['price', intent.price, order.price] as const] : []),
    ...(hasTrigger ? [['trigger', intent.triggerPrice, order.triggerPrice] as const] : []),
    ...(intent.positionSide === 'both' ? [['reduce-only', String(intent.reduceOnly), String(order.reduceOnly)] as const] : []), // in hedge mode the position side says it
  ];
  const different = fields.filter(([, intended, held]) => !same(intended ?? 'none', held ?? 'none'));
  if (different.length === 0) return [];
  return [{
    invariant: 1, name: 'an order that the venue holds otherwise than was intended', subject: intent.clientOrderId,
    evidence: { leg: intent.leg, differences: different.map(([name, intended, held]) => `${name}: intended ${intended ?? 'none'}, venue ${held ?? 'none'}`) },
  }];
}

/** A venue cuts what only reduces to what is there to reduce. */
function isShrunk(intent: OrderIntent, order: VenueOrder): boolean {
  return intent.reduceOnly && order.book === 'plain' && d(order.quantity).lte(d(intent.quantity));
}

/** Done in the one, working in the other. An order of unknown fate says neither; a triggered one is at work as the order that it created. */
function standsOtherwise({ intent, state }: OrderFact, order: VenueOrder): Violation[] {
  const evidence = { ledger: state, venue: order.status, venueOrderId: order.venueOrderId };
  if (DONE_STATES.includes(state) && order.status === 'working') return [{ invariant: 1, name: 'an order that is over in the ledger works at the venue', subject: intent.clientOrderId, evidence }];
  const isOver = order.status !== 'working' && order.status !== 'triggered';
  return WORKING_STATES.includes(state) && isOver ? [{ invariant: 1, name: 'an order that works in the ledger is over at the venue', subject: intent.clientOrderId, evidence }] : [];
}

function mayBeForgotten({ state, filledQuantity, updatedAt }: OrderFact, forgetsBefore: number | null): boolean {
  return forgetsBefore !== null && updatedAt < forgetsBefore && DONE_STATES.includes(state) && d(filledQuantity).isZero();
}

function withoutOutcome({ intent, state, attempt }: OrderFact): Violation {
  return { invariant: 1, name: 'an order without an outcome, and nothing works on it', subject: intent.clientOrderId, evidence: { state, attempt } };
}
