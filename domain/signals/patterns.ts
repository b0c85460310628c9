/**
 * Candle patterns of one, two and three candles, each on as many as its definition needs.
 * @source Steve Nison, Japanese Candlestick Charting Techniques, 2nd edition 2001.
 */
import { knownFeatures } from '../features/features.ts';
import type { Candle } from '../market/candle.ts';
import { ramp } from '../regime/regime.ts';
import type { Opinion, VoterInput } from './voter.ts';
import { voterOf } from './voter.ts';

export type PatternName =
  | 'hammer' | 'shootingStar'
  | 'bullishEngulfing' | 'bearishEngulfing'
  | 'morningStar' | 'eveningStar' | 'threeWhiteSoldiers' | 'threeBlackCrows';

interface Pattern {
  readonly name: PatternName;
  readonly direction: 'buy' | 'sell';
  /** How many candles it is made of: 1, 2 or 3. */
  readonly candles: 1 | 2 | 3;
}

const bodyOf = (candle: Candle): number => Math.abs(candle.close - candle.open);
const rangeOf = (candle: Candle): number => candle.high - candle.low;
const isUp = (candle: Candle): boolean => candle.close > candle.open;
const isDown = (candle: Candle): boolean => candle.close < candle.open;
const upperShadow = (candle: Candle): number => candle.high - Math.max(candle.open, candle.close);
const lowerShadow = (candle: Candle): number => Math.min(candle.open, candle.close) - candle.low;
const isLong = (candle: Candle): boolean => bodyOf(candle) > 0.6 * rangeOf(candle);
const middleOf = (candle: Candle): number => (candle.open + candle.close) / 2;
/** Upside down: a falling pattern is its rising twin in the mirror. */
const mirrored = (candle: Candle): Candle => ({ ...candle, open: -candle.open, high: -candle.low, low: -candle.high, close: -candle.close });

/** The rising pattern of exactly these candles, or null: three, two or one of them, oldest first. */
function risingOf(candles: readonly Candle[]): keyof typeof RISING | null {
  const [first, second, third] = candles as [Candle, Candle, Candle];
  if (candles.length === 3) {
    if (candles.every((it) => isUp(it) && isLong(it)) && second.close > first.close && third.close > second.close) return 'three';
    return isDown(first) && isLong(first) && bodyOf(second) < 0.3 * bodyOf(first) && isUp(third) && third.close > middleOf(first) ? 'star' : null;
  }
  if (candles.length === 2) return isDown(first) && isUp(second) && second.open <= first.close && second.close > first.open && bodyOf(second) > 1.2 * bodyOf(first) ? 'engulfing' : null;
  const body = bodyOf(first);
  return body > 0 && lowerShadow(first) >= 2 * body && upperShadow(first) <= 0.5 * body ? 'hammer' : null;
}

const RISING = {
  three: { name: 'threeWhiteSoldiers', direction: 'buy', candles: 3 },
  star: { name: 'morningStar', direction: 'buy', candles: 3 },
  engulfing: { name: 'bullishEngulfing', direction: 'buy', candles: 2 },
  hammer: { name: 'hammer', direction: 'buy', candles: 1 },
} as const satisfies Record<string, Pattern>;
const FALLING = {
  three: { name: 'threeBlackCrows', direction: 'sell', candles: 3 },
  star: { name: 'eveningStar', direction: 'sell', candles: 3 },
  engulfing: { name: 'bearishEngulfing', direction: 'sell', candles: 2 },
  hammer: { name: 'shootingStar', direction: 'sell', candles: 1 },
} as const satisfies Record<string, Pattern>;

/** The pattern that exactly these one, two or three candles make, or null. @param candles oldest first. */
export function exactPatternOf(candles: readonly Candle[]): Pattern | null {
  const rising = risingOf(candles);
  if (rising !== null) return RISING[rising];
  const falling = risingOf(candles.map(mirrored));
  return falling === null ? null : FALLING[falling];
}

/**
 * The pattern that the newest candle completes, or null. More candles say more: one of three, rising or falling, goes
 * before one of two, and that before one of one; each is looked for where its own candles are there.
 * @param candles oldest first.
 */
export function patternOf(candles: readonly Candle[]): Pattern | null {
  for (const count of [3, 2, 1]) {
    const found = candles.length < count ? null : exactPatternOf(candles.slice(-count));
    if (found !== null) return found;
  }
  return null;
}

/** The pattern's height over ATR, per square root of its candles: small and full. */
const HEIGHT = { none: 0.8, full: 2.2 } as const;

/**
 * Follows the pattern that the last candle completes, on the side of the average where it means something: hammers,
 * engulfings and stars turn a move (below ema20 up, above it down). Without a pattern it abstains.
 * Confidence: 0.4 plus 0.6 × the pattern's height in ATRs over the root of its candles, between 0.8 and 2.2.
 */
export const votePatterns = voterOf('patterns', '3', ['trendUp', 'trendDown', 'range', 'breakout'], ruleOf);

function ruleOf({ candles, features }: VoterInput): Opinion | null {
  const known = knownFeatures(features, ['atr14', 'ema20']);
  const pattern = patternOf(candles);
  if (known === null || pattern === null || known.atr14 === 0) return null;
  const parts = candles.slice(-pattern.candles);
  const [high, low] = [Math.max(...parts.map((it) => it.high)), Math.min(...parts.map((it) => it.low))];
  const continues = pattern.name === 'threeWhiteSoldiers' || pattern.name === 'threeBlackCrows';
  if (!continues && (pattern.direction === 'buy' ? low >= known.ema20 : high <= known.ema20)) return null;
  const height = (high - low) / known.atr14 / Math.sqrt(pattern.candles);
  return { action: pattern.direction, confidence: 0.4 + 0.6 * ramp(height, HEIGHT.none, HEIGHT.full), because: `${pattern.name}, ${height.toFixed(1)} ATR` };
}
