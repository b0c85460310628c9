import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../config/settings.ts';
import { judge, redUnmutated, verdictOf } from '../mutants/judge.ts';
import type { Mutant } from '../mutants/mutant.ts';
import { edit, mutated, unit } from '../mutants/mutant.ts';
import type { RunReport } from '../mutants/reporter.ts';
import { MUTANTS } from '../mutants/table.ts';
import type { Workspace } from '../mutants/workspace.ts';
import { makeWorkspace } from '../mutants/workspace.ts';
import { sample } from '../support/sample.ts';

/** Every mutant is tried by `npm run mutants`; here some quick ones, other ones when KEEL_TEST_SEED says so. */
const SEED = process.env['KEEL_TEST_SEED'] ?? '1';
const SAMPLE = 4;
const QUICK = sample(MUTANTS.filter(({ tests }) => tests.project === 'unit'), SAMPLE, SEED);

describe('the table of mutants', () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('%s: its text is found once, its tests are there', (_name, { edits, tests }) => {
    const sources = new Map<string, string>();
    for (const each of edits) sources.set(each.file, mutated(sources.get(each.file) ?? readFileSync(join(ROOT, each.file), 'utf8'), each));
    expect(sources.size).toBeGreaterThan(0);
    expect(tests.paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('has a name for each', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });

  it.each([['gone', 'a c', 0], ['there twice', 'a b b', 2]])('refuses a text that is %s', (_name, source, count) => {
    expect(() => mutated(source, edit('file.ts', 'b', 'x'))).toThrow(`stale mutant: file.ts holds this text ${count} times`);
  });
});

describe('a verdict', () => {
  const ASSERTED = { file: 'a', name: 'asserted', state: 'failed', errors: [{ isAssertion: true, message: 'expected 1 to be 2' }] };
  const CRASHED = { file: 'a', name: 'crashed', state: 'failed', errors: [{ isAssertion: false, message: 'x is not a function' }] };
  const PASSED = { file: 'a', name: 'passed', state: 'passed', errors: [] };
  it.each<[string, RunReport | string, ReturnType<typeof verdictOf>['kind']]>([
    ['an assertion failed', { broken: [], tests: [PASSED, CRASHED, ASSERTED] }, 'killed'],
    ['all passed', { broken: [], tests: [PASSED] }, 'survived'],
    ['a test failed otherwise', { broken: [], tests: [PASSED, CRASHED] }, 'unproven'],
    ['a file could not be loaded', { broken: ['no export named x'], tests: [PASSED] }, 'unproven'],
    ['no test was there', { broken: [], tests: [] }, 'unproven'],
    ['every test was left out', { broken: [], tests: [{ ...PASSED, state: 'skipped' }] }, 'unproven'],
    ['vitest died', 'out of memory', 'unproven'],
  ])('when %s', (_name, outcome, kind) => {
    expect(verdictOf(outcome).kind).toBe(kind);
  });
});

describe('a guard left out of the real code', () => {
  let workspace: Workspace;
  beforeAll(() => { workspace = makeWorkspace(); });
  afterAll(() => { workspace.remove(); });

  const FENCE = 'domain/orders/fence.ts';
  const fenceMutant = (find: string, replace: string): Mutant => ({ name: 'made up', guard: 'none', tests: unit('domain/orders/fence'), edits: [edit(FENCE, find, replace)] });

  it('the tests of the sample are green with nothing left out', async () => {
    expect(await redUnmutated(workspace, { project: 'unit', paths: [...new Set(QUICK.flatMap(({ tests }) => tests.paths))] })).toEqual([]);
  });

  it.each(QUICK.map((mutant) => [mutant.name, mutant] as const))(`turns a test red: %s (seed ${SEED})`, async (_name, mutant) => {
    expect(await judge(workspace, mutant)).toMatchObject({ kind: 'killed' });
  });

  it('is not confused with one that changes nothing, nor with code that cannot be loaded', async () => {
    const original = readFileSync(join(workspace.folder, FENCE), 'utf8');
    expect(await judge(workspace, fenceMutant('return { epoch: fence.epoch, halted: false };', 'return { halted: false, epoch: fence.epoch };'))).toEqual({ kind: 'survived' });
    expect(await judge(workspace, fenceMutant('export function isSealProven(', 'export function nobodyKnowsThis('))).toMatchObject({ kind: 'unproven' });
    expect(readFileSync(join(workspace.folder, FENCE), 'utf8')).toBe(original);
  });
});
