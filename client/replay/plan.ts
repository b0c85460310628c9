import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadDeployment } from '../../config/deployment.ts';
import type { Deployment } from '../../config/deployment.ts';
import { readSettings } from '../../config/settings.ts';
import type { Settings } from '../../config/settings.ts';
import { engineAddress } from '../../config/temporal.ts';
import { KeelError } from '../../domain/errors.ts';
import { isPresetName } from '../../domain/policy/change.ts';
import { PRESET_NAMES } from '../../domain/policy/policy.ts';
import type { PresetName } from '../../domain/policy/policy.ts';
import { instrumentIdOf } from '../../domain/market/instrument.ts';
import { embeddedPostgresUrl } from '../../stack/postgres/server.ts';
import { databaseExists } from '../../stack/postgres/database.ts';
import type { Recording } from '../../stack/processes.ts';
import { freePort } from '../../stack/supervisor/ports.ts';
import { homeStatus, stopRunning } from '../../stack/supervisor/supervisor.ts';
import { replayNumberOf } from '../deployment-choice.ts';
import type { Asked, Begun } from './begun.ts';
import { readBegun } from './begun.ts';

export interface ReplayFlags {
  /** Folder of candle files. */
  readonly data?: string;
  /** By base or full name, commas between. */
  readonly symbols?: string;
  /** First and last day, both included, UTC. */
  readonly from?: string;
  readonly to?: string;
  readonly seed?: string;
  /** daily, weekly or off. */
  readonly retrain?: string;
  /** Of the policy. */
  readonly preset?: string;
  /** In place of all of these: the name of a replay that was killed. */
  readonly resume?: string;
  readonly keep?: boolean;
  readonly json?: boolean;
}

/** Everything that a replay needs to know before anything is started. */
export interface ReplayPlan {
  /** What it was asked for, so that it can go on after a crash. */
  readonly asked: Asked;
  /** Of the replay alone: its own venue ports, and where a Keel runs on the home, that one's database and engine. */
  readonly settings: Settings;
  readonly deployment: Deployment;
  readonly recording: Recording;
  /** Null: as every portfolio begins. */
  readonly preset: PresetName | null;
  /** Its own supervisor's folder: the home, or beside a running Keel `<home>/<replay name>`. */
  readonly runHome: string;
}

const DAY_MS = 86_400_000;

/** How a plan differs from that of the home's next replay. */
export interface Differences {
  /** In place of what the environment says. */
  readonly settings?: Partial<Settings>;
  /** The deployment's name is the first of `<kind>-<number>`, `<kind>-<number + 1>`, … that is free. Default: the next `replay`. */
  readonly name?: { readonly kind: 'scenario'; readonly from: number };
}

/**
 * Settings, name, ports and bounds of the next replay on this home, or of one that was killed. Makes the replay's folder.
 * @throws {KeelError} USAGE for a date, CANDLES_INVALID, SETTING_INVALID, DATABASE_UNREACHABLE
 */
export async function planReplay({ resume, ...fresh }: ReplayFlags, differences: Differences = {}): Promise<ReplayPlan> {
  const begun = resume === undefined ? null : await interrupted((await readSettings()).home, resume);
  const flags = begun?.asked ?? withData(fresh);
  const recording = recordingOf(flags);
  const preset = presetOf(flags);
  const given = { ...(await readSettings({ ...process.env, ...begun?.env, KEEL_MODE: 'replay', KEEL_RETRAIN: retrainOf(flags) })), ...differences.settings };
  const { home } = given;
  const isBeside = homeStatus(home).supervisorPid !== null;
  const shared = isBeside ? await besideRunning(given) : given;
  const [venuePort, venueControlPort] = [await freePort(), await freePort()];
  const symbols = (flags.symbols?.split(',') ?? given.symbols).map((name) => name.trim()).filter((name) => name !== '').map(instrumentIdOf);
  const settings: Settings = {
    ...shared, symbols, venuePort, venueControlPort, venueUrl: `http://127.0.0.1:${venuePort}`, venueControlUrl: `http://127.0.0.1:${venueControlPort}`,
  };
  assertRecorded(recording.folder, settings);
  const deployment = resume === undefined ? await nextDeployment(settings, differences.name) : loadDeployment(settings, resume);
  return { asked: flags, settings, deployment, recording, preset, runHome: isBeside ? deployment.folder : home };
}

/** What a replay that was killed was asked for; what was left of it beside a running Keel is stopped. @throws {KeelError} USAGE, ALREADY_RUNNING */
async function interrupted(home: string, name: string): Promise<Begun> {
  const begun = readBegun(home, name);
  for (const folder of [home, join(home, name)]) {
    const { supervisorPid, state } = homeStatus(folder);
    if (supervisorPid !== null && state?.deployment === name) throw new KeelError('ALREADY_RUNNING', `${name} runs already (pid ${supervisorPid}); --resume is for one that was killed`);
  }
  if (homeStatus(join(home, name)).leftovers.length > 0) await stopRunning(join(home, name));
  return begun;
}

/** @throws {KeelError} USAGE */
function withData<Flags extends ReplayFlags>(flags: Flags): Flags & { readonly data: string } {
  const { data } = flags;
  if (data === undefined) throw new KeelError('USAGE', '--data <folder> is missing: a folder of candle files, such as BTC-USDT-PERP.1h.csv (or --resume <name>, for a replay that was killed)');
  return { ...flags, data };
}

/** @throws {KeelError} USAGE */
function presetOf({ preset }: Pick<ReplayFlags, 'preset'>): PresetName | null {
  if (preset === undefined) return null;
  if (isPresetName(preset)) return preset;
  throw new KeelError('USAGE', `--preset ${preset} is not known; allowed: ${PRESET_NAMES.join(', ')}`);
}

/** @throws {KeelError} USAGE */
function retrainOf({ retrain = 'off' }: Pick<ReplayFlags, 'retrain'>): string {
  if (['off', 'daily', 'weekly'].includes(retrain)) return retrain;
  throw new KeelError('USAGE', `--retrain ${retrain} is not known; allowed: off, daily, weekly`);
}

/** @throws {KeelError} USAGE */
export function recordingOf({ data, from, to, seed }: Pick<Asked, 'data' | 'from' | 'to' | 'seed'>): Recording {
  const first = from === undefined ? undefined : dayOf('--from', from);
  const last = to === undefined ? undefined : dayOf('--to', to);
  if (first !== undefined && last !== undefined && last < first) throw new KeelError('USAGE', `--from ${from ?? ''} lies after --to ${to ?? ''}`);
  return {
    folder: resolve(data), ...(first === undefined ? {} : { from: first }), ...(last === undefined ? {} : { to: last + DAY_MS }),
    ...(seed === undefined ? {} : { seed }),
  };
}

/** Epoch milliseconds of a day's begin, UTC. */
function dayOf(flag: string, text: string): number {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  // Date.parse takes 2023-02-31 for a day of March.
  if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(text)) return time;
  throw new KeelError('USAGE', `${flag} ${text} is no day; allowed: a day such as 2023-01-31 (UTC, included)`);
}

/** Said before anything is started; what is in the files is the venue's to read. @throws {KeelError} CANDLES_INVALID */
function assertRecorded(folder: string, { symbols, timeframe }: Pick<Settings, 'symbols' | 'timeframe'>): void {
  const names = existsSync(folder) ? readdirSync(folder) : null;
  if (names === null) throw new KeelError('CANDLES_INVALID', `--data ${folder} is not there; wanted: a folder of candle files`);
  const missing = symbols.filter((id) => !names.some((name) => name.startsWith(`${id}.${timeframe}.`)));
  const isEmpty = !names.some((name) => name.includes(`.${timeframe}.`));
  if (missing.length === 0 && !isEmpty) return;
  throw new KeelError('CANDLES_INVALID', `no ${timeframe} candle file of ${missing.join(', ') || 'any symbol'} in ${folder} (there are: ${names.join(', ') || 'none'}; KEEL_TIMEFRAME sets another timeframe)`);
}

/** A Keel runs on this home: its database server and its engine serve the replay too. */
export async function besideRunning(settings: Settings): Promise<Settings> {
  return {
    ...settings,
    databaseUrl: settings.databaseUrl ?? await embeddedPostgresUrl({ home: settings.home, port: settings.postgresPort }),
    temporalAddress: engineAddress(settings),
    temporalUiUrl: settings.temporalUiUrl ?? (settings.temporalAddress === undefined ? `http://127.0.0.1:${settings.engineUiPort}` : undefined),
  };
}

/** The next name that has neither folder nor, on a server that is up already, database. */
async function nextDeployment(settings: Settings, wanted: Differences['name']): Promise<Deployment> {
  mkdirSync(settings.home, { recursive: true });
  const numbers = readdirSync(settings.home).map(replayNumberOf).filter((number) => number !== null);
  for (let next = wanted?.from ?? Math.max(0, ...numbers) + 1; ; next += 1) {
    const name = `${wanted?.kind ?? 'replay'}-${next}`;
    if (!claimFolder(join(settings.home, name))) continue;
    const deployment = loadDeployment(settings, name);
    if (settings.databaseUrl === undefined || !(await databaseExists(settings.databaseUrl, deployment.databaseName))) return deployment;
  }
}

/** Of two replays that start at once each gets a number of its own. */
function claimFolder(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
