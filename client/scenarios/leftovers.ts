/** What a run of scenarios that died left behind is found and removed by the next one. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock } from '../../bin/lock.mjs';
import { loadDeployment } from '../../config/deployment.ts';
import type { Deployment } from '../../config/deployment.ts';
import type { Settings } from '../../config/settings.ts';
import { KeelError, messageOf } from '../../domain/errors.ts';
import { dropDatabase } from '../../stack/postgres/database.ts';
import { stopRunning } from '../../stack/supervisor/supervisor.ts';
import { connectClient } from '../install.ts';
import { forget } from '../replay/deployment.ts';

/** Folders of a home that scenarios make: of deployments, and of drawn candles. */
const MADE = /^(scenario-[1-9]\d*|candles-\d+-\d+)$/;
const LOCK = 'scenario.lock';

/**
 * Marks a folder as this process's: it is removed once this process is gone.
 * @returns gives the mark up, so that the folder stays
 */
export function ownFolder(folder: string): () => void {
  const lock = tryLock(join(folder, LOCK));
  if (lock.kind === 'busy') throw new KeelError('INVARIANT', `${folder} belongs to the process ${lock.pid}`);
  return lock.release;
}

/** The engine forgets it; it may be shared, and outlives the scenario. */
export async function forgotten(settings: Settings, deployment: Deployment): Promise<void> {
  const client = await connectClient(settings);
  await forget(client, deployment).finally(() => client.connection.close());
}

/**
 * Removes what belonged to processes that are gone: processes, workflows, database, folders. What belongs to nobody (it was
 * kept), and what belongs to a process that lives, stays. One that cannot be removed is told of, and tried by the next run.
 * @param settings with the addresses of the running database and engine
 */
export async function removeLeftovers(settings: Settings, say: (line: string) => void): Promise<void> {
  for (const { name } of readdirSync(settings.home, { withFileTypes: true }).filter((it) => it.isDirectory() && MADE.test(it.name))) {
    const folder = join(settings.home, name);
    try {
      if (!existsSync(join(folder, LOCK)) || tryLock(join(folder, LOCK)).kind === 'busy') continue;
      if (name.startsWith('scenario-')) await removeDeployment(settings, name);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      say(`removed what a run that died left: ${name}`);
    } catch (error) {
      say(`${name}, which a run that died left, could not be removed: ${messageOf(error)}; the next run tries again`);
    }
  }
}

/** Processes first: what they hold cannot be removed under them. */
async function removeDeployment(settings: Settings, name: string): Promise<void> {
  const deployment = loadDeployment(settings, name);
  await stopRunning(deployment.folder).catch((error: unknown) => {
    if (!(error instanceof KeelError) || error.code !== 'NOT_RUNNING') throw error;
  });
  await forgotten(settings, deployment);
  if (settings.databaseUrl !== undefined) await dropDatabase(settings.databaseUrl, deployment.databaseName);
}
