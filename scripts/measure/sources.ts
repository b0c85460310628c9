/** The product's own sources: what coverage is measured of. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['domain', 'strategies', 'venues', 'workflows', 'activities', 'db', 'workers', 'client', 'stack', 'config', 'bin'];

/** @returns absolute paths, whether a test ran them or not. */
export function productSources(root: string): string[] {
  return FOLDERS.flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.m?[jt]s$/.test(entry.name) && !/\.d\.m?ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
