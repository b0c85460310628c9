/** Runs tests in a workspace and tells whether they turned red, and by what. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant, TestChoice } from './mutant.ts';
import type { RunReport } from './reporter.ts';
import { REPORT_FILE } from './reporter.ts';
import type { Workspace } from './workspace.ts';

export type Verdict =
  /** A test's assertion failed. */
  | { readonly kind: 'killed'; readonly test: string; readonly said: string }
  /** All tests stayed green: nothing would tell if the guard went missing. */
  | { readonly kind: 'survived' }
  /** The tests ended otherwise than by an assertion (a file that cannot be loaded, no tests, a crash): it proves nothing. */
  | { readonly kind: 'unproven'; readonly why: string };

const RUN_MS_MAX = 300_000;

/** The one mutant in the copy, and its tests. */
export async function judge(workspace: Workspace, mutant: Mutant): Promise<Verdict> {
  return await workspace.whileMutated(mutant, async () => verdictOf(await runTests(workspace, mutant.tests)));
}

/** Nothing mutated: what is red then makes every verdict worthless. @returns what is red, or did not run. */
export async function redUnmutated(workspace: Workspace, tests: TestChoice): Promise<readonly string[]> {
  const outcome = await runTests(workspace, tests);
  if (typeof outcome === 'string') return [outcome];
  const idle = tests.paths.filter((path) => !outcome.tests.some(({ file, state }) => file.endsWith(path) && state === 'passed'));
  return [...outcome.broken, ...outcome.tests.filter(({ state }) => state === 'failed').map(({ name }) => name), ...idle.map((path) => `${path}: no test passed`)];
}

/** @param outcome what vitest reported, or why it reported nothing. */
export function verdictOf(outcome: RunReport | string): Verdict {
  if (typeof outcome === 'string') return { kind: 'unproven', why: outcome };
  const failed = outcome.tests.filter(({ state }) => state === 'failed');
  for (const { name, errors } of failed) {
    const assertion = errors.find(({ isAssertion }) => isAssertion);
    if (assertion !== undefined) return { kind: 'killed', test: name, said: firstLine(assertion.message) };
  }
  if (failed[0] !== undefined) return { kind: 'unproven', why: `"${failed[0].name}" failed without an assertion: ${firstLine(failed[0].errors[0]?.message ?? '')}` };
  if (outcome.broken[0] !== undefined) return { kind: 'unproven', why: firstLine(outcome.broken[0]) };
  return outcome.tests.some(({ state }) => state === 'passed') ? { kind: 'survived' } : { kind: 'unproven', why: 'no test ran' };
}

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').slice(0, 200);
}

async function runTests({ folder }: Workspace, { project, paths, named }: TestChoice): Promise<RunReport | string> {
  const output = mkdtempSync(join(tmpdir(), 'keel-mutants-report-'));
  const file = join(output, 'report.json');
  try {
    const pattern = named === undefined ? [] : ['--testNamePattern', named];
    const said = await vitest(folder, file, ['run', '--project', project, '--reporter=./test/mutants/reporter.ts', ...pattern, ...paths]);
    return reportFrom(file) ?? `vitest reported nothing: ${said.slice(-500)}`;
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

function reportFrom(file: string): RunReport | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunReport;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** @returns what it printed. */
async function vitest(folder: string, reportFile: string, args: readonly string[]): Promise<string> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST') && name !== 'NODE_V8_COVERAGE')); // it may run within a test, and a mutant's code counts for nothing
  const child = spawn(process.execPath, ['node_modules/.bin/vitest', ...args], { cwd: folder, env: { ...inherited, [REPORT_FILE]: reportFile }, stdio: ['ignore', 'pipe', 'pipe'], timeout: RUN_MS_MAX });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { said += chunk.toString(); });
  await new Promise<void>((resolve, reject) => { child.once('close', () => { resolve(); }).once('error', reject); });
  return said;
}
