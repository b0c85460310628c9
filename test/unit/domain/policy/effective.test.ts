import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GuardOverlay, Overlay, PostureOverlay } from '../../../../domain/policy/effective.ts';
import { effectivePolicyOf, OVERLAID_KEYS } from '../../../../domain/policy/effective.ts';
import { PRESET_NAMES, PRESETS } from '../../../../domain/policy/policy.ts';

const GUARD: GuardOverlay = { owner: 'guard', emergencyMode: false, allowNewTrades: true, recovery: 'normal', notionalMax: null, leverageMax: null, confidenceMin: null };
const POSTURE: PostureOverlay = { owner: 'posture', posture: 'normal', allowNewTrades: true, confidenceMin: null, sizeFactor: null, positionsMax: null };
const POLICY = PRESETS.normal;

describe('what holds under overlays', () => {
  it('is the policy itself when nobody demands anything', () => {
    expect(effectivePolicyOf(POLICY, [])).toEqual({
      policy: POLICY, emergencyMode: false, sizeFactor: 1,
      owners: { leverageMax: 'policy', notionalMax: 'policy', positionsMax: 'policy', confidenceMin: 'policy', allowNewTrades: 'policy', sizeFactor: 'policy' },
    });
    expect(effectivePolicyOf(POLICY, [GUARD, POSTURE])).toEqual(effectivePolicyOf(POLICY, []));
  });

  // Policy normal: leverage 5, notional 1000, positions 30, confidence 0.5. Each row demands one thing.
  it.each([
    ['a smaller notional', { ...GUARD, recovery: 'protective', notionalMax: '100' }, 'notionalMax', '100', 'guard'],
    ['a larger notional', { ...GUARD, notionalMax: '1000.01' }, 'notionalMax', '1000', 'policy'],
    ['notionals as numbers, not as text', { ...GUARD, notionalMax: '900' }, 'notionalMax', '900', 'guard'],
    ['the same notional', { ...GUARD, notionalMax: '1000' }, 'notionalMax', '1000', 'policy'],
    ['less leverage', { ...GUARD, leverageMax: 3 }, 'leverageMax', 3, 'guard'],
    ['more leverage', { ...GUARD, leverageMax: 10 }, 'leverageMax', 5, 'policy'],
    ['more confidence, by the guard', { ...GUARD, confidenceMin: 0.75 }, 'confidenceMin', 0.75, 'guard'],
    ['more confidence, by the posture', { ...POSTURE, posture: 'safe', confidenceMin: 0.75 }, 'confidenceMin', 0.75, 'posture'],
    ['less confidence', { ...POSTURE, confidenceMin: 0.4 }, 'confidenceMin', 0.5, 'policy'],
    ['fewer positions', { ...POSTURE, posture: 'safe', positionsMax: 5 }, 'positionsMax', 5, 'posture'],
    ['no new trades', { ...POSTURE, posture: 'critical', allowNewTrades: false }, 'allowNewTrades', false, 'posture'],
    ['emergency', { ...GUARD, emergencyMode: true }, 'allowNewTrades', false, 'guard'],
  ] as const)('%s', (_name, overlay, key, value, owner) => {
    const effective = effectivePolicyOf(POLICY, [overlay]);
    expect(effective.policy[key]).toBe(value);
    expect(effective.owners[key]).toBe(owner);
  });

  it.each([
    ['safe', [0.6], 0.6, 'posture'],
    ['aggressive', [1.3], 1.3, 'posture'],
    ['more than the policy lets a posture add', [2], 1.3, 'policy'],
    ['the smallest of several', [1.3, 0.6, 0.9], 0.6, 'posture'],
  ] as const)('a size factor: %s', (_name, factors, value, owner) => {
    const effective = effectivePolicyOf(POLICY, factors.map((sizeFactor) => ({ ...POSTURE, sizeFactor })));
    expect(effective.sizeFactor).toBe(value);
    expect(effective.owners.sizeFactor).toBe(owner);
  });

  it('forbids trades under a policy that forbids them, whatever an overlay allows', () => {
    expect(effectivePolicyOf({ ...POLICY, allowNewTrades: false }, [GUARD, POSTURE])).toMatchObject({ policy: { allowNewTrades: false }, owners: { allowNewTrades: 'policy' } });
  });
});

const nullable = <T>(it: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(it, { nil: null });
const guards: fc.Arbitrary<Overlay> = fc.record({
  owner: fc.constant('guard' as const), emergencyMode: fc.boolean(), allowNewTrades: fc.boolean(), recovery: fc.constantFrom('emergency', 'protective', 'cautious', 'normal'),
  notionalMax: nullable(fc.integer({ min: 0, max: 5_000 }).map(String)), leverageMax: nullable(fc.integer({ min: 1, max: 20 })), confidenceMin: nullable(fc.double({ min: 0, max: 1, noNaN: true })),
});
const postures: fc.Arbitrary<Overlay> = fc.record({
  owner: fc.constant('posture' as const), posture: fc.constantFrom('critical', 'safe', 'normal', 'aggressive'), allowNewTrades: fc.boolean(),
  confidenceMin: nullable(fc.double({ min: 0, max: 1, noNaN: true })), sizeFactor: nullable(fc.double({ min: 0, max: 3, noNaN: true })), positionsMax: nullable(fc.integer({ min: 0, max: 60 })),
});
const cases = fc.record({ preset: fc.constantFrom(...PRESET_NAMES), overlays: fc.array(fc.oneof(guards, postures), { maxLength: 6 }) });

it('is never looser than the policy or any overlay, and names an owner who demands just that', () => {
  fc.assert(fc.property(cases, ({ preset, overlays }) => {
    const policy = PRESETS[preset];
    const { policy: effective, owners, sizeFactor, emergencyMode } = effectivePolicyOf(policy, overlays);
    const demandsOf = (it: Overlay) => ({
      owner: it.owner, leverageMax: it.owner === 'guard' ? it.leverageMax : null, notionalMax: it.owner === 'guard' ? it.notionalMax : null, positionsMax: it.owner === 'posture' ? it.positionsMax : null,
      confidenceMin: it.confidenceMin, allowNewTrades: it.allowNewTrades && !(it.owner === 'guard' && it.emergencyMode), sizeFactor: it.owner === 'posture' ? it.sizeFactor : null,
    });
    const all = [{ owner: 'policy', leverageMax: policy.leverageMax, notionalMax: policy.notionalMax, positionsMax: policy.positionsMax, confidenceMin: policy.confidenceMin, allowNewTrades: policy.allowNewTrades, sizeFactor: null }, ...overlays.map(demandsOf)];
    for (const it of all) {
      expect(effective.leverageMax).toBeLessThanOrEqual(it.leverageMax ?? Infinity);
      expect(Number(effective.notionalMax)).toBeLessThanOrEqual(Number(it.notionalMax ?? Infinity));
      expect(effective.positionsMax).toBeLessThanOrEqual(it.positionsMax ?? Infinity);
      expect(effective.confidenceMin).toBeGreaterThanOrEqual(it.confidenceMin ?? 0);
      expect(sizeFactor).toBeLessThanOrEqual(it.sizeFactor ?? policy.aggressiveSizeFactor);
      if (!it.allowNewTrades) expect(effective.allowNewTrades).toBe(false);
    }
    for (const key of OVERLAID_KEYS) expect(all.some((it) => it.owner === owners[key] && it[key] === effective[key])).toBe(true);
    expect(emergencyMode).toBe(overlays.some((it) => it.owner === 'guard' && it.emergencyMode));
    for (const key of Object.keys(policy) as (keyof typeof policy)[]) if (!(OVERLAID_KEYS as readonly string[]).includes(key)) expect(effective[key]).toBe(policy[key]);
  }));
});

it('does not depend on the order of the overlays, owners of equal demands aside', () => {
  fc.assert(fc.property(cases, ({ preset, overlays }) => {
    const [there, back] = [effectivePolicyOf(PRESETS[preset], overlays), effectivePolicyOf(PRESETS[preset], [...overlays].reverse())];
    expect({ ...back, owners: there.owners }).toEqual(there);
  }));
});
