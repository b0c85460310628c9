/** `npm run check`: types, lint, layers, unused code. Each must run: a tool that is absent fails the check. */
import { spawnSync } from 'node:child_process';

const FOLDERS = ['domain', 'strategies', 'models', 'venues', 'workflows', 'activities', 'db', 'workers', 'client', 'stack', 'config', 'bin', 'test', 'bench', 'scripts'];

const CHECKS: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: 'types', command: ['tsc', '--project', '.', '--noEmit'] },
  { name: 'lint', command: ['eslint', '--max-warnings', '0', '.'] },
  { name: 'layers', command: ['depcruise', '--config', '.dependency-cruiser.cjs', ...FOLDERS] },
  { name: 'unused code', command: ['knip'] },
];

let failed = 0;
for (const { name, command } of CHECKS) {
  const startedAt = performance.now();
  const [program = '', ...args] = command;
  const result = spawnSync(process.execPath, [`node_modules/.bin/${program}`, ...args], { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const ok = result.status === 0;
  if (!ok) failed += 1;
  process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`);
  if (!ok) process.stdout.write(`${result.stdout}${result.stderr}${result.error?.message ?? ''}\n`);
}
process.exitCode = failed === 0 ? 0 : 1;
