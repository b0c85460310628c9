import pg from 'pg';
import { KeelError, messageOf } from '../../domain/errors.ts';

/** Postgres error codes. @source Postgres 18 documentation, appendix A */
const DUPLICATE_DATABASE = '42P04';
const INSUFFICIENT_PRIVILEGE = '42501';

/** The same server, another database. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}

/**
 * Makes a database; one that exists stays as it is.
 * @param serverUrl any database of the server, to connect to
 * @param options template: copied, nobody may be connected to it
 * @returns URL of the database
 * @throws {KeelError} DATABASE_UNREACHABLE, DATABASE_FAILED
 */
export async function createDatabase(serverUrl: string, name: string, options: { template?: string } = {}): Promise<string> {
  const template = options.template === undefined ? '' : ` TEMPLATE ${pg.escapeIdentifier(options.template)}`;
  await onServer(serverUrl, `the database ${name} could not be made`, async (client) => {
    const present = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (present.rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}${template}`);
  });
  return databaseUrl(serverUrl, name);
}

/** Whether a database of that name is on the server. @throws {KeelError} as `createDatabase` */
export async function databaseExists(serverUrl: string, name: string): Promise<boolean> {
  let exists = false;
  await onServer(serverUrl, `the database ${name} could not be looked for`, async (client) => {
    exists = (await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])).rowCount !== 0;
  });
  return exists;
}

/** Removes a database with everything in it, and ends its connections. @throws {KeelError} as `createDatabase` */
export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await onServer(serverUrl, `the database ${name} could not be removed`, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
  });
}

async function onServer(serverUrl: string, what: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const { host } = new URL(serverUrl);
  const client = new pg.Client({ connectionString: serverUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {}); // the running statement reports the break
  try {
    await client.connect();
  } catch (error) {
    throw new KeelError('DATABASE_UNREACHABLE', `Postgres at ${host} does not let us in: ${messageOf(error)}; check that it runs, and DATABASE_URL`, { cause: error });
  }
  try {
    await work(client);
  } catch (error) {
    if (codeOf(error) === DUPLICATE_DATABASE) return; // another start was quicker
    const hint = codeOf(error) === INSUFFICIENT_PRIVILEGE ? '; make it by hand and give the role of DATABASE_URL its ownership' : '';
    throw new KeelError('DATABASE_FAILED', `${what} on ${host}: ${messageOf(error)}${hint}`, { cause: error });
  } finally {
    await client.end();
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
