/** Which way each key is stricter, and that the stricter of two policies is one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlayOf } from '../../../../domain/emergency/overlay.ts';
import { postureOverlayOf } from '../../../../domain/oversight/posture.ts';
import { effectivePolicyOf, OVERLAID_KEYS, POSTURES } from '../../../../domain/policy/effective.ts';
import type { PolicyKey } from '../../../../domain/policy/policy.ts';
import { POLICY_KEYS, PRESETS, ruleOf } from '../../../../domain/policy/policy.ts';
import { PAIRS, problemsOf } from '../../../../domain/policy/schema.ts';
import { isLooser, stricterOf } from '../../../../domain/policy/stricter.ts';
import { policies } from './policy.fixture.ts';

const { normal: NORMAL, defensive: DEFENSIVE } = PRESETS;

describe('the way', () => {
  it.each(POLICY_KEYS)('of %s is stated, or that it has none', (key) => {
    const rule = ruleOf(key);
    if (rule.kind === 'toggle') expect(['off', 'on']).toContain(rule.stricter);
    else if (rule.kind !== 'choice') expect(['lower', 'higher', 'none']).toContain(rule.stricter);
    else if (typeof rule.stricter === 'string') expect(['none', 'kept']).toContain(rule.stricter);
    else expect([...rule.stricter].sort()).toEqual([...rule.choices].sort());
  });

  // Without one are plans of exits (a nearer stop sells sooner, and sizes larger), windows, percentiles, and how an entry is priced.
  it('is missing only where neither of two is the stricter', () => {
    const plans = /(StopAtr|stopAtr|TargetAtr|targetAtr|BreakevenR|breakevenR|TrailAtr|trailAtr)$/;
    expect(POLICY_KEYS.filter((key) => ruleOf(key).stricter === 'none' && !plans.test(key))).toEqual([
      'entryStyle', 'sideWindowSignals',
      'volatilityLowPercentile', 'volatilityHighPercentile', 'volatilityExtremePercentile', 'volatilityWindowDays',
      'scaleConfidenceFrom', 'scaleConfidenceTo', 'targetScaleMin', 'targetScaleMax', 'volatilityScaleMin', 'volatilityScaleMax', 'rewardRiskMin', 'rewardRiskMax', 'stopCostsMin',
      'tp1AtShare', 'tp1CloseShare', 'tp2CloseShare', 'breakevenMarginBps', 'stopMoveMinBps', 'trailTargetShare', 'lockAfterMin', 'lockAtShare', 'lockProfitShare', 'ageingFromShare',
      'tripVenueWindowS',
    ]);
    expect(POLICY_KEYS.filter((key) => ruleOf(key).stricter === 'kept')).toEqual(['positionMode', 'marginMode', 'foreignPositions']);
  });

  it('is that in which guard and posture tighten', () => {
    for (const policy of [NORMAL, DEFENSIVE, PRESETS['small-aggressive']]) {
      const overlays = [...(['armed', 'tripping', 'protective', 'cautious'] as const).map((mode) => overlayOf(mode, policy)), ...POSTURES.map((posture) => postureOverlayOf(posture, policy))];
      for (const overlay of overlays) {
        const { policy: effective } = effectivePolicyOf(policy, [overlay]);
        for (const key of OVERLAID_KEYS) expect(isLooser(key, effective[key], policy[key])).toBe(false);
        for (const key of OVERLAID_KEYS) if (effective[key] !== policy[key]) expect(isLooser(key, policy[key], effective[key])).toBe(true);
      }
    }
  });

  // Else the stricter of two valid policies could break the pair: low raised by the one, high lowered by the other.
  it.each(PAIRS.map(({ low, high }) => [low, high] as const))('of %s and %s keeps them apart', (low, high) => {
    const [a, b] = [ruleOf(low).stricter, ruleOf(high).stricter];
    expect(a === b || (a === 'lower' && b === 'higher') || (a === 'lower' && b === 'none') || (a === 'none' && b === 'higher')).toBe(true);
  });
});

describe('looser is', () => {
  it.each([
    ['leverageMax', 3, 2, true], ['leverageMax', 2, 2, false], ['leverageMax', 1, 2, false],
    ['confidenceMin', 0.5, 0.6, true], ['confidenceMin', 0.7, 0.6, false],
    ['notionalMax', '1000', '900', true], ['notionalMax', '900', '1000', false], ['notionalMax', '5', '5.0', false],
    ['allowNewTrades', true, false, true], ['allowNewTrades', false, true, false], ['promotionAsked', false, true, true], ['promotionAsked', true, false, false],
    ['rlSizing', 'primary', 'shadow', true], ['rlSizing', 'shadow', 'off', true], ['rlSizing', 'shadow', 'advise', true], ['rlSizing', 'off', 'primary', false],
    ['promotionUnanswered', 'promote', 'retire', true], ['promotionUnanswered', 'retire', 'retire', false],
    ['stopAtr', 5, 1, false], ['stopAtr', 1, 5, false], ['entryStyle', 'market', 'limit', false], ['foreignPositions', 'close', 'exempt', false],
  ] as const)('%s %s against %s: %s', (key, value, than, expected) => expect(isLooser(key, value, than)).toBe(expected));
});

describe('the stricter of two', () => {
  it.each([
    ['a lower cap of a person', { leverageMax: 1, positionsMax: 1, notionalMax: '50' }, { leverageMax: 1, positionsMax: 1, notionalMax: '50' }],
    ['a lower cap of the built-in one', { leverageMax: 7, notionalMax: '20000' }, { leverageMax: 3, notionalMax: '500' }],
    ['what a person switched off', { allowNewTrades: false, dynamicExits: false, rlSizing: 'off' }, { allowNewTrades: false, dynamicExits: false, rlSizing: 'off' }],
    ['what the built-in one has off', { retraining: true, promotionAsked: false, rlSizing: 'primary' }, { retraining: false, promotionAsked: true, rlSizing: 'shadow' }],
    ['exits as the built-in one plans them', { stopAtr: 0.5, targetAtr: 9, entryStyle: 'limit' }, { stopAtr: 1.5, targetAtr: 3, entryStyle: 'market' }],
    ['terms of the account as they are', { positionMode: 'hedge', marginMode: 'isolated', foreignPositions: 'exempt' }, { positionMode: 'hedge', marginMode: 'isolated', foreignPositions: 'exempt' }],
  ] as const)('has %s', (_name, values, expected) => expect(stricterOf({ ...NORMAL, ...values }, DEFENSIVE)).toMatchObject(expected));

  it('of any two policies is a policy, in no key looser than either, and each of its values is of one of them', () => {
    fc.assert(fc.property(policies(), policies(), (held, builtIn) => {
      const mixed = stricterOf(held, builtIn);
      expect(problemsOf(mixed)).toEqual([]);
      const isWrong = (key: PolicyKey): boolean => isLooser(key, mixed[key], held[key]) || isLooser(key, mixed[key], builtIn[key]) || (mixed[key] !== held[key] && mixed[key] !== builtIn[key]);
      expect(POLICY_KEYS.filter(isWrong)).toEqual([]);
    }));
  });
});
