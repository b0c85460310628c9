import type { Pool } from 'pg';

/**
 * The fault "policy reads fail while the ledger lives": the view that the policy store reads is away; all else of the
 * database is as it was. It lasts until `work` is done.
 */
export async function whilePolicyReadsFail<T>(database: Pool, work: () => Promise<T>): Promise<T> {
  await database.query('ALTER VIEW active_policy RENAME TO active_policy_away');
  try {
    return await work();
  } finally {
    await database.query('ALTER VIEW active_policy_away RENAME TO active_policy');
  }
}
