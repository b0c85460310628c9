import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { CheckRow } from '../../../../domain/checks/check.ts';
import { DECISION_STEPS } from '../../../../domain/cycle/types.ts';
import { GUARD } from '../../../../domain/guard/guard.ts';
import { VENUE_FILTER } from '../../../../domain/guard/venue-filter.ts';
import { exitNumbersOf, PRESETS } from '../../../../domain/policy/policy.ts';
import { VETOES } from '../../../../domain/signals/vetoes.ts';

const DOC = readFileSync(new URL('../../../../docs/risk.md', import.meta.url), 'utf8');

it.each<[string, readonly Pick<CheckRow<never>, 'code' | 'fails' | 'about'>[]]>([['vetoes', VETOES], ['venue filter', VENUE_FILTER], ['guard', GUARD]])('docs/risk.md lists the rows of the %s in their order', (_name, rows) => {
  expect(DOC).toContain(rows.map((it) => `| \`${it.code}\` | ${it.about} | ${it.fails} |`).join('\n'));
});

it('and the steps of the chain', () => expect([...DOC.matchAll(/^\| (data|signal|veto|venue|guard|governor|size) \|/gm)].map((it) => it[1])).toEqual([...DECISION_STEPS]));

it.each([
  ['low volatility', 'lowVol'], ['normal', 'normal'], ['high volatility, breakout', 'highVol'], ['extreme volatility', 'extreme'], ['trending', 'trending'], ['ranging, choppy', 'ranging'],
] as const)('and the exits of regime %s', (name, regime) => {
  const { stopAtr, targetAtr, breakevenR, trailAtr, maxHoldHours } = exitNumbersOf(PRESETS.normal, regime);
  expect(DOC).toContain(`| ${name} | ${stopAtr} | ${targetAtr} | ${breakevenR} | ${trailAtr} | ${maxHoldHours} |`);
});
