import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { existingDeployment } from '../config/deployment.ts';
import { ROOT, readSettings, settingsEnv } from '../config/settings.ts';
import { KeelError } from '../domain/errors.ts';
import { ROLES } from '../workflows/ids.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { connectClient } from './install.ts';
import { assertLiveAllowed, assertStartable } from './live-checks.ts';
import { databaseServerOf } from './running.ts';

/**
 * A worker as a child in the foreground, with this process's settings; ends as it ends.
 * @throws {KeelError} USAGE for an unknown role, SETTING_INVALID for an impossible deployment, NOT_FOUND for one that was never made,
 * NOT_RUNNING when no database is named and none runs here, ENGINE_UNREACHABLE, and LIVE_REFUSED as a live start
 */
export async function runWorker({ roles, deployment: name }: { readonly roles?: string; readonly deployment?: string }): Promise<void> {
  assertRoles(roles);
  const settings = await readSettings();
  const deployment = existingDeployment(settings, name ?? settings.mode);
  assertStartable(settings, deployment);
  const full = { ...settings, databaseUrl: await databaseServerOf(settings) };
  for (const note of await assertLiveAllowed(full, deployment)) process.stderr.write(`${note}\n`);
  await (await connectClient(full)).connection.close(); // the worker's own failure to connect would be raw
  const env = { ...process.env, ...settingsEnv(full) };
  const args = [join(ROOT, 'workers/main.ts'), '--deployment', deployment.name, ...(roles === undefined ? [] : ['--roles', roles])];
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, pass);
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(exitCodeOfWorker(code, signal)));
  });
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.off(signal, pass);
}

function assertRoles(roles: string | undefined): void {
  const unknown = (roles?.split(',') ?? []).map((name) => name.trim()).filter((name) => !ROLES.some((role) => role === name));
  if (unknown.length > 0) throw new KeelError('USAGE', `--roles ${roles ?? ''}: ${unknown.join(', ')} is no role; allowed: ${ROLES.join(', ')}, with commas between`);
}

/** A worker that ends by itself has lost what it needs, and has said so. */
function exitCodeOfWorker(code: number | null, signal: NodeJS.Signals | null): number {
  if (code === 0 || code === null) return code ?? (signal === 'SIGINT' ? EXIT_CODES.interrupted : EXIT_CODES.unavailable);
  return EXIT_CODES.unavailable;
}
