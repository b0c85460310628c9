import { copyFileSync, mkdirSync, openSync, readSync, closeSync, renameSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';

/** Size from which a log is set aside, and how many of them are kept. */
export const LOG_BYTES_MAX = 16 * 1024 * 1024;
const KEPT = 3;

/**
 * Opens a log for a child to write to by itself, so that it goes on writing when its supervisor dies.
 * @returns file descriptor in append mode; the caller closes it after the child is spawned
 */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  rotateLog(path);
  return openSync(path, 'a', 0o640);
}

/**
 * Sets a log aside when it is too big: copied to `.1` and emptied, since its writer holds it open. What is written
 * in between may be lost from the log.
 * @returns whether it was
 */
export function rotateLog(path: string, bytesMax: number = LOG_BYTES_MAX): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= bytesMax) return false;
  for (let index = KEPT - 1; index >= 1; index--) {
    if (statSync(`${path}.${index}`, { throwIfNoEntry: false })) renameSync(`${path}.${index}`, `${path}.${index + 1}`);
  }
  copyFileSync(path, `${path}.1`);
  truncateSync(path, 0);
  return true;
}

/** The last lines of a log, for an error. */
export function logTail(path: string, lines = 15): string {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return '(nothing)';
  const length = Math.min(size, 16_384);
  const buffer = Buffer.alloc(length);
  const descriptor = openSync(path, 'r');
  try {
    readSync(descriptor, buffer, 0, length, size - length);
  } finally {
    closeSync(descriptor);
  }
  return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
