/** Volume, the shape of candles and their patterns, and levels. */
import { createVolumeRatio } from '../../indicators/streaming.ts';
import type { Candle } from '../../market/candle.ts';
import { exactPatternOf } from '../../signals/patterns.ts';
import type { PatternName } from '../../signals/patterns.ts';
import type { FeatureDefinition } from '../feature-set.ts';
import type { Graph, GraphNode } from '../graph.ts';
import { ATR_WARMUP, atrOf, higherWarmup, inFamily, placeIn, ratio } from './shared.ts';

const volume = inFamily('volume');
const candle = inFamily('candle');
const level = inFamily('level');

/** The newest candles, oldest first. */
export class NewestCandles implements GraphNode {
  readonly candles: Candle[] = [];
  readonly #on: Graph;
  readonly #length: number;

  constructor(on: Graph, length: number) {
    this.#on = on;
    this.#length = length;
  }

  update(): void {
    this.candles.push(this.#on.now);
    if (this.candles.length > this.#length) this.candles.shift();
  }
}

/** The pattern that the newest candles make; looked for once a candle, however many features ask. */
class PatternNode implements GraphNode {
  value: ReturnType<typeof exactPatternOf> = null;
  readonly #newest: NewestCandles;

  constructor(newest: NewestCandles) {
    this.#newest = newest;
  }

  update(): void {
    this.value = exactPatternOf(this.#newest.candles);
  }
}

/** Of exactly as many candles as its definition has: what a longer history shows beside it changes nothing. */
const pattern = (name: string, length: 1 | 2 | 3, rising: PatternName, falling: PatternName): FeatureDefinition => candle(name, length, `1 a ${rising}, -1 a ${falling}, else 0`, (on) => {
  const found = on.node(`pattern of ${length}`, () => new PatternNode(on.node(`newest ${length}`, () => new NewestCandles(on, length))));
  return () => (found.value?.name === rising ? 1 : found.value?.name === falling ? -1 : 0);
});

const share = (part: (on: Graph['now']) => number) => (on: Graph) => () => (on.now.high === on.now.low ? 0 : part(on.now) / (on.now.high - on.now.low));

const channelPlace = (candles: number): FeatureDefinition => level(`channelPlace${candles}`, candles + 1, `close within the Donchian channel of the ${candles} candles before: -1 its low, 1 its high, beyond it a break`, (on) => {
  const [highs, lows] = [on.window('high', candles, 1), on.window('low', candles, 1)];
  return () => placeIn(on.now.close, lows.lowest(), highs.highest());
});

/** @source Fibonacci retracements as charting tools draw them: shares of the swing from low to high. */
const RETRACEMENTS = [0, 0.236, 0.382, 0.5, 0.618, 0.786, 1] as const;

export const CANDLE_FEATURES: readonly FeatureDefinition[] = [
  volume('volumeRatio20', 21, 'volume over the mean of the 20 before', (on) => {
    const usual = on.indicator('volume ratio 20', () => createVolumeRatio(20), () => on.now.volume);
    return () => usual.value ?? NaN;
  }),
  volume('volumeTrend', 168, 'mean volume of 24 candles over that of 168', (on) => {
    const [short, long] = [on.window('volume', 24), on.window('volume', 168)];
    return () => ratio(short.mean(), long.mean());
  }),
  volume('onBalance20', 21, '-1..1: volume of rising less that of falling candles over all of it, 20 candles. Granville\'s on-balance volume, windowed', (on) => {
    const before = on.ago('close', 1);
    const signed = on.window(on.series('signed volume', () => Math.sign(on.now.close - before()) * on.now.volume), 20);
    const all = on.window('volume', 20);
    return () => ratio(signed.sum(), all.sum());
  }),
  volume('moneyFlow20', 20, '-1..1: volume by where the close lies in its candle, over all volume, 20 candles. Chaikin', (on) => {
    const flow = on.window(on.series('flow', () => placeIn(on.now.close, on.now.low, on.now.high) * on.now.volume), 20);
    const all = on.window('volume', 20);
    return () => ratio(flow.sum(), all.sum());
  }),
  volume('vwapDistance24', ATR_WARMUP, 'close minus the volume-weighted typical price of 24 candles, in ATRs', (on) => {
    const atr = atrOf(on);
    const worth = on.window(on.series('worth', () => ((on.now.high + on.now.low + on.now.close) / 3) * on.now.volume), 24);
    const all = on.window('volume', 24);
    return () => ratio(on.now.close - ratio(worth.sum(), all.sum()), atr());
  }),
  candle('body', 1, '-1..1: close minus open over the range', share(({ open, close }) => close - open)),
  candle('upperShadow', 1, '0..1: what lies above the body, of the range', share(({ open, high, close }) => high - Math.max(open, close))),
  candle('lowerShadow', 1, '0..1: what lies below the body, of the range', share(({ open, low, close }) => Math.min(open, close) - low)),
  candle('doji', 1, '1 when the body is at most a tenth of the range, else 0', (on) => () => (Math.abs(on.now.close - on.now.open) <= 0.1 * (on.now.high - on.now.low) ? 1 : 0)),
  candle('insideBar', 2, '1 within the range of the candle before, -1 beyond both of its ends, else 0', (on) => {
    const [high, low] = [on.ago('high', 1), on.ago('low', 1)];
    return () => (on.now.high <= high() && on.now.low >= low() ? 1 : on.now.high > high() && on.now.low < low() ? -1 : 0);
  }),
  candle('upShare12', 12, '-1..1: rising less falling candles of the newest 12', (on) => {
    const signs = on.window(on.series('sign', () => Math.sign(on.now.close - on.now.open)), 12);
    return () => signs.mean();
  }),
  pattern('patternHammer', 1, 'hammer', 'shootingStar'),
  pattern('patternEngulfing', 2, 'bullishEngulfing', 'bearishEngulfing'),
  pattern('patternStar', 3, 'morningStar', 'eveningStar'),
  pattern('patternThree', 3, 'threeWhiteSoldiers', 'threeBlackCrows'),
  channelPlace(20), channelPlace(55), channelPlace(168),
  level('pivotDistance', (timeframe) => Math.max(ATR_WARMUP, higherWarmup('1d', 1)(timeframe)), 'close minus the pivot (high + low + close) / 3 of the UTC day before, in ATRs', (on) => {
    const [atr, day] = [atrOf(on), on.higher('1d')];
    return () => ratio(on.now.close - (day.now.high + day.now.low + day.now.close) / 3, atr());
  }),
  level('fibonacciDistance', Math.max(ATR_WARMUP, 168), 'close minus the nearest Fibonacci retracement of the swing of 168 candles, in ATRs', (on) => {
    const [atr, highs, lows] = [atrOf(on), on.window('high', 168), on.window('low', 168)];
    return () => {
      const [high, low] = [highs.highest(), lows.lowest()];
      const distances = RETRACEMENTS.map((part) => on.now.close - (high - part * (high - low)));
      return ratio(distances.reduce((nearest, value) => (Math.abs(value) < Math.abs(nearest) ? value : nearest), Infinity), atr());
    };
  }),
];
