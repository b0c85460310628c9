import { lockHolder, tryLock } from '../../bin/lock.mjs';
import { isRunning, processIdentity } from '../../bin/process-identity.mjs';
import type { ProcessRef } from '../../bin/process-identity.mjs';
import { KeelError, messageOf } from '../../domain/errors.ts';
import { rotateLog } from './log-file.ts';
import { ManagedProcess } from './managed-process.ts';
import { inOrder, reversed, startOrder } from './plan.ts';
import { assertPortFree } from './ports.ts';
import { findLeftovers, hashOf, lockFileOf, logFileOf, readState, removeRecord, stopProcess, writeState } from './run-files.ts';
import type { ProcessSpec, ProcessView, Spec, StepSpec, SupervisorEvent, SupervisorState } from './types.ts';

const ROTATE_EVERY_MS = 10_000;

export interface SupervisorOptions {
  readonly home: string;
  readonly deployment: string;
  /** Shown to people; must hold no secret. */
  readonly urls: Readonly<Record<string, string>>;
  /** Declared, or made once the home is locked. */
  readonly specs: readonly Spec[] | (() => Promise<readonly Spec[]>);
  readonly onEvent: (event: SupervisorEvent) => void;
}

export interface Supervisor {
  state(): SupervisorState;
  /** Ends everything, dependents first. Can be called while it starts, and twice. */
  stop(): Promise<void>;
}

/**
 * The only supervisor of a home: takes its lock, deals with what a killed one left, starts everything in order.
 * @param onSupervisor called once it can be stopped, before anything is started
 * @throws {KeelError} ALREADY_RUNNING, PROCESS_MISSING, PROCESS_CIRCULAR, PORT_TAKEN, PROCESS_FAILED; what was started is stopped again.
 */
export async function startSupervisor(options: SupervisorOptions, onSupervisor: (supervisor: Supervisor) => void = () => {}): Promise<Supervisor> {
  const lock = takeHome(options.home);
  if (lock.kind === 'busy') throw alreadyRunning(options.home, lock.pid);
  const supervisor = await declare(options, lock.release);
  onSupervisor(supervisor);
  await supervisor.start();
  return supervisor;
}

function takeHome(home: string): ReturnType<typeof tryLock> {
  try {
    const holder = holderOf(home);
    return holder === null ? tryLock(lockFileOf(home)) : { kind: 'busy', pid: holder.pid };
  } catch (error) {
    throw new KeelError('SETTING_INVALID', `${home} cannot be used (${messageOf(error)}); make it writable for this user, free the disk, or set KEEL_HOME to another folder`, { cause: error });
  }
}

/** Who supervises a home: its lock's holder; where the lock was removed by hand, the one that its state tells of. */
function holderOf(home: string): ProcessRef | null {
  const holder = lockHolder(lockFileOf(home));
  if (holder !== null) return holder;
  const state = readState(home);
  if (state === null || !state.processes.some(({ pid }) => pid !== null)) return null;
  return isRunning(state.supervisor) ? state.supervisor : null;
}

async function declare(options: SupervisorOptions, releaseLock: () => void): Promise<RunningSupervisor> {
  try {
    const specs = typeof options.specs === 'function' ? await options.specs() : options.specs;
    return new RunningSupervisor({ ...options, specs: startOrder(specs) }, releaseLock);
  } catch (error) {
    releaseLock();
    throw error;
  }
}

type DeclaredOptions = SupervisorOptions & { readonly specs: readonly Spec[] };

class RunningSupervisor implements Supervisor {
  readonly #options: DeclaredOptions;
  readonly #releaseLock: () => void;
  readonly #processes = new Map<string, ManagedProcess>();
  readonly #startedAt = Date.now();
  readonly #rotation: NodeJS.Timeout;
  #stopping: Promise<void> | null = null;

  constructor(options: DeclaredOptions, releaseLock: () => void) {
    this.#options = options;
    this.#releaseLock = releaseLock;
    options.specs.forEach((spec, order) => {
      if (spec.kind === 'process') this.#processes.set(spec.name, new ManagedProcess(spec, { home: options.home, order, onEvent: this.#changed }));
    });
    this.#rotation = setInterval(() => this.#rotateLogs(), ROTATE_EVERY_MS);
    this.#rotation.unref();
  }

  async start(): Promise<void> {
    try {
      await this.#dealWithLeftovers();
      await this.#checkPorts();
      await inOrder(this.#options.specs, (spec) => this.#startOne(spec));
    } catch (error) {
      const stopped = this.#stopping !== null;
      await this.stop();
      if (!stopped) throw error;
      throw new KeelError('PROCESS_FAILED', `stopped while starting (${messageOf(error)})`, { cause: error });
    }
  }

  state(): SupervisorState {
    const identity = processIdentity(process.pid) ?? '';
    return {
      supervisor: { pid: process.pid, identity, startedAt: this.#startedAt },
      deployment: this.#options.deployment,
      urls: this.#options.urls,
      processes: [...this.#processes.values()].map((managed) => managed.view()),
    };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    const failures: unknown[] = [];
    // One that cannot be stopped must not keep the others running.
    await inOrder(reversed(this.#options.specs), async ({ name }) => this.#processes.get(name)?.stop().catch((error: unknown) => void failures.push(error)));
    clearInterval(this.#rotation);
    this.#releaseLock();
    if (failures.length > 0) throw failures[0];
  }

  async #startOne(spec: Spec): Promise<void> {
    if (this.#stopping !== null) throw new KeelError('PROCESS_FAILED', `${spec.name} was not started: Keel is stopping`);
    if (spec.kind === 'step') return this.#runStep(spec);
    await this.#processes.get(spec.name)?.start();
  }

  async #runStep(step: StepSpec): Promise<void> {
    const startedMs = performance.now();
    this.#options.onEvent({ kind: 'step', name: step.name, state: 'running', tookMs: 0 });
    await step.run();
    this.#options.onEvent({ kind: 'step', name: step.name, state: 'done', tookMs: performance.now() - startedMs });
  }

  /** Same declaration and adoptable: go on with it. Everything else is stopped, dependents first. */
  async #dealWithLeftovers(): Promise<void> {
    for (const record of findLeftovers(this.#options.home)) {
      const managed = this.#processes.get(record.name);
      const adopt = managed !== undefined && managed.spec.leftover === 'adopt' && !managed.isAdopted && hashOf(managed.spec) === record.hash;
      this.#options.onEvent({ kind: 'leftover', name: record.name, pid: record.pid, action: adopt ? 'adopted' : 'stopped' });
      if (adopt) managed.adopt(record);
      else await stopProcess(record, { signal: record.stopSignal, timeoutMs: record.stopTimeoutMs });
      if (!adopt) removeRecord(this.#options.home, record.name);
    }
  }

  async #checkPorts(): Promise<void> {
    assertPortsDiffer([...this.#processes.values()].map(({ spec }) => spec));
    for (const { spec, isAdopted } of this.#processes.values()) {
      if (isAdopted) continue;
      await spec.reclaim?.();
      for (const use of spec.ports ?? []) await assertPortFree(spec.name, use);
    }
  }

  #rotateLogs(): void {
    for (const name of this.#processes.keys()) rotateLog(logFileOf(this.#options.home, name));
  }

  readonly #changed = (event: SupervisorEvent): void => {
    writeState(this.#options.home, this.state());
    this.#options.onEvent(event);
  };
}

function assertPortsDiffer(specs: readonly ProcessSpec[]): void {
  const users = new Map<number, string>();
  for (const { name, ports = [] } of specs) {
    for (const { port, setting } of ports) {
      const other = users.get(port);
      if (other !== undefined) throw new KeelError('SETTING_INVALID', `port ${port} is set twice: for ${other} and for ${name} (${setting}); give one of them another`);
      users.set(port, `${name} (${setting})`);
    }
  }
}

function alreadyRunning(home: string, pid: number): KeelError {
  const urls = Object.entries(readState(home)?.urls ?? {}).map(([name, url]) => `\n  ${name}: ${url}`);
  return new KeelError('ALREADY_RUNNING', `Keel runs already on ${home} (pid ${pid}); \`keel stop\` stops it, \`keel status\` shows it, KEEL_HOME chooses another folder${urls.join('')}`);
}

/** What `keel status` shows. */
export interface HomeStatus {
  /** Pid of the supervisor that runs, or null. */
  readonly supervisorPid: number | null;
  readonly state: SupervisorState | null;
  /** Processes that a killed supervisor left running. */
  readonly leftovers: readonly { readonly name: string; readonly pid: number }[];
}

export function homeStatus(home: string): HomeStatus {
  const holder = holderOf(home);
  if (holder !== null) return { supervisorPid: holder.pid, state: readState(home), leftovers: [] };
  return { supervisorPid: null, state: null, leftovers: findLeftovers(home).map(({ name, pid }) => ({ name, pid })) };
}

/** The deployment whose processes run on a home, also those that a killed supervisor left; null: none run. */
export function runningDeployment(home: string): string | null {
  const state = readState(home);
  if (state === null) return null;
  if (holderOf(home)?.pid === state.supervisor.pid) return state.deployment; // another holder has not written its own yet, or is a command
  const known = new Set(state.processes.map(({ pid }) => pid));
  return findLeftovers(home).some(({ pid }) => known.has(pid)) ? state.deployment : null;
}

export interface StopOutcome {
  readonly supervisorPid: number | null;
  /** The supervisor did not end by itself and was killed. */
  readonly killed: boolean;
  /** Processes stopped here, because no supervisor did. */
  readonly leftovers: readonly ProcessView['name'][];
}

/**
 * Stops what runs on a home, from any process.
 * @throws {KeelError} NOT_RUNNING when nothing does.
 */
export async function stopRunning(home: string, timeoutMs = 60_000): Promise<StopOutcome> {
  const holder = holderOf(home);
  const killed = holder !== null && (await stopProcess(holder, { signal: 'SIGTERM', timeoutMs }));
  const leftovers = holderOf(home) === null ? findLeftovers(home) : [];
  if (holder === null && leftovers.length === 0) throw new KeelError('NOT_RUNNING', `no Keel runs on ${home}`);
  for (const record of leftovers) {
    await stopProcess(record, { signal: record.stopSignal, timeoutMs: record.stopTimeoutMs });
    removeRecord(home, record.name);
  }
  return { supervisorPid: holder?.pid ?? null, killed, leftovers: leftovers.map((record) => record.name) };
}
