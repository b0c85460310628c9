import type { Dec } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';
import { KeelError } from '../errors.ts';
import type { OrderRow, OrderState, VenueOrder } from './order.ts';
import { DONE_STATES, ORDER_STATES } from './order.ts';
import { mayGoWithoutLedger } from './protocol.ts';

/**
 * What can happen to an order. The states that each event may meet stand in `ALLOWED`.
 * What one submission or one proof has to say names its `attempt`: a paused process may wake and write when the row
 * has moved on to a later attempt, and its word must not be taken for that one's.
 */
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
  /** The venue had taken it, and knows nothing of it any more: reconciliation's looks, apart, and a look-up found it nowhere. */
  | { readonly kind: 'vanished' }
  /** Its validity is over and nothing of it can be at the venue. */
  | { readonly kind: 'expired'; readonly reason: string; /** What was wanted and what was found. */ readonly detail?: string };

const ALLOWED: Readonly<Record<OrderEvent['kind'], readonly OrderState[]>> = {
  claimed: ['planned', 'absent'],
  notSent: ['submitting'],
  halted: ['submitting'],
  answerLost: ['submitting', 'accepted', 'partiallyFilled', 'filled', 'canceled', 'expired', 'rejected'],
  rejected: ['submitting', 'unknown'],
  // The venue's word is never refused: a stream may report before the submission is known, a cancelled order may
  // fill late, and a full close may have gone out while the ledger was down and still says `planned`.
  reported: ORDER_STATES,
  provenAbsent: ['submitting', 'unknown'],
  vanished: ['accepted', 'partiallyFilled'],
  expired: ['planned', 'absent'],
};

/** The state that an event leaves behind: the same event again (a repeated write) finds it and changes nothing. */
const LEAVES: Readonly<Partial<Record<OrderEvent['kind'], OrderState>>> = {
  notSent: 'absent',
  halted: 'halted',
  answerLost: 'unknown',
  rejected: 'rejected',
  provenAbsent: 'absent',
  vanished: 'expired',
  expired: 'expired',
};

/** Whether the event may change the state or, for `reported` and `answerLost`, be heard in it. */
export function canApply(state: OrderState, kind: OrderEvent['kind']): boolean {
  return ALLOWED[kind].includes(state);
}

/**
 * The one transition function of an order's life; ledger, workflow and the exhaustive exploration all use it.
 * Reports are monotonic: filled quantity never shrinks, an order that the venue ended never works again. A repeated
 * event changes nothing. News of an attempt that is not the row's latest (a paused process woke up, a reset run still
 * looks) says nothing about the latest one and changes nothing.
 * @param nowMs transport clock, for `updatedAt`.
 * @throws {KeelError} ORDER_TRANSITION, not retried: the event cannot meet this state, or claims another than the next attempt.
 */
export function applyOrderEvent(row: OrderRow, event: OrderEvent, nowMs: number): OrderRow {
  if (isOfOtherAttempt(row, event) || LEAVES[event.kind] === row.state) return row;
  if (event.kind === 'claimed' ? !mayClaim(row, event.attempt) : !canApply(row.state, event.kind)) {
    throw new KeelError(
      'ORDER_TRANSITION',
      `order ${row.intent.clientOrderId}: ${describe(event)} cannot meet state "${row.state}" of attempt ${row.attempt} (allowed in: ${ALLOWED[event.kind].join(', ')})`,
    );
  }
  const base = { ...row, updatedAt: nowMs };
  switch (event.kind) {
    case 'claimed':
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
    case 'vanished':
      return { ...base, state: 'expired', reason: 'vanished' };
    case 'expired':
      return { ...base, state: 'expired', reason: event.reason };
    case 'reported':
      return applyReport(base, event.order, event.at);
  }
}

/**
 * Whether an attempt may be claimed: the next one, while nothing of the order is under way. An order that may go without
 * the ledger can have had attempts, proven absent, that the ledger never heard of: there a later one may skip them,
 * whatever the ledger still believes of an older one. Numbers never go back, or an old attempt could speak for a new one.
 */
export function mayClaim(row: Pick<OrderRow, 'state' | 'attempt' | 'acceptedAt' | 'intent'>, attempt: number): boolean {
  if (attempt === row.attempt + 1) return canApply(row.state, 'claimed');
  return attempt > row.attempt + 1 && row.acceptedAt === null && mayGoWithoutLedger(row.intent);
}

function describe(event: OrderEvent): string {
  return 'attempt' in event ? `"${event.kind}" of attempt ${event.attempt}` : `"${event.kind}"`;
}

function isOfOtherAttempt(row: OrderRow, event: OrderEvent): boolean {
  return event.kind !== 'claimed' && 'attempt' in event && event.attempt !== row.attempt;
}

function applyReport(row: OrderRow, order: VenueOrder, at: number): OrderRow {
  const known = d(row.filledQuantity);
  const reported = d(order.filledQuantity);
  const isNews = reported.gt(known);
  const filled = isNews ? reported : known;
  const state = reportedState(row, order, filled);
  return {
    ...row,
    state,
    venueOrderId: order.venueOrderId === '' ? row.venueOrderId : order.venueOrderId,
    triggeredOrderId: order.triggeredOrderId ?? row.triggeredOrderId,
    filledQuantity: text(filled),
    averagePrice: isNews ? (order.averagePrice ?? row.averagePrice) : (row.averagePrice ?? order.averagePrice),
    acceptedAt: row.acceptedAt ?? at,
    reason: reportedReason(row, state),
  };
}

/** A refusal that a report brings came when the order triggered; a reason of ours that the venue disproved is dropped. */
function reportedReason(row: OrderRow, state: OrderState): string | null {
  if (state === row.state) return row.reason;
  return state === 'rejected' ? 'rejectedOnTrigger' : null;
}

function reportedState(row: OrderRow, order: VenueOrder, filled: Dec): OrderState {
  const quantity = d(row.intent.quantity);
  if (row.state === 'filled' || order.status === 'filled') return 'filled';
  if (filled.gte(quantity) && quantity.gt(ZERO)) return 'filled';
  // Ended by the venue's own word (it had reported the order): a late report of its working days changes nothing.
  // Ended by ours alone (expired, halted, refused): the venue knows better.
  if (DONE_STATES.includes(row.state) && row.acceptedAt !== null) return row.state;
  if (order.status === 'canceled' || order.status === 'expired' || order.status === 'rejected') return order.status;
  return filled.gt(ZERO) ? 'partiallyFilled' : 'accepted';
}
