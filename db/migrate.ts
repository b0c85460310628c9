import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { KeelError } from '../domain/errors.ts';
import { ledgerError } from './pool.ts';

const MIGRATIONS_FOLDER = fileURLToPath(new URL('./migrations/', import.meta.url));
/** Any fixed number: whoever migrates this database holds it. */
const MIGRATION_LOCK = 4_201_337;

export interface Migration {
  /** From 1, unique; the file's leading digits. */
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the text, in hex. */
  readonly checksum: string;
}

/** The migrations that this version knows, by number. */
export async function knownMigrations(folder: string = MIGRATIONS_FOLDER): Promise<readonly Migration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d{4}_[a-z0-9_]+\.sql$/.test(file)).sort();
  const twice = files.find((file, at) => files[at + 1]?.startsWith(file.slice(0, 5)));
  if (twice !== undefined) throw new KeelError('MIGRATION_CONFLICT', `two migrations have the number of ${twice}; give the one that is new here the next free number`);
  return Promise.all(
    files.map(async (file) => {
      const sql = await readFile(join(folder, file), 'utf8');
      return { number: Number(file.slice(0, 4)), name: file, sql, checksum: createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex') };
    }),
  );
}

/**
 * Brings a database to this version, forward only. Several processes may call it at once: one works, the others wait.
 * @param url of an existing database, PostgreSQL 15 or newer.
 * @returns the names of the migrations that were applied now.
 * @throws {KeelError} MIGRATION_CONFLICT, not retried: the database was migrated by another or newer version.
 * @throws {KeelError} DATABASE_UNREACHABLE, retried; DATABASE_FAILED, not retried.
 */
export async function migrate(url: string, migrations?: readonly Migration[]): Promise<readonly string[]> {
  const known = migrations ?? (await knownMigrations());
  const client = new pg.Client({ connectionString: url, application_name: 'keel-migrate', connectionTimeoutMillis: 5_000 });
  // The rejected query tells what happened; without a listener the process would end first.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const applied = await appliedMigrations(client);
    refuseUnknown(known, applied);
    const due = known.filter((migration) => !applied.has(migration.number));
    for (const migration of due) await apply(client, migration);
    return due.map((migration) => migration.name);
  } catch (error) {
    throw ledgerError(error, 'migrating the database');
  } finally {
    await client.end();
  }
}

async function appliedMigrations(client: pg.Client): Promise<ReadonlyMap<number, { name: string; checksum: string }>> {
  await client.query(
    'CREATE TABLE IF NOT EXISTS schema_migrations (number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
  );
  const { rows } = await client.query<{ number: number; name: string; checksum: string }>('SELECT number, name, checksum FROM schema_migrations');
  return new Map(rows.map((row) => [row.number, row]));
}

function refuseUnknown(known: readonly Migration[], applied: ReadonlyMap<number, { name: string; checksum: string }>): void {
  for (const [number, row] of applied) {
    const ours = known.find((migration) => migration.number === number);
    if (ours?.checksum === row.checksum) continue;
    const why = ours === undefined ? 'this version has no such migration' : `this version has another text for it (${ours.name})`;
    throw new KeelError('MIGRATION_CONFLICT', `the database holds migration ${row.name}, but ${why}. Run the version of Keel that made it, or a newer one, or name another database.`);
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(migration.sql);
    await client.query('INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)', [migration.number, migration.name, migration.checksum]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw ledgerError(error, `migration ${migration.name}`);
  }
}
