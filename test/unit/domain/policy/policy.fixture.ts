/** Values and policies that keep every rule, drawn at random. */
import fc from 'fast-check';
import type { Policy, PolicyKey, PolicyValue } from '../../../../domain/policy/policy.ts';
import { POLICY_KEYS, PRESET_NAMES, PRESETS, ruleOf } from '../../../../domain/policy/policy.ts';
import { misfitsOf } from '../../../../domain/policy/schema.ts';

/** Its bounds more often than any other value. */
export function valueOf(key: PolicyKey): fc.Arbitrary<PolicyValue> {
  const rule = ruleOf(key);
  if (rule.kind === 'toggle') return fc.boolean();
  if (rule.kind === 'choice') return fc.constantFrom(...rule.choices);
  if (rule.kind === 'decimal') return fc.oneof(fc.constantFrom(rule.min, rule.max), fc.nat(2_000).map(String));
  const within = rule.kind === 'integer' ? fc.integer({ min: rule.min, max: rule.max }) : fc.double({ min: rule.min, max: rule.max, noNaN: true });
  return fc.oneof(fc.constantFrom(rule.min, rule.max, rule.value), within);
}

/** A preset with as many of some values as fit each other, in any order. */
export function policies(): fc.Arbitrary<Policy> {
  const draws = fc.shuffledSubarray([...POLICY_KEYS], { maxLength: 60 }).chain((keys) => fc.tuple(...keys.map((key) => valueOf(key).map((value) => [key, value] as const))));
  return fc.tuple(fc.constantFrom(...PRESET_NAMES), draws).map(([name, drawn]) => drawn.reduce<Policy>((policy, [key, value]) => {
    const wanted = { ...policy, [key]: value } as Policy;
    return misfitsOf(wanted).length === 0 ? wanted : policy;
  }, PRESETS[name]));
}
