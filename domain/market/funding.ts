import type { DecimalString } from '../decimal.ts';
import { normal, prngOf } from './seeded/prng.ts';

const HOUR_MS = 3_600_000;
export const FUNDING_INTERVAL_MS = 8 * HOUR_MS;
const RATE_DIGITS = 8;
const BASE_RATE = 0.0001;
const DEVIATION = 0.00006;
const LARGEST = 0.003;

export function isFundingTime(timeMs: number): boolean {
  return timeMs % FUNDING_INTERVAL_MS === 0;
}

export function nextFundingTime(timeMs: number): number {
  return (Math.floor(timeMs / FUNDING_INTERVAL_MS) + 1) * FUNDING_INTERVAL_MS;
}

/**
 * The funding rate of a symbol at a funding time: 0.01 % per 8 h, drawn around by the seed, at most ± 0.3 %. A function of
 * its arguments alone.
 */
export function drawnFundingRate(seed: string, symbol: string, timeMs: number): DecimalString {
  const drawn = BASE_RATE + DEVIATION * normal(prngOf(`${seed}|funding|${symbol}|${timeMs}`));
  return Math.max(-LARGEST, Math.min(LARGEST, drawn)).toFixed(RATE_DIGITS);
}
