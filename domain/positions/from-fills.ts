import type { DecimalString } from '../decimal.ts';
import { d, text, ZERO, type Dec } from '../decimal.ts';
import type { Direction, Fill } from '../orders/order.ts';
import { entrySide } from '../orders/order.ts';
import { ACCOUNT_CURRENCY } from '../ports/venue.ts';

/** What a position's fills add up to; the order in which they arrived does not matter. */
export interface PositionTotals {
  /** ≥ 0, base currency: entry fills less closing fills. A closing fill that came before its entry counts once both are there. */
  readonly quantity: DecimalString;
  /** Base currency, all entry fills. */
  readonly entryQuantity: DecimalString;
  /** Quantity-weighted, to 40 digits, ties to even; null without an entry fill. */
  readonly entryPrice: DecimalString | null;
  /** Quantity-weighted over the closing fills; null without one. */
  readonly exitPrice: DecimalString | null;
  /** As the venue booked it, before fees. */
  readonly realizedPnl: DecimalString;
  /** Positive is paid, in the account's currency; what was paid in another stands with the fills alone. */
  readonly fees: DecimalString;
  /** Market clock; null without a fill. */
  readonly firstFillAt: number | null;
  readonly lastFillAt: number | null;
}

type CountedFill = Pick<Fill, 'side' | 'price' | 'quantity' | 'fee' | 'feeCurrency' | 'realizedPnl' | 'filledAt'>;

/** Sums a position's fills: a fill on the side that opens the direction is an entry, any other closes. */
export function positionTotals(direction: Direction, fills: readonly CountedFill[]): PositionTotals {
  const entries = fills.filter((fill) => fill.side === entrySide(direction));
  const exits = fills.filter((fill) => fill.side !== entrySide(direction));
  const entryQuantity = sumOf(entries, (fill) => d(fill.quantity));
  const quantity = entryQuantity.minus(sumOf(exits, (fill) => d(fill.quantity)));
  const times = fills.map((fill) => fill.filledAt);
  return {
    quantity: text(quantity.lt(ZERO) ? ZERO : quantity),
    entryQuantity: text(entryQuantity),
    entryPrice: averagePrice(entries),
    exitPrice: averagePrice(exits),
    realizedPnl: text(sumOf(fills, (fill) => d(fill.realizedPnl))),
    fees: text(sumOf(fills.filter((fill) => fill.feeCurrency === ACCOUNT_CURRENCY), (fill) => d(fill.fee))),
    firstFillAt: times.length === 0 ? null : Math.min(...times),
    lastFillAt: times.length === 0 ? null : Math.max(...times),
  };
}

/** Quantity-weighted price of fills, to 40 digits, ties to even; null without a fill. */
export function averagePrice(fills: readonly Pick<Fill, 'price' | 'quantity'>[]): DecimalString | null {
  const quantity = sumOf(fills, (fill) => d(fill.quantity));
  return quantity.isZero() ? null : text(sumOf(fills, (fill) => d(fill.price).times(d(fill.quantity))).div(quantity));
}

function sumOf<T>(items: readonly T[], value: (item: T) => Dec): Dec {
  return items.reduce((sum, item) => sum.plus(value(item)), ZERO);
}
