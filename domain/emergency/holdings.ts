/** What of a holding at the venue is ours, where another hand may trade the same symbol. Pure. */
import type { Dec } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';
import type { InstrumentId } from '../market/instrument.ts';
import { ownerOfClientOrderId } from '../orders/identity.ts';
import type { Direction, Fill, PositionSide, VenueOrder } from '../orders/order.ts';
import { entrySide } from '../orders/order.ts';
import { PROTOCOL_TIMES } from '../orders/protocol.ts';
import type { EmergencyOrder } from '../ports/ledger.ts';
import { closedPartOf, holdingKey } from './closing.ts';

/** What the ledger holds of one symbol and side, from one statement. */
export interface OurHolding {
  readonly instrumentId: InstrumentId;
  readonly positionSide: PositionSide;
  readonly direction: Direction;
  /** Base currency; 0 while an entry works. */
  readonly quantity: string;
  /** Market clock: none of its fills is older. */
  readonly tradedSince: number;
  /** Trades since then that the ledger has booked, to this position or to the one before it. */
  readonly bookedTrades: readonly string[];
  /** A closing order may still take of it: until that is known, neither what is held proves anything nor that nothing is. */
  readonly isMoving?: boolean;
}

/** By `holdingKey`. */
export type OurHoldings = Readonly<Record<string, OurHolding>>;

export function ourHoldings(rows: readonly OurHolding[]): OurHoldings {
  const holdings: Record<string, OurHolding> = {};
  for (const row of rows) {
    const key = holdingKey(row.instrumentId, row.positionSide);
    const known = holdings[key];
    holdings[key] = known === undefined ? row : {
      ...row, quantity: text(d(known.quantity).plus(d(row.quantity))), tradedSince: Math.min(known.tradedSince, row.tradedSince), bookedTrades: [...known.bookedTrades, ...row.bookedTrades],
    };
  }
  return holdings;
}

/** So long a closing order that the venue does not show may be on its way, or filled and not listed yet. */
export const UNSEEN_MS = PROTOCOL_TIMES.attemptTimeoutMs + PROTOCOL_TIMES.recvWindowMs + PROTOCOL_TIMES.absenceMarginMs;

export interface VenueHistory {
  /** Transport clock, taken before the venue was asked. */
  readonly atMs: number;
  /** Since `tradedSince`, fills with their orders' names; null: the venue does not tell. */
  readonly traded: { readonly fills: readonly Fill[]; readonly orders: readonly VenueOrder[] } | null;
  /** Closing orders of this round that may have taken of it. */
  readonly sent: readonly EmergencyOrder[];
}

/**
 * The ledger's quantity, with the fills of our own orders and of closing orders that it has not booked yet; what a closing
 * order may still take counts as taken: what is left of it shows at the next look, what is closed too much is another's.
 * Where the venue tells nothing, whatever was sent does, however long ago. Until it is known, the holding is moving.
 * @returns with its quantity, base currency, never negative
 */
export function oursLeft(holding: OurHolding, history: VenueHistory, deploymentId: string): OurHolding {
  const isHere = (it: { readonly instrumentId: InstrumentId; readonly positionSide: PositionSide }): boolean => it.instrumentId === holding.instrumentId && it.positionSide === holding.positionSide;
  const isOurs = ({ clientOrderId }: Fill): boolean => closedPartOf(clientOrderId, deploymentId) === 'ours' || (clientOrderId !== null && ownerOfClientOrderId(clientOrderId, deploymentId) === 'ours');
  const unbooked = (history.traded?.fills ?? []).filter((it) => isHere(it) && isOurs(it) && !holding.bookedTrades.includes(it.tradeId));
  const change = unbooked.reduce((sum, { side, quantity }) => (side === entrySide(holding.direction) ? sum.plus(d(quantity)) : sum.minus(d(quantity))), ZERO);
  const closing = history.sent.filter((it) => isHere(it) && it.side !== entrySide(holding.direction));
  const onTheWay = closing.reduce((sum, it) => sum.plus(unseenOf(it, history, deploymentId)), ZERO);
  const left = d(holding.quantity).plus(change).minus(onTheWay);
  return { ...holding, quantity: left.lt(ZERO) ? '0' : text(left), isMoving: onTheWay.gt(ZERO) };
}

/** What a closing order took, or may take, beyond the fills that the venue lists. */
function unseenOf(sent: EmergencyOrder, { atMs, traded }: VenueHistory, deploymentId: string): Dec {
  if (sent.answer === 'rejected' || sent.answer === 'notSent' || closedPartOf(sent.clientOrderId, deploymentId) !== 'ours') return ZERO;
  if (traded === null) return d(sent.quantity);
  const { fills, orders } = traded;
  const listed = fills.filter((it) => it.clientOrderId === sent.clientOrderId).reduce((sum, it) => sum.plus(d(it.quantity)), ZERO);
  const order = orders.find((it) => it.clientOrderId === sent.clientOrderId);
  if (order === undefined) return atMs - sent.sentAt > UNSEEN_MS ? ZERO : d(sent.quantity).minus(listed);
  return d(order.status === 'working' ? order.quantity : order.filledQuantity).minus(listed);
}

/** Fills of the venue's history do not say whose order made them; its history of orders does. */
export function withOrderNames(fills: readonly Fill[], orders: readonly VenueOrder[]): readonly Fill[] {
  const names = new Map(orders.flatMap((order) => {
    const plainId = order.book === 'plain' ? order.venueOrderId : order.triggeredOrderId;
    return plainId === null ? [] : [[plainId, order.clientOrderId] as const];
  }));
  return fills.map((fill) => ({ ...fill, clientOrderId: names.get(fill.venueOrderId) ?? fill.clientOrderId }));
}
