import type { Dec } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';
import { holdingKey } from '../emergency/closing.ts';
import type { Fill, PositionSide } from '../orders/order.ts';
import { positionTotals } from '../positions/from-fills.ts';
import { ownerOfClientOrderId } from '../orders/identity.ts';
import type { Facts, FillFact, OrderFact, PositionFact, Violation } from './facts.ts';
import { grouped, same, sumOf } from './sums.ts';

/** Invariant 2: position = sum of its fills = venue position, per symbol, exact decimals; ledger fills = venue fills. */
export function positionViolations(facts: Facts): Violation[] {
  const { ledger } = facts;
  const byPosition = grouped(ledger.fills, (fill) => fill.positionId);
  const byOrder = grouped(ledger.fills, (fill) => fill.clientOrderId ?? '');
  return [
    ...ledger.positions.flatMap((position) => sumDiffers(position, byPosition.get(position.positionId) ?? [])),
    ...ledger.orders.flatMap((row) => bookingDiffers(row, byOrder.get(row.intent.clientOrderId) ?? [])),
    ...holdingDiffers(facts),
    ...fillsDiffer(facts),
  ];
}

function sumDiffers(position: PositionFact, fills: readonly FillFact[]): Violation[] {
  const totals = positionTotals(position.direction, fills);
  const wrong = (['quantity', 'entryQuantity', 'realizedPnl', 'fees'] as const).filter((field) => !d(position[field]).eq(d(totals[field])));
  const isOpenEnd = position.state === 'closed' && !d(position.quantity).isZero();
  return [
    ...wrong.map((field): Violation => ({ invariant: 2, name: `a position's ${field} is not that of its fills`, subject: position.positionId, evidence: { ledger: position[field], fills: totals[field] } })),
    ...(isOpenEnd ? [{ invariant: 2 as const, name: 'a closed position still has a quantity', subject: position.positionId, evidence: { quantity: position.quantity } }] : []),
  ];
}

function bookingDiffers(row: OrderFact, fills: readonly FillFact[]): Violation[] {
  const sum = sumOf(fills, (fill) => fill.quantity);
  if (sum.eq(d(row.filledQuantity)) && sum.eq(d(row.bookedQuantity))) return [];
  return [{
    invariant: 2, name: 'what an order filled is not what was booked', subject: row.intent.clientOrderId,
    evidence: { filled: row.filledQuantity, booked: row.bookedQuantity, fills: text(sum) },
  }];
}

/**
 * Only what is the account's own business is compared: a symbol (in hedge mode, a direction of it) on which this Keel never
 * traded may hold somebody else's position.
 */
function holdingDiffers({ ledger, venue }: Facts): Violation[] {
  const keyOf = (it: { readonly instrumentId: string; readonly positionSide: PositionSide }): string => (it.positionSide === 'both' ? it.instrumentId : holdingKey(it.instrumentId, it.positionSide));
  const traded = new Set(ledger.positions.map(keyOf));
  return [...traded].sort().flatMap((key): Violation[] => {
    const ours = signed(ledger.positions.filter((it) => keyOf(it) === key && it.state !== 'closed'));
    const theirs = signed(venue.account.positions.filter((it) => keyOf(it) === key));
    return ours.eq(theirs) ? [] : [{ invariant: 2, name: 'the ledger holds another position than the venue', subject: key, evidence: { ledger: text(ours), venue: text(theirs) } }];
  });
}

function signed(positions: readonly { readonly direction: 'long' | 'short'; readonly quantity: string }[]): Dec {
  return positions.reduce((sum, it) => (it.direction === 'long' ? sum.plus(d(it.quantity)) : sum.minus(d(it.quantity))), ZERO);
}

const FILL_FIELDS = ['side', 'price', 'quantity', 'fee', 'feeCurrency', 'realizedPnl'] as const;

/** Fills of other hands on the account are theirs, unless the ledger booked them. */
function fillsDiffer({ ledger, venue }: Facts): Violation[] {
  const idOf = (fill: Fill): string => `${fill.instrumentId} ${fill.tradeId} ${fill.venueOrderId}`;
  const atVenue = new Map(venue.fills.map((fill) => [idOf(fill), fill]));
  const booked = new Set(ledger.fills.map(idOf));
  const untold = new Set(venue.untold.map((it) => it.instrumentId));
  const ourOrders = new Set(venue.orders.filter((it) => ownerOfClientOrderId(it.clientOrderId, ledger.deploymentId) === 'ours').flatMap((it) => [it.book === 'plain' ? it.venueOrderId : '', it.triggeredOrderId ?? '']));
  return [
    ...[...atVenue].filter(([id, fill]) => !booked.has(id) && ourOrders.has(fill.venueOrderId)).map(([id, fill]): Violation => ({ invariant: 2, name: 'a fill at the venue that the ledger does not know', subject: id, evidence: { side: fill.side, quantity: fill.quantity, price: fill.price } })),
    ...ledger.fills.flatMap((fill): Violation[] => {
      const theirs = atVenue.get(idOf(fill));
      if (theirs === undefined) return untold.has(fill.instrumentId) ? [] : [{ invariant: 2, name: 'a fill in the ledger that the venue does not know', subject: idOf(fill), evidence: { quantity: fill.quantity, price: fill.price } }];
      const wrong = FILL_FIELDS.filter((field) => !same(fill[field], theirs[field]));
      return wrong.length === 0 ? [] : [{ invariant: 2, name: 'a fill that the venue holds otherwise', subject: idOf(fill), evidence: { differences: wrong.map((field) => `${field}: ledger ${fill[field]}, venue ${theirs[field]}`) } }];
    }),
  ];
}
