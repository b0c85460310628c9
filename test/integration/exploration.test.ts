import { describe, expect, it } from 'vitest';
import { mutantInWords, pathInWords, verdictInWords } from '../exploration/report.ts';
import { GUARDS } from '../exploration/rules.ts';
import { ALL_PROPERTIES, modelOf, MUTANTS, QUICK } from '../exploration/scenarios.ts';
import { explore } from '../exploration/search.ts';
import { stopMeasuring } from '../support/measuring.ts';

const STATES_MAX = 2_000_000;

stopMeasuring(); // counting every branch of millions of steps would double their time; the functions have unit tests, which count

describe('the order protocol, explored exhaustively', () => {
  it.each(QUICK.map((scenario) => [scenario.name, scenario] as const))('%s: no property breaks, and from every state the order can end', (_name, scenario) => {
    const findings = explore(modelOf(scenario, ALL_PROPERTIES), { statesMax: STATES_MAX, checkProgress: true });
    expect(verdictInWords(findings)).toEqual(['no violation; from every state the order can end']);
    expect(findings.states).toBeGreaterThan(100_000);
  });
});

describe('a guard left out', () => {
  it.each(MUTANTS.map((mutant) => [mutant.without, mutant] as const))('%s gives a counterexample in words', (without, { scenario, breaks }) => {
    const mutant = { ...scenario, without };
    const findings = explore(modelOf(mutant, [breaks]), { statesMax: STATES_MAX, checkProgress: false });
    expect(findings.violation?.property).toBe(breaks);
    const path = pathInWords(findings.violation?.path ?? []);
    expect(path.length).toBeGreaterThan(5);
    expect(path[0]).toMatch(/^ {3}1\. {3}0 s /);
    expect(mutantInWords(mutant, findings)[0]).toContain(GUARDS[without]);
  });

  it('covers every guard', () => {
    expect(MUTANTS.map(({ without }) => without).toSorted()).toEqual(Object.keys(GUARDS).toSorted());
  });
});
