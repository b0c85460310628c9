import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isRunning, processIdentity } from '../../bin/process-identity.mjs';
import type { ProcessRef } from '../../bin/process-identity.mjs';
import { unlessGone } from './ports.ts';
import type { ProcessSpec, SupervisorState } from './types.ts';

/** What the next supervisor must know of a process, whatever happens to this one. */
export interface RunRecord extends ProcessRef {
  readonly name: string;
  /** Hash of its declaration; another one means that it must not be adopted. Empty: unknown. */
  readonly hash: string;
  readonly stopSignal: NodeJS.Signals;
  readonly stopTimeoutMs: number;
  /** Place in the start order: leftovers are stopped from the highest. */
  readonly order: number;
}

const processRef = z.looseObject({ pid: z.int(), identity: z.string() });
const recordSchema = processRef.extend({ name: z.string(), hash: z.string(), stopSignal: z.string(), stopTimeoutMs: z.number(), order: z.number() });
const stateSchema = z.looseObject({
  supervisor: processRef, urls: z.record(z.string(), z.string()), processes: z.array(z.looseObject({ name: z.string(), pid: z.int().nullable(), state: z.string() })),
});

/** Every child carries this, so that one whose run file was never written is found too. */
export const MARK = 'KEEL_PROCESS';

export function markOf(home: string, name: string): string {
  return `${home}#${name}`;
}

export function lockFileOf(home: string): string {
  return join(home, 'run', 'supervisor.lock');
}

export function logFileOf(home: string, name: string): string {
  return join(home, 'logs', `${name}.log`);
}

/** Whether a running process was started from the same declaration. */
export function hashOf(spec: ProcessSpec): string {
  const { command, args, env, cwd, uid, gid } = spec;
  return createHash('sha256').update(JSON.stringify({ command, args, env, cwd, uid, gid })).digest('hex');
}

export function writeRecord(home: string, record: RunRecord): void {
  writeWhole(recordFile(home, record.name), record);
}

export function removeRecord(home: string, name: string): void {
  rmSync(recordFile(home, name), { force: true });
}

export function writeState(home: string, state: SupervisorState): void {
  writeWhole(join(home, 'run', 'state.json'), state);
}

/** @returns the last state that a supervisor of this home wrote; it may be dead (see `lockHolder`). */
export function readState(home: string): SupervisorState | null {
  return readWhole<SupervisorState>(join(home, 'run', 'state.json'), stateSchema);
}

const startedSchema = z.looseObject({ deployment: z.string() });

/** What `keel start` started last here: a replay on the same home writes the state anew. */
export function writeStarted(home: string, deployment: string): void {
  writeWhole(startedFile(home), { deployment });
}

/** @returns null: nothing was ever started here, or only by a Keel that did not note it. */
export function readStarted(home: string): string | null {
  return readWhole<{ readonly deployment: string }>(startedFile(home), startedSchema)?.deployment ?? null;
}

/** Processes of this home that still run, dependents first. Only for when no supervisor runs. */
export function findLeftovers(home: string): RunRecord[] {
  const folder = join(home, 'run');
  const files = unlessGone(() => readdirSync(folder), []).filter((file) => file.endsWith('.process.json'));
  const recorded = files.flatMap((file) => readWhole<RunRecord>(join(folder, file), recordSchema) ?? []);
  for (const record of recorded) if (!isRunning(record)) removeRecord(home, record.name);
  const alive = recorded.filter(isRunning);
  const known = new Set(alive.map((record) => record.pid));
  return [...alive, ...findMarked(home).filter((record) => !known.has(record.pid))].sort((a, b) => b.order - a.order);
}

/** Children that were started in the instant in which their supervisor was killed (Linux). */
function findMarked(home: string): RunRecord[] {
  if (process.platform !== 'linux') return [];
  const mark = `${MARK}=${markOf(home, '')}`;
  const nameOf = (pid: string): string | null => {
    const variables = unlessGone(() => readFileSync(`/proc/${pid}/environ`, 'utf8'), '').split('\0');
    return variables.find((variable) => variable.startsWith(mark))?.slice(mark.length) ?? null;
  };
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid).flatMap((pid) => {
    const name = nameOf(pid);
    const identity = name === null ? null : processIdentity(Number(pid));
    if (name === null || identity === null) return [];
    const { parent, session } = kinOf(pid);
    if (session !== pid || nameOf(parent) === name) return [];
    return [{ name, pid: Number(pid), identity, hash: '', stopSignal: 'SIGTERM' as const, stopTimeoutMs: 5_000, order: 1_000 }];
  });
}

/**
 * Supervised processes lead their session; their own children do not, or are a marked one's: PostgreSQL's, for as long as
 * they have not written their title over what they inherited.
 */
function kinOf(pid: string): { readonly parent: string; readonly session: string } {
  const stat = unlessGone(() => readFileSync(`/proc/${pid}/stat`, 'utf8'), '');
  const [, parent = '', , session = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // fields 4 and 6
  return { parent, session };
}

/**
 * Stops any process of which only the pid is known: signal, wait, kill with its group.
 * @returns whether it had to be killed
 */
export async function stopProcess(process_: ProcessRef, options: { signal: NodeJS.Signals; timeoutMs: number }): Promise<boolean> {
  sendSignal(process_, options.signal);
  if (await waitGone(process_, options.timeoutMs)) return false;
  sendSignal(process_, 'SIGKILL');
  if (await waitGone(process_, 10_000)) return true;
  throw new Error(`pid ${process_.pid} did not end after SIGKILL`);
}

/** To the process; SIGKILL to its whole group, so that nothing of it stays. */
export function sendSignal(process_: ProcessRef, signal: NodeJS.Signals): void {
  if (!isRunning(process_)) return;
  try {
    process.kill(signal === 'SIGKILL' ? -process_.pid : process_.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    if (signal === 'SIGKILL' && isRunning(process_)) process.kill(process_.pid, signal); // it leads no group
  }
}

async function waitGone(process_: ProcessRef, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isRunning(process_)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

function startedFile(home: string): string {
  return join(home, 'run', 'started.json');
}

function recordFile(home: string, name: string): string {
  return join(home, 'run', `${name}.process.json`);
}

/** Files are written whole: a damaged one was lost in a crash of the machine, and what it told of ended with it. */
function readWhole<T>(path: string, schema: z.ZodType): T | null {
  const text = unlessGone(() => readFileSync(path, 'utf8'), '');
  try {
    const value: unknown = JSON.parse(text);
    return schema.safeParse(value).success ? (value as T) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Readers see the old content or the new one. */
function writeWhole(path: string, value: object): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o640 });
  renameSync(`${path}.new`, path);
}
