/**
 * `npm test`: vitest with the flags that are given. When the whole suite runs, its integration tests share one Temporal
 * server and one Postgres; what it covers is measured in every process that it starts, printed, and too little fails the run.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCLI } from 'vitest/node';
import { ROOT } from '../config/settings.ts';
import { messageOf } from '../domain/errors.ts';
import { sharedEnv, startServers } from '../test/support/servers.ts';
import { coverageOf } from './measure/coverage.ts';
import { areasOf, coverageText } from './measure/report.ts';
import { isWholeSuite } from './measure/whole-suite.ts';

const args = process.argv.slice(2);
const { filter, options } = parseCLI(['vitest', 'run', ...args]);
if (!('help' in options)) process.exitCode = isWholeSuite(filter, options) ? await runMeasured() : await runTests({}); // help was printed by now

async function runMeasured(): Promise<number> {
  const [folder, compiled] = ['coverage', 'compiled'].map((name) => mkdtempSync(join(tmpdir(), `keel-${name}-`))) as [string, string];
  chmodSync(folder, 0o777); // tests start processes as other users
  try {
    const servers = await startServers();
    // What a process compiled that was not measured counts less exactly: this run keeps its own.
    const code = await runTests({ NODE_V8_COVERAGE: folder, NODE_COMPILE_CACHE: compiled, ...sharedEnv(servers) }).finally(() => servers.stop());
    const startedAt = performance.now();
    const map = await coverageOf(folder, ROOT);
    const areas = areasOf(map, ROOT);
    process.stdout.write(`${coverageText(areas, map, ROOT)}\n(measured in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s over all processes of the run)\n`);
    return code === 0 && areas.some(({ missed }) => missed.length > 0) ? 1 : code;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  } finally {
    for (const made of [folder, compiled]) rmSync(made, { recursive: true, force: true });
  }
}

/** @returns the exit code. */
async function runTests(env: Readonly<Record<string, string>>): Promise<number> {
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/.bin/vitest'), 'run', ...args], { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
  const forward = (signal: NodeJS.Signals): void => void (process.stdin.isTTY && signal === 'SIGINT' ? 0 : child.kill(signal)); // a terminal tells the whole group by itself
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, forward);
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => { resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]); });
  });
}
