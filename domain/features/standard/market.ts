/** Time, the market around the symbol, derivatives, higher timeframes, regime. */
import { createAtr, createBollinger, createDonchian, createEma, createRsi, createVolumeRatio } from '../../indicators/streaming.ts';
import { DAY_MS } from '../../risk/returns.ts';
import { lookOf } from '../../regime/regime.ts';
import type { Regime } from '../../cycle/types.ts';
import type { FeatureDefinition } from '../feature-set.ts';
import type { Graph, GraphNode } from '../graph.ts';
import { NewestCandles } from './candles.ts';
import { adxOf, atrOf, emaOf, emaWarmup, higherWarmup, inFamily, placeIn, ratio, returnsOf, wilderWarmup } from './shared.ts';

const time = inFamily('time');
const market = inFamily('market');
const timeframe = inFamily('timeframe');
const derivatives = inFamily('derivatives');
const regime = inFamily('regime');

const turn = (wave: (angle: number) => number, periodMs: number) => (on: Graph) => () => wave((2 * Math.PI * (on.now.closeTime % periodMs)) / periodMs);

function btcReturnsOf(on: Graph): ReturnType<typeof returnsOf> {
  const before = on.ago('btcClose', 1);
  return on.series('btc return', () => Math.log(on.now.btcClose / before()));
}

/** Covariance of the symbol's log returns with those of BTC, over 72 candles. */
function besideBtc(on: Graph): { readonly together: () => number; readonly own: () => number; readonly btc: () => number } {
  const [own, btc] = [on.window(returnsOf(on), 72), on.window(btcReturnsOf(on), 72)];
  return { together: on.reading('covariance 72', () => own.covariance(btc)), own: () => own.variance(), btc: on.reading('btc variance 72', () => btc.variance()) };
}

const TIME_AND_MARKET: readonly FeatureDefinition[] = [
  time('hourSine', 1, 'hour of the UTC day at the close, as a sine', turn(Math.sin, DAY_MS)),
  time('hourCosine', 1, 'and as a cosine', turn(Math.cos, DAY_MS)),
  time('daySine', 1, 'day of the week at the close, as a sine', turn(Math.sin, 7 * DAY_MS)),
  time('dayCosine', 1, 'and as a cosine', turn(Math.cos, 7 * DAY_MS)),
  market('btcReturn1', 2, 'log return of BTC over the candle', (on) => {
    const before = on.ago('btcClose', 1);
    return () => Math.log(on.now.btcClose / before());
  }),
  market('btcReturn24', 25, 'log return of BTC over 24 candles', (on) => {
    const before = on.ago('btcClose', 24);
    return () => Math.log(on.now.btcClose / before());
  }),
  market('relativeReturn24', 25, 'log return over 24 candles less that of BTC', (on) => {
    const [own, btc] = [on.ago('close', 24), on.ago('btcClose', 24)];
    return () => Math.log(on.now.close / own()) - Math.log(on.now.btcClose / btc());
  }),
  market('btcCorrelation72', 73, '-1..1: correlation with BTC over 72 log returns', (on) => {
    const { together, own, btc } = besideBtc(on);
    return () => ratio(together(), Math.sqrt(own() * btc()));
  }),
  market('btcBeta72', 73, 'slope of the log returns on those of BTC, 72 candles', (on) => {
    const { together, btc } = besideBtc(on);
    return () => ratio(together(), btc());
  }),
  market('breadth24', 1, '0..1: share of the universe above its close of 24 candles ago', (on) => () => on.now.breadth),
  market('marketReturn1', 1, 'mean log return of the universe over the candle', (on) => () => on.now.marketReturn),
  market('marketReturn24', 24, 'the same, summed over 24 candles', (on) => {
    const window = on.window('marketReturn', 24);
    return () => window.sum();
  }),
  derivatives('fundingRate', 1, 'last funding rate, fraction per interval; positive: longs pay', (on) => () => on.now.fundingRate),
  derivatives('fundingMean72', 72, 'its mean over 72 candles', (on) => {
    const window = on.window('fundingRate', 72);
    return () => window.mean();
  }),
  derivatives('openInterestChange24', 25, 'log change of the open interest over 24 candles', (on) => {
    const before = on.ago('openInterest', 24);
    return () => Math.log(on.now.openInterest / before());
  }),
];

const H4 = { rsi: wilderWarmup(14), ema: emaWarmup(20) } as const;
const h4 = (name: string, candles: number, about: string, create: (on: Graph) => () => number): FeatureDefinition => timeframe(`h4${name}`, higherWarmup('4h', candles), `of closed 4h candles: ${about}`, (on) => create(on.higher('4h')));
const d1 = (name: string, candles: number, about: string, create: (on: Graph) => () => number): FeatureDefinition => timeframe(`d1${name}`, higherWarmup('1d', candles), `of closed UTC days: ${about}`, (on) => create(on.higher('1d')));

function logReturn(candles: number): (on: Graph) => () => number {
  return (on) => {
    const before = on.ago('close', candles);
    return () => Math.log(on.now.close / before());
  };
}

/** Indicators without a memory: a day is too long a candle for 11 spans of them. */
const TIMEFRAME_FEATURES: readonly FeatureDefinition[] = [
  h4('Return1', 2, 'last log return', logReturn(1)),
  h4('Return6', 7, 'log return over 6', logReturn(6)),
  h4('Rsi14', H4.rsi, 'RSI over 14, 0..100', (on) => {
    const rsi = on.indicator('rsi', () => createRsi(14), () => on.now.close);
    return () => rsi.value ?? NaN;
  }),
  h4('EmaDistance20', Math.max(H4.ema, H4.rsi), 'close minus its exponential average over 20, in their ATRs', (on) => {
    const ema = on.indicator('ema', () => createEma(20), () => on.now.close);
    const atr = on.indicator('atr', () => createAtr(14), () => on.now);
    return () => ratio(on.now.close - (ema.value ?? NaN), atr.value ?? NaN);
  }),
  h4('BandPlace20', 20, 'close within their Bollinger bands (20, 2): -1..1', (on) => {
    const bands = on.indicator('bands', () => createBollinger(20), () => on.now.close);
    return () => (bands.value === null ? NaN : placeIn(on.now.close, bands.value.lower, bands.value.upper));
  }),
  d1('Return1', 2, 'last log return', logReturn(1)),
  d1('Return7', 8, 'log return over 7', logReturn(7)),
  d1('AverageDistance20', 20, 'close over its mean of 20 less 1', (on) => {
    const window = on.window('close', 20);
    return () => ratio(on.now.close, window.mean()) - 1;
  }),
  d1('ChannelPlace20', 20, 'close within the highs and lows of 20: -1..1', (on) => {
    const channel = on.indicator('channel', () => createDonchian(20), () => on.now);
    return () => (channel.value === null ? NaN : placeIn(on.now.close, channel.value.lower, channel.value.upper));
  }),
  d1('UpShare14', 15, '0..1: rises in the sum of moves of 14 closes (RSI by simple means, Cutler)', (on) => {
    const before = on.ago('close', 1);
    const moves = on.window(on.series('move', () => on.now.close - before()), 14);
    return () => {
      let [up, all] = [0, 0];
      for (let index = 0; index < moves.length; index += 1) { up += Math.max(0, moves.at(index)); all += Math.abs(moves.at(index)); }
      return ratio(up, all);
    };
  }),
  d1('Realised20', 21, 'deviation of 20 daily log returns', (on) => {
    const window = on.window(returnsOf(on), 20);
    return () => window.deviation();
  }),
];

/** What the newest candle says of the regime by itself, without the memory that steadies it: a memory has no end. */
class RegimeNode implements GraphNode {
  look: ReturnType<typeof lookOf> = { regime: 'choppy', score: 0 };
  readonly #read: () => ReturnType<typeof lookOf>;

  constructor(on: Graph) {
    const newest = on.node('newest 24', () => new NewestCandles(on, 24));
    const [adx, ema20, ema50, atr] = [adxOf(on), emaOf(on, 20), emaOf(on, 50), atrOf(on)];
    const [highs, lows] = [on.window('high', 20, 1), on.window('low', 20, 1)];
    const volume = on.indicator('volume ratio 20', () => createVolumeRatio(20), () => on.now.volume);
    this.#read = () => {
      const { adx: adx14 = null, plusDi = null, minusDi = null } = adx() ?? {};
      return lookOf({
        atr14: atr(), adx14, plusDi14: plusDi, minusDi14: minusDi, ema20: ema20(), ema50: ema50(),
        donchianHigh20: highs.highest(), donchianLow20: lows.lowest(), volumeRatio20: volume.value,
      }, newest.candles, undefined);
    };
  }

  update(): void {
    this.look = this.#read();
  }
}

const REGIME_WARMUP = Math.max(2 * wilderWarmup(14), emaWarmup(50));
const inRegime = (name: string, about: string, signs: Partial<Record<Regime, 1 | -1>>): FeatureDefinition => regime(name, REGIME_WARMUP, about, (on) => {
  const node = on.node('regime', () => new RegimeNode(on));
  return () => (signs[node.look.regime] ?? 0) * node.look.score;
});

const REGIME_FEATURES: readonly FeatureDefinition[] = [
  inRegime('regimeTrend', '-1..1: how clearly the candle says trend, up or down', { trendUp: 1, trendDown: -1 }),
  inRegime('regimeRange', '0..1: how clearly it says range', { range: 1 }),
  inRegime('regimeBreakout', '0..1: how clearly it says breakout', { breakout: 1 }),
  inRegime('regimeIlliquid', '0..1: how clearly it says that nobody trades', { illiquid: 1 }),
];

export const MARKET_FEATURES: readonly FeatureDefinition[] = [...TIME_AND_MARKET, ...TIMEFRAME_FEATURES, ...REGIME_FEATURES];
