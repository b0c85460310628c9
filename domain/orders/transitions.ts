import type { DecimalString } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';
import { KeelError } from '../errors.ts';
import type { OrderRow, OrderState, VenueOrder } from './order.ts';
import { DONE_STATES } from './order.ts';

/** What can happen to an order. The states that each event may meet stand in `ALLOWED`. */
export type OrderEvent =
  /** A worker won the row for one attempt and is about to send. */
  | { readonly kind: 'claimed'; readonly attempt: number; readonly timestamp: number }
  /** The attempt ended before anything left us: the deadline was over, the limiter was full. */
  | { readonly kind: 'notSent'; readonly attempt: number }
  /** The fence was up, or its epoch moved on: refused before sending. */
  | { readonly kind: 'halted'; readonly attempt: number; readonly reason: string }
  /** Sent, and no answer that can be believed. */
  | { readonly kind: 'answerLost'; readonly attempt: number }
  /** The venue refused for certain. */
  | { readonly kind: 'rejected'; readonly attempt: number; readonly reason: string }
  /** The venue's word on the order: an answer, a look-up or a stream event. */
  | { readonly kind: 'reported'; readonly order: VenueOrder; readonly at: number }
  /** Proven never to have arrived. */
  | { readonly kind: 'provenAbsent'; readonly attempt: number }
  /** Its validity is over and nothing of it can be at the venue. */
  | { readonly kind: 'expired'; readonly reason: string };

const ALLOWED: Readonly<Record<OrderEvent['kind'], readonly OrderState[]>> = {
  claimed: ['planned', 'absent'],
  notSent: ['submitting'],
  halted: ['submitting'],
  answerLost: ['submitting', 'accepted', 'partiallyFilled', 'filled', 'canceled', 'expired', 'rejected'],
  rejected: ['submitting', 'unknown'],
  // A stream may report an order before its own submission is known, and a cancelled order may still fill late.
  reported: ['submitting', 'unknown', 'absent', 'accepted', 'partiallyFilled', 'filled', 'canceled', 'expired', 'rejected'],
  provenAbsent: ['submitting', 'unknown'],
  expired: ['planned', 'absent'],
};

/** Whether the event may meet the state. */
export function canApply(state: OrderState, kind: OrderEvent['kind']): boolean {
  return ALLOWED[kind].includes(state);
}

/**
 * The one transition function of an order's life; ledger, workflow and the exhaustive exploration all use it.
 * Reports are monotonic: filled quantity never shrinks, a done order never works again. News of an attempt that is not the
 * row's latest (a paused process woke up, a reset run still looks) says nothing about the latest one and changes nothing.
 * @param nowMs transport clock, for `updatedAt`.
 * @throws {KeelError} ORDER_TRANSITION, not retried: the event cannot meet this state.
 */
export function applyOrderEvent(row: OrderRow, event: OrderEvent, nowMs: number): OrderRow {
  if (event.kind !== 'claimed' && 'attempt' in event && event.attempt !== row.attempt) return row;
  if (!canApply(row.state, event.kind)) {
    throw new KeelError(
      'ORDER_TRANSITION',
      `order ${row.intent.clientOrderId}: "${event.kind}" cannot meet state "${row.state}" (allowed in: ${ALLOWED[event.kind].join(', ')})`,
    );
  }
  const base = { ...row, updatedAt: nowMs };
  switch (event.kind) {
    case 'claimed':
      assertNextAttempt(row, event.attempt);
      return { ...base, state: 'submitting', attempt: event.attempt, sentTimestamp: event.timestamp };
    case 'notSent':
      return { ...base, state: 'absent' };
    case 'halted':
      return { ...base, state: 'halted', reason: event.reason };
    case 'answerLost':
      return row.state === 'submitting' ? { ...base, state: 'unknown' } : row;
    case 'rejected':
      return { ...base, state: 'rejected', reason: event.reason };
    case 'provenAbsent':
      return { ...base, state: 'absent' };
    case 'expired':
      return { ...base, state: 'expired', reason: event.reason };
    case 'reported':
      return applyReport(base, event.order, event.at);
  }
}

function assertNextAttempt(row: OrderRow, attempt: number): void {
  if (attempt !== row.attempt + 1) {
    throw new KeelError('ORDER_TRANSITION', `order ${row.intent.clientOrderId}: attempt ${attempt} cannot follow attempt ${row.attempt}`);
  }
}

function applyReport(row: OrderRow, order: VenueOrder, at: number): OrderRow {
  const known = d(row.filledQuantity);
  const reported = d(order.filledQuantity);
  const isNews = reported.gt(known);
  const filledQuantity: DecimalString = text(isNews ? reported : known);
  return {
    ...row,
    state: reportedState(row, order, isNews ? reported : known),
    venueOrderId: order.venueOrderId === '' ? row.venueOrderId : order.venueOrderId,
    triggeredOrderId: order.triggeredOrderId ?? row.triggeredOrderId,
    filledQuantity,
    averagePrice: isNews ? order.averagePrice : (row.averagePrice ?? order.averagePrice),
    acceptedAt: row.acceptedAt ?? at,
    reason: order.status === 'rejected' ? 'rejectedOnTrigger' : row.reason,
  };
}

function reportedState(row: OrderRow, order: VenueOrder, filled: ReturnType<typeof d>): OrderState {
  const quantity = d(row.intent.quantity);
  if (filled.gte(quantity) && quantity.gt(ZERO)) return 'filled';
  if (order.status === 'filled') return 'filled';
  if (order.status === 'canceled' || order.status === 'expired' || order.status === 'rejected') {
    return row.state === 'filled' ? 'filled' : order.status;
  }
  if (DONE_STATES.includes(row.state)) return row.state;
  return filled.gt(ZERO) ? 'partiallyFilled' : 'accepted';
}
