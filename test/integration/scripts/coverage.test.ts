import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CoverageMap, FileCoverage } from '@vitest/istanbul-lib-coverage';
import { expect, onTestFinished, test } from 'vitest';
import { readSettings, ROOT } from '../../../config/settings.ts';
import { coverageOf } from '../../../scripts/measure/coverage.ts';

/** @param compiled kept between processes; default: nothing is. @returns what a process covers that runs this code. */
async function coverageOfProcess(code: string, compiled?: string): Promise<CoverageMap> {
  const folder = measuredFolder();
  const cache = compiled === undefined ? { NODE_DISABLE_COMPILE_CACHE: '1' } : { NODE_COMPILE_CACHE: compiled };
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT, env: { ...process.env, NODE_V8_COVERAGE: folder, ...cache } });
  return await coverageOf(folder, ROOT);
}

function measuredFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keel-measured-'));
  onTestFinished(() => { rmSync(folder, { recursive: true, force: true }); });
  return folder;
}

const fileOf = (map: CoverageMap, path: string): FileCoverage => map.fileCoverageFor(join(ROOT, path));
const countOf = (file: FileCoverage, name: string): number | undefined => file.f[Object.entries(file.fnMap).find(([, { name: known }]) => known === name)?.[0] ?? ''];
/** What ran at all: how often may differ by one. */
const coveredIn = (file: FileCoverage | undefined): readonly boolean[] => [...Object.values(file?.s ?? {}), ...Object.values(file?.f ?? {}), ...Object.values(file?.b ?? {}).flat()].map((count) => count > 0);

test('a process covers the statements and branches that it ran; what nobody loaded counts as not covered', async () => {
  const map = await coverageOfProcess(`
    const { resubmitDelayMs } = await import('./domain/orders/protocol.ts');
    resubmitDelayMs(1); resubmitDelayMs(2);
  `);
  const protocol = fileOf(map, 'domain/orders/protocol.ts');
  expect(countOf(protocol, 'resubmitDelayMs')).toBe(2);
  expect(countOf(protocol, 'isStillValid')).toBe(0);
  expect(Object.entries(protocol.branchMap).filter(([, { type }]) => type === 'cond-expr').map(([id]) => protocol.b[id])).toContainEqual([0, 2]); // never a first attempt
  expect(fileOf(map, 'domain/guard/guard.ts').toSummary().statements).toMatchObject({ covered: 0 });
  expect(fileOf(map, 'domain/guard/guard.ts').toSummary().statements.total).toBeGreaterThan(5);
});

test('the sandbox of the workflows counts, by the source map of its bundle', async () => {
  const { cache } = await readSettings();
  const map = await coverageOfProcess(`
    import { readFileSync } from 'node:fs';
    import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
    import { Runtime, Worker } from '@temporalio/worker';
    import { workflowBundle } from './workers/bundle.ts';
    const quiet = () => {};
    Runtime.install({ logger: { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet } });
    const { workflowId, history } = JSON.parse(readFileSync('test/fixtures/histories/tradingCycle.json', 'utf8'));
    for await (const { error } of Worker.runReplayHistories({ workflowBundle: await workflowBundle(${JSON.stringify(cache)}) }, [{ workflowId, history: historyFromJSON(history) }])) if (error) throw error;
  `);
  const cycle = fileOf(map, 'workflows/trading-cycle.ts');
  expect(countOf(cycle, 'tradingCycle')).toBe(1);
  expect(cycle.toSummary().statements.pct).toBeGreaterThan(60);
  expect(countOf(fileOf(map, 'domain/cycle/plan-cycle.ts'), 'planCycle')).toBe(1);
  expect(countOf(fileOf(map, 'workflows/position.ts'), 'position')).toBe(0);
});

test('what another measured process compiled, and kept, covers what it covers compiled anew', async () => {
  const compiled = measuredFolder();
  const [first, second] = ['{ validUntil: null }', '{ validUntil: 5 }'].map((intent) => `(await import('./domain/orders/protocol.ts')).isStillValid(${intent}, 0)`) as [string, string];
  await coverageOfProcess(first, compiled);
  const [kept, anew] = [await coverageOfProcess(second, compiled), await coverageOfProcess(second)].map((map) => fileOf(map, 'domain/orders/protocol.ts'));
  expect(readdirSync(compiled)).toHaveLength(1);
  expect(coveredIn(kept)).toEqual(coveredIn(anew));
  expect(anew?.toSummary().branches.pct).not.toBe(100);
});
