import type { Pool } from '../../db/pool.ts';
import { PRESETS } from '../../domain/policy/policy.ts';

/**
 * Writes the newest version as another version of Keel, or somebody by hand, might.
 * @param values in place of those of preset `normal`; what is no object is written as it is.
 */
export async function writeInvalidPolicy(pool: Pick<Pool, 'query'>, portfolioId: string, values: unknown): Promise<void> {
  const policy = typeof values === 'object' && values !== null && !Array.isArray(values) ? { ...PRESETS.normal, ...values } : values;
  await pool.query({
    text: `INSERT INTO policy_versions (portfolio_id, version, policy, kind, based_on, changes, changed_by, reason)
           SELECT $1, max(version) + 1, $2, 'set', max(version), '[]', 'somebody', 'by hand' FROM policy_versions WHERE portfolio_id = $1`,
    values: [portfolioId, JSON.stringify(policy)],
  });
}
