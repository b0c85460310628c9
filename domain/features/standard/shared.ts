/** What several families measure with. */
import { createAdx, createAtr, createEma } from '../../indicators/streaming.ts';
import type { Adx } from '../../indicators/streaming.ts';
import type { Timeframe } from '../../market/timeframe.ts';
import { timeframeMs } from '../../market/timeframe.ts';
import type { Family, FeatureDefinition } from '../feature-set.ts';
import type { Graph } from '../graph.ts';
import type { Series } from '../series.ts';

/** A feature of a family, in one line. */
export const inFamily = (family: Family) => (name: string, warmupCandles: FeatureDefinition['warmupCandles'], about: string, create: FeatureDefinition['create']): FeatureDefinition =>
  ({ name, family, about, warmupCandles, create });

/** An exponential average starts as a simple one over its span; 13 spans later that start weighs e^-26: 1e-9 even of a market that has since moved far. */
export const emaWarmup = (span: number): number => 14 * span;
/** Wilder's weight 1/n is that of a span of 2n - 1; the first change needs a candle before it. */
export const wilderWarmup = (period: number): number => emaWarmup(2 * period - 1) + 1;

export const ATR_WARMUP = wilderWarmup(14);

export function emaOf(on: Graph, span: number): () => number {
  const ema = on.indicator(`ema ${span}`, () => createEma(span), () => on.now.close);
  return () => ema.value ?? NaN;
}

/** Average true range over 14 candles, price units: the measure of every distance. */
export function atrOf(on: Graph): () => number {
  const atr = on.indicator('atr 14', () => createAtr(14), () => on.now);
  return () => atr.value ?? NaN;
}

export function adxOf(on: Graph): () => Adx | null {
  const adx = on.indicator('adx 14', () => createAdx(14), () => on.now);
  return () => adx.value;
}

/** Log return of each candle; 0.01 is a rise by about 1 %. The first one is missing. */
export function returnsOf(on: Graph): Series {
  const before = on.ago('close', 1);
  return on.series('return', () => Math.log(on.now.close / before()));
}

/** A ratio, or missing when there is nothing to divide by. */
export const ratio = (part: number, whole: number): number => (whole === 0 ? NaN : part / whole);

/** -1 at the low, 1 at the high; 0 where there is no span. */
export const placeIn = (value: number, low: number, high: number): number => (high === low ? 0 : (2 * (value - low)) / (high - low) - 1);

/** Candles of `timeframe` until so many of a higher one have closed, wherever one begins; a part of one at either end does not count. */
export const higherWarmup = (higher: Timeframe, candles: number) => (timeframe: Timeframe): number => (candles + 2) * Math.max(1, timeframeMs(higher) / timeframeMs(timeframe));
