import { describe, expect, it } from 'vitest';
import { planCycle } from '../../../../domain/cycle/plan-cycle.ts';
import { NO_MEMORY } from '../../../../domain/cycle/risk-facts.ts';
import type { Observation, Vote } from '../../../../domain/cycle/types.ts';
import { predictionsOf, priorsOf } from '../../../../domain/predictions/prediction.ts';
import { rankIn, withScores } from '../../../../domain/predictions/scores.ts';
import { CLOSE_TIME, HOUR_MS, observationWith, riskWith, symbolWith, vote } from '../cycle/plan.fixture.ts';

const rowsOf = (observation: Observation) => predictionsOf(observation, planCycle({ cycleId: 'c', observation }));
const acting = (observation: Observation) => rowsOf(observation).find((it) => it.role === 'acting');

describe('one cycle foretells', () => {
  const observation = observationWith({
    symbols: [symbolWith({ sigma: 0.01, votes: [{ ...vote('buy', 0.7, 'trend'), probabilities: null }, { ...vote('buy', 0.8, 'model'), probabilities: { buy: 0.5, sell: 0.2, hold: 0.3 } }, vote('abstain', 0, 'patterns')] })],
    risk: { priors: { 'horizon4/1': { buy: 2, sell: 5, hold: 0 } } },
  });
  const [first, rule, model, silent] = rowsOf(observation);

  it('what the plan went by', () => {
    expect(first).toMatchObject({
      role: 'acting', voter: 'strategy/ensemble', version: '1', action: 'buy', score: 0.75, confidence: 0.75, direction: 'long', decision: 'open', reason: 'buy', labelVersion: 'horizon4/1', horizonCandles: 4,
      dueAt: CLOSE_TIME + 4 * HOUR_MS, costBps: 11, sigma: 0.01, stopBps: 300, targetBps: 600, dataQuality: 100, price: 100, regime: 'trendUp',
      votes: [{ voter: 'trend', version: '1', action: 'buy', confidence: 0.7 }, { voter: 'model', version: '1', action: 'buy', confidence: 0.8 }, { voter: 'patterns', version: '1', action: 'abstain', confidence: 0 }],
    });
    expect(first?.magnitudeBps).toBeCloseTo(0.05 * 200 * 0.75, 9);
    expect(first?.probabilities?.buy).toBeCloseTo((0.3 + 0.5) / 2, 9);
  });
  it('a rule by the priors', () => expect(rule).toMatchObject({ role: 'member', voter: 'trend', featureSet: 'indicators/1', featureVector: null, probabilities: { buy: 0.3, sell: 0.6, hold: 0.1 }, votes: null, decision: null }));
  it('a model by itself', () => expect(model).toMatchObject({ voter: 'model', probabilities: { buy: 0.5, sell: 0.2, hold: 0.3 } }));
  it('nothing, of whom abstains', () => expect(silent).toMatchObject({ action: 'abstain', dueAt: null, horizonCandles: null, labelVersion: null, probabilities: null, direction: null }));
});

describe('a trained model', () => {
  const of = (modelId: string, action: Vote['action'], probabilities: Vote['probabilities']): Vote => ({ ...vote(action, 0.9, 'model/linear'), version: modelId, probabilities, model: { modelId, label: 'horizon4/1@0.5' } });
  const votes = [{ ...vote('buy', 0.7, 'trend'), probabilities: null }, of('aaa', 'buy', { buy: 0.5, sell: 0.2, hold: 0.3 })];
  const served = { featureSet: 'standard/2', vector: [0.5, null], shadows: [of('bbb', 'sell', { buy: 0.1, sell: 0.7, hold: 0.2 })] };
  const observation = observationWith({ symbols: [symbolWith({ sigma: 0.01, votes, served })] });
  const [first, rule, member, shadow] = rowsOf(observation);

  it('foretells by its own label and features', () => {
    expect(member).toMatchObject({ role: 'member', voter: 'model/linear', version: 'aaa', featureSet: 'standard/2', featureVector: [0.5, null], labelVersion: 'horizon4/1@0.5', horizonCandles: 4, dueAt: CLOSE_TIME + 4 * HOUR_MS, confidence: 0.9 });
    expect(member?.magnitudeBps).toBeCloseTo(0.3 * 200, 9);
    expect([first?.labelVersion, rule?.labelVersion, rule?.featureVector]).toEqual(['horizon4/1', 'horizon4/1', null]);
  });
  it('on trial foretells beside it, and nothing goes by that', () => {
    expect(shadow).toMatchObject({ role: 'shadow', voter: 'model/linear', version: 'bbb', action: 'sell', featureVector: [0.5, null], votes: null, decision: null });
    const { served: _, ...alone } = symbolWith({ sigma: 0.01, votes, served });
    const plan = (it: Observation) => planCycle({ cycleId: 'c', observation: it });
    expect(plan(observation)).toEqual(plan({ ...observation, symbols: [alone] }));
    expect(first?.votes).toHaveLength(2);
  });
  it('ranks by itself: its scores are not remembered', () => {
    const { scores } = planCycle({ cycleId: 'c', observation: { ...observation, risk: { ...observation.risk, priors: {} } } }).memory;
    expect(Object.keys(scores ?? {})).toEqual(['trend@1', 'strategy/ensemble@1']);
  });
});

it.each([
  ['a signal that is refused', { symbols: [symbolWith({ votes: [vote('sell', 0.2, 'one')] })] }, { action: 'sell', decision: 'refused', reason: 'confidence', direction: 'short' }],
  ['a hold', { symbols: [symbolWith({ votes: [vote('hold', 0.8, 'one')] })] }, { action: 'hold', decision: 'hold', direction: null, magnitudeBps: 0, stopBps: null, confidence: 0.8 }],
  ['nobody speaks', { symbols: [symbolWith({ votes: [vote('abstain')] })] }, { action: 'abstain', dueAt: null }],
])('%s', (_name, changes, expected) => expect(acting(observationWith(changes))).toMatchObject(expected));

it('candles that cannot be trusted foretell nothing', () => expect(rowsOf(observationWith({ symbols: [symbolWith({ quality: { score: 0, tradable: false, issues: [] }, votes: [] })] }))).toEqual([]));

it('priors count each class once more than seen', () => {
  expect(priorsOf(undefined, 'x')).toEqual({ buy: 1 / 3, sell: 1 / 3, hold: 1 / 3 });
  expect(priorsOf({ x: { buy: 1, sell: 0, hold: 6 } }, 'x')).toEqual({ buy: 0.2, sell: 0.1, hold: 0.7 });
});

describe('confidence', () => {
  const scores = (key: string, values: readonly number[]) => new Map([[key, values]]);
  const hundred = withScores({}, scores('a@1', Array.from({ length: 100 }, (_, index) => index / 100)))['a@1'];

  it.each([['below all', 0.0001, 0.005], ['above all', 1, 1], ['in the middle, equal to one', 0.5, 0.505], ['between two', 0.505, 0.51]])('%s', (_name, score, expected) => expect(rankIn(hundred)(score)).toBeCloseTo(expected, 9));
  it('is the score itself while few are known', () => {
    const few = withScores({}, scores('a@1', Array.from({ length: 49 }, () => 0.9)))['a@1'];
    expect([rankIn(few)(0.123), rankIn(undefined)(0.5)]).toEqual([0.123, 0.5]);
  });
  it('ranks among the last five hundred', () => {
    const window = withScores(withScores({}, scores('a@1', Array.from({ length: 500 }, () => 1))), scores('a@1', Array.from({ length: 500 }, () => 0)))['a@1'];
    expect([window?.length, rankIn(window)(0.5)]).toEqual([1_000, 1]);
  });

  it('travels with the memory: from fifty directional scores on a prediction is told its rank', () => {
    let memory = NO_MEMORY;
    const at = (confidence: number, known = memory) => observationWith({ symbols: [symbolWith({ votes: [{ ...vote('buy', confidence, 'one'), probabilities: null }] })], risk: riskWith({ memory: known, priors: {} }) });
    for (let index = 0; index < 50; index += 1) memory = planCycle({ cycleId: 'c', observation: at(0.5 + index / 1_000) }).memory;
    expect(rowsOf(at(0.9)).map((it) => [it.voter, it.score, it.confidence])).toEqual([['strategy/ensemble', 0.9, 1], ['one', 0.9, 1]]);
    expect(rowsOf(at(0.5)).map((it) => it.confidence)).toEqual([0.01, 0.01]);
    const held = planCycle({ cycleId: 'c', observation: observationWith({ symbols: [symbolWith({ votes: [vote('hold', 0.2, 'one')] })], risk: riskWith({ memory, priors: {} }) }) }).memory;
    expect(held.scores).toEqual(memory.scores); // a hold has no edge to rank
    expect(planCycle({ cycleId: 'c', observation: observationWith() }).memory).not.toHaveProperty('scores'); // recorded before they were kept
  });
});
