import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { processIdentity } from '../../bin/process-identity.mjs';
import { KeelError, messageOf } from '../../domain/errors.ts';
import { commandOf, isListening, unlessGone } from '../supervisor/ports.ts';
import { runAlone } from '../supervisor/run-alone.ts';
import type { RunningProcess } from '../supervisor/run-alone.ts';
import { stopProcess } from '../supervisor/run-files.ts';
import type { ProcessSpec } from '../supervisor/types.ts';
import { postgresBinaries, reachableBinaries } from './binaries.ts';
import type { PostgresBinaries } from './binaries.ts';
import { postgresRunAs } from './run-as.ts';
import type { RunAs } from './run-as.ts';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const USER = 'keel';
const MAJOR = '18';
const STOP_TIMEOUT_MS = 30_000;
const STARTING_MAX_MS = 10_000;
const POLL_MS = 50;

/** For a small machine that also runs everything else. Durability is never traded: fsync and synchronous commits stay on. */
const CONFIGURATION: Readonly<Record<string, string>> = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  fsync: 'on',
  synchronous_commit: 'on',
  max_connections: '200',
  shared_buffers: '128MB',
  effective_cache_size: '1GB',
  random_page_cost: '1.1',
  max_wal_size: '1GB',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] %d ',
  log_checkpoints: 'off',
};

export interface PostgresOptions {
  /** State lies in `<home>/postgres`. */
  readonly home: string;
  readonly port: number;
}

/** The embedded server as a process to supervise, and its address. Makes the cluster when there is none. */
export async function postgresSpec({ home, port }: PostgresOptions): Promise<{ spec: ProcessSpec; url: string }> {
  const folder = join(home, 'postgres');
  const data = join(folder, 'data');
  await mkdir(home, { recursive: true });
  const runAs = postgresRunAs(home);
  const binaries = await reachableBinaries(await postgresBinaries(), runAs.ids);
  const password = await ownPassword(home, data);
  if (!existsSync(data)) await makeCluster({ folder, data, binaries, runAs, password });
  assertVersion(data);
  const url = urlOf(port, password);
  const configuration = Object.entries(CONFIGURATION).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const spec: ProcessSpec = {
    kind: 'process', name: 'postgres', needs: [],
    ...runAs.wrap(binaries.postgres, ['-D', data, '-p', String(port), ...configuration]),
    ports: [{ port, setting: 'postgresPort, KEEL_POSTGRES_PORT' }],
    reclaim: () => stopUnknown(data),
    prepare: () => reclaim(data),
    ready: () => answers(port, url),
    readyTimeoutMs: 60_000, stopSignal: 'SIGINT', stopTimeoutMs: STOP_TIMEOUT_MS, leftover: 'adopt',
  };
  return { spec, url };
}

/**
 * Address of the embedded server of a home on which a Keel runs; holds the password: do not print.
 * @throws {KeelError} DATABASE_UNREACHABLE when the home never had one.
 */
export async function embeddedPostgresUrl({ home, port }: PostgresOptions): Promise<string> {
  const path = passwordFileOf(home);
  if (!existsSync(path)) throw new KeelError('DATABASE_UNREACHABLE', `${path} is not there: ${home} has no Postgres of its own; set DATABASE_URL to the server that it uses`);
  return urlOf(port, (await readFile(path, 'utf8')).trim());
}

/**
 * Address of a server of this home that runs already, such as one that a killed supervisor left to its workers; holds the password: do not print.
 * @returns null: none runs. It may be starting still: so long it is waited for.
 */
export async function runningPostgresUrl({ home, port }: PostgresOptions): Promise<string | null> {
  const postmaster = runningPostmaster(join(home, 'postgres', 'data'));
  if (postmaster === null) return null;
  const url = await embeddedPostgresUrl({ home, port: postmaster.port ?? port });
  const deadline = performance.now() + STARTING_MAX_MS;
  while (performance.now() < deadline && !(await answers(Number(new URL(url).port), url).catch(() => false))) await sleep(POLL_MS); // else whoever connects says why not
  return url;
}

function urlOf(port: number, password: string): string {
  return `postgres://${USER}:${password}@${HOST}:${port}/postgres`;
}

function passwordFileOf(home: string): string {
  return join(home, 'postgres.password');
}

export interface RunningPostgres extends RunningProcess {
  /** Of the maintenance database, password included: do not print. */
  readonly url: string;
}

/**
 * Starts the embedded server by itself and waits until it answers.
 * @throws {KeelError} PORT_TAKEN, PROCESS_FAILED
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { spec, url } = await postgresSpec(options);
  const running = await runAlone(options.home, spec);
  return {
    url,
    get pid() {
      return running.pid;
    },
    stop: () => running.stop(),
  };
}

async function answers(port: number, url: string): Promise<boolean> {
  if (!(await isListening(port))) return false;
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {}); // a break after the answer is the next poll's business
  await client.connect();
  await client.query('SELECT 1');
  await client.end();
  return true;
}

/** Beside the cluster, readable by Keel's user only. */
async function ownPassword(home: string, data: string): Promise<string> {
  const path = passwordFileOf(home);
  if (existsSync(path)) return (await readFile(path, 'utf8')).trim();
  if (existsSync(data)) throw new KeelError('PROCESS_FAILED', `${data} is there and its password file ${path} is not; restore that file (its first line is the password of the role "${USER}")`);
  const password = randomBytes(18).toString('base64url');
  await writeFile(path, `${password}\n`, { mode: 0o600, flag: 'wx' });
  return password;
}

interface Cluster {
  readonly folder: string;
  readonly data: string;
  readonly binaries: PostgresBinaries;
  readonly runAs: RunAs;
  readonly password: string;
}

/** Made beside its place and renamed, so that an interrupted start leaves no half of one. */
async function makeCluster({ folder, data, binaries, runAs, password }: Cluster): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (runAs.ids !== null) await chown(folder, runAs.ids.uid, runAs.ids.gid);
  await chmod(folder, 0o700);
  const fresh = `${data}.new`;
  const passwordFile = join(folder, 'initdb.password');
  await rm(fresh, { recursive: true, force: true });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (runAs.ids !== null) await chown(passwordFile, runAs.ids.uid, runAs.ids.gid);
  const args = ['-D', fresh, '-U', USER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'];
  const { command, args: wrapped, ...ids } = runAs.wrap(binaries.initdb, args);
  try {
    await run(command, [...wrapped], { ...ids, cwd: '/' });
  } catch (error) {
    throw new KeelError('PROCESS_FAILED', `the database cluster ${data} could not be made: ${messageOf(error)}`, { cause: error });
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(fresh, data);
}

function assertVersion(data: string): void {
  const found = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (found === MAJOR) return;
  throw new KeelError('PROCESS_FAILED', `${data} was made by Postgres ${found}, and this Keel brings Postgres ${MAJOR}; move the data with pg_dump of version ${found}, or set DATABASE_URL to a server of version ${found}`);
}

/** A pid file of a dead server can name a pid that another program has now; Postgres would refuse to start. */
async function reclaim(data: string): Promise<void> {
  const path = join(data, 'postmaster.pid');
  if (existsSync(path) && runningPostmaster(data) === null) await rm(path, { force: true });
}

/** Ends a server of this cluster that no run file knows (a start that was killed at once). */
async function stopUnknown(data: string): Promise<void> {
  const postmaster = runningPostmaster(data);
  if (postmaster !== null) await stopProcess(postmaster, { signal: 'SIGINT', timeoutMs: STOP_TIMEOUT_MS });
}

/** First line of postmaster.pid is its pid, the fourth its port; its command line tells whether it is that server still. */
function runningPostmaster(data: string): { pid: number; identity: string; port: number | null } | null {
  const lines = unlessGone(() => readFileSync(join(data, 'postmaster.pid'), 'utf8'), '').split('\n');
  const [pid, port] = [Number.parseInt(lines[0] ?? '', 10), Number.parseInt(lines[3] ?? '', 10)];
  const identity = Number.isInteger(pid) ? processIdentity(pid) : null;
  if (identity === null) return null;
  return commandOf(pid).includes(data) ? { pid, identity, port: Number.isInteger(port) ? port : null } : null;
}
