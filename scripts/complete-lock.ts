/**
 * Adds to package-lock.json the optional parts of other platforms that `npm install` left out. A registry mirror that
 * does not carry them makes npm forget them, and then `npm ci` refuses the lock file everywhere.
 * Run it after each `npm install`: `node scripts/complete-lock.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { missingOptionals } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';

const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const lock = JSON.parse(readFileSync(file, 'utf8')) as LockFile;
const missing = missingOptionals(lock);
for (const { path, entry } of missing) lock.packages[path] = entry;
const [root, ...rest] = Object.entries(lock.packages);
if (root === undefined) throw new Error(`${file} holds no packages`);
lock.packages = Object.fromEntries([root, ...rest.sort(([a], [b]) => a.localeCompare(b, 'en'))]);
if (missing.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${missing.length} optional parts of other platforms added to package-lock.json`);
