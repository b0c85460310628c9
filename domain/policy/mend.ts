/** What holds by a row of the store that is no policy: what is valid in it, made stricter until it fits. */
import type { Policy, PolicyKey, PolicyValue, PolicyValues } from './policy.ts';
import { POLICY_KEYS, PRESETS, ruleOf } from './policy.ts';
import type { Pair } from './schema.ts';
import { isPairFit, misfitsOf, PAIRS, problemOf } from './schema.ts';
import { stricterOf } from './stricter.ts';

/**
 * Of each key that is valid by itself, of `defensive` and of the policy before it the strictest. Of two keys that do not
 * fit each other then, the one whose way that is gets stricter still: a person's trip at 3 % holds, and what must lie below
 * it moves. Only where there is no room for that both are as in the other two.
 * @param before the newest valid policy before this row; null: none is known. What a person set there, a slip in one key does not loosen.
 * @returns a policy
 */
export function mended(stored: PolicyValues, before: Policy | null): Policy {
  const known = before === null ? PRESETS.defensive : stricterOf(before, PRESETS.defensive);
  const alone = withKnown(stored, known, POLICY_KEYS.filter((key) => problemOf(key, stored[key]) !== null));
  let policy = tightened(stricterOf(alone, known));
  for (let keys = misfitsOf(policy); keys.length > 0; keys = misfitsOf(policy)) policy = withKnown(policy, known, keys); // each round takes at least one more, and all that is known fits
  return policy;
}

function withKnown(policy: PolicyValues, known: Policy, keys: readonly PolicyKey[]): Policy {
  return { ...policy, ...Object.fromEntries(keys.map((key) => [key, known[key]])) } as Policy;
}

/** Pairs hang together in chains, none longer than all of them. */
function tightened(policy: Policy): Policy {
  const once = (from: Policy): Policy => PAIRS.reduce((next, pair) => (isPairFit(next, pair) ? next : tightenedPair(next, pair)), from);
  return PAIRS.reduce(once, policy);
}

function tightenedPair(policy: Policy, { low, high, orEqual, times }: Pair): Policy {
  const way = ruleOf(low).stricter;
  if (way !== ruleOf(high).stricter) return policy;
  if (way === 'lower') return { ...policy, [low]: orEqual ? scaled(policy[high], (it) => Math.floor(it / times), times) : halfWay(low, policy[high], 'min') };
  return way === 'higher' ? { ...policy, [high]: orEqual ? scaled(policy[low], (it) => it * times, times) : halfWay(high, policy[low], 'max') } : policy;
}

/** Keys that are so many times another are plain numbers. */
function scaled(value: PolicyValue, scale: (value: number) => number, times: number): PolicyValue {
  return times === 1 || typeof value !== 'number' ? value : scale(value);
}

/** Between a value and the strictest that the key may have. */
function halfWay(key: PolicyKey, value: PolicyValue, end: 'min' | 'max'): PolicyValue {
  const rule = ruleOf(key);
  if (rule.kind !== 'number' && rule.kind !== 'integer') return value;
  const middle = (Number(value) + rule[end]) / 2;
  return rule.kind === 'number' ? middle : end === 'min' ? Math.floor(middle) : Math.ceil(middle);
}
