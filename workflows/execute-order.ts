import { ActivityFailure, TimeoutFailure, workflowInfo } from '@temporalio/workflow';
import type { OrderKnowledge } from '../activities/types.ts';
import type { OrderIntent, OrderRow } from '../domain/orders/order.ts';
import { plannedRow } from '../domain/orders/order.ts';
import type { OpeningTerms } from '../domain/orders/terms.ts';
import type { EmptyLook } from '../domain/orders/protocol.ts';
import { isReducing, lookDelayMs, nextStep, PROTOCOL_TIMES, resubmitDelayMs } from '../domain/orders/protocol.ts';
import { pause } from './pause.ts';
import { entrySubmission, exitSubmission, orders } from './proxies.ts';

/**
 * Brings one intent to the venue at most once and returns when its fate is known: working, filled or over.
 * It asks the row what is next, so a reset, rerun or resumed workflow goes on where the order stands.
 * @param terms how the account must stand before an opening order.
 * @param known what is known of the order already; null before the first submission.
 */
export async function executeOrder(intent: OrderIntent, terms: OpeningTerms, known: OrderKnowledge | null = null): Promise<OrderKnowledge> {
  return await work(intent, known ?? (await submit({ intent, terms, attempt: 1 })), { terms, submissions: known === null ? 1 : 0, isWanted: () => true });
}

/** Who works an order beside other things: told of every step, and asked before each. */
export interface Overseer {
  /** False: it is only looked for, and one that never arrived stays away. */
  readonly isWanted: () => boolean;
  /** True: it is left where it stands after the step that is under way. */
  readonly isLeaving: () => boolean;
  readonly told: (knowledge: OrderKnowledge) => void;
  /** What must be assumed until the attempt's answer is there. */
  readonly sending: (row: OrderRow) => void;
  /** An attempt was lost with its worker. */
  readonly workerLost: () => void;
}

/** Like `executeOrder`, of an order that reduces, beside whatever else its position does meanwhile. */
export async function executeBeside(intent: OrderIntent, { known, overseer }: { known: OrderKnowledge | null; overseer: Overseer }): Promise<void> {
  const first = known ?? (await submit({ intent, terms: null, attempt: 1 }, overseer));
  if (known === null) overseer.told(first);
  await work(intent, first, { terms: null, submissions: known === null ? 1 : 0, isWanted: overseer.isWanted, overseer });
}

/** Looks for an order that is not wanted any more until its fate is known; one that never arrived stays away. */
export async function settleOrder(intent: OrderIntent, known: OrderKnowledge): Promise<OrderKnowledge> {
  return await work(intent, known, { terms: null, submissions: 0, isWanted: () => false });
}

interface Work {
  /** Null for an order that reduces. */
  readonly terms: OpeningTerms | null;
  /** So many were tried before. */
  readonly submissions: number;
  /** False: it is not sent any more. */
  readonly isWanted: () => boolean;
  readonly overseer?: Overseer;
}

async function work(intent: OrderIntent, known: OrderKnowledge, { terms, submissions, isWanted, overseer }: Work): Promise<OrderKnowledge> {
  let knowledge = known;
  let looks: readonly EmptyLook[] = [];
  let tries = submissions;
  for (;;) {
    const { row } = knowledge;
    if (overseer?.isLeaving() ?? workflowInfo().continueAsNewSuggested) return knowledge; // its position continues as new and asks the row again
    switch (nextStep(row, Date.now())) {
      case 'done':
      case 'follow':
        return knowledge;
      case 'expire':
        knowledge = await orders.expireOrder.executeWithOptions({ summary: `expire ${labelOf(intent)}` }, [{ known: row, reason: 'validityOver' }]);
        break;
      case 'submit':
        if (!isWanted()) return knowledge;
        // One that fails before it claims the row (a ban, a ledger that is down) leaves the attempt's number as it was.
        await pause(resubmitDelayMs(Math.max(row.attempt, tries)));
        if (!isWanted() || overseer?.isLeaving() === true) return knowledge;
        looks = [];
        tries += 1;
        knowledge = await submit({ intent, terms, attempt: row.attempt + 1 }, overseer);
        break;
      case 'reconcile': {
        await pause(lookDelayMs(row, looks, Date.now(), PROTOCOL_TIMES));
        const look = await orders.lookUpOrder.executeWithOptions({ summary: `look for ${labelOf(intent)}` }, [{ known: row, looks }]);
        looks = look.emptyLook === null ? looks : [...looks, look.emptyLook];
        knowledge = look;
        break;
      }
    }
    overseer?.told(knowledge);
  }
}

/** One attempt. When its answer is lost with its worker, the order is unknown, and only looking can tell. */
async function submit({ intent, terms, attempt }: { intent: OrderIntent; terms: OpeningTerms | null; attempt: number }, overseer?: Overseer): Promise<OrderKnowledge> {
  const { submitOrder } = isReducing(intent) ? exitSubmission : entrySubmission;
  const attemptedAt = Date.now();
  overseer?.sending({ ...plannedRow(intent, attemptedAt), state: 'submitting', attempt, sentTimestamp: attemptedAt });
  try {
    return await submitOrder.executeWithOptions({ summary: `${labelOf(intent)} (attempt ${attempt})` }, [{ intent, attempt, terms: isReducing(intent) ? null : terms }]);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    if (error.cause instanceof TimeoutFailure) overseer?.workerLost();
    return { row: lostRow(intent, attempt, Math.max(attemptedAt, Date.now())), written: true };
  }
}

/** What the workflow must assume after a lost attempt; the ledger's row, once read, takes its place. */
function lostRow(intent: OrderIntent, attempt: number, lostAt: number): OrderRow {
  return { ...plannedRow(intent, lostAt), state: 'unknown', attempt, sentTimestamp: lostAt };
}

function labelOf(intent: OrderIntent): string {
  const at = intent.triggerPrice ?? intent.price;
  return `${intent.leg} ${intent.revision}: ${intent.side} ${intent.quantity} ${intent.instrumentId}${at === null ? '' : ` at ${at}`}`;
}
