/** Returns and volatility: how far, and how wildly. */
import type { FeatureDefinition } from '../feature-set.ts';
import type { Graph } from '../graph.ts';
import { ATR_WARMUP, atrOf, inFamily, ratio, returnsOf } from './shared.ts';

const returned = inFamily('return');
const volatility = inFamily('volatility');

const SPANS = [1, 3, 6, 12, 24, 72, 168] as const;

const overSpan = (candles: number) => (on: Graph) => {
  const before = on.ago('close', candles);
  return () => Math.log(on.now.close / before());
};

/** Standard deviation of log returns per candle. */
const realised = (candles: number) => (on: Graph): (() => number) => {
  const window = on.window(returnsOf(on), candles);
  return on.reading(`realised ${candles}`, () => window.deviation());
};

/** @source Parkinson, "The extreme value method for estimating the variance of the rate of return", Journal of Business 1980. */
const parkinson = (candles: number) => (on: Graph): (() => number) => {
  const window = on.window(on.series('squared range', () => Math.log(on.now.high / on.now.low) ** 2), candles);
  return on.reading(`parkinson ${candles}`, () => Math.sqrt(window.mean() / (4 * Math.LN2)));
};

function relativeAtr(on: Graph): () => number {
  const atr = atrOf(on);
  return on.reading('relative atr', () => ratio(atr(), on.now.close));
}

export const PRICE_FEATURES: readonly FeatureDefinition[] = [
  ...SPANS.map((candles) => returned(`return${candles}`, candles + 1, `log return over ${candles} candles`, overSpan(candles))),
  returned('returnChange12', 25, 'log return over 12 candles minus that over the 12 before', (on) => {
    const [half, whole] = [on.ago('close', 12), on.ago('close', 24)];
    return () => Math.log(on.now.close / half()) - Math.log(half() / whole());
  }),
  returned('returnInDeviations24', 25, 'last log return over the deviation of the newest 24', (on) => {
    const [last, deviation] = [overSpan(1)(on), realised(24)(on)];
    return () => ratio(last(), deviation());
  }),
  volatility('atrShare14', ATR_WARMUP, 'average true range over the close', relativeAtr),
  volatility('atrRank300', ATR_WARMUP + 300, '0..1: share of the last 300 values of ATR over close that are at most the newest', (on) => {
    const window = on.window(on.series('relative atr', relativeAtr(on)), 300);
    return () => window.rankOfNewest();
  }),
  volatility('realised24', 25, 'deviation of log returns per candle over 24', realised(24)),
  volatility('realised168', 169, 'deviation of log returns per candle over 168', realised(168)),
  volatility('realisedRatio', 169, 'realised24 over realised168', (on) => {
    const [short, long] = [realised(24)(on), realised(168)(on)];
    return () => ratio(short(), long());
  }),
  volatility('parkinson24', 24, 'deviation per candle, from the ranges of 24', parkinson(24)),
  volatility('parkinsonRatio24', 25, 'parkinson24 over realised24: above 1 the candles go to and fro', (on) => {
    const [ranges, closes] = [parkinson(24)(on), realised(24)(on)];
    return () => ratio(ranges(), closes());
  }),
  volatility('rangeInAtr', ATR_WARMUP, 'high minus low of the candle, in ATRs', (on) => {
    const atr = atrOf(on);
    return () => ratio(on.now.high - on.now.low, atr());
  }),
  volatility('downsideShare72', 73, '0..1: share of falls in the squared log returns of 72 candles', (on) => {
    const window = on.window(returnsOf(on), 72);
    return () => {
      let [down, all] = [0, 0];
      for (let index = 0; index < window.length; index += 1) {
        const value = window.at(index);
        all += value * value;
        if (value < 0) down += value * value;
      }
      return ratio(down, all);
    };
  }),
];
