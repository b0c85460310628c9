import { d } from '../decimal.ts';
import { holdingKey, isOpening } from '../emergency/closing.ts';
import { ownerOfClientOrderId } from '../orders/identity.ts';
import type { OrderState, VenueOrder } from '../orders/order.ts';
import type { EmergencyFacts } from './emergency-facts.ts';
import type { Facts, LedgerFacts, OrderFact, Violation } from './facts.ts';

/**
 * A claim is timed by its worker before it begins, the fence by the database as it changes: clocks differ by up to a second,
 * and whoever changes the fence may hold it for five seconds before it is seen.
 */
const CLOCKS_MS = 6_000;
/** The venue's clock and the database's. */
const VENUE_CLOCK_MS = 1_000;
/** Left us, whatever became of it. */
const SENT: readonly OrderState[] = ['submitting', 'unknown', 'rejected'];

/** Invariant 5: no opening is sent past a fence that is up or has moved on; after `sealed` nothing is open and nothing opens until recovery begins. */
export function fenceViolations({ ledger, venue }: Facts): Violation[] {
  const { emergency, orders } = ledger;
  const open = venue.openOrders.filter((order) => ownerOfClientOrderId(order.clientOrderId, ledger.deploymentId) === 'ours');
  return [
    ...(emergency.fence.halted ? open.filter((order) => opens(order, orders)).map(opensRisk) : []),
    ...orders.flatMap((row) => sentPastFence(row, emergency)),
    ...orders.flatMap((row) => takenAfterSealed(row, ledger)),
    ...(emergency.guard.mode === 'emergency' ? [...stillHeld({ ledger, venue }), ...open.map(stillWorks)] : []),
  ];
}

function opens(order: VenueOrder, rows: readonly OrderFact[]): boolean {
  const row = rows.find((it) => it.intent.clientOrderId === order.clientOrderId);
  return row === undefined ? isOpening(order) : row.intent.leg === 'entry';
}

function opensRisk({ clientOrderId, instrumentId, side, quantity }: VenueOrder): Violation {
  return { invariant: 5, name: 'the fence is up, and an opening order works', subject: clientOrderId, evidence: { instrument: instrumentId, side, quantity } };
}

/** When openings of an epoch might be sent: from the fence's lowering, or from the beginning, to its rise; null: never. */
function openOf(epoch: number, { fenceHistory }: EmergencyFacts): { readonly from: number; readonly to: number } | null {
  const at = fenceHistory.findIndex((it) => it.epoch === epoch && !it.halted);
  if (at < 0 && fenceHistory.some((it) => it.epoch <= epoch)) return null;
  return { from: fenceHistory[at]?.changedAt ?? -Infinity, to: fenceHistory.slice(at + 1).find((it) => it.halted)?.changedAt ?? Infinity };
}

function sentPastFence({ intent, state, acceptedAt }: OrderFact, emergency: EmergencyFacts): Violation[] {
  const claimedAt = emergency.claimedAt[intent.clientOrderId];
  if (intent.leg !== 'entry' || claimedAt === undefined || (acceptedAt === null && !SENT.includes(state))) return [];
  const window = openOf(intent.epoch, emergency);
  if (window !== null && claimedAt >= window.from - CLOCKS_MS && claimedAt <= window.to + CLOCKS_MS) return [];
  return [{
    invariant: 5, name: 'an opening was sent past the fence', subject: intent.clientOrderId,
    evidence: { epoch: intent.epoch, claimedAt: timeOf(claimedAt), openFrom: timeOf(window?.from ?? null), until: timeOf(window?.to ?? null), state },
  }];
}

/** From each `sealed` to the fence's next lowering. */
function sealedSpans({ steps, fenceHistory }: EmergencyFacts): readonly { readonly from: number; readonly to: number }[] {
  return steps.filter((it) => it.type === 'emergencySealed').map(({ at }) => ({ from: at, to: fenceHistory.find((it) => !it.halted && it.changedAt > at)?.changedAt ?? Infinity }));
}

/** By the venue's clock: what was signed before `sealed` and taken before it is a straggler, which the stop closed. */
function takenAfterSealed({ intent, acceptedAt, sentTimestamp }: OrderFact, { emergency, fills }: LedgerFacts): Violation[] {
  if (intent.leg !== 'entry' || acceptedAt === null) return [];
  const filledAt = fills.filter((it) => it.clientOrderId === intent.clientOrderId).map((it) => it.filledAtWall);
  const during = sealedSpans(emergency).find(({ from, to }) => [sentTimestamp ?? 0, ...filledAt].some((at) => at > from + VENUE_CLOCK_MS && at < to - VENUE_CLOCK_MS));
  if (during === undefined) return [];
  return [{ invariant: 5, name: 'an opening was taken after the stop was sealed', subject: intent.clientOrderId, evidence: { sealedAt: timeOf(during.from), sentAt: timeOf(sentTimestamp), filledAt: filledAt.map((at) => timeOf(at) ?? '') } }];
}

/** Of ours: another hand may open again. */
function stillHeld({ ledger, venue }: Pick<Facts, 'ledger' | 'venue'>): Violation[] {
  const held = new Map(venue.account.positions.map((it) => [holdingKey(it.instrumentId, it.positionSide), it.quantity]));
  return ledger.positions.filter((it) => it.state !== 'closed' && !d(it.quantity).isZero() && held.has(holdingKey(it.instrumentId, it.positionSide))).map((it) => ({
    invariant: 5, name: 'a position is open after the stop was sealed', subject: it.positionId, evidence: { ledger: it.quantity, venue: held.get(holdingKey(it.instrumentId, it.positionSide)) ?? null, state: it.state },
  }));
}

function stillWorks({ clientOrderId, instrumentId, type, quantity }: VenueOrder): Violation {
  return { invariant: 5, name: 'an order works after the stop was sealed', subject: clientOrderId, evidence: { instrument: instrumentId, type, quantity } };
}

function timeOf(at: number | null): string | null {
  return at === null || !Number.isFinite(at) ? null : new Date(at).toISOString();
}
