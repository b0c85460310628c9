/** How positions are closed in an emergency: which orders, of which names, in which order. Pure. */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Dec } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';
import { KeelError } from '../errors.ts';
import type { InstrumentId } from '../market/instrument.ts';
import { base32, CLIENT_ORDER_ID_PREFIX, DEPLOYMENT_ID_PATTERN } from '../orders/identity.ts';
import type { OrderIntent, PositionSide, VenueOrder } from '../orders/order.ts';
import { entrySide, oppositeSide } from '../orders/order.ts';
import type { EmergencyOrder } from '../ports/ledger.ts';
import type { SubmitAnswer, VenuePosition } from '../ports/venue.ts';

/** Which closing: the emergency, and how often it was tried. A rerun of the same has the same names, so it never doubles. */
export interface ClosingRound {
  readonly portfolioId: string;
  readonly deploymentId: string;
  /** `ess/<portfolio>/<n>`: the workflow that owns these orders. */
  readonly emergencyId: string;
  /** Rises with each look that still found something open; counts on from the clock. */
  readonly attempt: number;
}

/** Whose holding an emergency's order closes: a position of the ledger, or what another hand holds. */
export type ClosedPart = 'ours' | 'foreign';

/** In the order's name, so that its fills are told apart wherever they are read, also while the ledger is away. */
const MARKS: Readonly<Record<ClosedPart, string>> = { ours: 'ess.', foreign: 'esx.' };

/** Orders of an emergency are told from a position's own: they belong to no position, and never rest on a book. */
export function emergencyOrderIdOf(deploymentId: string, name: string, part: ClosedPart = 'ours'): string {
  if (!DEPLOYMENT_ID_PATTERN.test(deploymentId)) throw new KeelError('SETTING_INVALID', `deployment id ${JSON.stringify(deploymentId)} (allowed: five characters of a-z and 2-7)`);
  return `${emergencyPrefixOf(deploymentId, part)}${base32(sha256(utf8ToBytes(name)).subarray(0, 15))}`;
}

/** What an emergency's order closed; null: it is none of an emergency. */
export function closedPartOf(clientOrderId: string | null, deploymentId: string): ClosedPart | null {
  const parts = ['ours', 'foreign'] as const;
  return parts.find((part) => clientOrderId?.startsWith(emergencyPrefixOf(deploymentId, part)) === true) ?? null;
}

function emergencyPrefixOf(deploymentId: string, part: ClosedPart): string {
  return `${CLIENT_ORDER_ID_PREFIX}${deploymentId}-${MARKS[part]}`;
}

/** Largest risk first: by notional at the mark price, then by name. */
export function byRisk(positions: readonly VenuePosition[]): readonly VenuePosition[] {
  const notional = (it: VenuePosition): Dec => d(it.quantity).times(d(it.markPrice)).abs();
  return [...positions].sort((a, b) => notional(b).cmp(notional(a)) || (a.instrumentId < b.instrumentId ? -1 : 1));
}

export interface LotLimits {
  /** Largest market order, base currency; null: the venue names none. */
  readonly maxMarketQuantity: string | null;
  /** What the ledger's own position of this symbol and side holds; 0: there is none; null: not known, it may be filling. */
  readonly ours: string | null;
}

const LOTS_MAX = 100;

/**
 * Reduce-only market orders that close a position as the venue holds it. What the ledger holds closes by orders of its own
 * name. What goes beyond is booked last, and only as far as something is held still: a fill of ours that was booked later.
 */
export function closingOrders(position: VenuePosition, round: ClosingRound, limits: LotLimits): readonly OrderIntent[] {
  const parts = partsOf(d(position.quantity), limits.ours === null ? null : d(limits.ours));
  const lots = parts.flatMap(({ part, quantity }) => lotsOf(quantity, limits.maxMarketQuantity).map((lot) => ({ part, quantity: lot })));
  return lots.map(({ part, quantity }, index) => closingOrder(position, round, { part, quantity, lot: index + 1 }));
}

function partsOf(whole: Dec, ours: Dec | null): readonly { readonly part: ClosedPart; readonly quantity: Dec }[] {
  if (ours === null || ours.gte(whole)) return [{ part: 'ours', quantity: whole }];
  if (ours.lte(ZERO)) return [{ part: 'foreign', quantity: whole }];
  return [{ part: 'ours', quantity: ours }, { part: 'foreign', quantity: whole.minus(ours) }];
}

/** What came of sending a closing order. @param sentAt transport clock */
export function emergencyOrderOf({ clientOrderId, positionId, instrumentId, side, positionSide, quantity }: OrderIntent, sentAt: number, answer: SubmitAnswer): EmergencyOrder {
  const isAccepted = answer.kind === 'accepted';
  const detail = isAccepted ? null : answer.kind === 'rejected' ? `${answer.code} ${answer.message}` : answer.message;
  return { clientOrderId, emergencyId: positionId, instrumentId, side, positionSide, quantity, answer: answer.kind, detail, venueOrderId: isAccepted ? answer.order.venueOrderId : null, sentAt };
}

function lotsOf(quantity: Dec, largest: string | null): readonly string[] {
  const max = largest === null || d(largest).lte(ZERO) ? quantity : d(largest);
  const lots: string[] = [];
  for (let left = quantity; left.gt(ZERO) && lots.length < LOTS_MAX; left = left.minus(max)) lots.push(text(left.gt(max) ? max : left));
  return lots;
}

function closingOrder(position: VenuePosition, round: ClosingRound, { part, quantity, lot }: { part: ClosedPart; quantity: string; lot: number }): OrderIntent {
  const { instrumentId, direction, positionSide } = position;
  const intentId = `${round.emergencyId}/${instrumentId}/${direction}/${round.attempt}.${lot}`;
  return {
    intentId, clientOrderId: emergencyOrderIdOf(round.deploymentId, intentId, part), portfolioId: round.portfolioId, positionId: round.emergencyId, cycleId: null,
    leg: 'exit', revision: lot, instrumentId, side: oppositeSide(entrySide(direction)), positionSide, type: 'market', timeInForce: 'GTC', quantity,
    price: null, triggerPrice: null, reduceOnly: positionSide === 'both', closesPosition: true, decisionPrice: position.markPrice,
    epoch: 0, validUntil: null, maxDriftBps: null, workUntilMarketTime: null, policyVersion: 0,
  };
}

/** Whether a working order could open or add: in hedge mode the venue has no reduce-only flag, so the side tells. */
export function isOpening(order: Pick<VenueOrder, 'reduceOnly' | 'positionSide' | 'side'>): boolean {
  if (order.positionSide === 'both') return !order.reduceOnly;
  return order.side === (order.positionSide === 'long' ? 'buy' : 'sell');
}

/** Orders that protect or reduce a holding which is gone. */
export function isLeftOver(order: Pick<VenueOrder, 'instrumentId' | 'positionSide' | 'side' | 'reduceOnly'>, held: ReadonlySet<string>): boolean {
  return !isOpening(order) && !held.has(holdingKey(order.instrumentId, order.positionSide)) ;
}

export function holdingKey(instrumentId: InstrumentId, positionSide: PositionSide): string {
  return `${instrumentId} ${positionSide}`;
}
