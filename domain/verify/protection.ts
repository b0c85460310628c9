import { d } from '../decimal.ts';
import { ownerOfClientOrderId } from '../orders/identity.ts';
import type { VenueOrder } from '../orders/order.ts';
import { entrySide, oppositeSide } from '../orders/order.ts';
import type { Facts, OrderFact, PositionFact, Violation } from './facts.ts';

/** A position may be without a stop at the venue for this long, also across a killed worker. @source order-protocol.md */
const UNPROTECTED_SECONDS_MAX = 15;

/** Invariant 4: no position without covering stops for longer than the limit, unless being closed; a stop never loosens. */
export function protectionViolations({ ledger, venue }: Facts): Violation[] {
  const orders = new Map(ledger.orders.map((row) => [row.intent.clientOrderId, row]));
  return ledger.positions.flatMap((position) => [
    ...tooLate(position),
    ...loosened(position, ledger.orders),
    ...(position.state === 'closed' || position.state === 'closing' || d(position.quantity).isZero() ? [] : notCovered(position, stopsOf(position, venue.openOrders, orders))),
  ]);
}

function tooLate({ positionId, unprotectedSeconds, exposedAt }: PositionFact): Violation[] {
  if (unprotectedSeconds === null || unprotectedSeconds <= UNPROTECTED_SECONDS_MAX) return [];
  return [{ invariant: 4, name: 'a position was without a stop for too long', subject: positionId, evidence: { seconds: unprotectedSeconds, limit: UNPROTECTED_SECONDS_MAX, since: exposedAt === null ? null : new Date(exposedAt).toISOString() } }];
}

/** Every stop that the venue took is at least as tight as the one before it. */
function loosened({ positionId, direction }: PositionFact, orders: readonly OrderFact[]): Violation[] {
  const stops = orders.filter(({ intent, acceptedAt }) => intent.positionId === positionId && intent.leg === 'stop' && acceptedAt !== null)
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
