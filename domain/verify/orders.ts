import { d } from '../decimal.ts';
import { ownerOfClientOrderId } from '../orders/identity.ts';
import { DONE_STATES, UNSETTLED_STATES } from '../orders/order.ts';
import type { VenueOrder } from '../orders/order.ts';
import type { Facts, OrderFact, VenueFacts, Violation } from './facts.ts';

/** Invariant 1: per intent at most one order at the venue, and ledger and venue know the same ones. */
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

function neverSeen(row: OrderFact, orders: readonly VenueOrder[], { forgetsBefore }: VenueFacts): Violation[] {
  const ids = orders.map((order) => order.venueOrderId);
  const { venueOrderId, intent: { clientOrderId } } = row;
  if (venueOrderId === null || ids.includes(venueOrderId) || mayBeForgotten(row, forgetsBefore)) return [];
  return [{
    invariant: 1, name: 'the ledger holds an accepted order that the venue never saw', subject: clientOrderId,
    evidence: { state: row.state, venueOrderId, atVenue: ids },
  }];
}

function mayBeForgotten({ state, filledQuantity, updatedAt }: OrderFact, forgetsBefore: number | null): boolean {
  return forgetsBefore !== null && updatedAt < forgetsBefore && DONE_STATES.includes(state) && d(filledQuantity).isZero();
}

function withoutOutcome({ intent, state, attempt }: OrderFact): Violation {
  return { invariant: 1, name: 'an order without an outcome, and nothing works on it', subject: intent.clientOrderId, evidence: { state, attempt } };
}
