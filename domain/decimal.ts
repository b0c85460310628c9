import { Decimal } from 'decimal.js';

/**
 * Exact decimals for money, prices and quantities. 40 significant digits cover every product that a
 * perpetual can give (price × quantity × fee rate) without rounding; exponent notation is off, so that
 * `toString()` is what PostgreSQL and venues expect.
 */
export const Dec = Decimal.clone({ precision: 40, toExpNeg: -40, toExpPos: 40, rounding: Decimal.ROUND_HALF_EVEN });
export type Dec = Decimal;

/** A decimal number written out: digits, at most one point, an optional leading minus. Never exponent notation. */
export type DecimalString = string;

export type RoundingDirection = 'down' | 'up' | 'nearest';

const DECIMAL_PATTERN = /^-?\d+(\.\d+)?$/;

/**
 * Reads an exact decimal.
 * @param value digits as text, a decimal, or a float that is meant digit by digit (a candle's price).
 * @throws {RangeError} not retried: the text is not a finite decimal number.
 */
export function d(value: DecimalString | number | Dec): Dec {
  if (typeof value === 'string' && !DECIMAL_PATTERN.test(value) && !isExponentNotation(value)) {
    throw new RangeError(`not a decimal number: ${JSON.stringify(value)} (allowed: digits with at most one point, such as "0.001")`);
  }
  const decimal = new Dec(value);
  if (!decimal.isFinite()) throw new RangeError(`not a finite decimal number: ${String(value)}`);
  return decimal;
}

function isExponentNotation(value: string): boolean {
  return /^-?\d+(\.\d+)?e[+-]?\d+$/i.test(value);
}

export const ZERO: Dec = new Dec(0);

/**
 * Rounds to a multiple of a step.
 * @param step > 0, such as a tick size or a step size.
 * @param direction `down` is toward zero, `up` is away from zero, `nearest` ties to even.
 */
export function roundToStep(value: Dec, step: Dec, direction: RoundingDirection): Dec {
  const modes = { down: Decimal.ROUND_DOWN, up: Decimal.ROUND_UP, nearest: Decimal.ROUND_HALF_EVEN } as const;
  return value.div(step).toDecimalPlaces(0, modes[direction]).times(step);
}

/** The shortest exact text of a decimal: no exponent, no trailing zeros. */
export function text(value: Dec): DecimalString {
  return value.toFixed();
}

/** Basis points between a price and its reference: (price / reference - 1) × 10,000. */
export function bpsBetween(price: Dec, reference: Dec): Dec {
  return price.div(reference).minus(1).times(10_000);
}
