/** `npm run explore`: the whole exploration, then every guard left out once. Exit code 1 when anything is not as it must be. */
import { boundsInWords, exploredInWords, lengthOf, mutantInWords, verdictInWords } from './report.ts';
import { ALL_PROPERTIES, DEEP, modelOf, MUTANTS, WHOLE } from './scenarios.ts';
import { explore } from './search.ts';

const STATES_MAX = 40_000_000;
const scenarios = process.argv.includes('--deep') ? [...WHOLE, ...DEEP] : WHOLE;
const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n\n`);
let failures = 0;

for (const scenario of scenarios) {
  process.stdout.write(`exploring ${scenario.name} (${boundsInWords(scenario)}) ...\n`);
  const startedAt = performance.now();
  const findings = explore(modelOf(scenario, ALL_PROPERTIES), { statesMax: STATES_MAX, checkProgress: true });
  if (findings.violation !== null || findings.trapped?.count !== 0) failures += 1;
  print([exploredInWords(scenario, findings, (performance.now() - startedAt) / 1_000), ...verdictInWords(findings)]);
}

const summary: string[] = [];
for (const { without, scenario, breaks } of MUTANTS) {
  const mutant = { ...scenario, without };
  const findings = explore(modelOf(mutant, [breaks]), { statesMax: STATES_MAX, checkProgress: false });
  if (findings.violation === null) failures += 1;
  print(mutantInWords(mutant, findings));
  summary.push(`${without.padEnd(18)} ${findings.violation === null ? 'none' : `${lengthOf(findings.violation.path)} steps`}`);
}
print(['counterexamples, shortest:', ...summary]);
process.exitCode = failures === 0 ? 0 : 1;
