/** What the ledger says of a replay, to compare it with others. */
import type { Pool } from '../../db/pool.ts';
import { run } from '../../db/pool.ts';
import type { Account } from '../account.ts';
import { readAccount } from '../account.ts';

export interface PresetFacts extends Account {
  /** Decisions of symbols by the first step that refused them. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly trips: number;
}

const REFUSALS = `SELECT it->>'reason' AS reason, count(*)::int AS count FROM cycles, jsonb_array_elements(plan->'decisions') it WHERE recorded_at IS NOT NULL AND it->>'outcome' = 'refused' GROUP BY 1 ORDER BY 2 DESC, 1`;

const TRIPS = `SELECT count(*)::int AS count FROM domain_events WHERE type = 'emergencyTriggered'`;

/** @param pool of the replay's own database, which holds one portfolio */
export async function readFacts(pool: Pool): Promise<PresetFacts> {
  const read = async <Row extends object>(what: string, text: string): Promise<readonly Row[]> => await run<Row & Record<string, unknown>>(pool, what, { text });
  const account = await readAccount(pool);
  const refusals = await read<{ reason: string; count: number }>('refusals of a replay', REFUSALS);
  const [trips] = await read<{ count: number }>('trips of a replay', TRIPS);
  return {
    ...account, refusals: Object.fromEntries(refusals.map(({ reason, count }) => [reason, count])), trips: trips?.count ?? 0,
  };
}
