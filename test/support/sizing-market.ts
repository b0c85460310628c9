/** Signals whose truth is known: what a size brings hangs on confidence alone, or on nothing. */
import type { SizingSample } from '../../domain/learned-sizing/model.ts';
import { PRICED } from '../../domain/learned-sizing/multipliers.ts';
import type { PrngState } from '../../domain/market/seeded/prng.ts';
import { normal, prngOf, uniform } from '../../domain/market/seeded/prng.ts';

const HOUR_MS = 3_600_000;
/** Of what a unit of size brings, basis points of equity. */
const DEVIATION_BPS = 150;
/** Comes off, times the square of the size. */
const RISK_BPS = 2;
/** What a unit must bring for neutral to be right: there, one more unit would cost as much as it brings. */
export const NOTHING_TO_LEARN = (): number => 2 * RISK_BPS;

export interface SizingMarket {
  readonly seed: string;
  readonly count: number;
  /** Mean of what a unit of size brings, by confidence, basis points of equity. */
  readonly edgeBps: (confidence: number) => number;
  /** 0 ≤ memory < 1: how much one signal's luck resembles the one before it. Default 0. */
  readonly memory?: number;
}

/** Signals six hours apart, held for a day at most. */
export function signalsOf({ seed, count, edgeBps, memory = 0 }: SizingMarket): SizingSample[] {
  const random = prngOf(seed);
  let luck = 0;
  return Array.from({ length: count }, (_, index) => {
    const confidence = 0.5 + 0.45 * uniform(random);
    luck = memory * luck + Math.sqrt(1 - memory * memory) * normal(random);
    const unit = edgeBps(confidence) + DEVIATION_BPS * luck;
    const decidedAt = index * 6 * HOUR_MS;
    return {
      state: { direction: 'long', regime: 'trendUp', volatility: { percentile: Math.floor(100 * uniform(random)), isHigh: false }, confidence, exposure: uniform(random), winRate: uniform(random), slopeBps: 20 * normal(random) },
      rewards: PRICED.map((it) => it * unit - RISK_BPS * it * it), decidedAt, knownAt: decidedAt + 24 * HOUR_MS,
    };
  });
}

const HOLD_HOURS = 72;
/** Of the returns of two symbols within the same hour. */
const CORRELATION = 0.6;

export interface Crowd {
  readonly seed: string;
  readonly symbols: number;
  readonly count: number;
  readonly days: number;
}

/**
 * Signals of many symbols that rise and fall together, at any hour, held for three days: there is nothing to learn, and
 * far less luck than signals. Of the state, exposure, win rate and slope are the account's: all symbols share them, and
 * they move slowly.
 */
export function crowdOf({ seed, symbols, count, days }: Crowd): SizingSample[] {
  const random = prngOf(seed);
  const hours = days * 24 + HOLD_HOURS;
  const all = pathOf(random, hours);
  const own = Array.from({ length: symbols }, () => pathOf(random, hours));
  const [exposure, winRate, slope] = [pathOf(random, hours), pathOf(random, hours), pathOf(random, hours)];
  const lately = (path: Float64Array, hour: number): number => over(path, Math.max(0, hour - HOLD_HOURS), hour);
  return Array.from({ length: count }, () => ({ hour: Math.floor(days * 24 * uniform(random)), symbol: Math.floor(symbols * uniform(random)) }))
    .sort((a, b) => a.hour - b.hour || a.symbol - b.symbol)
    .map(({ hour, symbol }) => {
      const luck = Math.sqrt(CORRELATION) * over(all, hour, hour + HOLD_HOURS) + Math.sqrt(1 - CORRELATION) * over(own[symbol] as Float64Array, hour, hour + HOLD_HOURS);
      const unit = NOTHING_TO_LEARN() + DEVIATION_BPS * luck;
      return {
        state: {
          direction: 'long', regime: 'trendUp', volatility: { percentile: Math.floor(100 * uniform(random)), isHigh: false }, confidence: 0.5 + 0.45 * uniform(random),
          exposure: Math.exp(lately(exposure, hour) / 2), winRate: 1 / (1 + Math.exp(-lately(winRate, hour))), slopeBps: 20 * lately(slope, hour),
        },
        rewards: PRICED.map((it) => it * unit - RISK_BPS * it * it), decidedAt: hour * HOUR_MS, knownAt: (hour + HOLD_HOURS) * HOUR_MS,
      };
    });
}

/** Sums of hourly moves, so that one hold's is a standard normal. */
function pathOf(random: PrngState, hours: number): Float64Array {
  const path = new Float64Array(hours + 1);
  for (let hour = 0; hour < hours; hour += 1) path[hour + 1] = (path[hour] as number) + normal(random) / Math.sqrt(HOLD_HOURS);
  return path;
}

const over = (path: Float64Array, from: number, until: number): number => (path[until] as number) - (path[from] as number);
