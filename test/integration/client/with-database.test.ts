import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { withDatabase } from '../../../client/with-database.ts';
import { loadSettings } from '../../../config/settings.ts';
import { startPostgres } from '../../../stack/postgres/server.ts';
import { freePort, isListening } from '../../../stack/supervisor/ports.ts';
import { testHome } from '../../support/processes.ts';

async function portOf(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ port: string }>("SELECT current_setting('port') AS port").finally(() => client.end());
  return Number(rows[0]?.port);
}

it('a server that ran before the command, as a killed supervisor leaves it to its workers, is used and left as it is', async () => {
  const [home, port, other] = [testHome(), await freePort(), await freePort()];
  const left = await startPostgres({ home, port });
  onTestFinished(() => left.stop());
  const worker = new pg.Client({ connectionString: left.url });
  worker.on('error', () => {}); // a break shows at the query
  await worker.connect();
  onTestFinished(() => worker.end());
  const { pid } = left;
  for (const asked of [port, other]) {
    const settings = loadSettings({ KEEL_HOME: home, KEEL_POSTGRES_PORT: String(asked) });
    expect(await withDatabase(settings, ({ databaseUrl = '' }) => portOf(databaseUrl))).toBe(port);
    expect(left.pid).toBe(pid);
    expect((await worker.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  }
});

it('one that the command started ends with it', async () => {
  const [home, port] = [testHome(), await freePort()];
  expect(await withDatabase(loadSettings({ KEEL_HOME: home, KEEL_POSTGRES_PORT: String(port) }), ({ databaseUrl = '' }) => portOf(databaseUrl))).toBe(port);
  expect(await isListening(port)).toBe(false);
});
