/** Findings in words. */
import { GUARDS } from './rules.ts';
import type { Scenario } from './rules.ts';
import { PROPERTY_WORDS } from './scenarios.ts';
import type { Findings, Step } from './search.ts';
import type { Property, World } from './world.ts';

/** The path as numbered steps, each with the second at which it happens. */
export function pathInWords(path: readonly Step<World>[]): readonly string[] {
  const lines: string[] = [];
  let second = 0;
  for (const { words } of path) {
    if (words === 'TICK') second += 1;
    else lines.push(`${String(lines.length + 1).padStart(4)}. ${String(second).padStart(3)} s  ${words}`);
  }
  return lines;
}

/** Steps without those of time. */
export function lengthOf(path: readonly Step<World>[]): number {
  return path.filter(({ words }) => words !== 'TICK').length;
}

export function boundsInWords(scenario: Scenario): string {
  return `${scenario.runs} activities at a time, ${scenario.attemptsMax} attempts${scenario.hasResets ? ', any number of resets' : ''}`;
}

export function exploredInWords(scenario: Scenario, findings: Findings<World>, seconds: number): string {
  const counts = `${thousands(findings.states)} states, ${thousands(findings.transitions)} transitions, ${findings.depth} steps deep, ${findings.ends} ends, ${seconds.toFixed(0)} s`;
  return `${scenario.name} (${boundsInWords(scenario)}): ${counts}`;
}

export function verdictInWords(findings: Findings<World>): readonly string[] {
  const { violation, trapped } = findings;
  if (violation !== null) return [`VIOLATION: ${PROPERTY_WORDS[violation.property as Property]}`, ...pathInWords(violation.path)];
  if (trapped !== null && trapped.count > 0) return [`TRAPPED: ${thousands(trapped.count)} states from which the order never ends, such as`, ...pathInWords(trapped.path)];
  return ['no violation; from every state the order can end'];
}

export function mutantInWords(scenario: Scenario, findings: Findings<World>): readonly string[] {
  const guard = scenario.without === null ? '' : GUARDS[scenario.without];
  const title = `without ${scenario.without ?? 'nothing'} (${guard}), in "${scenario.name}"`;
  if (findings.violation === null) return [`${title}: NO COUNTEREXAMPLE in ${thousands(findings.states)} states`];
  const { property, path } = findings.violation;
  return [`${title}: ${PROPERTY_WORDS[property as Property]}, ${lengthOf(path)} steps`, ...pathInWords(path)];
}

function thousands(count: number): string {
  return count.toLocaleString('en-US');
}
