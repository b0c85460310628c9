import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { loadDeployment } from '../config/deployment.ts';
import { ROOT, readSettings, settingsEnv } from '../config/settings.ts';
import { databaseServerOf } from './running.ts';

/**
 * A worker as a child in the foreground, with this process's settings; ends as it ends.
 * @throws {KeelError} SETTING_INVALID for an impossible deployment, or when no database is named and none runs here
 */
export async function runWorker({ roles, deployment: name }: { readonly roles?: string; readonly deployment?: string }): Promise<void> {
  const settings = await readSettings();
  const deployment = loadDeployment(settings, name ?? settings.mode);
  const env = { ...process.env, ...settingsEnv({ ...settings, databaseUrl: await databaseServerOf(settings) }) };
  const args = [join(ROOT, 'workers/main.ts'), '--deployment', deployment.name, ...(roles === undefined ? [] : ['--roles', roles])];
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, pass);
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.off(signal, pass);
}
