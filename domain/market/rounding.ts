/** Prices to ticks and quantities to steps. Every rounding names what it is for, and so its direction. */
import type { Dec, DecimalString, RoundingDirection } from '../decimal.ts';
import { d, roundToStep, text, ZERO } from '../decimal.ts';
import type { Direction, OrderType } from '../orders/order.ts';
import type { Instrument } from './instrument.ts';

/**
 * What a price is for decides where it is rounded:
 * - `entryLimit` passive, never worse than decided: a buy down, a sell up.
 * - `stopTrigger` tighter, so that rounding never adds to the loss: a long's stop up, a short's down.
 * - `targetTrigger` nearer, so that a target that was reached fires: a long's down, a short's up.
 */
export type PricePurpose = 'entryLimit' | 'stopTrigger' | 'targetTrigger';

const PRICE_DIRECTIONS: Readonly<Record<PricePurpose, Readonly<Record<Direction, RoundingDirection>>>> = {
  entryLimit: { long: 'down', short: 'up' },
  stopTrigger: { long: 'up', short: 'down' },
  targetTrigger: { long: 'down', short: 'up' },
};

/** Why a number cannot become an order. The value and the limit are decimal text, for the record. */
export type RoundingRefusal = 'priceNotPositive' | 'quantityNotPositive' | 'belowMinQuantity' | 'belowMinNotional';

export type Rounded<T> =
  | { readonly kind: 'rounded'; readonly value: T }
  | { readonly kind: 'refused'; readonly code: RoundingRefusal; readonly value: DecimalString; readonly limit: DecimalString };

/**
 * A price on the instrument's tick, in the direction of its purpose.
 * @param price in quote currency; what is not above zero before or after rounding is refused.
 */
export function roundPrice(price: Dec, order: { readonly instrument: Pick<Instrument, 'tickSize'>; readonly purpose: PricePurpose; readonly direction: Direction }): Rounded<Dec> {
  const rounded = roundToStep(price, d(order.instrument.tickSize), PRICE_DIRECTIONS[order.purpose][order.direction]);
  if (rounded.lte(ZERO)) return { kind: 'refused', code: 'priceNotPositive', value: text(price), limit: order.instrument.tickSize };
  return { kind: 'rounded', value: rounded };
}

/**
 * The quantity of an opening order: down to the step, down to the largest lot of the order's type and to the instrument's
 * largest notional. What ends below a minimum is refused, never rounded up: more than decided is never opened.
 * @param quantity in base currency.
 * @param order.price in quote currency, > 0: what the notional is measured at.
 */
export function roundQuantityDown(
  quantity: Dec,
  order: { readonly instrument: Pick<Instrument, 'stepSize' | 'minQuantity' | 'maxQuantity' | 'maxMarketQuantity' | 'minNotional' | 'maxNotional'>; readonly price: Dec; readonly type: OrderType },
): Rounded<Dec> {
  const { instrument, price } = order;
  const step = d(instrument.stepSize);
  const capped = smallest([quantity, ...upperBounds(order)]);
  const rounded = roundToStep(capped, step, 'down');
  if (rounded.lte(ZERO)) return { kind: 'refused', code: 'quantityNotPositive', value: text(quantity), limit: instrument.stepSize };
  if (rounded.lt(d(instrument.minQuantity))) return { kind: 'refused', code: 'belowMinQuantity', value: text(rounded), limit: instrument.minQuantity };
  const notional = rounded.times(price);
  if (notional.lt(d(instrument.minNotional))) return { kind: 'refused', code: 'belowMinNotional', value: text(notional), limit: instrument.minNotional };
  return { kind: 'rounded', value: rounded };
}

function upperBounds(order: Parameters<typeof roundQuantityDown>[1]): readonly Dec[] {
  const { instrument, price, type } = order;
  // A stop or an exit of the same size is a market order: what could not be closed in one order is not opened.
  const largestLot = smallest([d(instrument.maxMarketQuantity), ...(type === 'limit' ? [d(instrument.maxQuantity)] : [])]);
  return instrument.maxNotional === null ? [largestLot] : [largestLot, d(instrument.maxNotional).div(price)];
}

function smallest(values: readonly Dec[]): Dec {
  return values.reduce((least, value) => (value.lt(least) ? value : least));
}
