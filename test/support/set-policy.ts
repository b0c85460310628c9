import { databaseUrlOf } from '../../config/database.ts';
import { createPool } from '../../db/pool.ts';
import { createPolicyStore } from '../../db/policy-store.ts';
import type { System } from './system.ts';

/** The symbols of the seeded market move together: several positions at once need a policy that lets them. */
export async function allowCorrelated(system: System): Promise<void> {
  const pool = createPool(databaseUrlOf(system.settings, system.deployment), { connectionsMax: 1 });
  try {
    await createPolicyStore(pool).change({ portfolioId: system.deployment.portfolioId, seen: 1, wish: { kind: 'set', values: { correlationMax: 1 } }, by: 'ada', because: 'positions on all symbols' });
  } finally {
    await pool.end();
  }
}
