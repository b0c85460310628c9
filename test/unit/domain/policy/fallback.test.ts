/** What holds when the store cannot be read, or when its newest version is none. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GoodCopy, StoreAnswer } from '../../../../domain/policy/fallback.ts';
import { chooseSource, policyHeldBy, storedProblem } from '../../../../domain/policy/fallback.ts';
import type { Policy, PolicyKey, PolicyValue, PolicyValues } from '../../../../domain/policy/policy.ts';
import { POLICY_KEYS, PRESETS, ruleOf } from '../../../../domain/policy/policy.ts';
import { PAIRS, problemsOf, readPolicy } from '../../../../domain/policy/schema.ts';
import { isLooser } from '../../../../domain/policy/stricter.ts';
import { policies, valueOf } from './policy.fixture.ts';

const { normal: NORMAL, defensive: DEFENSIVE } = PRESETS;
const FAILED: StoreAnswer = { kind: 'failed', problem: 'no answer' };
const readOf = (policy: object): StoreAnswer => ({ kind: 'read', stored: { version: 7, ...policyHeldBy(policy) } });
const INVALID = readOf({ ...NORMAL, confidenceMin: 2, riskPerTradeBps: 10 });

describe('the policy of a cycle', () => {
  const strict: GoodCopy = { policy: { ...NORMAL, leverageMax: 1, positionsMax: 1, allowNewTrades: false }, version: 6, readAt: 0 };

  it.each([
    ['a store that cannot be read', FAILED, 'no answer'],
    ['a version that is not valid', INVALID, 'version 7 is not valid: confidenceMin = 2 is refused: 0 to 1 0-1'],
  ] as const)('with %s: the copy while it is fresh (where nothing was read), then the stricter of it and the built-in one', (_name, answer, policyProblem) => {
    const soon = chooseSource({ answer, lastGood: strict, now: 300_000 });
    if (answer.kind === 'failed') expect(soon).toEqual({ policy: strict.policy, policyVersion: 6, policySource: 'lastGood', policyProblem });
    else expect(soon).toEqual(chooseSource({ answer, lastGood: strict, now: 300_001 })); // what a person wrote there since counts at once
    const later = chooseSource({ answer, lastGood: strict, now: 300_001 });
    expect(later).toMatchObject({ policy: { leverageMax: 1, positionsMax: 1, allowNewTrades: false, notionalMax: '500', confidenceMin: 0.6 }, policyVersion: 0, policySource: 'builtIn', policyProblem });
    expect(later.policy.riskPerTradeBps).toBe(answer.kind === 'failed' ? 75 : 10); // what is valid of the newest counts too
  });

  it('without a copy is the built-in one, and what is valid of the newest where that is stricter', () => {
    expect(chooseSource({ answer: FAILED, lastGood: null, now: 0 }).policy).toEqual(DEFENSIVE);
    expect(chooseSource({ answer: INVALID, lastGood: null, now: 0 }).policy).toEqual({ ...DEFENSIVE, riskPerTradeBps: 10 });
  });

  it('is never looser than the copy or the built-in one, once the copy is too old', () => {
    fc.assert(fc.property(policies(), fc.constantFrom(FAILED, INVALID), (policy, answer) => {
      const { policy: held, policySource } = chooseSource({ answer, lastGood: { policy, version: 6, readAt: 0 }, now: 300_001 });
      expect([policySource, problemsOf(held)]).toEqual(['builtIn', []]);
      expect(POLICY_KEYS.filter((key) => isLooser(key, held[key], policy[key]) || isLooser(key, held[key], DEFENSIVE[key]))).toEqual([]);
    }));
  });
});

describe('a row of the store', () => {
  it('that is valid holds as it is', () => expect(policyHeldBy({ leverageMax: 20 })).toEqual({ policy: { ...NORMAL, leverageMax: 20 }, problems: [] }));

  it.each([
    ['a value out of bounds', { leverageMax: 500, positionsMax: 2 }, { leverageMax: 3, positionsMax: 2 }, ['leverageMax = 500']],
    ['values of other types', { confidenceMin: '0.9', allowNewTrades: 'no', notionalMax: 5, cooldownS: [1] }, { confidenceMin: 0.6, allowNewTrades: true, notionalMax: '500', cooldownS: 300 }, ['confidenceMin = 0.9', 'notionalMax = 5', 'allowNewTrades = no', 'cooldownS = [1]']],
    ['a choice that there is not', { rlSizing: 'dream', foreignPositions: 'exempt' }, { rlSizing: 'shadow', foreignPositions: 'exempt' }, ['rlSizing = dream']],
    ['a trip below what must lie below it, which moves', { tripDailyLossBps: 200, tripErrors: 1 }, { tripDailyLossBps: 200, dailyLossMaxBps: 200, tripErrors: 1 }, ['dailyLossMaxBps = 500']],
    ['the same through a chain', { tripDrawdownBps: 201 }, { tripDrawdownBps: 201, criticalDrawdownBps: 201, safeDrawdownBps: 101, aggressiveDrawdownBps: 50.5 }, ['criticalDrawdownBps = 800']],
    ['whole numbers', { streakSlow: 5, streakBlock: 4 }, { streakSlow: 2, streakBlock: 4 }, ['streakSlow = 5']],
    ['confidences, stricter upward', { confidenceMin: 0.98, cautiousConfidenceMin: 0.9 }, { confidenceMin: 0.98, confidenceFull: 0.99, cautiousConfidenceMin: 0.9, protectiveConfidenceMin: 0.9 }, ['cautiousConfidenceMin = 0.9', 'confidenceMin = 0.98']],
    ['money', { cautiousNotionalMax: '50' }, { protectiveNotionalMax: '50', cautiousNotionalMax: '50' }, ['protectiveNotionalMax = 100']],
    ['no room to be stricter: neither counts', { protectiveFromBps: 1, tripErrors: 1 }, { cautiousFromBps: 200, protectiveFromBps: 400, tripErrors: 1 }, ['cautiousFromBps = 200']],
    ['exits that do not fit: none counts', { stopAtr: 9 }, { stopAtr: 1.5, targetAtr: 3 }, ['stopAtr = 9']],
    ['no policy at all', 'normal', DEFENSIVE, ['policy = normal']],
    ['nothing', null, DEFENSIVE, ['policy = null']],
  ] as const)('with %s: of what is valid in it and `defensive` the stricter', (_name, stored, expected, problems) => {
    const held = policyHeldBy(stored);
    expect(held.policy).toMatchObject(expected);
    expect(held.problems.map(({ key, value }) => `${key} = ${value}`)).toEqual(problems);
    expect(storedProblem({ version: 9, ...held })).toContain('version 9 is not valid: ');
  });

  it('and nothing looser than the newest valid version before it', () => {
    const before: Policy = { ...NORMAL, tripDrawdownBps: 300, criticalDrawdownBps: 250, safeDrawdownBps: 200, leverageMax: 2, positionMode: 'hedge', marginMode: 'isolated', entryStyle: 'limit' };
    const held = policyHeldBy({ ...NORMAL, confidenceMin: 2, positionsMax: 4, positionMode: 'sideways' }, before);
    expect(held.policy).toMatchObject({ tripDrawdownBps: 300, leverageMax: 2, positionsMax: 4, confidenceMin: 0.6, notionalMax: '500', positionMode: 'hedge', marginMode: 'cross', entryStyle: 'market' });
    expect(policyHeldBy('normal', before).policy).toMatchObject({ tripDrawdownBps: 300, leverageMax: 2, positionMode: 'hedge', marginMode: 'isolated', notionalMax: '500' });
    expect(policyHeldBy(NORMAL, before).policy).toEqual(NORMAL); // one that is valid may loosen
  });

  it('whatever it is: what holds is a policy, and not looser than `defensive`, nor than the version before', () => {
    const rubbish = fc.dictionary(fc.constantFrom<string>(...POLICY_KEYS), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 20 });
    fc.assert(fc.property(policies(), policies(), rubbish, (policy, before, spoilt) => {
      const stored: unknown = JSON.parse(JSON.stringify({ ...policy, ...spoilt }));
      const { policy: held, problems } = policyHeldBy(stored, before);
      expect(problemsOf(held)).toEqual([]);
      if (problems.length === 0) expect(held).toEqual(readPolicy(stored).policy);
      else expect(POLICY_KEYS.filter((key) => isLooser(key, held[key], DEFENSIVE[key]) || isLooser(key, held[key], before[key]))).toEqual([]);
    }));
  });

  it('whose values lie within their bounds, however they fit each other: none of them is loosened', () => {
    const keys = [...new Set(PAIRS.flatMap(({ low, high }) => [low, high]))];
    const values = fc.tuple(...keys.map((key) => within(key).map((value) => [key, value] as const))).map((entries) => ({ ...NORMAL, ...Object.fromEntries(entries) }) as PolicyValues);
    fc.assert(fc.property(values, (stored) => {
      const { policy: held, problems } = policyHeldBy(stored);
      expect(problems).not.toEqual([]); // so many at random never fit
      expect(problemsOf(held)).toEqual([]);
      expect(POLICY_KEYS.filter((key) => isLooser(key, held[key], stored[key]) || isLooser(key, held[key], DEFENSIVE[key]))).toEqual([]);
    }));
  });
});

/** At a bound there may be no room to be stricter. */
function within(key: PolicyKey): fc.Arbitrary<PolicyValue> {
  const rule = ruleOf(key);
  if (rule.kind !== 'number' && rule.kind !== 'integer') return valueOf(key);
  return fc.integer({ min: 1, max: 63 }).map((step) => rule.min + (rule.max - rule.min) * (step / 64)).map((value) => (rule.kind === 'integer' ? Math.ceil(value) : value));
}
