import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { KeelError, messageOf } from '../../domain/errors.ts';

/** Postgres refuses to run as root: root runs it as this user, made when missing. */
const USER = 'postgres';

export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** How to run a program of Postgres: as which user, and through which command. */
export interface RunAs {
  /** Null: as ourselves. */
  readonly ids: Ids | null;
  readonly wrap: (command: string, args: readonly string[]) => { readonly command: string; readonly args: readonly string[]; readonly uid?: number; readonly gid?: number };
}

/**
 * As ourselves, or for root as the user `postgres`. Where that user cannot reach the home (a clone under /root), it
 * gets the one capability to pass through folders, if the system has `setpriv`.
 * @param home holds the data
 * @throws {KeelError} PROCESS_FAILED, naming the folder in the way and the choices.
 */
export function postgresRunAs(home: string): RunAs {
  if (process.getuid?.() !== 0) return { ids: null, wrap: (command, args) => ({ command, args }) };
  const ids = postgresUser();
  const closed = firstClosed(home, ids);
  if (closed === null) return { ids, wrap: (command, args) => ({ command, args, ...ids }) };
  if (!canPassThrough(ids)) {
    throw new KeelError('PROCESS_FAILED', `as root, Postgres runs as the user "${USER}", who cannot pass through ${closed}. Choose one: set KEEL_HOME to a folder elsewhere (/opt, /srv); run Keel as a normal user; chmod o+x ${closed}; install setpriv (util-linux); set DATABASE_URL to a server of your own.`);
  }
  return { ids, wrap: (command, args) => ({ command: 'setpriv', args: [...setprivArgs(ids), command, ...args] }) };
}

/** The first folder on the way to a path that the user may not pass through, or null. */
export function firstClosed(path: string, ids: Ids): string | null {
  const parent = dirname(path);
  const above = parent === path ? null : firstClosed(parent, ids);
  if (above !== null) return above;
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null; // to be made by us, for that user
  const bit = stats.uid === ids.uid ? 0o100 : stats.gid === ids.gid ? 0o010 : 0o001;
  return (stats.mode & bit) === 0 ? path : null;
}

function setprivArgs({ uid, gid }: Ids): string[] {
  return [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search', '--'];
}

function canPassThrough(ids: Ids): boolean {
  return spawnSync('setpriv', [...setprivArgs(ids), 'true'], { stdio: 'ignore' }).status === 0;
}

function postgresUser(): Ids {
  const present = idsOf(USER);
  if (present !== null) return present;
  try {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', USER], { stdio: 'pipe' });
  } catch (error) {
    throw new KeelError('PROCESS_FAILED', `Postgres does not run as root, and the user "${USER}" could not be made (${messageOf(error)}); make that user, run Keel as a normal user, or set DATABASE_URL`, { cause: error });
  }
  const made = idsOf(USER);
  if (made === null) throw new KeelError('PROCESS_FAILED', `the user "${USER}" was made and is not found; run Keel as a normal user, or set DATABASE_URL`);
  return made;
}

function idsOf(user: string): Ids | null {
  const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, user], { encoding: 'utf8' }));
  if (uid?.status !== 0 || gid?.status !== 0) return null;
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
