/**
 * The decisions of the order protocol (docs/order-protocol.md), pure: the workflow, the submitting activity and the
 * exhaustive exploration run these same functions.
 */
import { bpsBetween, d } from '../decimal.ts';
import type { OrderIntent, OrderRow } from './order.ts';
import { DONE_STATES, UNSETTLED_STATES, WORKING_STATES } from './order.ts';

/** Durations of the transport clock. */
export interface ProtocolTimes {
  /** The venue refuses a request that arrives later than its timestamp plus this. */
  readonly recvWindowMs: number;
  /** An attempt must have been signed within this of its start; after it, it is not sent. */
  readonly attemptTimeoutMs: number;
  /** Beyond deadline + recvWindow: clocks and look-ups may lag this much. */
  readonly absenceMarginMs: number;
  /** Two looks that find nothing must lie this far apart. */
  readonly looksApartMs: number;
}

/** @source order-protocol.md: start-to-close 3 s, `recvWindow` 2 s, 1 s margin; Binance look-ups may lag a second. */
export const PROTOCOL_TIMES: ProtocolTimes = { recvWindowMs: 2_000, attemptTimeoutMs: 3_000, absenceMarginMs: 1_000, looksApartMs: 250 };

/** The fence as one read saw it. */
export interface Fence {
  readonly epoch: number;
  readonly halted: boolean;
}

/** Whether an intent only reduces risk: such an order passes the fence and every limit, and never expires. */
export function isReducing(intent: Pick<OrderIntent, 'leg'>): boolean {
  return intent.leg !== 'entry';
}

export type NextStep = 'submit' | 'reconcile' | 'follow' | 'expire' | 'done';

/**
 * What an order needs now. A reset, rerun or rebuilt workflow asks this of the row and never starts over.
 * @param nowMs transport clock.
 */
export function nextStep(row: OrderRow, nowMs: number): NextStep {
  if (DONE_STATES.includes(row.state)) return 'done';
  if (WORKING_STATES.includes(row.state)) return 'follow';
  if (row.state === 'submitting' || row.state === 'unknown') return 'reconcile';
  return isStillValid(row.intent, nowMs) ? 'submit' : 'expire';
}

export function isStillValid(intent: Pick<OrderIntent, 'validUntil'>, nowMs: number): boolean {
  return intent.validUntil === null || nowMs <= intent.validUntil;
}

/** Whether the market is still near enough to the price that the decision saw. Exits have no bound. */
export function isWithinDrift(intent: Pick<OrderIntent, 'maxDriftBps' | 'decisionPrice'>, marketPrice: string): boolean {
  return intent.maxDriftBps === null || bpsBetween(d(marketPrice), d(intent.decisionPrice)).abs().lte(intent.maxDriftBps);
}

export type SubmissionVerdict = { readonly kind: 'send' } | { readonly kind: 'notSent' } | { readonly kind: 'halted'; readonly reason: string };

/**
 * The last look before bytes leave: after the row was won and the fence was read.
 * @param input.deadlineMs transport clock: start of the attempt + `attemptTimeoutMs`.
 * @param input.fence null when the ledger cannot be read: openings fail closed, exits pass.
 */
export function verdictBeforeSend(input: { intent: Pick<OrderIntent, 'leg' | 'epoch'>; fence: Fence | null; nowMs: number; deadlineMs: number }): SubmissionVerdict {
  const { intent, fence } = input;
  if (!isReducing(intent)) {
    if (fence === null) return { kind: 'halted', reason: 'fenceUnknown' };
    if (fence.halted) return { kind: 'halted', reason: 'fenceHalted' };
    if (fence.epoch !== intent.epoch) return { kind: 'halted', reason: 'epochMovedOn' };
  }
  return input.nowMs > input.deadlineMs ? { kind: 'notSent' } : { kind: 'send' };
}

/** Earliest moment (venue's transport clock) at which "no such order" may count as proof of absence. */
export function absenceProvableAt(row: Pick<OrderRow, 'sentTimestamp'>, times: ProtocolTimes): number {
  return (row.sentTimestamp ?? 0) + times.attemptTimeoutMs + times.recvWindowMs + times.absenceMarginMs;
}

/** One look into both books, history and fills that did not find the order. Transport clock of the venue. */
export interface EmptyLook {
  readonly atMs: number;
}

/** Whether the looks prove absence: two of them, apart, both after the moment from which absence can be believed. */
export function isAbsenceProven(row: Pick<OrderRow, 'sentTimestamp'>, looks: readonly EmptyLook[], times: ProtocolTimes): boolean {
  const provable = looks.filter((look) => look.atMs >= absenceProvableAt(row, times));
  const first = provable[0];
  const last = provable.at(-1);
  return first !== undefined && last !== undefined && last.atMs - first.atMs >= times.looksApartMs;
}

/** Whether the order's fate is unknown: its symbol takes no new entry until it is settled. */
export function isUnsettled(row: OrderRow): boolean {
  return UNSETTLED_STATES.includes(row.state);
}
