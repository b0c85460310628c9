import { expect, it } from 'vitest';
import { observeSymbol, observeWithModels, weighed } from '../../../../domain/cycle/observe.ts';
import { WARMUP_CANDLES } from '../../../../domain/features/features.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';
import { seededMarket } from '../../../../domain/market/seeded/seeded-market.ts';
import { BUILT_IN } from '../../../../strategies/built-in/index.ts';
import { HOUR_MS, drawnCandles } from '../signals/candles.fixture.ts';

const [strategy] = BUILT_IN;
const [instrument] = seededMarket({ seed: 'voters', timeframe: '1h', startTime: 0 }).instruments;
if (strategy === undefined || instrument === undefined) throw new Error('nothing built in');
const CANDLES = drawnCandles(WARMUP_CANDLES);
const observe = (candles: typeof CANDLES, closeTime = WARMUP_CANDLES * HOUR_MS): ReturnType<typeof observeSymbol> => observeSymbol({ instrument, candles, strategy, timeframe: '1h', closeTime, memory: undefined, policy: PRESETS.normal });

it('reads a good window whole, with a vote of each voter', () => {
  const seen = observe(CANDLES);
  expect(seen.quality).toEqual({ score: 100, tradable: true, issues: [] });
  expect(seen.candle).toEqual(CANDLES.at(-1));
  expect(seen.features['atr14']).toBeGreaterThan(0);
  expect(seen.votes.map((it) => it.voter)).toEqual(['trend', 'meanReversion', 'breakout', 'patterns']);
});

it.each([
  ['no candles', [], 'tooFew'],
  ['one candle short', CANDLES.slice(1), 'tooFew'],
  ['a duplicate', [...CANDLES.slice(0, -1), ...CANDLES.slice(-2, -1)], 'duplicate'],
  ['not a number', CANDLES.map((it, index) => (index === 7 ? { ...it, low: NaN } : it)), 'notFinite'],
])('nobody votes on %s', (_name, candles, code) => {
  const seen = observe(candles);
  expect(seen.quality.tradable).toBe(false);
  expect(seen.quality.issues.map((it) => it.code)).toContain(code);
  expect(seen.votes).toEqual([]);
});

it.each([['early in the window', 7], ['in the newest day', WARMUP_CANDLES - 2]])('nobody votes on a window with one candle missing, %s', (_name, missing) => {
  const seen = observe(drawnCandles(WARMUP_CANDLES + 1).filter((_candle, index) => index !== missing), (WARMUP_CANDLES + 1) * HOUR_MS);
  expect(seen).toMatchObject({ quality: { tradable: false }, votes: [] });
  expect(seen.quality.issues.map((it) => it.code)).toEqual(['gap']);
});

it('nobody votes on a stale window', () => {
  expect(observe(CANDLES, (WARMUP_CANDLES + 3) * HOUR_MS)).toMatchObject({ quality: { tradable: false }, votes: [] });
});

it('gives a candle of zeros when there is none', () => expect(observe([]).candle).toEqual({ openTime: 0, open: 0, high: 0, low: 0, close: 0, volume: 0 }));

it('votes weigh what they do in the symbol\'s regime; where that is not known, or nobody votes, nothing is said of it', () => {
  const seen = observe(CANDLES);
  const here = { trend: 1.2, breakout: 0.9 };
  expect(weighed(seen, { [seen.regime.regime]: here, other: { trend: 9 } })).toEqual({ ...seen, weights: here });
  expect(weighed(seen, { other: { trend: 9 } })).toBe(seen);
  expect(weighed(observe([]), { choppy: here })).not.toHaveProperty('weights');
});

it.each([true, false])('votes weigh what was learned of them while policy has metaStrategy %s', (metaStrategy) => {
  const window = { instrument, candles: CANDLES, strategy, timeframe: '1h', closeTime: WARMUP_CANDLES * HOUR_MS, memory: undefined, policy: { ...PRESETS.normal, metaStrategy } } as const;
  const weights = { [observe(CANDLES).regime.regime]: { trend: 1.2 } };
  expect(observeWithModels(window, undefined, weights).weights).toEqual(metaStrategy ? { trend: 1.2 } : undefined);
});
