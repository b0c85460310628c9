import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * What tells a process from a later one with the same pid: the boot and the process's start time.
 * @param {number} pid
 * @returns {string | null} null when no such process runs (a zombie does not run).
 */
export function processIdentity(pid) {
  return process.platform === 'linux' ? linuxIdentity(pid) : otherIdentity(pid);
}

/** Is exactly this process, and not another that took its pid, still running? */
export function isRunning({ pid, identity }) {
  return processIdentity(pid) === identity;
}

function linuxIdentity(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return null;
    throw error;
  }
  // The command (field 2) may hold blanks and brackets: count from the last bracket. Field 3 is the state, 22 the start.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot}/${fields[19]}`;
}

function otherIdentity(pid) {
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return started === '' ? null : started;
  } catch (error) {
    if (error.status === 1) return null; // ps: no such process
    throw error;
  }
}
