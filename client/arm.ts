import { loadDeployment } from '../config/deployment.ts';
import { databaseUrlOf } from '../config/database.ts';
import { readSettings } from '../config/settings.ts';
import type { Settings } from '../config/settings.ts';
import { createLedger } from '../db/ledger.ts';
import { createPool } from '../db/pool.ts';
import { tryLock } from '../bin/lock.mjs';
import { createDatabase } from '../stack/postgres/database.ts';
import { startPostgres } from '../stack/postgres/server.ts';
import { lockFileOf } from '../stack/supervisor/run-files.ts';
import { installLedger } from './install.ts';
import { databaseServerOf } from './running.ts';

export interface Armed {
  readonly deployment: string;
  readonly by: string;
}

/**
 * A person takes it on that a deployment trades real money. Its ledger is made where it is missing; the embedded
 * database is started for the moment when no Keel runs.
 * @throws {KeelError} SETTING_INVALID, VENUE_UNREACHABLE (the venue's instruments are part of the ledger), DATABASE_UNREACHABLE
 */
export async function arm({ by, deployment: name }: { readonly by: string; readonly deployment: string }): Promise<Armed> {
  const settings = await readSettings({ ...process.env, KEEL_MODE: name });
  const deployment = loadDeployment(settings, name);
  await withDatabase(settings, async (full) => {
    await createDatabase(full.databaseUrl ?? '', deployment.databaseName);
    await installLedger(full, deployment);
    const ledger = createLedger(createPool(databaseUrlOf(full, deployment), { applicationName: 'keel-arm', connectionsMax: 2 }));
    await ledger.arm({ portfolioId: deployment.portfolioId, by }).finally(() => ledger.close());
  });
  return { deployment: name, by };
}

async function withDatabase(settings: Settings, work: (full: Settings) => Promise<void>): Promise<void> {
  const lock = settings.databaseUrl === undefined ? tryLock(lockFileOf(settings.home)) : null;
  if (lock === null || lock.kind === 'busy') return work({ ...settings, databaseUrl: await databaseServerOf(settings) });
  try {
    const postgres = await startPostgres({ home: settings.home, port: settings.postgresPort });
    await work({ ...settings, databaseUrl: postgres.url }).finally(() => postgres.stop());
  } finally {
    lock.release();
  }
}
