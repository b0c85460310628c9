import { createPool, run } from '../../db/pool.ts';

/** What must hold when nothing moves any more; each row that a query finds breaks it. */
const RULES: Readonly<Record<string, string>> = {
  'an order without an outcome': `SELECT 1 FROM orders WHERE portfolio_id = $1 AND state IN ('planned', 'submitting', 'unknown')`,
  'an order whose fills are not all booked': 'SELECT 1 FROM orders WHERE portfolio_id = $1 AND booked_quantity <> filled_quantity',
  'a difference between venue and ledger that nothing was done about': 'SELECT 1 FROM differences WHERE portfolio_id = $1 AND outcome IS NULL',
  'a cycle that was claimed and never recorded': 'SELECT 1 FROM cycles WHERE portfolio_id = $1 AND recorded_at IS NULL',
};

/**
 * How often the ledger breaks a rule of a deployment at rest. Look after a reconciliation.
 * @throws {KeelError} DATABASE_UNREACHABLE, DATABASE_FAILED
 */
export async function violationsOf({ databaseUrl, portfolioId }: { databaseUrl: string; portfolioId: string }): Promise<number> {
  const pool = createPool(databaseUrl, { applicationName: 'keel-replay', connectionsMax: 1 });
  try {
    let found = 0;
    for (const [rule, text] of Object.entries(RULES)) found += (await run(pool, `look for ${rule}`, { text, values: [portfolioId] })).length;
    return found;
  } finally {
    await pool.end();
  }
}
