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
  expect(combineVotes(votesOf(said), PRESETS.normal)).toMatchObject({ action, code, speakers });
});

it('averages the confidence of those that agree, and reaches a limit that equals it', () => {
  const signal = combineVotes(votesOf('buy:0.7 buy:0.7 buy:0.7 sell:0.1'), { agreementMin: 0.75, confidenceMin: 0.7 });
  expect(signal).toMatchObject({ code: null, agreement: 0.75 });
  expect(signal.confidence).toBeCloseTo(0.7, 12);
});
