import type { SymbolMemory } from '../cycle/risk-facts.ts';
import type { Regime, RegimeReading, VolatilityReading } from '../cycle/types.ts';
import { knownFeatures } from '../features/features.ts';
import type { Candle } from '../market/candle.ts';

/** ADX from which a market trends, and below which it ranges; between them what was goes on. @source Wilder 1978: 25 and 20. */
const TREND_ADX = 25;
const RANGE_ADX = 20;
/** A close beyond the channel of 20 candles counts as a breakout on so much more volume than usual. */
const BREAKOUT_VOLUME = 1.5;
/** Of the newest candles, so large a share without a trade is illiquid. */
const QUIET_CANDLES = 24;
const QUIET_SHARE = 0.25;
/** What candles say so often in a row, or so clearly, takes the place of the regime that holds. */
const CONFIRMATIONS = 2;
const CLEAR_SCORE = 0.8;
/** So many candles are remembered, and count for how stable a regime is. */
const REMEMBERED = 12;

export interface Look {
  readonly regime: Regime;
  readonly score: number;
}

export interface RegimeInput {
  /** Of `computeFeatures`; while they warm up the market looks choppy. */
  readonly features: Readonly<Record<string, number | null>>;
  /** Closed, oldest first; the newest ones are read. */
  readonly candles: readonly Candle[];
  readonly volatility: VolatilityReading;
  /** Of the cycle before; undefined: the first one. */
  readonly memory: Pick<SymbolMemory, 'regime' | 'since' | 'seen'> | undefined;
  /** Market clock. */
  readonly closeTime: number;
}

/**
 * The regime of a symbol at a candle. Nervous readings do not change it: its thresholds lie apart for coming and going,
 * and what a candle says by itself must be said twice in a row, or clearly, before it holds.
 */
export function regimeOf({ features, candles, volatility, memory, closeTime }: RegimeInput): RegimeReading {
  const look = lookOf(features, candles, memory?.regime);
  const seen = [...(memory?.seen ?? []), look.regime].slice(-REMEMBERED);
  const isTaken = memory === undefined || look.regime === memory.regime || look.score >= CLEAR_SCORE || seen.slice(-CONFIRMATIONS).every((it) => it === look.regime);
  const regime = isTaken ? look.regime : memory.regime;
  return {
    regime, seen, volatility,
    score: isTaken ? look.score : Number((look.score / 2).toFixed(6)), // what holds against the newest candle is not clear
    stability: seen.filter((it) => it === regime).length / REMEMBERED,
    since: memory?.regime === regime ? memory.since : closeTime,
  };
}

/** What the newest candle says by itself. @param candles oldest first, at least 24 of them. @param held the regime that holds: it is left later than it was entered. */
export function lookOf(features: RegimeInput['features'], candles: readonly Candle[], held: Regime | undefined): Look {
  const newest = candles.slice(-QUIET_CANDLES);
  const quiet = newest.filter((it) => it.volume === 0 || it.high === it.low).length / Math.max(1, newest.length);
  if (quiet >= QUIET_SHARE) return { regime: 'illiquid', score: ramp(quiet, 0, 1) };
  const known = knownFeatures(features, ['adx14', 'plusDi14', 'minusDi14', 'ema20', 'ema50', 'donchianHigh20', 'donchianLow20', 'volumeRatio20']);
  const close = newest.at(-1)?.close;
  if (known === null || close === undefined) return { regime: 'choppy', score: 0 };
  const { adx14, plusDi14, minusDi14, ema20, ema50 } = known;
  const isBeyond = close > known.donchianHigh20 || close < known.donchianLow20;
  if (isBeyond && known.volumeRatio20 >= BREAKOUT_VOLUME) return { regime: 'breakout', score: ramp(known.volumeRatio20, 1, 3) };
  const isTrending = adx14 >= (held === 'trendUp' || held === 'trendDown' ? RANGE_ADX : TREND_ADX);
  if (isTrending && plusDi14 > minusDi14 && ema20 > ema50) return { regime: 'trendUp', score: ramp(adx14, RANGE_ADX, 40) };
  if (isTrending && minusDi14 > plusDi14 && ema20 < ema50) return { regime: 'trendDown', score: ramp(adx14, RANGE_ADX, 40) };
  if (adx14 < (held === 'range' ? TREND_ADX : RANGE_ADX)) return { regime: 'range', score: 1 - ramp(adx14, 10, TREND_ADX) };
  return { regime: 'choppy', score: 0.5 };
}

/** 0 up to `from`, 1 from `to` on, a straight line between. @param from other than `to`; above it the line falls. */
export function ramp(value: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}
