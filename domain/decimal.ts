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
 * Rounds to a multiple of a step, exactly: the quotient is never itself rounded.
 * @param step > 0, such as a tick size or a step size.
 * @param direction `down` is toward zero, `up` is away from zero, `nearest` ties to the even multiple.
 * @throws {RangeError} not retried: the step is not positive.
 */
export function roundToStep(value: Dec, step: Dec, direction: RoundingDirection): Dec {
  if (!step.gt(ZERO)) throw new RangeError(`a step must be greater than zero, not ${step.toFixed()}`);
  const whole = value.divToInt(step);
  const rest = value.minus(whole.times(step)).abs();
  return (isRoundedAway(whole, rest.times(2).cmp(step), rest, direction) ? whole.plus(value.isNegative() ? -1 : 1) : whole).times(step);
}

/** @param restAgainstHalf -1, 0 or 1: the rest is below, at or above half a step. */
function isRoundedAway(whole: Dec, restAgainstHalf: number, rest: Dec, direction: RoundingDirection): boolean {
  if (direction === 'down' || rest.isZero()) return false;
  if (direction === 'up') return true;
  return restAgainstHalf > 0 || (restAgainstHalf === 0 && !whole.mod(2).isZero());
}

/**
 * The shortest exact text of a decimal: no exponent, no trailing zeros.
 * @throws {RangeError} not retried: the value is not finite (a division by zero went unnoticed).
 */
export function text(value: Dec): DecimalString {
  if (!value.isFinite()) throw new RangeError(`cannot write ${value.toString()} as a decimal number`);
  return value.toFixed();
}

/**
 * Basis points between a price and its reference: (price / reference - 1) × 10,000.
 * @throws {RangeError} not retried: the reference is zero.
 */
export function bpsBetween(price: Dec, reference: Dec): Dec {
  if (reference.isZero()) throw new RangeError('basis points need a reference other than zero');
  return price.div(reference).minus(1).times(10_000);
}
