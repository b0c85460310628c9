/**
 * Scaled integers: a price is a number of ticks, a quantity a number of steps (both safe integers), money a bigint
 * of 1e-8 of the quote currency. Exact, and about a hundred times as fast as a decimal object.
 */
import type { DecimalString } from '../decimal.ts';

/** One unit is `unit × 10^-digits`: "0.001" is { digits: 3, unit: 1 }, "0.5" is { 1, 5 }, "10" is { 0, 10 }. */
export interface Scale {
  readonly digits: number;
  readonly unit: number;
}

export const MONEY_DIGITS = 8;
const MONEY_ONE = 10n ** BigInt(MONEY_DIGITS);
const MONEY_SCALE: Scale = { digits: MONEY_DIGITS, unit: 1 };
const CODE_ZERO = 48;
const CODE_POINT = 46;

/** @param step > 0. @throws {RangeError} not retried: not a positive decimal number. */
export function scaleOf(step: DecimalString): Scale {
  if (!/^\d+(\.\d+)?$/.test(step) || Number(step) <= 0) throw new RangeError(`not a step size: ${JSON.stringify(step)} (allowed: a decimal above 0)`);
  const [whole = '0', fraction = ''] = step.split('.');
  const decimals = fraction.replace(/0+$/, '');
  return { digits: decimals.length, unit: Number(whole + decimals) };
}

/**
 * Reads a decimal as a number of units.
 * @returns the units; `precision` when it has more decimals than the scale; `multiple` when it is between two units.
 * @throws {RangeError} not retried: not a decimal number, or beyond 2^53 units.
 */
export function parseScaled(text: DecimalString, scale: Scale): number | 'precision' | 'multiple' {
  let value = 0;
  let decimals = -1;
  const negative = text.charCodeAt(0) === 45;
  for (let i = negative ? 1 : 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === CODE_POINT && decimals < 0) {
      decimals = 0;
      continue;
    }
    const digit = code - CODE_ZERO;
    if (digit < 0 || digit > 9) throw new RangeError(`not a decimal number: ${JSON.stringify(text)} (allowed: digits with at most one point)`);
    if (decimals >= scale.digits) {
      if (digit !== 0) return 'precision';
      continue;
    }
    value = value * 10 + digit;
    if (decimals >= 0) decimals += 1;
  }
  if (text.length === 0) throw new RangeError('not a decimal number: ""');
  for (let have = Math.max(decimals, 0); have < scale.digits; have += 1) value *= 10;
  if (!Number.isSafeInteger(value)) throw new RangeError(`number too large: ${text}`);
  if (value % scale.unit !== 0) return 'multiple';
  return negative ? -value / scale.unit : value / scale.unit;
}

/** Units as decimal text with all digits of the scale: 1500 of { 2, 1 } is "15.00". */
export function scaledText(units: number, scale: Scale): DecimalString {
  const value = units * scale.unit;
  return Number.isSafeInteger(value) ? pointed(String(Math.abs(value)), scale.digits, value < 0) : bigText(BigInt(units) * BigInt(scale.unit), scale.digits);
}

/** An integer with so many decimals, as text. */
export function bigText(value: bigint, digits: number): DecimalString {
  return value < 0n ? pointed((-value).toString(), digits, true) : pointed(value.toString(), digits, false);
}

function pointed(digitsText: string, digits: number, negative: boolean): string {
  const sign = negative ? '-' : '';
  if (digits === 0) return sign + digitsText;
  const padded = digitsText.length > digits ? digitsText : digitsText.padStart(digits + 1, '0');
  const cut = padded.length - digits;
  return `${sign}${padded.slice(0, cut)}.${padded.slice(cut)}`;
}

/** Quote currency as an exact number of 1e-8. @throws {RangeError} not retried: more than 8 decimals, or not a number. */
export function moneyOf(text: DecimalString): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const decimals = (match?.[3] ?? '').replace(/0+$/, '');
  if (match === null || decimals.length > MONEY_DIGITS) {
    throw new RangeError(`not an amount of money: ${JSON.stringify(text)} (allowed: a decimal with at most ${MONEY_DIGITS} decimals)`);
  }
  const value = BigInt((match[2] ?? '0') + decimals.padEnd(MONEY_DIGITS, '0'));
  return match[1] === '-' ? -value : value;
}

export function moneyText(money: bigint): DecimalString {
  return bigText(money, MONEY_SCALE.digits);
}

/** A rate as a fraction of 1e-8: "0.0005" is 50000n. Rounded toward zero beyond. */
export function rateOf(text: DecimalString): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return moneyOf(fraction === '' ? whole : `${whole}.${fraction.slice(0, MONEY_DIGITS)}`);
}

/** Money × rate of `rateOf`, rounded up (toward +∞: a fee is never too small). */
export function timesRateUp(money: bigint, rate: bigint): bigint {
  return ceilDiv(money * rate, MONEY_ONE);
}

/** Money × rate of `rateOf`, rounded down (toward −∞). */
export function timesRateDown(money: bigint, rate: bigint): bigint {
  return floorDiv(money * rate, MONEY_ONE);
}

export function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a < 0n !== b < 0n && quotient * b !== a ? quotient - 1n : quotient;
}

export function ceilDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a < 0n === b < 0n && quotient * b !== a ? quotient + 1n : quotient;
}

/** ticks × steps, exact. */
export function product(ticks: number, steps: number): bigint {
  const value = ticks * steps;
  return Number.isSafeInteger(value) ? BigInt(value) : BigInt(ticks) * BigInt(steps);
}

export function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
export function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
export function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
