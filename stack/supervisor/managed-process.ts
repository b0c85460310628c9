import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { isRunning, processIdentity } from '../../bin/process-identity.mjs';
import type { ProcessRef } from '../../bin/process-identity.mjs';
import { KeelError, messageOf } from '../../domain/errors.ts';
import { backOffMs, deathsAfter } from './back-off.ts';
import { logTail, openLog } from './log-file.ts';
import { MARK, hashOf, logFileOf, markOf, removeRecord, stopProcess, writeRecord } from './run-files.ts';
import type { RunRecord } from './run-files.ts';
import type { ProcessSpec, ProcessState, ProcessView, SupervisorEvent } from './types.ts';
import { EXIT_OF_REFUSED_INPUT } from './types.ts';

const READY_POLL_MS = 50;
const ADOPTED_POLL_MS = 200;
/** A first start that ends at once is tried again: a crashed predecessor may need a moment to vanish. */
const FIRST_STARTS_MAX = 3;

interface Context {
  readonly home: string;
  readonly order: number;
  readonly onEvent: (event: SupervisorEvent) => void;
}

/** One life of the program, from spawn to exit. */
interface Incarnation {
  readonly process: ProcessRef;
  readonly startedMs: number;
  /** Resolves with how it ended, in words. */
  readonly exited: Promise<string>;
  exit: string | null;
}

/** One declared process: started, watched, started again when it dies, stopped. */
export class ManagedProcess {
  readonly spec: ProcessSpec;
  readonly #context: Context;
  readonly #abort = new AbortController();
  #current: Incarnation | null = null;
  #state: ProcessState = 'waiting';
  #since = Date.now();
  #restarts = 0;
  #deaths = 0;
  #lastExit: string | null = null;
  #adopted = false;
  #watching: Promise<void> = Promise.resolve();

  constructor(spec: ProcessSpec, context: Context) {
    this.spec = spec;
    this.#context = context;
  }

  view(): ProcessView {
    const pid = this.#current?.exit === null ? this.#current.process.pid : null;
    return { name: this.spec.name, pid, state: this.#state, restarts: this.#restarts, since: this.#since, lastExit: this.#lastExit };
  }

  /** Goes on with a process that a dead supervisor started. */
  adopt(record: RunRecord): void {
    this.#adopted = true;
    this.#current = adopted(record);
  }

  get isAdopted(): boolean {
    return this.#adopted;
  }

  /** @throws {KeelError} PROCESS_FAILED with the end of its log, when it does not come up; SETTING_INVALID when it refused what it was given. */
  async start(): Promise<void> {
    if (this.#adopted && !(await this.#adoptedServes())) this.#adopted = false;
    for (let attempt = 1; !this.#adopted; attempt++) {
      const failure = await this.#launch();
      if (failure === null) break;
      if (attempt < FIRST_STARTS_MAX && failure.kind === 'exited' && !failure.isRefusal && !this.#abort.signal.aborted) {
        await this.#pause(backOffMs(attempt + 1));
        continue;
      }
      if (!this.#abort.signal.aborted) this.#enter('failed');
      throw this.#failed(failure);
    }
    this.#enter('running');
    this.#watching = this.#watch();
  }

  /** Asks it to end, then kills it. Never started or ended already: nothing to do. */
  async stop(): Promise<void> {
    this.#abort.abort();
    const current = this.#current;
    if (current !== null && current.exit === null) {
      this.#enter('stopping');
      const killed = await stopProcess(current.process, { signal: this.spec.stopSignal, timeoutMs: this.spec.stopTimeoutMs });
      if (killed) this.#context.onEvent({ kind: 'killed', name: this.spec.name, pid: current.process.pid, afterMs: this.spec.stopTimeoutMs });
      this.#lastExit = await current.exited;
    }
    await this.#watching;
    removeRecord(this.#context.home, this.spec.name);
    if (this.#state !== 'failed' && this.#state !== 'waiting') this.#enter('stopped');
  }

  async #adoptedServes(): Promise<boolean> {
    this.#enter('starting');
    const current = this.#current;
    if (current === null) return false;
    const failure = await this.#becomeReady(current);
    if (failure === null) return true;
    await stopProcess(current.process, { signal: this.spec.stopSignal, timeoutMs: this.spec.stopTimeoutMs });
    return false;
  }

  /** Until stopped: waits for a death, pauses, starts again. */
  async #watch(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const current = this.#current;
      if (current === null) return;
      this.#lastExit = await current.exited;
      if (this.#abort.signal.aborted) return;
      await this.#revive(Date.now() - current.startedMs);
    }
  }

  async #revive(upMs: number): Promise<void> {
    this.#adopted = false;
    this.#deaths = deathsAfter(this.#deaths, upMs);
    this.#restarts += 1;
    const restartInMs = backOffMs(this.#deaths);
    this.#enter('restarting');
    this.#context.onEvent({ kind: 'died', name: this.spec.name, exit: this.#lastExit ?? 'unknown', restartInMs });
    await this.#pause(restartInMs);
    if (this.#abort.signal.aborted) return;
    const failure = await this.#launch().catch((error: unknown): Failure => ({ kind: 'refused', text: messageOf(error) }));
    if (failure === null) return this.#enter('running');
    this.#lastExit = failure.text;
    if (!this.#abort.signal.aborted && (this.#current === null || this.#current.exit !== null)) return this.#revive(0);
  }

  /** @returns null when it serves, else why not. */
  async #launch(): Promise<Failure | null> {
    this.#enter('starting');
    await this.spec.prepare?.();
    if (this.#abort.signal.aborted) return { kind: 'refused', text: 'stopped while starting' };
    const current = this.#spawn();
    this.#current = current;
    if (isAlive(current)) this.#record(current);
    const failure = await this.#becomeReady(current);
    if (failure?.kind === 'late') await stopProcess(current.process, { signal: 'SIGKILL', timeoutMs: 0 });
    return failure;
  }

  #spawn(): Incarnation {
    const { spec } = this;
    const log = openLog(logFileOf(this.#context.home, spec.name));
    const env = { ...process.env, ...spec.env, [MARK]: markOf(this.#context.home, spec.name) };
    const identities = { ...(spec.uid === undefined ? {} : { uid: spec.uid }), ...(spec.gid === undefined ? {} : { gid: spec.gid }) };
    // Detached: Ctrl-C in the terminal must reach the supervisor only, which stops in order; a supervisor's death spares it.
    const child = spawn(spec.command, spec.args, { env, cwd: spec.cwd, detached: true, stdio: ['ignore', log, log], ...identities });
    closeSync(log);
    const ended = Promise.withResolvers<string>();
    child.once('error', (error) => ended.resolve(`could not be run: ${error.message}`));
    child.once('exit', (code, signal) => ended.resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    const pid = child.pid ?? 0;
    return incarnation({ pid, identity: pid === 0 ? '' : (processIdentity(pid) ?? '') }, ended.promise);
  }

  #record(current: Incarnation): void {
    const { spec } = this;
    writeRecord(this.#context.home, {
      ...current.process, name: spec.name, hash: hashOf(spec), stopSignal: spec.stopSignal, stopTimeoutMs: spec.stopTimeoutMs, order: this.#context.order,
    });
  }

  async #becomeReady(current: Incarnation): Promise<Failure | null> {
    const deadline = performance.now() + this.spec.readyTimeoutMs;
    let last = '';
    while (performance.now() < deadline) {
      if (current.exit !== null) return { kind: 'exited', text: `it ended with ${current.exit} before it served`, isRefusal: current.exit === `exit code ${EXIT_OF_REFUSED_INPUT}` };
      if (this.#abort.signal.aborted) return { kind: 'refused', text: 'stopped while starting' };
      try {
        if (await this.spec.ready(current.process.pid)) return null;
      } catch (error) {
        last = `; last answer: ${messageOf(error)}`;
      }
      await Promise.race([current.exited, new Promise((resolve) => setTimeout(resolve, READY_POLL_MS))]);
    }
    return { kind: 'late', text: `it did not serve within ${this.spec.readyTimeoutMs} ms${last}` };
  }

  #failed(failure: Failure): KeelError {
    const log = logFileOf(this.#context.home, this.spec.name);
    const code = failure.kind === 'exited' && failure.isRefusal ? 'SETTING_INVALID' : 'PROCESS_FAILED';
    return new KeelError(code, `${this.spec.name} could not be started: ${failure.text}\n${logTail(log)}\nIts log: ${log}`);
  }

  async #pause(timeMs: number): Promise<void> {
    if (this.#abort.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeMs);
      this.#abort.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      }, { once: true });
    });
  }

  #enter(state: ProcessState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#since = Date.now();
    this.#context.onEvent({ kind: 'state', process: this.view(), adopted: this.#adopted });
  }
}

type Failure =
  | { readonly kind: 'exited'; readonly text: string; readonly isRefusal: boolean }
  | { readonly kind: 'late' | 'refused'; readonly text: string };

function incarnation(process_: ProcessRef, exited: Promise<string>): Incarnation {
  const current: Incarnation = { process: process_, startedMs: Date.now(), exited, exit: null };
  void exited.then((exit) => {
    current.exit = exit;
  });
  return current;
}

function isAlive(current: Incarnation): boolean {
  return current.process.identity !== '' && isRunning(current.process);
}

/** Not our child: its end is seen by looking. */
function adopted(record: RunRecord): Incarnation {
  const exited = new Promise<string>((resolve) => {
    const timer = setInterval(() => {
      if (isRunning(record)) return;
      clearInterval(timer);
      resolve('unknown (adopted)');
    }, ADOPTED_POLL_MS);
  });
  return incarnation({ pid: record.pid, identity: record.identity }, exited);
}

