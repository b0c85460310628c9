import { ActivityFailure } from '@temporalio/workflow';
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
  return await work(intent, known ?? (await submit({ intent, terms, attempt: 1 })), { terms, submissions: known === null ? 1 : 0 });
}

/** Looks for an order that is not wanted any more until its fate is known; one that never arrived stays away. */
export async function settleOrder(intent: OrderIntent, known: OrderKnowledge): Promise<OrderKnowledge> {
  return await work(intent, known, { terms: null, submissions: 0 });
}

/** @param terms null: it is not sent any more. @param submissions so many were tried before. */
async function work(intent: OrderIntent, known: OrderKnowledge, { terms, submissions }: { terms: OpeningTerms | null; submissions: number }): Promise<OrderKnowledge> {
  let knowledge = known;
  let looks: readonly EmptyLook[] = [];
  let tries = submissions;
  for (;;) {
    const { row } = knowledge;
    switch (nextStep(row, Date.now())) {
      case 'done':
      case 'follow':
        return knowledge;
      case 'expire':
        knowledge = await orders.expireOrder.executeWithOptions({ summary: `expire ${labelOf(intent)}` }, [{ known: row, reason: 'validityOver' }]);
        break;
      case 'submit':
        if (terms === null) return knowledge;
        // One that fails before it claims the row (a ban, a ledger that is down) leaves the attempt's number as it was.
        await pause(resubmitDelayMs(Math.max(row.attempt, tries)));
        looks = [];
        tries += 1;
        knowledge = await submit({ intent, terms, attempt: row.attempt + 1 });
        break;
      case 'reconcile': {
        await pause(lookDelayMs(row, looks, Date.now(), PROTOCOL_TIMES));
        const look = await orders.lookUpOrder.executeWithOptions({ summary: `look for ${labelOf(intent)}` }, [{ known: row, looks }]);
        looks = look.emptyLook === null ? looks : [...looks, look.emptyLook];
        knowledge = look;
        break;
      }
    }
  }
}

/** One attempt. When its answer is lost with its worker, the order is unknown, and only looking can tell. */
async function submit({ intent, terms, attempt }: { intent: OrderIntent; terms: OpeningTerms; attempt: number }): Promise<OrderKnowledge> {
  const { submitOrder } = isReducing(intent) ? exitSubmission : entrySubmission;
  const attemptedAt = Date.now();
  try {
    return await submitOrder.executeWithOptions({ summary: `${labelOf(intent)} (attempt ${attempt})` }, [{ intent, attempt, terms: isReducing(intent) ? null : terms }]);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
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
