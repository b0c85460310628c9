import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { PolicyKey } from '../../../../domain/policy/policy.ts';
import { POLICY_KEYS, PRESET_NAMES, PRESETS, ruleOf } from '../../../../domain/policy/policy.ts';
import { rangeOf } from '../../../../domain/policy/schema.ts';

const DOC = readFileSync(new URL('../../../../docs/risk.md', import.meta.url), 'utf8');

/** `-`: neither of two values is the stricter. */
function wayOf(key: PolicyKey): string {
  const { stricter } = ruleOf(key);
  return stricter === 'none' ? '-' : typeof stricter === 'string' ? stricter : stricter.join(', ');
}

it('docs/risk.md lists every key of the policy, in the order of the rules', () => {
  expect(DOC).toContain(POLICY_KEYS.map((key) => `| \`${key}\` | ${String(ruleOf(key).value)} | ${rangeOf(key)} | ${wayOf(key)} | ${ruleOf(key).help} |`).join('\n'));
});

it('and where the presets differ', () => {
  for (const key of POLICY_KEYS.filter((it) => PRESET_NAMES.some((name) => PRESETS[name][it] !== PRESETS.normal[it]))) {
    expect(DOC).toContain(`| \`${key}\` | ${PRESET_NAMES.map((name) => String(PRESETS[name][key])).join(' | ')} |`);
  }
});
