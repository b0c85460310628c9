/** `npm run mutants`: leaves out one guard of the real code at a time and demands that tests turn red. Exit code 1 when one does not. */
import { parseArgs } from 'node:util';
import { sharedEnv, startServers } from '../support/servers.ts';
import type { Verdict } from './judge.ts';
import { judge, redUnmutated } from './judge.ts';
import type { Mutant, TestChoice } from './mutant.ts';
import { MUTANTS } from './table.ts';
import { makeWorkspace } from './workspace.ts';

const { values } = parseArgs({ options: { only: { type: 'string', default: '' }, json: { type: 'boolean', default: false } } });
const chosen = MUTANTS.filter(({ name }) => name.includes(values.only));
const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);

if (chosen.length === 0) {
  say(`no mutant's name holds "${values.only}"; the names: ${MUTANTS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const servers = chosen.some(({ tests }) => tests.project === 'integration') ? await startServers() : null;
if (servers !== null) Object.assign(process.env, sharedEnv(servers)); // one pair for all of them
const workspace = makeWorkspace();
const results: { readonly mutant: Mutant; readonly verdict: Verdict; readonly seconds: number }[] = [];
try {
  for (const project of ['unit', 'integration'] as const) {
    const paths = [...new Set(chosen.filter(({ tests }) => tests.project === project).flatMap(({ tests }) => tests.paths))];
    await demandGreen({ project, paths });
  }
  for (const mutant of chosen) {
    const startedAt = performance.now();
    const verdict = await judgedOrStale(mutant);
    const seconds = (performance.now() - startedAt) / 1_000;
    results.push({ mutant, verdict, seconds });
    say(`${verdict.kind.padEnd(8)} ${mutant.name} (${seconds.toFixed(1)} s): ${wordsOf(verdict)}`);
  }
} finally {
  workspace.remove();
  await servers?.stop();
}

const bad = results.filter(({ verdict }) => verdict.kind !== 'killed');
say(`${results.length - bad.length} of ${results.length} killed`);
if (values.json) process.stdout.write(`${JSON.stringify(results.map(({ mutant: { name, guard, tests }, verdict, seconds }) => ({ name, guard, tests, seconds, ...verdict })), null, 2)}\n`);
process.exitCode = bad.length === 0 ? 0 : 1;

async function demandGreen(tests: TestChoice): Promise<void> {
  if (tests.paths.length === 0) return;
  const red = await redUnmutated(workspace, tests);
  if (red.length === 0) return say(`green unmutated: ${tests.paths.length} ${tests.project} test files`);
  throw new Error(`not green with nothing left out, so no mutant can be judged:\n${red.join('\n')}`);
}

async function judgedOrStale(mutant: Mutant): Promise<Verdict> {
  try {
    return await judge(workspace, mutant);
  } catch (error) {
    return { kind: 'unproven', why: error instanceof Error ? error.message : String(error) };
  }
}

function wordsOf(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'killed': return verdict.test;
    case 'survived': return 'no test turned red';
    case 'unproven': return verdict.why;
  }
}
