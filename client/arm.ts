import { loadDeployment } from '../config/deployment.ts';
import { databaseUrlOf } from '../config/database.ts';
import { readSettings } from '../config/settings.ts';
import { createLedger } from '../db/ledger.ts';
import { createPool } from '../db/pool.ts';
import { createDatabase } from '../stack/postgres/database.ts';
import { installLedger } from './install.ts';
import { assertStartable } from './live-checks.ts';
import { withDatabase } from './with-database.ts';

export interface Armed {
  readonly deployment: string;
  readonly by: string;
}

/**
 * A person takes it on that a deployment trades real money. Its ledger is made where it is missing; the embedded
 * database is started for the moment when no Keel runs.
 * @throws {KeelError} SETTING_INVALID, LIVE_REFUSED without keys, VENUE_UNREACHABLE (the venue's instruments are part of the ledger), DATABASE_UNREACHABLE
 */
export async function arm({ by, deployment: name }: { readonly by: string; readonly deployment: string }): Promise<Armed> {
  const settings = await readSettings({ ...process.env, KEEL_MODE: name });
  const deployment = loadDeployment(settings, name);
  assertStartable(settings, deployment);
  await withDatabase(settings, async (full) => {
    await createDatabase(full.databaseUrl ?? '', deployment.databaseName);
    await installLedger(full, deployment, (line) => void process.stderr.write(`${line}\n`));
    const ledger = createLedger(createPool(databaseUrlOf(full, deployment), { applicationName: 'keel-arm', connectionsMax: 2 }));
    await ledger.arm({ portfolioId: deployment.portfolioId, by }).finally(() => ledger.close());
  });
  return { deployment: name, by };
}
