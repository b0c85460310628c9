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

/**
 * One look into both books, history and fills that did not find the order. `atMs`: transport clock of the venue, taken
 * **before** the look asks; taken afterwards, a slow answer from too early would count as late enough.
 */
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

/** Whether an order may go out while the ledger is down: closing all of a position twice does no harm, all else waits. */
export function mayGoWithoutLedger(intent: Pick<OrderIntent, 'leg' | 'closesPosition'>): boolean {
  return isReducing(intent) && intent.closesPosition;
}

/**
 * Which account of an order counts when what a workflow or activity remembers meets what the ledger holds. The ledger's,
 * save where the order may have gone out without it and the ledger has heard nothing of the attempt: there "planned" is
 * no proof that nothing was sent.
 * @param written null: the ledger holds no such row, so nothing was ever claimed through it.
 */
export function rowToTrust(remembered: OrderRow, written: OrderRow | null): OrderRow {
  if (mayGoWithoutLedger(remembered.intent)) {
    const isUnheard = written === null || (written.acceptedAt === null && written.attempt < remembered.attempt);
    return isUnheard ? remembered : written;
  }
  return written ?? { ...remembered, state: 'planned', attempt: 0, sentTimestamp: null };
}

/** Whether the order's fate is unknown: its symbol takes no new entry until it is settled. */
export function isUnsettled(row: OrderRow): boolean {
  return UNSETTLED_STATES.includes(row.state);
}

/** Before a resubmission: none for the first, then 0.1 s × 2ⁿ up to 2 s, so that a busy venue is not hammered. */
export function resubmitDelayMs(attempt: number): number {
  return attempt <= 0 ? 0 : Math.min(100 * 2 ** (attempt - 1), 2_000);
}

/**
 * How long to wait before the next look for an order of unknown fate. The first look is at once, since most lost answers
 * belong to orders that arrived; then ever rarer until absence can be proven, then as far apart as two looks must be.
 * @param nowMs transport clock.
 */
export function lookDelayMs(row: Pick<OrderRow, 'sentTimestamp'>, looks: readonly EmptyLook[], nowMs: number, times: ProtocolTimes): number {
  if (looks.length === 0) return 0;
  const untilProvableMs = absenceProvableAt(row, times) - nowMs;
  if (untilProvableMs <= 0) return times.looksApartMs + 50;
  return Math.min(250 * 2 ** Math.min(looks.length - 1, 4), untilProvableMs + 20);
}
