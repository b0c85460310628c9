import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.mjs';
import { withLock } from './lock.mjs';
import { waitingFor } from './node.mjs';
import { runNpm } from './npm.mjs';
import { withProgress } from './report.mjs';

/**
 * Installs the packages of the lock file with the given Node, if they are not there yet.
 * @param {{ root: string, node: string }} where the clone, and the Node that will run it
 */
export async function ensurePackages({ root, node }) {
  const wanted = stampOf(root);
  if (readStamp(root) === wanted) return;
  const lock = join(cacheFolder(process.env), 'locks', `${sha256(root).slice(0, 16)}.lock`);
  await withLock(lock, waitingFor, async () => {
    if (readStamp(root) === wanted) return;
    if (!isInstalled(root)) await withProgress('installing packages (the first time takes about a minute)', () => install(root, node));
    linkCommand(root);
    writeFileSync(stampFile(root), wanted);
  });
}

async function install(root, node) {
  // No package needs its install script (Postgres's links are made at its start): `allowScripts` says so to npm 11, this to every npm.
  await runNpm({ node, args: ['ci', '--include=dev', '--include=optional', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], cwd: root });
}

function stampFile(root) {
  return join(root, 'node_modules', '.keel-installed');
}

function stampOf(root) {
  return `${process.platform}-${process.arch} ${sha256(readFileSync(join(root, 'package-lock.json')))}\n`;
}

function readStamp(root) {
  const file = stampFile(root);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * Does node_modules hold every package of the lock file already (somebody ran `npm install`)? Then it is left alone.
 * An old Node's npm leaves out native parts that are made for this machine: these count as missing.
 */
export function isInstalled(root) {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(hidden);
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || present[path]?.version === entry.version) return true;
    return present[path] === undefined && (entry.optional === true || entry.peer === true) && !isForThisMachine(entry);
  });
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}

/** An optional package without any restriction comes only with the one that needs it. */
function isForThisMachine({ os, cpu, libc }) {
  if (!os && !cpu) return false;
  return allows(os, process.platform) && allows(cpu, process.arch) && (!libc || libc.includes('glibc'));
}

function allows(list, value) {
  if (!list) return true;
  if (list.includes(`!${value}`)) return false;
  return list.includes(value) || list.every((entry) => entry.startsWith('!'));
}

/** So that `npx keel` in the clone finds this clone's command. */
function linkCommand(root) {
  const link = join(root, 'node_modules', '.bin', 'keel');
  if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link);
  symlinkSync(join('..', '..', 'bin', 'keel.mjs'), link);
}
