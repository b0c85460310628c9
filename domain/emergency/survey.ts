/** What an emergency still has to do at the venue, from one look at it. Pure. */
import type { Dec } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';
import type { InstrumentId } from '../market/instrument.ts';
import { ownerOfClientOrderId } from '../orders/identity.ts';
import type { Book, VenueOrder } from '../orders/order.ts';
import type { VenueAccount, VenuePosition } from '../ports/venue.ts';
import type { PositionRecord } from '../positions/position.ts';
import { byRisk, holdingKey, isLeftOver, isOpening } from './closing.ts';

/** Names an order to the venue. */
export interface OrderKey {
  readonly clientOrderId: string;
  readonly instrumentId: InstrumentId;
  readonly book: Book;
}

/** A holding to be closed. */
export interface ClosingTarget {
  readonly position: VenuePosition;
  /** Largest market order, base currency; null: the venue names none. */
  readonly maxMarketQuantity: string | null;
  /** What of it is the ledger's, null when that is not known. */
  readonly ours: string | null;
}

export interface Survey {
  /** Transport clock of the venue, taken before it was asked. */
  readonly atMs: number;
  /** Largest risk first. */
  readonly targets: readonly ClosingTarget[];
  /** Working orders that could open or add. */
  readonly openings: readonly OrderKey[];
  /** Orders that protect or reduce what is not held any more. */
  readonly leftovers: readonly OrderKey[];
}

/** What the ledger knows of what is ours; null when it cannot be asked. */
export interface OurHoldings {
  /** Base currency, by `holdingKey`. */
  readonly quantities: Readonly<Record<string, string>>;
}

/** From the ledger's open positions. */
export function ourHoldings(positions: readonly Pick<PositionRecord, 'plan' | 'quantity'>[]): OurHoldings {
  const quantities: Record<string, string> = {};
  for (const { plan, quantity } of positions) {
    const key = holdingKey(plan.instrument.id, plan.entry.positionSide);
    quantities[key] = text(d(quantities[key] ?? '0').plus(d(quantity)));
  }
  return { quantities };
}

export interface SurveyInput {
  readonly atMs: number;
  readonly account: Pick<VenueAccount, 'positions'>;
  readonly openOrders: readonly VenueOrder[];
  readonly deploymentId: string;
  readonly foreign: 'close' | 'exempt';
  readonly ours: OurHoldings | null;
  /** Symbols that the portfolio trades: while the ledger is away, only what lies on these is ours. */
  readonly instrumentIds: readonly InstrumentId[];
  readonly maxMarketQuantities: Readonly<Record<InstrumentId, string>>;
}

export function surveyOf(input: SurveyInput): Survey {
  const { account, openOrders, foreign, deploymentId } = input;
  const concerns = (order: VenueOrder): boolean => foreign === 'close' || ownerOfClientOrderId(order.clientOrderId, deploymentId) === 'ours';
  const held = new Set(account.positions.map((it) => holdingKey(it.instrumentId, it.positionSide)));
  const orders = openOrders.filter((order) => (order.status === 'working' || order.status === 'triggered') && concerns(order));
  return {
    atMs: input.atMs,
    targets: byRisk(account.positions).flatMap((position) => targetOf(position, input) ?? []),
    openings: orders.filter(isOpening).map(keyOf),
    leftovers: orders.filter((order) => isLeftOver(order, held)).map(keyOf),
  };
}

/** Null: nothing of it is to be closed. */
function targetOf(position: VenuePosition, { foreign, ours, instrumentIds, maxMarketQuantities }: SurveyInput): ClosingTarget | null {
  const known = ours === null ? null : (ours.quantities[holdingKey(position.instrumentId, position.positionSide)] ?? '0');
  const target = { position, maxMarketQuantity: maxMarketQuantities[position.instrumentId] ?? null, ours: known };
  if (foreign === 'close') return target;
  if (known === null) return instrumentIds.includes(position.instrumentId) ? target : null;
  const quantity = least(d(known), d(position.quantity));
  return quantity.lte(ZERO) ? null : { ...target, position: { ...position, quantity: text(quantity) } };
}

function least(a: Dec, b: Dec): Dec {
  return a.lt(b) ? a : b;
}

/** A conditional order that triggered lives on as the plain one that it created, under the same client id. */
function keyOf({ clientOrderId, instrumentId, book, status }: VenueOrder): OrderKey {
  return { clientOrderId, instrumentId, book: status === 'triggered' ? 'plain' : book };
}

/** Nothing is open any more that an emergency closes. */
export function isClear({ targets, openings, leftovers }: Survey): boolean {
  return targets.length + openings.length + leftovers.length === 0;
}

/** Parts of at most so many, in order. */
export function inParts<T>(items: readonly T[], sizeMax: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / sizeMax) }, (_unused, at) => items.slice(at * sizeMax, (at + 1) * sizeMax));
}
