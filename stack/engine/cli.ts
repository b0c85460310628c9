import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { withLock } from '../../bin/lock.mjs';
import { KeelError, messageOf } from '../../domain/errors.ts';
import { buildCli } from './build.ts';
import { downloadCli } from './download.ts';
import { ENGINE_VERSION, versionOf, versionServes } from './release.ts';

const run = promisify(execFile);

export const ENGINE_ROUTES = ['KEEL_TEMPORAL_CLI', 'PATH', 'cache', 'archive', 'build'] as const;
export type EngineRoute = (typeof ENGINE_ROUTES)[number];

export interface EngineCli {
  readonly path: string;
  readonly version: string;
  readonly route: EngineRoute;
}

export interface CliOptions {
  /** Cache folder, outside the repository. */
  readonly cache: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** One line of progress. */
  readonly say: (line: string) => void;
  /** False: only look at what is there; nothing is fetched or built. */
  readonly fetch?: boolean;
  /** Stands in for the pinned release, in tests. */
  readonly archive?: { readonly file: string; readonly sha256: string } | null;
}

/** The cached binary's place. */
export function cachedCliPath(cache: string): string {
  return join(cache, 'temporal', ENGINE_VERSION, 'temporal');
}

/**
 * The Temporal CLI that runs the embedded server: `KEEL_TEMPORAL_CLI`, else `temporal` on the PATH if its version
 * serves, else the cache, else the official archive (by version and checksum), else a build from Go modules.
 * `KEEL_TEMPORAL_CLI` is an order: if it does not serve, nothing else is tried.
 * @throws {KeelError} ENGINE_UNAVAILABLE with every choice and what came of it.
 */
export async function findEngineCli(options: CliOptions): Promise<EngineCli> {
  const given = options.env['KEEL_TEMPORAL_CLI'];
  if (given !== undefined && given !== '') return givenCli(given);
  const tried: string[] = ['KEEL_TEMPORAL_CLI: not set'];
  const found = (await fromPath(options, tried)) ?? (await fromCache(options, tried));
  if (found !== null) return found;
  if (options.fetch !== false) {
    const fetched = await withLock(`${cachedCliPath(options.cache)}.lock`, (pid) => options.say(`another command (pid ${pid}) is getting the Temporal server; waiting …`), () => fetchCli(options, tried));
    if (fetched !== null) return fetched;
  }
  throw unavailable(tried);
}

async function givenCli(path: string): Promise<EngineCli> {
  const probe = await probeCli(path);
  if (probe.kind === 'serves') return { path, version: probe.version, route: 'KEEL_TEMPORAL_CLI' };
  throw unavailable([`KEEL_TEMPORAL_CLI=${path}: ${probe.why}; nothing else was tried, since it was asked for`]);
}

async function fromPath({ env }: CliOptions, tried: string[]): Promise<EngineCli | null> {
  const path = (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'temporal')).find(isExecutable);
  if (path === undefined) {
    tried.push('temporal on the PATH: none');
    return null;
  }
  const probe = await probeCli(path);
  if (probe.kind === 'serves') return { path, version: probe.version, route: 'PATH' };
  tried.push(`temporal on the PATH: ${path}: ${probe.why}`);
  return null;
}

async function fromCache({ cache }: CliOptions, tried: string[]): Promise<EngineCli | null> {
  const path = cachedCliPath(cache);
  if (!isExecutable(path)) {
    tried.push(`cache: ${path}: none`);
    return null;
  }
  const probe = await probeCli(path);
  if (probe.kind === 'serves') return { path, version: probe.version, route: 'cache' };
  tried.push(`cache: ${path}: ${probe.why}`);
  return null;
}

/** Holding the lock. Another process may have filled the cache while this one waited. */
async function fetchCli(options: CliOptions, tried: string[]): Promise<EngineCli | null> {
  const path = cachedCliPath(options.cache);
  const filled = await fromCache(options, []);
  if (filled !== null) return filled;
  const routes = [['archive', () => downloadCli(path, options)], ['build', () => buildCli(path, options)]] as const;
  for (const [route, get] of routes) {
    try {
      await get();
      const probe = await probeCli(path);
      if (probe.kind === 'serves') return { path, version: probe.version, route };
      tried.push(`${route}: ${path}: ${probe.why}`);
    } catch (error) {
      tried.push(`${route}: ${messageOf(error)}`);
      options.say(`${route}: ${messageOf(error)}`);
    }
  }
  return null;
}

type Probe = { kind: 'serves'; version: string } | { kind: 'unfit'; why: string };

async function probeCli(path: string): Promise<Probe> {
  let output: string;
  try {
    output = (await run(path, ['--version'], { timeout: 20_000 })).stdout;
  } catch (error) {
    return { kind: 'unfit', why: `does not run (${messageOf(error).split('\n')[0]})` };
  }
  const version = versionOf(output);
  if (version === null) return { kind: 'unfit', why: `is not the Temporal CLI (it says "${output.trim().slice(0, 80)}")` };
  if (versionServes(version)) return { kind: 'serves', version };
  return { kind: 'unfit', why: `version ${version} does not serve (needs 1.8 or newer, below 2)` };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // absent or not ours to run: the next route
  }
}

function unavailable(tried: readonly string[]): KeelError {
  return new KeelError('ENGINE_UNAVAILABLE', [
    'no Temporal server could be had. What was tried:',
    ...tried.map((line) => `  - ${line}`),
    'Choose one:',
    `  - install the Temporal CLI ${ENGINE_VERSION} (https://temporal.io/setup/install-temporal-cli) so that it is on the PATH`,
    '  - name its binary: KEEL_TEMPORAL_CLI=/path/to/temporal',
    '  - name a mirror of the release: KEEL_TEMPORAL_ARCHIVE_URL=https://…',
    '  - install Go 1.21 or newer (https://go.dev/dl), so that Keel can build it',
    '  - use a Temporal cluster of your own: TEMPORAL_ADDRESS=host:port',
  ].join('\n'));
}
