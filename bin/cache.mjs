import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * `~` and `~/…` as the shell reads them: an environment file, a container or `keel.config.ts` hands them on as they stand.
 * @param {string} path
 * @returns {string}
 */
export function expandHome(path) {
  return /^~(\/|$)/.test(path) ? join(homedir(), path.slice(1)) : path;
}

/**
 * Where downloads and builds are kept between clones: `KEEL_CACHE`, else the user's cache folder.
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {string}
 */
export function cacheFolder(env) {
  if (env.KEEL_CACHE) return expandHome(env.KEEL_CACHE);
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'keel');
}

/**
 * What Node compiled is kept for whoever starts from here: a command, and a worker that takes a dead one's place, are there
 * in half the time.
 * @param {Record<string, string | undefined>} env it is set there, unless it is already
 * @returns {string} the folder
 */
export function keepCompiled(env) {
  return (env.NODE_COMPILE_CACHE ||= join(cacheFolder(env), 'compiled'));
}
