import { d } from '../decimal.ts';
import { ownerOfClientOrderId } from '../orders/identity.ts';
import type { VenueOrder } from '../orders/order.ts';
import { entrySide, oppositeSide } from '../orders/order.ts';
import type { Facts, OrderFact, PositionFact, Violation } from './facts.ts';

/** A position may be without a stop at the venue for this long, also across a killed worker. @source order-protocol.md */
const UNPROTECTED_SECONDS_MAX = 15;

/** Invariant 4: no position without covering stops for longer than the limit, unless being closed. */
export function protectionViolations({ ledger, venue }: Facts): Violation[] {
  const orders = new Map(ledger.orders.map((row) => [row.intent.clientOrderId, row]));
  return ledger.positions.flatMap((position) => [
    ...tooLate(position),
    ...(position.state === 'closed' || position.state === 'closing' || d(position.quantity).isZero() ? [] : notCovered(position, stopsOf(position, venue.openOrders, orders))),
  ]);
}

function tooLate({ positionId, unprotectedSeconds, exposedAt }: PositionFact): Violation[] {
  if (unprotectedSeconds === null || unprotectedSeconds <= UNPROTECTED_SECONDS_MAX) return [];
  return [{ invariant: 4, name: 'a position was without a stop for too long', subject: positionId, evidence: { seconds: unprotectedSeconds, limit: UNPROTECTED_SECONDS_MAX, since: exposedAt === null ? null : new Date(exposedAt).toISOString() } }];
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

/** Invariant 5, as far as it shows at rest: while the fence is up, nothing works that opens risk. */
export function fenceViolations({ ledger, venue }: Facts): Violation[] {
  if (!ledger.isHalted) return [];
  return venue.openOrders.filter((order) => !order.reduceOnly && ownerOfClientOrderId(order.clientOrderId, ledger.deploymentId) === 'ours' && isOpening(order, ledger.orders)).map((order) => ({
    invariant: 5, name: 'the fence is up, and an opening order works', subject: order.clientOrderId,
    evidence: { instrument: order.instrumentId, side: order.side, quantity: order.quantity },
  }));
}

function isOpening(order: VenueOrder, rows: readonly OrderFact[]): boolean {
  const row = rows.find((it) => it.intent.clientOrderId === order.clientOrderId);
  return row === undefined || row.intent.leg === 'entry';
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
