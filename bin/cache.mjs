import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where downloads and builds are kept between clones: `KEEL_CACHE`, else the user's cache folder.
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {string}
 */
export function cacheFolder(env) {
  if (env.KEEL_CACHE) return env.KEEL_CACHE;
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'keel');
}
