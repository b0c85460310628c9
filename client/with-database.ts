import { tryLock } from '../bin/lock.mjs';
import type { Settings } from '../config/settings.ts';
import { runningPostgresUrl, startPostgres } from '../stack/postgres/server.ts';
import { lockFileOf } from '../stack/supervisor/run-files.ts';
import { databaseServerOf } from './running.ts';

/**
 * Works on the database of the home. When no Keel runs the embedded one is started for the moment; one that runs all the
 * same stays as it is: workers of a killed supervisor may live on it.
 */
export async function withDatabase<T>(settings: Settings, work: (full: Settings) => Promise<T>): Promise<T> {
  const lock = settings.databaseUrl === undefined ? tryLock(lockFileOf(settings.home)) : null;
  if (lock === null || lock.kind === 'busy') return work({ ...settings, databaseUrl: await databaseServerOf(settings) });
  try {
    const running = await runningPostgresUrl({ home: settings.home, port: settings.postgresPort });
    if (running !== null) return await work({ ...settings, databaseUrl: running });
    const postgres = await startPostgres({ home: settings.home, port: settings.postgresPort });
    return await work({ ...settings, databaseUrl: postgres.url }).finally(() => postgres.stop());
  } finally {
    lock.release();
  }
}
