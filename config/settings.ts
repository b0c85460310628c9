import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cacheFolder, expandHome } from '../bin/cache.mjs';
import { KeelError, messageOf } from '../domain/errors.ts';
import { FIELDS } from './fields.ts';
import type { FieldKey, FieldValues } from './fields.ts';

/** Root of the clone. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CONFIG_FILE = 'keel.config.ts';

/** All settings, checked, with absolute folders. Holds secrets: show it through `describeSettings` only. */
export type Settings = Omit<FieldValues, 'home' | 'cache'> & { readonly home: string; readonly cache: string };
export type Environment = Readonly<Record<string, string | undefined>>;
/** What `keel.config.ts` exports by default: any settings but secrets, by their keys. */
export type SettingsFile = { readonly [K in FieldKey]?: unknown };

/**
 * Settings from the environment over those of a file over the defaults.
 * @throws {KeelError} SETTING_INVALID, naming every wrong setting, its value and what is allowed.
 */
export function loadSettings(env: Environment, file: SettingsFile = {}): Settings {
  const faults = unknownKeys(file);
  const values: Record<string, unknown> = {};
  for (const key of Object.keys(FIELDS) as FieldKey[]) {
    const parsed = readField(key, env, file);
    if (parsed.kind === 'fault') faults.push(parsed.fault);
    else values[key] = parsed.value;
  }
  if (faults.length > 0) throw new KeelError('SETTING_INVALID', faults.join('\n'));
  const fields = values as FieldValues;
  return { ...fields, home: resolve(expandHome(fields.home ?? join(ROOT, '.keel'))), cache: resolve(expandHome(fields.cache ?? cacheFolder(env))) };
}

/** `loadSettings` with this process's environment and the `keel.config.ts` of the working folder, if there is one. */
export async function readSettings(env: Environment = process.env, folder: string = process.cwd()): Promise<Settings> {
  return loadSettings(env, await readSettingsFile(folder));
}

/** Whether environment or file say a setting, whatever they say; else `readSettings` takes its default. */
export async function isSet(key: FieldKey, env: Environment = process.env, folder: string = process.cwd()): Promise<boolean> {
  return (env[FIELDS[key].env] ?? '') !== '' || (await readSettingsFile(folder))[key] !== undefined;
}

/** The settings as environment, so that a child process reads the same ones. Holds secrets. */
export function settingsEnv(settings: Settings): Record<string, string> {
  const env: Record<string, string> = {};
  for (const key of Object.keys(FIELDS) as FieldKey[]) {
    const value = settings[key];
    if (value !== undefined) env[FIELDS[key].env] = Array.isArray(value) ? value.join(',') : String(value);
  }
  return env;
}

export interface SettingView {
  readonly key: FieldKey;
  readonly env: string;
  /** What it is set to; secrets read `(set)`. */
  readonly value: string;
  readonly allowed: string;
  readonly about: string;
}

/** Every setting for people to read; a secret's value is never part of it. */
export function describeSettings(settings: Settings): SettingView[] {
  return (Object.keys(FIELDS) as FieldKey[]).map((key) => {
    const { env, allowed, about } = FIELDS[key];
    return { key, env, value: shown(key, settings[key]), allowed, about };
  });
}

/** Variables that look like settings of Keel and are none: probably misspelt. */
export function unknownVariables(env: Environment): string[] {
  const known = new Set<string>([...Object.values(FIELDS).map((field) => field.env), ...OTHER_VARIABLES]);
  return Object.keys(env).filter((name) => name.startsWith('KEEL_') && !known.has(name));
}

/** Read elsewhere: engine routes, and marks of Keel's own processes and tests. */
const OTHER_VARIABLES = ['KEEL_TEST_SEED', 'KEEL_TEMPORAL_CLI', 'KEEL_TEMPORAL_ARCHIVE_URL', 'KEEL_PROCESS', 'KEEL_CRASH_AT', 'KEEL_CRASH_ACTION', 'KEEL_CRASH_MARKER'];

type FieldResult = { kind: 'value'; value: unknown } | { kind: 'fault'; fault: string };

function readField(key: FieldKey, env: Environment, file: SettingsFile): FieldResult {
  const { schema, allowed, env: name } = FIELDS[key];
  const secret = isSecret(key);
  const fromEnv = env[name] === '' ? undefined : env[name];
  if (secret && file[key] !== undefined) return { kind: 'fault', fault: `${key} in ${CONFIG_FILE}: a secret may not stand in a file; set ${name} in the environment` };
  const raw = fromEnv ?? file[key];
  const parsed = schema.safeParse(raw);
  if (parsed.success) return { kind: 'value', value: parsed.data };
  const where = fromEnv === undefined ? `${key} in ${CONFIG_FILE}` : name;
  const value = secret ? '(a secret, not shown)' : JSON.stringify(raw);
  return { kind: 'fault', fault: `${where} is ${value}; allowed: ${allowed}` };
}

function unknownKeys(file: SettingsFile): string[] {
  const known = Object.keys(FIELDS);
  return Object.keys(file).filter((key) => !known.includes(key)).map((key) => `${key} in ${CONFIG_FILE} is no setting; allowed: ${known.join(', ')}`);
}

function isSecret(key: FieldKey): boolean {
  return 'secret' in FIELDS[key];
}

function shown(key: FieldKey, value: unknown): string {
  if (value === undefined) return '(unset)';
  if (isSecret(key)) return '(set)';
  return Array.isArray(value) ? value.join(',') : String(value);
}

async function readSettingsFile(folder: string): Promise<SettingsFile> {
  const path = join(folder, CONFIG_FILE);
  if (!existsSync(path)) return {};
  let exported: unknown;
  try {
    exported = ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (error) {
    throw new KeelError('SETTING_INVALID', `${path} could not be read: ${messageOf(error)}`, { cause: error });
  }
  if (typeof exported === 'object' && exported !== null) return exported;
  throw new KeelError('SETTING_INVALID', `${path} must export its settings by default: export default { mode: 'sim' }`);
}
