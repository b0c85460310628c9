/** Signals whose truth is known: what a size brings hangs on confidence alone, or on nothing. */
import type { SizingSample } from '../../domain/learned-sizing/model.ts';
import { PRICED } from '../../domain/learned-sizing/multipliers.ts';
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
