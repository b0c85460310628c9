import { d } from '../decimal.ts';
import { ownerOfClientOrderId } from '../orders/identity.ts';
import type { VenueOrder } from '../orders/order.ts';
import { entrySide, oppositeSide } from '../orders/order.ts';
import type { PositionLife } from './exposure.ts';
import { exposuresOf } from './exposure.ts';
import type { Facts, LedgerFacts, OrderFact, PositionFact, VenueFacts, Violation } from './facts.ts';
import { grouped } from './sums.ts';

/** A position may be without a stop at the venue for this long, also across a killed worker. @source order-protocol.md */
const UNPROTECTED_SECONDS_MAX = 15;
/** So long from its first exit on: a close that did not get through is tried again with reconciliation's next run. */
const CLOSING_SECONDS_MAX = 60;

/** Invariant 4: no position without covering stops for longer than the limit, a longer one while being closed; a stop never loosens. */
export function protectionViolations({ ledger, venue }: { readonly ledger: Pick<LedgerFacts, 'orders' | 'fills' | 'positions' | 'readAt'>; readonly venue: Pick<VenueFacts, 'openOrders'> }): Violation[] {
  const orders = new Map(ledger.orders.map((row) => [row.intent.clientOrderId, row]));
  const fillsOf = grouped(ledger.fills, (fill) => fill.positionId);
  const ordersOf = grouped(ledger.orders, (row) => row.intent.positionId);
  return ledger.positions.flatMap((position) => [
    ...tooLate(position, { fills: fillsOf.get(position.positionId) ?? [], orders: ordersOf.get(position.positionId) ?? [], readAt: ledger.readAt }),
    ...loosened(position, ordersOf.get(position.positionId) ?? []),
    ...(position.state === 'closed' || position.state === 'closing' || d(position.quantity).isZero() ? [] : notCovered(position, stopsOf(position, venue.openOrders, orders))),
  ]);
}

function tooLate(position: PositionFact, { fills, orders, readAt }: Omit<PositionLife, 'position'>): Violation[] {
  if (fills.length === 0) return [];
  return exposuresOf({ position, fills, orders, readAt }).flatMap(({ from, to, isClosing }): Violation[] => {
    const [seconds, limit] = [(to - from) / 1_000, isClosing ? CLOSING_SECONDS_MAX : UNPROTECTED_SECONDS_MAX];
    if (seconds <= limit) return [];
    return [{ invariant: 4, name: 'a position was without a stop for too long', subject: position.positionId, evidence: { seconds, limit, since: new Date(from).toISOString(), closing: isClosing } }];
  });
}

/** Every stop that the venue took is at least as tight as the one before it. */
function loosened({ positionId, direction }: PositionFact, orders: readonly OrderFact[]): Violation[] {
  const stops = orders.filter(({ intent, acceptedAt }) => intent.leg === 'stop' && acceptedAt !== null)
    .flatMap(({ intent }) => (intent.triggerPrice === null ? [] : [{ revision: intent.revision, price: intent.triggerPrice }])).toSorted((a, b) => a.revision - b.revision);
  return stops.flatMap((stop, at): Violation[] => {
    const before = stops[at - 1];
    const isLooser = before !== undefined && (direction === 'long' ? d(stop.price).lt(d(before.price)) : d(stop.price).gt(d(before.price)));
    return isLooser ? [{ invariant: 4, name: 'a stop was loosened', subject: positionId, evidence: { direction, before: `stop ${before.revision} at ${before.price}`, after: `stop ${stop.revision} at ${stop.price}` } }] : [];
  });
}

function stopsOf({ positionId, instrumentId, direction }: PositionFact, open: readonly VenueOrder[], orders: ReadonlyMap<string, OrderFact>): VenueOrder[] {
  return open.filter((order) => order.book === 'conditional' && order.status === 'working' && order.type === 'stopMarket' && order.instrumentId === instrumentId
    && order.side === oppositeSide(entrySide(direction)) && orders.get(order.clientOrderId)?.intent.positionId === positionId);
}

function notCovered({ positionId, quantity }: PositionFact, stops: readonly VenueOrder[]): Violation[] {
  const evidence = { position: quantity, stops: stops.map((stop) => `${stop.clientOrderId} ${stop.quantity} at ${stop.triggerPrice ?? '?'}`) };
  if (stops.length > 1) return [{ invariant: 4, name: 'more than one stop works for a position', subject: positionId, evidence }];
  const isCovered = stops.some((stop) => d(stop.quantity).gte(d(quantity)));
  return isCovered ? [] : [{ invariant: 4, name: 'no working stop covers an open position', subject: positionId, evidence }];
}

/** Invariant 6: every workflow that owns something open is running; nothing open has no owner. */
export function ownerViolations({ ledger, venue, engine }: Facts): Violation[] {
  const positions = new Map(ledger.positions.map((position) => [position.positionId, position]));
  const orders = new Map(ledger.orders.map((row) => [row.intent.clientOrderId, row]));
  const withoutWorkflow = engine.isAtRest ? [] : ledger.positions.filter((it) => it.state !== 'closed' && !engine.running.has(it.positionId));
  return [
    ...withoutWorkflow.map((it): Violation => ({ invariant: 6, name: 'no workflow runs for an open position', subject: it.positionId, evidence: { state: it.state, quantity: it.quantity } })),
    ...[...engine.running].filter((id) => { const state = positions.get(id)?.state; return state === undefined || state === 'closed'; })
      .map((id): Violation => ({ invariant: 6, name: 'a workflow runs for a position that is closed', subject: id, evidence: { state: positions.get(id)?.state ?? 'not in the ledger' } })),
    ...venue.openOrders.filter((order) => ownerOfClientOrderId(order.clientOrderId, ledger.deploymentId) === 'ours').flatMap((order): Violation[] => {
      const positionId = orders.get(order.clientOrderId)?.intent.positionId;
      const state = positionId === undefined ? undefined : positions.get(positionId)?.state;
      if (state !== undefined && state !== 'closed') return [];
      return [{ invariant: 6, name: 'an order works at the venue and has no owner', subject: order.clientOrderId, evidence: { instrument: order.instrumentId, type: order.type, quantity: order.quantity, position: positionId ?? null, state: state ?? null } }];
    }),
  ];
}
