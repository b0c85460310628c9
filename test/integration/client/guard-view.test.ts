/** What `keel guard` says, read out of a real ledger. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Deployment } from '../../../config/deployment.ts';
import { loadSettings } from '../../../config/settings.ts';
import { guardReport, guardText } from '../../../client/emergency/view.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { emptyLedger } from '../db/cycle.fixture.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());

it('a fence that is up without an emergency says by whom, why, and what lowers it', async () => {
  const { pool, ledger } = await emptyLedger(databases);
  const { rows: [{ name: databaseName } = { name: '' }] } = await pool.query<{ name: string }>('SELECT current_database() AS name');
  const deployment: Deployment = { name: 'sim', mode: 'sim', id: 'abcde', databaseName, portfolioId: 'sim', taskQueuePrefix: 'sim', folder: '/nowhere' };
  const chosen = { settings: loadSettings({ DATABASE_URL: databases.url }), deployment };
  expect(await guardReport(chosen)).toMatchObject({ fence: { halted: false }, fenceChange: null });

  await ledger.raiseFence({ portfolioId: 'sim', by: 'reconciliation', reason: 'another Keel trades on this account' });
  const report = await guardReport(chosen);
  expect(report).toMatchObject({ state: { mode: 'armed' }, fence: { halted: true }, fenceChange: { by: 'reconciliation', because: 'another Keel trades on this account', at: expect.any(Number) as number } });
  expect(guardText(report)).toMatch(/fence +up: nothing is opened \(epoch \d+\)\n +by reconciliation at 20\d\d-\S+: another Keel trades on this account\n +lowered by `keel resume --by <name> --because <text>`\n/);

  await ledger.commandGuard('sim', { kind: 'reset', by: 'ada', because: 'it is gone', at: 1 });
  const after = await guardReport(chosen);
  expect(after).toMatchObject({ fence: { halted: false } });
  expect(guardText(after)).not.toContain('lowered by');
});
