import { databaseUrlOf } from '../../config/database.ts';
import { createLedger } from '../../db/ledger.ts';
import { createPool } from '../../db/pool.ts';
import type { Ledger } from '../../domain/ports/ledger.ts';
import type { Chosen } from '../deployment-parts.ts';
import { withDatabase } from '../with-database.ts';

/** The ledger of a deployment, for a moment. */
export async function withGuardLedger<T>({ settings, deployment }: Chosen, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  return await withDatabase(settings, async (full) => {
    const ledger = createLedger(createPool(databaseUrlOf(full, deployment), { applicationName: 'keel-guard', connectionsMax: 2 }));
    return await work(ledger).finally(() => ledger.close());
  });
}
