/** What waits for a person, read out of a real ledger. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitingDecisions } from '../../../client/decisions.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { emptyLedger } from '../db/cycle.fixture.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());

it('an emergency waits until a named person ends it', async () => {
  const { pool, ledger } = await emptyLedger(databases);
  const waiting = async (): Promise<readonly string[]> => (await waitingDecisions(pool, 'sim')).waiting.map((it) => it.id);
  expect(await waiting()).toEqual([]);
  await ledger.commandGuard('sim', { kind: 'trip', cause: { trigger: 'person', reason: 'a strange fill', by: 'ada', severity: 'critical' }, at: 1 });
  expect(await waiting()).toEqual(['emergency/1']);
  await ledger.commandGuard('sim', { kind: 'reset', by: 'ada', because: 'it was none', at: 2 });
  expect(await waiting()).toEqual([]);
});
