import { tryLock } from '../bin/lock.mjs';
import type { Settings } from '../config/settings.ts';
import { startPostgres } from '../stack/postgres/server.ts';
import { lockFileOf } from '../stack/supervisor/run-files.ts';
import { databaseServerOf } from './running.ts';

/** Works on the database of the home; the embedded one is started for the moment when no Keel runs. */
export async function withDatabase<T>(settings: Settings, work: (full: Settings) => Promise<T>): Promise<T> {
  const lock = settings.databaseUrl === undefined ? tryLock(lockFileOf(settings.home)) : null;
  if (lock === null || lock.kind === 'busy') return work({ ...settings, databaseUrl: await databaseServerOf(settings) });
  try {
    const postgres = await startPostgres({ home: settings.home, port: settings.postgresPort });
    return await work({ ...settings, databaseUrl: postgres.url }).finally(() => postgres.stop());
  } finally {
    lock.release();
  }
}
