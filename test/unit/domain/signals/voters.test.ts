import { describe, expect, it } from 'vitest';
import type { Regime, Vote } from '../../../../domain/cycle/types.ts';
import { WARMUP_CANDLES, computeFeatures } from '../../../../domain/features/features.ts';
import type { Candle } from '../../../../domain/market/candle.ts';
import { regimeOf } from '../../../../domain/regime/regime.ts';
import { UNKNOWN_VOLATILITY } from '../../../../domain/regime/volatility.ts';
import { voteBreakout } from '../../../../domain/signals/breakout.ts';
import { voteMeanReversion } from '../../../../domain/signals/mean-reversion.ts';
import { patternOf, votePatterns } from '../../../../domain/signals/patterns.ts';
import { voteTrend } from '../../../../domain/signals/trend.ts';
import type { Voter } from '../../../../domain/signals/voter.ts';
import { regimeWith } from '../cycle/plan.fixture.ts';
import { drawnCandles } from './candles.fixture.ts';

const candle = (open: number, high: number, low: number, close: number): Candle => ({ openTime: 0, open, high, low, close, volume: 100 });
const at = (close: number): Candle[] => [candle(close, close + 1, close - 1, close)];

type Numbers = Readonly<Record<string, number | null>>;

/** The vote in a regime with given features; the last close is 100 unless told. */
function vote(voter: Voter, regime: Regime, features: Numbers, candles = at(100)): Vote {
  return voter({ candles, features, regime: regimeWith({ regime }) });
}

const RISE = { adx14: 50, ema20: 99, ema50: 95, emaSlope: 2, atr14: 1, macdHistogram: 0.1 };
const FALL = { adx14: 50, ema20: 101, ema50: 105, emaSlope: -2, atr14: 1, macdHistogram: -0.1 };
const BAND = { rsi14: 22, bbUpper: 112, bbMid: 106, bbLower: 102 };
const CHANNEL = { donchianHigh20: 99, donchianLow20: 90, volumeRatio20: 3, atr14: 1 };

it.each<[string, Voter, Regime, Numbers, string, number]>([
  ['trend: a strong rise', voteTrend, 'trendUp', RISE, 'buy', 1],
  ['trend: a strong fall', voteTrend, 'trendDown', FALL, 'sell', 1],
  ['trend: the weaker the ADX the less sure', voteTrend, 'trendUp', { ...RISE, adx14: 35 }, 'buy', 0.85],
  ['trend: momentum fades', voteTrend, 'trendUp', { ...RISE, macdHistogram: -0.1 }, 'hold', 0],
  ['trend: too far from the average', voteTrend, 'trendUp', { ...RISE, atr14: 0.25 }, 'hold', 0],
  ['trend: inputs not known', voteTrend, 'trendUp', { ...RISE, adx14: null }, 'abstain', 0],
  ['trend: not its regime', voteTrend, 'range', RISE, 'abstain', 0],
  ['mean reversion: oversold below the band', voteMeanReversion, 'range', { ...BAND, bbUpper: 110, bbMid: 106 }, 'buy', 1],
  ['mean reversion: overbought above the band', voteMeanReversion, 'range', { rsi14: 78, bbUpper: 98, bbMid: 94, bbLower: 90 }, 'sell', 1],
  ['mean reversion: RSI not extreme', voteMeanReversion, 'range', { ...BAND, rsi14: 37 }, 'hold', 0.5],
  ['mean reversion: not its regime', voteMeanReversion, 'trendDown', BAND, 'abstain', 0],
  ['breakout: above, on volume', voteBreakout, 'choppy', CHANNEL, 'buy', 1],
  ['breakout: below, on volume', voteBreakout, 'choppy', { ...CHANNEL, donchianHigh20: 110, donchianLow20: 101 }, 'sell', 1],
  ['breakout: without volume', voteBreakout, 'choppy', { ...CHANNEL, volumeRatio20: 1.1 }, 'hold', 0.5],
  ['breakout: inside', voteBreakout, 'choppy', { ...CHANNEL, donchianHigh20: 100 }, 'abstain', 0],
  ['breakout: not its regime', voteBreakout, 'range', CHANNEL, 'abstain', 0],
])('%s', (_name, voter, regime, features, action, confidence) => {
  const said = vote(voter, regime, features);
  expect(said.action).toBe(action);
  expect(said.confidence).toBeCloseTo(confidence, 9);
});

const QUIET = candle(100, 100.4, 99.6, 100);
describe('patterns', () => {
  it.each<[string, Candle[], string | null]>([
    ['hammer', [QUIET, QUIET, candle(100, 100.6, 98, 100.5)], 'hammer'],
    ['shooting star', [QUIET, QUIET, candle(100, 102, 99.4, 99.5)], 'shootingStar'],
    ['bullish engulfing', [QUIET, candle(101, 101.2, 99.8, 100), candle(99.9, 101.8, 99.8, 101.7)], 'bullishEngulfing'],
    ['bearish engulfing', [QUIET, candle(100, 101.2, 99.8, 101), candle(101.1, 101.2, 99.2, 99.3)], 'bearishEngulfing'],
    ['morning star', [candle(105, 105.2, 99.8, 100), candle(100, 100.6, 99.2, 99.6), candle(99.8, 104.2, 99.7, 104)], 'morningStar'],
    ['evening star', [candle(100, 105.2, 99.8, 105), candle(105, 105.8, 104.4, 105.4), candle(105.2, 105.3, 100.8, 101)], 'eveningStar'],
    ['three white soldiers', [candle(100, 102.1, 99.9, 102), candle(102, 104.1, 101.9, 104), candle(104, 106.1, 103.9, 106)], 'threeWhiteSoldiers'],
    ['three black crows', [candle(106, 106.1, 103.9, 104), candle(104, 104.1, 101.9, 102), candle(102, 102.1, 99.9, 100)], 'threeBlackCrows'],
    ['nothing', [QUIET, QUIET, QUIET], null],
    ['a hammer alone', [candle(100, 100.6, 98, 100.5)], 'hammer'],
    ['two alone', [candle(101, 101.2, 99.8, 100), candle(99.9, 101.8, 99.8, 101.7)], 'bullishEngulfing'],
    ['a falling one of two before a rising one of one', [QUIET, candle(100, 100.6, 99.9, 100.5), candle(100.6, 100.7, 97, 99.8)], 'bearishEngulfing'],
    ['a falling one of three before a rising one of two', [candle(100, 105.2, 99.8, 105), candle(105.4, 105.8, 104.4, 104.9), candle(105.2, 105.3, 100.8, 101)], 'eveningStar'],
    ['no candle', [], null],
  ])('%s', (_name, candles, expected) => {
    expect(patternOf(candles)?.name ?? null).toBe(expected);
  });

  const hammer = [QUIET, QUIET, candle(100, 100.6, 98, 100.5)];
  it('count a hammer below the average only', () => {
    expect(vote(votePatterns, 'range', { atr14: 1, ema20: 103 }, hammer)).toMatchObject({ action: 'buy', because: 'hammer, 2.6 ATR', confidence: 1 });
    expect(vote(votePatterns, 'range', { atr14: 1, ema20: 97 }, hammer).action).toBe('abstain');
    expect(vote(votePatterns, 'choppy', { atr14: 1, ema20: 103 }, hammer).action).toBe('abstain');
  });
});

it('every vote on a drawn market is well formed, and each voter has its say both ways', () => {
  const candles = drawnCandles(WARMUP_CANDLES + 900);
  const heard = new Set<string>();
  for (let end = WARMUP_CANDLES; end <= candles.length; end += 1) {
    const window = candles.slice(end - WARMUP_CANDLES, end);
    const features = computeFeatures(window);
    const regime = regimeOf({ features, candles: window, volatility: UNKNOWN_VOLATILITY, memory: undefined, closeTime: 0 });
    for (const voter of [voteTrend, voteMeanReversion, voteBreakout, votePatterns]) {
      const said = voter({ candles: window, features, regime });
      heard.add(`${said.voter}:${said.action}`);
      if (!(said.confidence >= 0 && said.confidence <= 1) || said.probabilities !== null) expect.fail(JSON.stringify(said)); // a rule knows no probability: the class priors are its
    }
  }
  for (const name of ['trend', 'meanReversion', 'breakout', 'patterns']) for (const action of ['buy', 'sell', 'abstain']) expect(heard).toContain(`${name}:${action}`);
});
