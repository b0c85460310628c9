/** A Postgres of a test file's own, and a migrated database in it for each test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../db/migrate.ts';
import type { Pool } from '../../db/pool.ts';
import { createPool } from '../../db/pool.ts';
import { createDatabase } from '../../stack/postgres/database.ts';
import { startPostgres } from '../../stack/postgres/server.ts';
import { freePort } from '../../stack/supervisor/ports.ts';

const TEMPLATE = 'keel_template';

export interface TestDatabases {
  /** A new, migrated, empty database; its pool is ended by `stop`. */
  create(): Promise<Pool>;
  stop(): Promise<void>;
}

export async function startDatabases(): Promise<TestDatabases> {
  const home = mkdtempSync(join(tmpdir(), 'keel-databases-'));
  const postgres = await startPostgres({ home, port: await freePort() });
  await migrate(await createDatabase(postgres.url, TEMPLATE));
  const pools: Pool[] = [];
  return {
    create: async () => {
      const pool = createPool(await createDatabase(postgres.url, `keel_${pools.length + 1}`, { template: TEMPLATE }));
      pools.push(pool);
      return pool;
    },
    stop: async () => {
      await Promise.all(pools.map((pool) => pool.end()));
      await postgres.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
