/** Which of two policies is the stricter, key by key, by the way that each key's rule states. */
import type { Policy, PolicyKey, PolicyValue } from './policy.ts';
import { POLICY_KEYS, ruleOf } from './policy.ts';
import { numeric } from './schema.ts';

/** Whether a value of a key is looser than another. A key without a stricter way is never. Both values fit the key's schema. */
export function isLooser(key: PolicyKey, value: PolicyValue, than: PolicyValue): boolean {
  const rule = ruleOf(key);
  switch (rule.kind) {
    case 'toggle': return value !== than && value !== (rule.stricter === 'on');
    case 'choice': return Array.isArray(rule.stricter) && rule.stricter.indexOf(value) > rule.stricter.indexOf(than);
    default: return rule.stricter !== 'none' && (rule.stricter === 'lower' ? numeric(value).gt(numeric(than)) : numeric(value).lt(numeric(than)));
  }
}

/**
 * Of each key the stricter value. Where none is, the built-in one's, and `held`'s where the rule says `kept`. Of two valid
 * policies it is valid: of every two keys that must not pass each other both go the same way, or come from one policy.
 * @param held what a person chose.
 */
export function stricterOf(held: Policy, builtIn: Policy): Policy {
  return Object.fromEntries(POLICY_KEYS.map((key) => [key, stricterValue(key, held[key], builtIn[key])])) as Policy;
}

function stricterValue(key: PolicyKey, held: PolicyValue, builtIn: PolicyValue): PolicyValue {
  const { stricter } = ruleOf(key);
  if (stricter === 'none') return builtIn;
  return stricter === 'kept' || isLooser(key, builtIn, held) ? held : builtIn;
}
