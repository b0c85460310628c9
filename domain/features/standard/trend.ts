/** Trend, oscillators and bands. */
import { createBollinger, createMacd, createMoneyFlow, createRsi, createStochastic, createCommodityChannel } from '../../indicators/streaming.ts';
import type { FeatureDefinition } from '../feature-set.ts';
import type { Graph, GraphNode } from '../graph.ts';
import type { Window } from '../series.ts';
import { ATR_WARMUP, adxOf, atrOf, emaOf, emaWarmup, inFamily, placeIn, ratio, wilderWarmup } from './shared.ts';

const trend = inFamily('trend');
const oscillator = inFamily('oscillator');
const band = inFamily('band');

const distance = (span: number): FeatureDefinition => trend(`emaDistance${span}`, Math.max(ATR_WARMUP, emaWarmup(span)), `close minus its exponential average over ${span}, in ATRs`, (on) => {
  const [ema, atr] = [emaOf(on, span), atrOf(on)];
  return () => ratio(on.now.close - ema(), atr());
});

/** Least squares through a window's values by their places: slope per candle, and 0..1 how much of the movement the line explains. */
class LineThrough implements GraphNode {
  slope = NaN;
  explained = NaN;
  readonly #window: Window;

  constructor(window: Window) {
    this.#window = window;
  }

  update(): void {
    const n = this.#window.length;
    let products = 0;
    for (let index = 0; index < n; index += 1) products += (index - (n - 1) / 2) * this.#window.at(index);
    const spread = (n * (n * n - 1)) / 12;
    const squares = this.#window.variance() * n;
    this.slope = products / spread;
    this.explained = squares === 0 ? 0 : (products * products) / (spread * squares);
  }
}

const lineOf = (on: Graph, candles: number): LineThrough => on.node(`line ${candles}`, () => new LineThrough(on.window(on.series('log close', () => Math.log(on.now.close)), candles)));

/** A double smoothing by Wilder's weight forgets its beginning more slowly than one. */
const ADX_WARMUP = 2 * wilderWarmup(14);
const MACD_WARMUP = emaWarmup(26) + emaWarmup(9);

const macdOf = (on: Graph) => on.indicator('macd', () => createMacd(), () => on.now.close);
const stochasticOf = (on: Graph) => on.indicator('stochastic', () => createStochastic(14, 3), () => on.now);
const bollingerOf = (on: Graph) => on.indicator('bollinger 20', () => createBollinger(20), () => on.now.close);

const rsi = (period: number): FeatureDefinition => oscillator(`rsi${period}`, wilderWarmup(period), `relative strength index over ${period}, 0..100`, (on) => {
  const index = on.indicator(`rsi ${period}`, () => createRsi(period), () => on.now.close);
  return () => index.value ?? NaN;
});

export const TREND_FEATURES: readonly FeatureDefinition[] = [
  distance(12), distance(20), distance(50), distance(100),
  trend('emaSpread', emaWarmup(50), 'exponential average over 20 minus that over 50, in ATRs', (on) => {
    const [fast, slow, atr] = [emaOf(on, 20), emaOf(on, 50), atrOf(on)];
    return () => ratio(fast() - slow(), atr());
  }),
  trend('emaSlope20', ATR_WARMUP, 'move of the exponential average over 20 in five candles, in ATRs', (on) => {
    const [ema, atr] = [emaOf(on, 20), atrOf(on)];
    const before = on.ago(on.series('ema20', ema), 5);
    return () => ratio(ema() - before(), atr());
  }),
  trend('adx14', ADX_WARMUP, 'average directional index, 0..100', (on) => {
    const adx = adxOf(on);
    return () => adx()?.adx ?? NaN;
  }),
  trend('directionSpread14', ADX_WARMUP, '+DI minus -DI, -100..100', (on) => {
    const adx = adxOf(on);
    return () => (adx()?.plusDi ?? NaN) - (adx()?.minusDi ?? NaN);
  }),
  trend('macd', MACD_WARMUP, 'MACD line (12, 26), in ATRs', (on) => {
    const [macd, atr] = [macdOf(on), atrOf(on)];
    return () => ratio(macd.value?.macd ?? NaN, atr());
  }),
  trend('macdHistogram', MACD_WARMUP, 'MACD minus its signal (9), in ATRs', (on) => {
    const [macd, atr] = [macdOf(on), atrOf(on)];
    return () => ratio(macd.value?.histogram ?? NaN, atr());
  }),
  trend('slope24', 24, 'slope of the line through 24 log closes, per candle', (on) => {
    const line = lineOf(on, 24);
    return () => line.slope;
  }),
  trend('slopeFit24', 24, '0..1: how much of the movement of 24 log closes that line explains', (on) => {
    const line = lineOf(on, 24);
    return () => line.explained;
  }),
  trend('slope72', 72, 'slope of the line through 72 log closes, per candle', (on) => {
    const line = lineOf(on, 72);
    return () => line.slope;
  }),
  trend('efficiency24', 25, '0..1: way from the close 24 candles ago over the sum of the steps. Kaufman 1995', (on) => {
    const before = on.ago('close', 24);
    const last = on.ago('close', 1);
    const steps = on.window(on.series('step', () => Math.abs(on.now.close - last())), 24);
    return () => ratio(Math.abs(on.now.close - before()), steps.sum());
  }),
  rsi(7), rsi(14),
  oscillator('stochasticK14', 14, 'close within the range of 14 candles, 0..100', (on) => {
    const stochastic = stochasticOf(on);
    return () => stochastic.value?.k ?? NaN;
  }),
  oscillator('stochasticD14', 16, 'mean of the last three stochasticK14', (on) => {
    const stochastic = stochasticOf(on);
    return () => stochastic.value?.d ?? NaN;
  }),
  oscillator('moneyFlow14', 15, 'money flow index over 14, 0..100', (on) => {
    const index = on.indicator('money flow 14', () => createMoneyFlow(14), () => on.now);
    return () => index.value ?? NaN;
  }),
  oscillator('commodityChannel20', 20, 'typical price less its mean over 20, in 0.015 mean deviations', (on) => {
    const index = on.indicator('commodity channel 20', () => createCommodityChannel(20), () => on.now);
    return () => index.value ?? NaN;
  }),
  band('bandPlace20', 20, 'close within the Bollinger bands (20, 2): -1 the lower, 1 the upper', (on) => {
    const bands = bollingerOf(on);
    return () => (bands.value === null ? NaN : placeIn(on.now.close, bands.value.lower, bands.value.upper));
  }),
  band('bandWidth20', 20, 'width of the Bollinger bands over their middle', (on) => {
    const bands = bollingerOf(on);
    return () => (bands.value === null ? NaN : ratio(bands.value.upper - bands.value.lower, bands.value.mid));
  }),
  band('bandSqueeze100', 119, 'bandWidth20 over its mean of 100 candles', (on) => {
    const bands = bollingerOf(on);
    const window = on.window(on.series('band width', () => (bands.value === null ? NaN : ratio(bands.value.upper - bands.value.lower, bands.value.mid))), 100);
    return () => ratio(window.at(99), window.mean());
  }),
];
