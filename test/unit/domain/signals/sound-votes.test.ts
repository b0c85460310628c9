import { describe, expect, it } from 'vitest';
import type { Vote } from '../../../../domain/cycle/types.ts';
import { soundVotes } from '../../../../domain/signals/sound-votes.ts';

const STRATEGY = { name: 'mine', version: '3' };
const VOTE: Vote = { voter: 'cross', version: '1', action: 'buy', confidence: 0.7, probabilities: null, because: 'it rises' };
const heard = (said: unknown): readonly Vote[] => soundVotes(STRATEGY, () => said);
const abstained = (because: unknown, who = { voter: 'cross', version: '1' }) => ({ ...who, action: 'abstain', confidence: 0, probabilities: null, because });
const BY_STRATEGY = { voter: 'mine', version: '3' };

describe('what a strategy says', () => {
  it('counts as it is when it can', () => {
    const votes = [VOTE, { ...VOTE, voter: 'other', confidence: 1, probabilities: { buy: 0.2, sell: 0.3, hold: 0.5 } }, { ...VOTE, version: '2', action: 'abstain', confidence: 0 }];
    expect(heard(votes)).toEqual(votes);
    expect(heard([])).toEqual([]);
  });

  it.each([
    ['confidence is NaN', { confidence: NaN }, 'its confidence is NaN; allowed: 0 to 1'],
    ['confidence is above 1', { confidence: 1.2 }, 'its confidence is 1.2; allowed: 0 to 1'],
    ['confidence is a text', { confidence: '0.5' }, 'its confidence is 0.5; allowed: 0 to 1'],
    ['action is unknown', { action: 'long' }, 'said long; allowed: buy, sell, hold, abstain'],
    ['probabilities do not sum to 1', { probabilities: { buy: 0.5, sell: 0.5, hold: 0.5 } }, 'its probabilities are {"buy":0.5,"sell":0.5,"hold":0.5}; each must be 0 to 1, and their sum 1'],
    ['probabilities are negative', { probabilities: { buy: -0.5, sell: 1, hold: 0.5 } }, expect.stringContaining('their sum 1')],
    ['probabilities are not numbers', { probabilities: { buy: NaN, sell: 1, hold: 0 } }, 'its probabilities are {"buy":"NaN","sell":1,"hold":0}; each must be 0 to 1, and their sum 1'],
    ['probabilities are missing', { probabilities: undefined }, 'its probabilities are undefined; allowed: null, or buy, sell and hold'],
    ['reason is missing', { because: undefined }, 'its reason is undefined; it must be a text'],
  ])('abstains where its %s, and says so', (_name, change, because) => {
    expect(heard([{ ...VOTE, ...change }, { ...VOTE, voter: 'other' }])).toEqual([abstained(because), { ...VOTE, voter: 'other' }]);
  });

  it.each([
    ['no list', undefined, 'the strategy gave undefined, not a list of votes'],
    ['no vote', [null], 'the strategy gave null, not a vote'],
    ['a vote of nobody', [{ ...VOTE, voter: '' }], expect.stringContaining("a vote's voter and version are  and 1")],
  ])('is an abstention of the strategy itself where it gives %s', (_name, said, because) => {
    expect(heard(said)).toEqual([abstained(because, BY_STRATEGY)]);
  });

  it('is an abstention where it throws', () => {
    expect(soundVotes(STRATEGY, () => { throw new Error('no such candle'); })).toEqual([abstained('the strategy failed: no such candle', BY_STRATEGY)]);
  });

  it('counts for nothing where one voter speaks twice: which is meant is not known', () => {
    expect(heard([VOTE, { ...VOTE, action: 'sell' }, { ...VOTE, voter: 'other' }])).toEqual([abstained('spoke more than once'), { ...VOTE, voter: 'other' }]);
  });

  it('keeps nothing of a vote but its fields: only a model that was trained names one', () => {
    expect(heard([{ ...VOTE, model: { modelId: 'x', label: 'y/1' } }])).toEqual([VOTE]);
  });
});
