import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { FIELDS } from '../config/fields.ts';
import { loadSettings, readSettings, unknownVariables } from '../config/settings.ts';
import type { Settings } from '../config/settings.ts';
import { messageOf } from '../domain/errors.ts';
import { findEngineCli } from '../stack/engine/cli.ts';
import { ENGINE_VERSION } from '../stack/engine/release.ts';
import { postgresBinaries } from '../stack/postgres/binaries.ts';
import { postgresRunAs } from '../stack/postgres/run-as.ts';
import { isPortFree, portHolder } from '../stack/supervisor/ports.ts';
import { homeStatus } from '../stack/supervisor/supervisor.ts';
import { createBackOffLimiter, createVenue } from '../venues/index.ts';
import { venueSettingsOf } from '../venues/settings.ts';
import { assertPermissions, NOT_IP_RESTRICTED } from './live-checks.ts';

/** One thing looked at. `fail` keeps Keel from starting; `warn` is worth a thought. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
}

const DISK_BYTES_MIN = 2 * 1024 ** 3;
const MEMORY_BYTES_MIN = 1024 ** 3;
/** Binance refuses requests further off than its receive window. */
const SKEW_MS_MAX = 1_000;
const PORTS = ['enginePort', 'engineUiPort', 'postgresPort', 'venuePort', 'venueControlPort'] as const;

/** Looks at everything that a start needs, changing nothing but making the home folder. */
export async function examine(env: NodeJS.ProcessEnv = process.env): Promise<Finding[]> {
  let settings: Settings;
  try {
    settings = await readSettings(env);
  } catch (error) {
    return [finding('settings', 'fail', messageOf(error)), ...(await examineWith(loadSettings({ KEEL_HOME: env['KEEL_HOME'] }), env))];
  }
  return [settingsFinding(env), ...(await examineWith(settings, env))];
}

async function examineWith(settings: Settings, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const found = await Promise.all([
    Promise.resolve(versions()), folders(settings), memory(), engine(settings, env), postgres(settings), ports(settings), Promise.resolve(keys(settings)), permissions(settings), clock(settings),
  ]);
  return found.flat();
}

function versions(): Finding[] {
  const major = Number.parseInt(process.versions.node, 10);
  return [finding('node', major >= 24 ? 'ok' : 'fail', `${process.versions.node} on ${process.platform}-${process.arch}, as ${process.getuid?.() === 0 ? 'root' : 'a normal user'}`)];
}

function settingsFinding(env: NodeJS.ProcessEnv): Finding {
  const unknown = unknownVariables(env);
  if (unknown.length === 0) return finding('settings', 'ok', 'all understood');
  return finding('settings', 'warn', `${unknown.join(', ')}: no such setting; see \`keel doctor --settings\``);
}

async function folders({ home, cache }: Settings): Promise<Finding[]> {
  return Promise.all([['home', home], ['cache', cache]].map(async ([name = '', folder = '']) => {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
      const { bavail, bsize } = await statfs(folder);
      const free = bavail * bsize;
      return finding(name, free < DISK_BYTES_MIN ? 'warn' : 'ok', `${folder}, ${gigabytes(free)} free${free < DISK_BYTES_MIN ? ' (2 GB are wanted)' : ''}${secretsOpen(folder)}`);
    } catch (error) {
      return finding(name, 'fail', `${folder} cannot be used: ${messageOf(error)}; choose another by ${name === 'home' ? FIELDS.home.env : FIELDS.cache.env}`);
    }
  }));
}

function secretsOpen(folder: string): string {
  const path = join(folder, 'postgres.password');
  if (!existsSync(path) || (statSync(path).mode & 0o077) === 0) return '';
  return `; ${path} can be read by others: chmod 600`;
}

function memory(): Promise<Finding[]> {
  const free = freemem();
  return Promise.resolve([finding('memory', free < MEMORY_BYTES_MIN ? 'warn' : 'ok', `${gigabytes(free)} free${free < MEMORY_BYTES_MIN ? ' (Keel takes about 1.2 GB)' : ''}`)]);
}

async function engine(settings: Settings, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  if (settings.temporalAddress !== undefined) return [finding('engine', 'ok', `cluster at ${settings.temporalAddress}, namespace ${settings.temporalNamespace}`)];
  try {
    const cli = await findEngineCli({ cache: settings.cache, env, say: () => {}, fetch: false });
    return [finding('engine', 'ok', `Temporal CLI ${cli.version} by ${cli.route}: ${cli.path}`)];
  } catch (error) {
    const ordered = env['KEEL_TEMPORAL_CLI'] !== undefined;
    if (ordered) return [finding('engine', 'fail', messageOf(error))];
    return [finding('engine', 'warn', `Temporal CLI ${ENGINE_VERSION} is not here yet; the first start gets its archive, or builds it with Go`)];
  }
}

async function postgres(settings: Settings): Promise<Finding[]> {
  if (settings.databaseUrl !== undefined) return [finding('postgres', 'ok', `server at ${new URL(settings.databaseUrl).host}`)];
  try {
    await postgresBinaries();
    const { ids } = postgresRunAs(settings.home);
    return [finding('postgres', 'ok', `embedded${ids === null ? '' : `, as user id ${ids.uid}`}`)];
  } catch (error) {
    return [finding('postgres', 'fail', messageOf(error))];
  }
}

async function ports(settings: Settings): Promise<Finding[]> {
  if (homeStatus(settings.home).supervisorPid !== null) return [finding('ports', 'ok', 'held by the Keel that runs')];
  return Promise.all(PORTS.map(async (key) => {
    const port = settings[key];
    if (await isPortFree(port)) return finding(key, 'ok', `${port} is free`);
    const holder = portHolder(port);
    return finding(key, 'fail', `${port} is held by ${holder === null ? 'another program' : `pid ${holder.pid} (${holder.command})`}; set ${FIELDS[key].env}`);
  }));
}

function keys({ mode, venueApiKey, venueApiSecret }: Settings): Finding[] {
  const needed = mode === 'testnet' || mode === 'live';
  const set = venueApiKey !== undefined && venueApiSecret !== undefined;
  if ((venueApiKey === undefined) !== (venueApiSecret === undefined)) return [finding('keys', 'fail', 'only one of KEEL_VENUE_API_KEY and KEEL_VENUE_API_SECRET is set')];
  if (needed && !set) return [finding('keys', 'fail', `mode ${mode} needs KEEL_VENUE_API_KEY and KEEL_VENUE_API_SECRET`)];
  return [finding('keys', 'ok', set ? 'set' : `none, and mode ${mode} needs none`)];
}

/** What the venue lets the live key do. Demo trading does not tell. */
async function permissions(settings: Settings): Promise<Finding[]> {
  if (settings.mode !== 'live' || settings.venueApiKey === undefined || settings.venueApiSecret === undefined) return [];
  const limiter = createBackOffLimiter();
  const venue = createVenue(venueSettingsOf(settings, { mode: 'live' }), limiter);
  try {
    const granted = await venue.permissions();
    assertPermissions(granted);
    return [finding('permissions', granted.ipRestricted ? 'ok' : 'warn', granted.ipRestricted ? 'the key may trade, may not withdraw, and is bound to IP addresses' : NOT_IP_RESTRICTED)];
  } catch (error) {
    return [finding('permissions', 'fail', messageOf(error))];
  } finally {
    await venue.close();
    await limiter.close();
  }
}

/** Requests are signed with this machine's clock: against a real venue it must be right. */
async function clock(settings: Settings): Promise<Finding[]> {
  if (settings.mode === 'sim' || settings.mode === 'replay') return [finding('clock', 'ok', `${new Date().toISOString()}; not compared, mode ${settings.mode} has its own`)];
  const url = `${(settings.venueUrl ?? settings.upstreamUrl).replace(/\/$/, '')}/fapi/v1/time`;
  try {
    const sentMs = Date.now();
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    const skewMs = Math.round(((await response.json()) as { serverTime: number }).serverTime - (sentMs + Date.now()) / 2);
    const ok = Math.abs(skewMs) <= SKEW_MS_MAX;
    return [finding('clock', ok ? 'ok' : 'fail', `${skewMs} ms behind ${dirname(url)}${ok ? '' : '; set this machine\'s clock (chrony, systemd-timesyncd)'}`)];
  } catch (error) {
    return [finding('clock', 'fail', `${url} does not tell the time: ${messageOf(error)}`)];
  }
}

function finding(name: string, state: Finding['state'], detail: string): Finding {
  return { name, state, detail };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GB`;
}
