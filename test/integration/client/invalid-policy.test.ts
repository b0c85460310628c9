/** What a person sees of a version of the policy that is not valid, and how it is replaced. */
import { expect, it, onTestFinished } from 'vitest';
import { loadDeployment } from '../../../config/deployment.ts';
import { createLedger } from '../../../db/ledger.ts';
import { migrate } from '../../../db/migrate.ts';
import { createPool } from '../../../db/pool.ts';
import { createDatabase } from '../../../stack/postgres/database.ts';
import { startPostgres } from '../../../stack/postgres/server.ts';
import { freePort } from '../../../stack/supervisor/ports.ts';
import { writeInvalidPolicy } from '../../support/invalid-policy.ts';
import { machine } from '../../support/machine.ts';
import { testHome } from '../../support/processes.ts';
import { PORTFOLIO } from '../db/cycle.fixture.ts';

it('each command goes on, names key, value and what is allowed, and mends it', { timeout: 180_000 }, async () => {
  const postgres = await startPostgres({ home: testHome(), port: await freePort() });
  onTestFinished(() => postgres.stop());
  const { home, keel, json } = await machine({ DATABASE_URL: postgres.url, COLUMNS: '80' });
  const { databaseName } = loadDeployment({ home }, 'sim');
  const url = await createDatabase(postgres.url, databaseName);
  await migrate(url);
  const pool = createPool(url, { connectionsMax: 1 });
  await createLedger(pool).ensurePortfolio(PORTFOLIO);
  await writeInvalidPolicy(pool, 'sim', { leverageMax: 500, sizeFactor: 'large' });

  const shown = await keel('policy', 'show', 'leverageMax').ended;
  expect(shown).toMatchObject({ code: 0, out: expect.stringMatching(/version 2 is not valid {2}leverageMax = 500 is refused: 1 to 125 ×\n +sizeFactor = large is refused: 0\.05 to 3 ×\n +While it is the newest, [^]*\nleverageMax +500 /) as string });
  for (const line of shown.out.split('\n').slice(1)) expect(line.length).toBeLessThanOrEqual(80);
  expect(await json('policy', 'show', '--version', '2')).toMatchObject({ version: 2, policy: { leverageMax: 500, sizeFactor: 'large' }, problems: [{ key: 'leverageMax', value: '500', allowed: '1 to 125 ×' }, { key: 'sizeFactor' }], overlaid: [] });
  expect(await keel('policy', 'history').ended).toMatchObject({ code: 0, out: expect.stringMatching(/^2 [^]*\n1 [^]*\n0 [^]*\n\nversion 2 is not valid {2}leverageMax = 500/m) as string });
  expect(await json('policy', 'diff', 'normal')).toMatchObject({ changes: [{ key: 'leverageMax', before: 5, after: 500 }, { key: 'sizeFactor', before: 1, after: 'large' }] });
  expect(await keel('guard').ended).toMatchObject({ code: 0, out: expect.stringMatching(/policy +version 2 is not valid: leverageMax = 500 is refused/) as string });
  expect(await json('guard')).toMatchObject({ policyProblem: 'version 2 is not valid: leverageMax = 500 is refused: 1 to 125 ×; sizeFactor = large is refused: 0.05 to 3 ×' });

  const told = ['--by', 'ada', '--because', 'a test'];
  expect(await keel('policy', 'set', 'leverageMax=3', ...told).ended).toMatchObject({ code: 2, err: expect.stringMatching(/sizeFactor = large is refused[^]*version 2 is not valid as it is stored/) as string });
  expect(await json('policy', 'set', 'leverageMax=3', 'sizeFactor=1', ...told)).toMatchObject({ kind: 'changed', version: { version: 3, policy: { leverageMax: 3 } } });
  await writeInvalidPolicy(pool, 'sim', 'normal');
  expect(await json('policy', 'preset', 'defensive', ...told)).toMatchObject({ kind: 'changed', version: { version: 5, preset: 'defensive', problems: [] } });
  expect(await json('guard')).toMatchObject({ policyProblem: null });
  await pool.end();
});
