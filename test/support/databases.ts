/** A Postgres of a test file's own, and a migrated database in it for each test. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../db/migrate.ts';
import type { Pool } from '../../db/pool.ts';
import { createPool } from '../../db/pool.ts';
import { createDatabase, dropDatabase } from '../../stack/postgres/database.ts';
import { startPostgres } from '../../stack/postgres/server.ts';
import { freePort } from '../../stack/supervisor/ports.ts';
import { SHARED_POSTGRES } from './servers.ts';

export interface TestDatabases {
  /** Of the maintenance database. */
  readonly url: string;
  /** A new, migrated, empty database; its pool is ended by `stop`. */
  create(): Promise<Pool>;
  stop(): Promise<void>;
}

export async function startDatabases(): Promise<TestDatabases> {
  const postgres = await postgresForTests();
  const prefix = `keel_${randomBytes(6).toString('hex')}`;
  const template = `${prefix}_template`;
  await migrate(await createDatabase(postgres.url, template));
  const pools: Pool[] = [];
  return {
    url: postgres.url,
    create: async () => {
      const pool = createPool(await createDatabase(postgres.url, `${prefix}_${pools.length + 1}`, { template }));
      pools.push(pool);
      return pool;
    },
    stop: async () => {
      await Promise.all(pools.map((pool) => pool.end()));
      for (const name of [...pools.map((_, index) => `${prefix}_${index + 1}`), template]) await dropDatabase(postgres.url, name);
      await postgres.stop();
    },
  };
}

async function postgresForTests(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const shared = process.env[SHARED_POSTGRES];
  if (shared !== undefined) return { url: shared, stop: async () => undefined };
  const home = mkdtempSync(join(tmpdir(), 'keel-databases-'));
  const postgres = await startPostgres({ home, port: await freePort() });
  return {
    url: postgres.url,
    stop: async () => {
      await postgres.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
