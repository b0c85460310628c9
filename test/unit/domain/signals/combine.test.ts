import { expect, it } from 'vitest';
import type { Vote, VoteAction } from '../../../../domain/cycle/types.ts';
import { combineVotes } from '../../../../domain/signals/combine.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';

const votesOf = (said: string): Vote[] => said.split(' ').filter(Boolean).map((word): Vote => {
  const [action, confidence] = word.split(':');
  return { voter: 'v', version: '1', action: action as VoteAction, confidence: Number(confidence ?? 0), probabilities: null, because: '' };
});

it.each([
  ['no votes', '', 'hold', 'noVotes', 0],
  ['all abstain', 'abstain abstain', 'hold', 'noVotes', 0],
  ['one speaks', 'buy:0.6 abstain', 'buy', null, 1],
  ['three of four at 0.70', 'buy:0.7 buy:0.7 buy:0.7 sell:0.9', 'buy', null, 4],
  ['two of three', 'sell:0.9 sell:0.9 hold:0.5', 'sell', 'agreement', 3],
  ['disagreement 2/1/1', 'buy:0.9 buy:0.9 sell:0.9 hold:0.9', 'buy', 'agreement', 4],
  ['a tie', 'buy:0.9 sell:0.9', 'hold', 'tie', 2],
  ['a hold against a buy', 'buy:0.9 hold:0.1', 'hold', 'tie', 2],
  ['confidence at the limit', 'sell:0.4 sell:0.6', 'sell', null, 2],
  ['confidence just below', 'sell:0.4 sell:0.599', 'sell', 'confidence', 2],
  ['a hold needs no confidence', 'hold:0.1', 'hold', null, 1],
])('%s', (_name, said, action, code, speakers) => {
  expect(combineVotes({ votes: votesOf(said), atrPct: 1, policy: PRESETS.normal })).toMatchObject({ action, code, speakers });
});

it('averages the confidence of those that agree, and reaches a limit that equals it', () => {
  const signal = combineVotes({ votes: votesOf('buy:0.7 buy:0.7 buy:0.7 sell:0.1'), atrPct: 1, policy: { ...PRESETS.normal, confidenceMin: 0.7 } });
  expect(signal).toMatchObject({ code: null, agreement: 0.75 });
  expect(signal.confidence).toBeCloseTo(0.7, 12);
});

// ATR of 3 % of the price and more is high volatility.
it.each<[string, number | null, string, object]>([
  ['below the limit of volatility, 0.58 / 0.60 / 0.62 of four', 2.99, 'buy:0.58 buy:0.60 buy:0.62 hold:0.5', { code: null, factor: 1, confidenceMin: 0.5 }],
  ['at it, the same is too little', 3, 'buy:0.58 buy:0.60 buy:0.62 hold:0.5', { code: 'confidence', confidenceMin: 0.65 }],
  ['at it, 0.68 / 0.72 / 0.75 pass at half size', 3, 'buy:0.68 buy:0.72 buy:0.75 hold:0.5', { code: null, factor: 0.5 }],
  ['0.75 is full size', 4, 'sell:0.75 sell:0.75', { code: null, factor: 1 }],
  ['just below is half', 4, 'sell:0.749 sell:0.749', { code: null, factor: 0.5 }],
  ['a hold is no signal', 4, 'hold:0.9 hold:0.9', { action: 'hold', code: 'holdInHighVolatility' }],
  ['one speaker halves', 1, 'buy:0.9 abstain', { code: null, factor: 0.5 }],
  ['one speaker with little confidence in high volatility is a quarter', 4, 'buy:0.7', { code: null, factor: 0.25 }],
  ['an unknown volatility counts as high', null, 'buy:0.6 buy:0.6', { code: 'confidence' }],
])('%s', (_name, atrPct, said, expected) => {
  expect(combineVotes({ votes: votesOf(said), atrPct, policy: PRESETS.normal })).toMatchObject(expected);
});

it.each([
  ['of its own, whatever a spike does', { spikeFactor: 1 }, 0.5],
  ['as the policy says', { highVolatilityFactor: 0.25 }, 0.25],
  ['that of spikes, in a record from before it was its own', { spikeFactor: 0.3, highVolatilityFactor: undefined }, 0.3],
])('the factor of high volatility is %s', (_name, changes, factor) => {
  const { highVolatilityFactor, ...policy } = { ...PRESETS.normal, ...changes };
  expect(combineVotes({ votes: votesOf('buy:0.7 buy:0.7'), atrPct: 4, policy: highVolatilityFactor === undefined ? policy : { ...policy, highVolatilityFactor } })).toMatchObject({ factor });
});

const WEIGHED: readonly Vote[] = votesOf('buy:0.9 sell:0.5 buy:0.6').map((vote, index) => ({ ...vote, voter: 'abc'[index] ?? '' }));

it.each([
  ['not given: all the same', undefined, 'buy', 2 / 3, 0.75],
  ['who is not named weighs one', { b: 1 }, 'buy', 2 / 3, 0.75],
  ['all the same, whatever they are', { a: 0.5, b: 0.5, c: 0.5 }, 'buy', 2 / 3, 0.75],
  ['agreement and confidence go by weight', { a: 2, b: 1, c: 1 }, 'buy', 0.75, 0.8],
  ['a model by its version', { b: 1, 'a@1': 2, a: 9 }, 'buy', 0.75, 0.8],
  ['one that outweighs two', { a: 0.5, b: 3, c: 0.5 }, 'sell', 0.75, 0.5],
])('weights: %s', (_name, weights, action, agreement, confidence) => {
  const signal = combineVotes({ votes: WEIGHED, weights, atrPct: 1, policy: PRESETS.normal });
  expect(signal).toMatchObject({ action, speakers: 3 });
  expect(signal.agreement).toBeCloseTo(agreement, 12);
  expect(signal.confidence).toBeCloseTo(confidence, 12);
});

it('weights that balance are a tie', () => {
  expect(combineVotes({ votes: WEIGHED, weights: { a: 0.1, b: 0.3, c: 0.2 }, atrPct: 1, policy: PRESETS.normal })).toMatchObject({ action: 'hold', code: 'tie' });
});
