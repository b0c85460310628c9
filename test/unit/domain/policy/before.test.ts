import { expect, it } from 'vitest';
import { PRESETS } from '../../../../domain/policy/policy.ts';
import { readPolicy, validPolicyOf } from '../../../../domain/policy/schema.ts';

it.each([[true, 'shadow'], [false, 'off'], ['primary', 'primary'], [undefined, 'shadow']])('a policy that was stored with learned sizing %s has it %s', (stored, expected) => {
  expect(validPolicyOf(readPolicy({ ...PRESETS.normal, rlSizing: stored })).rlSizing).toBe(expected);
});

it('any other value is refused, with what is allowed', () => {
  expect(() => validPolicyOf(readPolicy({ ...PRESETS.normal, rlSizing: 'perhaps' }))).toThrow('rlSizing = perhaps is refused: off or shadow or advise or primary');
});
