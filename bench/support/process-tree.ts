/** What a group of processes costs, read from `/proc`: robust on a machine that others use too. */
import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second. @source proc_pid_stat(5), `sysconf(_SC_CLK_TCK)`. */
const TICK_MS = 10;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuMs: number;
}

/** Every process below one, itself included. */
export function treeOf(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const { pid, parent } of stats()) children.set(parent, [...(children.get(parent) ?? []), pid]);
  const found = [root];
  for (let at = 0; at < found.length; at += 1) found.push(...(children.get(found[at] ?? -1) ?? []));
  return found;
}

/** Processor time of a process and all below it so far, ms; what ended children used is included. */
export function cpuMsOf(root: number): number {
  const known = new Map(stats().map((it) => [it.pid, it]));
  return treeOf(root).reduce((sum, pid) => sum + (known.get(pid)?.cpuMs ?? 0), 0);
}

function stats(): Stat[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    const text = readOrEmpty(`/proc/${name}/stat`);
    if (text === '') return []; // it ended meanwhile
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
    const [, parent = 0] = fields;
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + (fields[at] ?? 0), 0); // utime, stime, cutime, cstime
    return [{ pid: Number(name), parent, cpuMs: ticks * TICK_MS }];
  });
}

export interface Memory {
  /** Proportional share: what several map together is counted once among them. */
  readonly pssBytes: number;
  readonly rssBytes: number;
}

/** Memory of one process now; null when it is gone. */
export function memoryOf(pid: number): Memory | null {
  const text = readOrEmpty(`/proc/${pid}/smaps_rollup`);
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? NaN);
  return text === '' ? null : { pssBytes: kib('Pss') * 1_024, rssBytes: kib('Rss') * 1_024 };
}

/** A process may end between the listing and the look. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
