import { databaseUrlOf } from '../../config/database.ts';
import { createPool } from '../../db/pool.ts';
import { createPolicyStore } from '../../db/policy-store.ts';
import type { Policy } from '../../domain/policy/policy.ts';
import type { System } from './system.ts';

/** The policy's version 2, before anything trades. */
export async function setPolicy(system: System, values: Partial<Policy>): Promise<void> {
  const pool = createPool(databaseUrlOf(system.settings, system.deployment), { connectionsMax: 1 });
  try {
    await createPolicyStore(pool).change({ portfolioId: system.deployment.portfolioId, seen: 1, wish: { kind: 'set', values }, by: 'ada', because: 'staged' });
  } finally {
    await pool.end();
  }
}

/** The symbols of the seeded market move together: several positions at once need a policy that lets them. */
export async function allowCorrelated(system: System): Promise<void> {
  await setPolicy(system, { correlationMax: 1 });
}
