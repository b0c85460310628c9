import type { OrderIntent, OrderRow } from '../domain/orders/order.ts';
import { bookOf, DONE_STATES, plannedRow } from '../domain/orders/order.ts';
import type { OpeningTerms } from '../domain/orders/terms.ts';
import type { EmptyLook } from '../domain/orders/protocol.ts';
import { isAbsenceProven, isReducing, isStillValid, isWithinDrift, mayGoWithoutLedger, PROTOCOL_TIMES, rowToTrust, verdictBeforeSend } from '../domain/orders/protocol.ts';
import type { OrderEvent } from '../domain/orders/transitions.ts';
import { applyOrderEvent, canApply } from '../domain/orders/transitions.ts';
import { KeelError } from '../domain/errors.ts';
import type { Ledger, SubmissionClaim } from '../domain/ports/ledger.ts';
import type { SubmitAnswer, Venue } from '../domain/ports/venue.ts';
import { isLedgerDown, withinMs } from './patience.ts';
import { createShownHistory } from './shown-history.ts';
import type { LookResult, OrderActivities, OrderKnowledge, Submission } from './types.ts';

export interface OrderDeps {
  readonly ledger: Ledger;
  readonly venue: Venue;
  /** Transport clock of this process, epoch milliseconds. */
  readonly clock: () => number;
  readonly warn: (fields: object, message: string) => void;
}

/** So long what may go on without the ledger waits for it: one that hangs is as good as down. Several fit into one attempt. */
const LEDGER_PATIENCE_MS = 1_000;
/** Of an order that needs the ledger to be sent, these say nothing without it: a claim may have moved the row on. */
const NOT_AT_VENUE: readonly OrderRow['state'][] = ['planned', 'absent', 'halted'];

/**
 * Everything that touches orders at the venue. One order, one row, one attempt at a time. A look for an order of a symbol
 * that the venue does not list any more finds nothing: whoever looks goes on, and reconciliation ends what had been working.
 */
export function createOrderActivities({ ledger, venue, clock, warn }: OrderDeps): OrderActivities {
  const history = createShownHistory({ venue, warn });
  /**
   * Writes an event. While the ledger is down, or has heard nothing of an attempt that went without it, what happened at
   * the venue is kept by the workflow, which writes it later: a fill must be protected, whoever heard of it.
   */
  async function write(row: OrderRow, event: OrderEvent): Promise<OrderKnowledge> {
    const local = canApply(row.state, event.kind) ? applyOrderEvent(row, event, clock()) : row;
    try {
      return knowledgeOf(local, await withinMs(LEDGER_PATIENCE_MS, row.intent.intentId, ledger.applyOrderEvent(row.intent.clientOrderId, event, clock())));
    } catch (error) {
      const isUnheard = error instanceof KeelError && error.code === 'NOT_FOUND' && mayGoWithoutLedger(row.intent);
      if (!isLedgerDown(error) && !isUnheard) throw error;
      return { row: local, written: false };
    }
  }

  async function submitOrder({ intent, attempt, terms }: Submission): Promise<OrderKnowledge> {
    const deadlineMs = clock() + PROTOCOL_TIMES.attemptTimeoutMs;
    const expiry = isReducing(intent) ? null : await expiryOf({ intent, terms, venue, nowMs: clock() });
    if (expiry !== null) return await expire(intent, expiry);
    const [timestamp, marketTime] = await Promise.all([venue.serverTime(), venue.marketTime()]);

    const claimed = await claim(ledger, { intent, attempt, timestamp, marketTime, nowMs: clock() });
    if (claimed !== null && !claimed.won) return { row: claimed.row, written: true }; // somebody else's attempt: never send
    const row = claimed?.row ?? claimedLocally(intent, attempt, timestamp);

    // The ledger's intent is the one that is sent: a reset workflow may have made another of the same name.
    const verdict = verdictBeforeSend({ intent: row.intent, fence: claimed?.fence ?? null, nowMs: clock(), deadlineMs });
    if (verdict.kind === 'halted') return await write(row, { kind: 'halted', attempt, reason: verdict.reason });
    if (verdict.kind === 'notSent') return await write(row, { kind: 'notSent', attempt });
    const answer = await venue.submit(row.intent, { timestamp, recvWindowMs: PROTOCOL_TIMES.recvWindowMs, deadlineMs });
    return await write(row, eventOf(answer, attempt, clock()));
  }

  /** A re-priced entry is recorded when it is claimed; one that is never sent is recorded as it ends, so that nobody can claim it any more. */
  async function expire(intent: OrderIntent, expiry: Expiry): Promise<OrderKnowledge> {
    const row = await ledger.order(intent.clientOrderId);
    if (row === null) return { row: await ledger.backfillOrder({ ...plannedRow(intent, clock()), state: 'expired', reason: expiry.reason }), written: true };
    return canApply(row.state, 'expired') ? await write(row, { kind: 'expired', ...expiry }) : { row, written: true };
  }

  /** The ledger's row, or what the workflow knows while the ledger is down or behind: enough to look, and to cancel. */
  async function current(known: OrderRow): Promise<OrderKnowledge> {
    try {
      return knowledgeOf(known, await withinMs(LEDGER_PATIENCE_MS, known.intent.intentId, ledger.order(known.intent.clientOrderId)));
    } catch (error) {
      const needsLedger = !mayGoWithoutLedger(known.intent) && NOT_AT_VENUE.includes(known.state);
      if (!isLedgerDown(error) || needsLedger) throw error;
      return { row: known, written: false };
    }
  }

  async function lookUpOrder({ known, looks }: { known: OrderRow; looks: readonly EmptyLook[] }): Promise<LookResult> {
    const { row, written } = await current(known);
    if (NOT_AT_VENUE.includes(row.state)) return { row, written, emptyLook: null };
    const { clientOrderId, instrumentId, portfolioId, type } = row.intent;
    const emptyLook = { atMs: await venue.serverTime() }; // before it asks: a slow answer tells of earlier
    const found = await history.lookUp({ clientOrderId, instrumentId, book: bookOf(type) });
    if (found !== null) {
      const reported = await write(row, { kind: 'reported', order: found.order, at: clock() });
      if (reported.written && found.fills.length > 0) await ledger.applyFills(portfolioId, found.fills);
      return { ...reported, emptyLook: null };
    }
    const isProven = isAbsenceProven(row, [...looks, emptyLook], PROTOCOL_TIMES);
    if (!isProven || !canApply(row.state, 'provenAbsent')) return { row, written, emptyLook };
    if (!written && !mayGoWithoutLedger(row.intent)) throw new KeelError('DATABASE_UNREACHABLE', `${row.intent.intentId} never reached the venue; what becomes of it waits for the ledger`);
    return { ...(await write(row, { kind: 'provenAbsent', attempt: row.attempt })), emptyLook };
  }

  async function cancelOrder(known: OrderRow): Promise<OrderKnowledge> {
    if (known.state === 'planned' || known.state === 'absent') return await write(known, { kind: 'expired', reason: 'withdrawn' });
    const { clientOrderId, instrumentId, type } = known.intent;
    if (!DONE_STATES.includes(known.state)) {
      const nowMs = clock();
      await venue.cancel({ clientOrderId, instrumentId, book: bookOf(type) }, {
        timestamp: await venue.serverTime(), recvWindowMs: PROTOCOL_TIMES.recvWindowMs, deadlineMs: nowMs + PROTOCOL_TIMES.attemptTimeoutMs,
      });
    }
    const { row, written } = await lookUpOrder({ known, looks: [] });
    return { row, written };
  }

  return { submitOrder, lookUpOrder, cancelOrder, expireOrder: ({ known, reason }) => expire(known.intent, { reason }) };
}

/** Wins the row or not; null while the ledger is down, for an order that may go out without it. All else waits as long as it takes. */
async function claim(ledger: Ledger, submission: Parameters<Ledger['claimSubmission']>[0]): Promise<SubmissionClaim | null> {
  try {
    const answer = ledger.claimSubmission(submission);
    return mayGoWithoutLedger(submission.intent) ? await withinMs(LEDGER_PATIENCE_MS, submission.intent.intentId, answer) : await answer;
  } catch (error) {
    if (isLedgerDown(error) && submission.intent.closesPosition) return null;
    throw error;
  }
}

type Expiry = Omit<Extract<OrderEvent, { kind: 'expired' }>, 'kind'>;

/** Why an opening is not sent at all, or null: its time is over, the account does not stand as it must, or the market moved away. */
async function expiryOf({ intent, terms, venue, nowMs }: { intent: OrderIntent; terms: OpeningTerms | null; venue: Venue; nowMs: number }): Promise<Expiry | null> {
  if (!isStillValid(intent, nowMs)) return { reason: 'validityOver' };
  if (terms === null) return { reason: 'termsUnknown' };
  const [answer, quote] = await Promise.all([venue.ensureTerms(intent.instrumentId, terms), venue.quote(intent.instrumentId)]);
  if (answer.kind === 'refused') return { reason: answer.reason, detail: answer.detail };
  return isWithinDrift(intent, intent.side === 'buy' ? quote.ask : quote.bid) ? null : { reason: 'priceMovedAway' };
}

function knowledgeOf(remembered: OrderRow, written: OrderRow | null): OrderKnowledge {
  const row = rowToTrust(remembered, written);
  return { row, written: row !== remembered };
}

function eventOf(answer: SubmitAnswer, attempt: number, nowMs: number): OrderEvent {
  switch (answer.kind) {
    case 'accepted':
      return { kind: 'reported', order: answer.order, at: nowMs };
    case 'rejected':
      return { kind: 'rejected', attempt, reason: answer.code };
    case 'notSent':
      return { kind: 'notSent', attempt };
    case 'unknown':
      return { kind: 'answerLost', attempt };
  }
}

/** The row that the ledger would hold, of an exit that goes out without it. */
function claimedLocally(intent: OrderIntent, attempt: number, timestamp: number): OrderRow {
  return { ...plannedRow(intent, timestamp), state: 'submitting', attempt, sentTimestamp: timestamp };
}

