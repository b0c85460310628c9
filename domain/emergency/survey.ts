/** What an emergency still has to do at the venue, from one look at it. Pure. */
import type { Dec } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';
import type { InstrumentId } from '../market/instrument.ts';
import { ownerOfClientOrderId } from '../orders/identity.ts';
import type { Book, OrderIntent, VenueOrder } from '../orders/order.ts';
import type { VenueAccount, VenuePosition } from '../ports/venue.ts';
import type { EmergencyOrder } from '../ports/ledger.ts';
import type { ClosingRound } from './closing.ts';
import { byRisk, closingOrders, holdingKey, isLeftOver, isOpening } from './closing.ts';
import type { OurHolding, OurHoldings } from './holdings.ts';

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
  /** Holdings (`holdingKey`) that a closing order may still take, as far as is known. */
  readonly moving?: readonly string[];
}

export interface SurveyInput {
  readonly atMs: number;
  readonly account: Pick<VenueAccount, 'positions'>;
  readonly openOrders: readonly VenueOrder[];
  readonly deploymentId: string;
  readonly foreign: 'close' | 'exempt';
  /** What the ledger knows of what is ours; null when it cannot be asked. */
  readonly ours: OurHoldings | null;
  /** Symbols that the portfolio trades: while the ledger is away, only what lies on these is ours. */
  readonly instrumentIds: readonly InstrumentId[];
  readonly maxMarketQuantities: Readonly<Record<InstrumentId, string>>;
}

export function surveyOf(input: SurveyInput): Survey {
  const { account, openOrders, foreign, deploymentId } = input;
  const concerns = (order: VenueOrder): boolean => foreign === 'close' || ownerOfClientOrderId(order.clientOrderId, deploymentId) === 'ours';
  const targets = byRisk(account.positions).flatMap((position) => targetOf(position, input) ?? []);
  const moving = foreign === 'close' ? [] : account.positions.filter((it) => input.ours?.[keyOfHolding(it)]?.isMoving === true);
  // What stays is another's, as far as that is known: a stop of ours that rests there would close it.
  const held = new Set((foreign === 'close' || input.ours === null ? account.positions : [...targets.map((it) => it.position), ...moving]).map(keyOfHolding));
  const orders = openOrders.filter((order) => (order.status === 'working' || order.status === 'triggered') && concerns(order));
  return {
    atMs: input.atMs,
    targets,
    openings: orders.filter(isOpening).map(keyOf),
    leftovers: orders.filter((order) => isLeftOver(order, held)).map(keyOf),
    moving: moving.map(keyOfHolding),
  };
}

function keyOfHolding({ instrumentId, positionSide }: Pick<VenuePosition, 'instrumentId' | 'positionSide'>): string {
  return holdingKey(instrumentId, positionSide);
}

/** Null: nothing of it is to be closed. */
function targetOf(position: VenuePosition, { foreign, ours, instrumentIds, maxMarketQuantities, openOrders, deploymentId }: SurveyInput): ClosingTarget | null {
  const known = ours === null ? null : ourPartOf(position, ours);
  const target = { position, maxMarketQuantity: maxMarketQuantities[position.instrumentId] ?? null, ours: known };
  if (foreign === 'close') return isFilling(position, ours) ? { ...target, ours: null } : target;
  if (known === null) return instrumentIds.includes(position.instrumentId) || ordersOfOursOn(position, { openOrders, deploymentId }).length > 0 ? target : null;
  const quantity = least(d(known), d(position.quantity));
  return quantity.lte(ZERO) ? null : { ...target, position: { ...position, quantity: text(quantity) } };
}

/** A position of ours is there that the ledger knows no fill of: what the venue holds may be its. */
function isFilling(position: VenuePosition, ours: OurHoldings | null): boolean {
  const known = ours?.[keyOfHolding(position)];
  return known !== undefined && d(known.quantity).eq(ZERO);
}

/** Where the other hand's outweighs ours the other way, the venue holds nothing of ours. */
function ourPartOf(position: VenuePosition, ours: OurHoldings): string {
  const known = ours[keyOfHolding(position)];
  return known === undefined || known.direction !== position.direction ? '0' : known.quantity;
}

function ordersOfOursOn(position: VenuePosition, { openOrders, deploymentId }: Pick<SurveyInput, 'openOrders' | 'deploymentId'>): readonly VenueOrder[] {
  return openOrders.filter((it) => keyOfHolding(it) === keyOfHolding(position) && ownerOfClientOrderId(it.clientOrderId, deploymentId) === 'ours');
}

/**
 * Holdings of which the ledger's quantity does not prove what is ours: the venue holds another, or a closing order of ours
 * may just have changed it, or none of its stops rests any more. Its history has to tell; without exemption all is closed.
 */
export function doubtfulHoldings({ account, openOrders, deploymentId, foreign, ours, sent }: Pick<SurveyInput, 'account' | 'openOrders' | 'deploymentId' | 'foreign' | 'ours'> & { readonly sent: readonly EmergencyOrder[] }): readonly OurHolding[] {
  if (foreign === 'close' || ours === null) return [];
  return account.positions.flatMap((position) => {
    const key = keyOfHolding(position);
    const known = ours[key];
    const isGuarded = ordersOfOursOn(position, { openOrders, deploymentId }).some((it) => it.status === 'working' && !isOpening(it));
    const isCertain = known === undefined || (isGuarded && d(known.quantity).eq(d(position.quantity)) && !sent.some((it) => keyOfHolding(it) === key));
    return isCertain ? [] : [known];
  });
}

function least(a: Dec, b: Dec): Dec {
  return a.lt(b) ? a : b;
}

/** A conditional order that triggered lives on as the plain one that it created, under the same client id. */
function keyOf({ clientOrderId, instrumentId, book, status }: VenueOrder): OrderKey {
  return { clientOrderId, instrumentId, book: status === 'triggered' ? 'plain' : book };
}

/** The orders that close them, in their order. */
export function ordersToClose(targets: readonly ClosingTarget[], round: ClosingRound): readonly OrderIntent[] {
  return targets.flatMap(({ position, maxMarketQuantity, ours }) => closingOrders(position, round, { maxMarketQuantity, ours }));
}

/** Nothing is open any more that an emergency closes, nor may be. */
export function isClear({ targets, openings, leftovers, moving = [] }: Survey): boolean {
  return targets.length + openings.length + leftovers.length + moving.length === 0;
}

/** Parts of at most so many, in order. */
export function inParts<T>(items: readonly T[], sizeMax: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / sizeMax) }, (_unused, at) => items.slice(at * sizeMax, (at + 1) * sizeMax));
}
