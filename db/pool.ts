import pg from 'pg';
import { KeelError, messageOf } from '../domain/errors.ts';

export type Pool = pg.Pool;
export type Client = pg.PoolClient;
/** What runs one statement: the pool itself, or the connection of a running transaction. */
export type Queryable = Pick<pg.PoolClient, 'query'>;

const INT8_OID = 20;
const CONNECT_TIMEOUT_MS = 5_000;
/** Longer than any statement of the ledger; a server that vanished without a word must not hang a worker. */
const QUERY_TIMEOUT_MS = 20_000;
/**
 * So long the server keeps an open transaction of a session that asks nothing: a process that is frozen in the middle of
 * one must not hold its locks for ever. Others wait for a lock longer than that, so they get it.
 */
const IDLE_IN_TRANSACTION_MS = 5_000;

export interface PoolOptions {
  /** Largest number of connections of this process. */
  readonly connectionsMax?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** Told when an idle connection breaks; the pool replaces it by itself. */
  readonly onIdleError?: (error: Error) => void;
}

/**
 * Connections to the ledger's database. 64-bit integers are read as numbers (epoch milliseconds, counters: all below
 * 2^53), NUMERIC as text.
 * @param url `postgres://user:password@host:port/database`.
 */
export function createPool(url: string, options: PoolOptions = {}): Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.connectionsMax ?? 8,
    application_name: options.applicationName ?? 'keel',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    pipeline: true, // what is asked without waiting for an answer goes out together, in order: one round trip
    types: { getTypeParser },
  });
  // Without a listener a broken idle connection would end the process; the next statement reports the state anyway.
  pool.on('error', (error) => options.onIdleError?.(error));
  // The same for one that breaks between two statements of a transaction.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === INT8_OID && format !== 'binary' ? Number : (pg.types.getTypeParser(oid, format as 'text') as (value: string) => unknown);

/**
 * Runs statements in one READ COMMITTED transaction: committed when `work` resolves, rolled back when it throws.
 * @param what the step's name, for errors.
 * @throws {KeelError} DATABASE_UNREACHABLE (retried), DATABASE_FAILED (not retried), or what `work` threw.
 */
export async function inTransaction<T>(pool: Pool, what: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(pool, what);
  let broken: Error | undefined;
  try {
    const [, result] = await together(client.query('BEGIN'), work(client));
    await client.query('COMMIT');
    return result;
  } catch (error) {
    broken = await rollback(client);
    throw ledgerError(error, what);
  } finally {
    client.release(broken);
  }
}

/**
 * Statements that do not need each other's answers: sent at once, run in order, one round trip for all.
 * Waits for every answer also when one fails, so that none comes after the rollback. @throws the first failure, in order
 */
export async function together<T extends readonly unknown[]>(...statements: { readonly [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const answers = await Promise.allSettled(statements);
  const failure = answers.find((answer) => answer.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : undefined)) as unknown as T;
}

/** Runs one statement outside of any transaction. @throws {KeelError} as `inTransaction`. */
export async function run<Row extends pg.QueryResultRow>(pool: Queryable, what: string, query: pg.QueryConfig): Promise<Row[]> {
  try {
    return (await pool.query<Row>(query)).rows;
  } catch (error) {
    throw ledgerError(error, what);
  }
}

async function connect(pool: Pool, what: string): Promise<Client> {
  try {
    return await pool.connect();
  } catch (error) {
    throw ledgerError(error, what);
  }
}

/** Returns the error that makes the connection unfit for use, or undefined when it is clean again. */
async function rollback(client: Client): Promise<Error | undefined> {
  try {
    await client.query('ROLLBACK');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

/**
 * Classes 08 (connection), 53 (out of disk, memory or connections), 58 (I/O error) and 57P0x of PostgreSQL, 25006 (it only reads), 25P03 (it gave up a
 * transaction that stood idle), and what Node's sockets say. A server that cannot write is as good as away: what closes goes out without it.
 * @source PostgreSQL, Appendix A. Error Codes.
 */
const UNREACHABLE_CODES = /^(08...|25006|25P03|53...|57P0[123]|58...|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENOENT|EHOSTUNREACH)$/;
const UNREACHABLE_MESSAGES = /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|not queryable|Cannot use a pool after calling end/;

/** Names a database failure: unreachable (try again) or failed (a bug or a broken rule). */
export function ledgerError(error: unknown, what: string): KeelError {
  if (error instanceof KeelError) return error;
  const code = codeOf(error);
  if (UNREACHABLE_CODES.test(code) || UNREACHABLE_MESSAGES.test(messageOf(error))) {
    return new KeelError('DATABASE_UNREACHABLE', `${what}: ${messageOf(error)}. Check that PostgreSQL runs, that DATABASE_URL names it, and that it can write (disk, memory).`, { cause: error });
  }
  const detail = error instanceof pg.DatabaseError && error.detail !== undefined ? ` (${error.detail})` : '';
  return new KeelError('DATABASE_FAILED', `${what}: ${messageOf(error)}${detail}${code === '' ? '' : ` [${code}]`}`, { cause: error });
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
