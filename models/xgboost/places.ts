/** Where XGBoost's C library may lie. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** A library that is named is the one, or none is. */
export const VARIABLE = 'KEEL_XGBOOST_LIBRARY';
const FILES: Readonly<Record<string, string>> = { linux: 'libxgboost.so', darwin: 'libxgboost.dylib', win32: 'xgboost.dll' };
const FOLDERS = ['/usr/local/lib', '/usr/lib', '/usr/lib64', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/opt/homebrew/lib', '/opt/local/lib'];

/** @returns candidates, the likeliest first: the one that a variable names, else those of Python and Conda environments that are active, else the system's. */
export function placesOf(env: Environment, platform: string = process.platform): readonly string[] {
  const named = env[VARIABLE];
  if (named !== undefined && named !== '') return [named];
  const file = FILES[platform];
  if (file === undefined) return [];
  const active = [env['VIRTUAL_ENV'], env['CONDA_PREFIX']].filter((root) => root !== undefined && root !== '') as readonly string[];
  return [...active.flatMap((root) => [join(root, 'lib', file), ...pythonsOf(root).map((packages) => join(packages, 'xgboost', 'lib', file))]), ...FOLDERS.map((folder) => join(folder, file))];
}

/** Folders of a Python environment's packages, on Unix and on Windows. */
function pythonsOf(root: string): readonly string[] {
  const lib = join(root, 'lib');
  const versions = existsSync(lib) ? readdirSync(lib).filter((name) => name.startsWith('python')).sort() : [];
  return [...versions.map((version) => join(lib, version, 'site-packages')), join(root, 'Lib', 'site-packages')];
}
