import { expect } from 'vitest';
import type { Pool } from '../../db/pool.ts';

/** Until so many statements wait for a lock. Asked outside of any transaction, within which the server would show the same moment again. */
export async function untilWaiting(pool: Pool, statements: number): Promise<void> {
  await expect.poll(async () => (await pool.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`)).rowCount, { timeout: 10_000 }).toBe(statements);
}
