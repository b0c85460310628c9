/** A process that is stopped in the middle of a transaction, and what it does to the others. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLedger } from '../../../db/ledger.ts';
import { startChild } from '../../support/child.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { testHome } from '../../support/processes.ts';

const FROZEN = fileURLToPath(new URL('./frozen.fixture.ts', import.meta.url));
/** What an activity that waits for a lock has at most, before the engine asks again. */
const PATIENCE_MS = 10_000;

let databases: TestDatabases;
beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());

it('holds its locks for seconds, not for ever; woken, it finds the database unreachable and goes on', async () => {
  const pool = await databases.create();
  const ledger = createLedger(pool);
  await ledger.ensurePortfolio({ portfolioId: 'sim', deploymentId: 'abcde', venueAccountId: 'account', mode: 'sim', strategy: 'ensemble', timeframe: '1h', instrumentIds: [] });
  const logPath = join(testHome(), 'frozen.log');
  const frozen = await startChild([FROZEN, pool.options.connectionString ?? ''], { env: {}, logPath });

  const startedMs = performance.now();
  expect(await ledger.raiseFence({ portfolioId: 'sim', by: 'test', reason: 'it waits for the lock' })).toEqual({ epoch: 2, halted: true });
  expect(performance.now() - startedMs).toBeLessThan(PATIENCE_MS);

  await frozen.kill('SIGCONT');
  expect(await frozen.exited).toBe(0);
  expect(readFileSync(logPath, 'utf8').trim().split('\n').at(-1)).toBe(JSON.stringify({ outcome: 'DATABASE_UNREACHABLE', rows: [{ reason: 'it waits for the lock' }] }));
});
