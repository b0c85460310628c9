import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isRunning, processIdentity } from './process-identity.mjs';

const POLL_MS = 100;
const TAKEOVER_STALE_MS = 10_000;

/**
 * Takes a lock file if nobody who still runs holds it. A holder that died loses it.
 * @param {string} file its folder is made.
 * @returns {{ kind: 'held', release: () => void } | { kind: 'busy', pid: number }}
 */
export function tryLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  if (create(file)) return held(file);
  const owner = readOwner(file);
  if (owner === null) return tryLock(file); // released meanwhile
  if (isRunning(owner)) return { kind: 'busy', pid: owner.pid };
  return takeOver(file, owner) ? tryLock(file) : { kind: 'busy', pid: owner.pid };
}

/**
 * Runs `body` alone among all processes that use the same lock file; waits for its turn.
 * @param {string} file
 * @param {(pid: number) => void} onWait called once, with the holder's pid, when it must wait.
 * @param {() => Promise<T> | T} body
 * @returns {Promise<T>}
 * @template T
 */
export async function withLock(file, onWait, body) {
  let told = false;
  let lock = tryLock(file);
  while (lock.kind === 'busy') {
    if (!told) onWait(lock.pid);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    lock = tryLock(file);
  }
  try {
    return await body();
  } finally {
    lock.release();
  }
}

/** Who holds the lock now, or null. @param {string} file */
export function lockHolder(file) {
  const owner = readOwner(file);
  return owner !== null && isRunning(owner) ? owner : null;
}

function held(file) {
  return { kind: 'held', release: () => rmSync(file, { force: true }) };
}

/** A link makes the file appear whole: nobody reads a half-written owner. */
function create(file) {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) }));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Removes a dead holder's file. One process at a time may, so that nobody removes a new holder's. */
function takeOver(file, dead) {
  const guard = `${file}.takeover`;
  if (!create(guard)) {
    dropStale(guard);
    return false;
  }
  try {
    const owner = readOwner(file);
    if (owner !== null && owner.pid === dead.pid && owner.identity === dead.identity) rmSync(file, { force: true });
    return true;
  } finally {
    rmSync(guard, { force: true });
  }
}

function dropStale(guard) {
  const ageMs = Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (ageMs > TAKEOVER_STALE_MS) rmSync(guard, { force: true });
}

/** @returns {{ pid: number, identity: string } | null} null when nobody holds it. */
function readOwner(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
  return parseOwner(text) ?? NOBODY;
}

/** Files appear whole: one that cannot be read was lost in a crash of the machine, and its holder with it. */
const NOBODY = { pid: 0, identity: '' };

function parseOwner(text) {
  try {
    const owner = JSON.parse(text);
    return typeof owner?.pid === 'number' && typeof owner.identity === 'string' ? owner : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
