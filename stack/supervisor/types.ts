import type { Node } from './plan.ts';

/** What a process ends with when its settings or data are wrong: starting it again changes nothing. */
export const EXIT_OF_REFUSED_INPUT = 2;

/** A port that a process will listen on, and how a person changes it. */
export interface PortUse {
  readonly port: number;
  /** Key and environment variable of the setting, for the error. */
  readonly setting: string;
}

/** A program that is started, watched, restarted and stopped. */
export interface ProcessSpec extends Node {
  readonly kind: 'process';
  readonly command: string;
  readonly args: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly ports?: readonly PortUse[];
  /** Before the ports are looked at: end a leftover that only its own pid file knows. */
  readonly reclaim?: () => Promise<void>;
  /** Before each start: make folders, clear what a crash left. */
  readonly prepare?: () => Promise<void>;
  /** Polled after the start, with the process's pid, until true; throws for "not yet" as well. */
  readonly ready: (pid: number) => Promise<boolean>;
  readonly readyTimeoutMs: number;
  readonly stopSignal: NodeJS.Signals;
  /** After this it is killed. */
  readonly stopTimeoutMs: number;
  /** After a supervisor's death: go on with the running one if its declaration is the same, or stop it first. */
  readonly leftover: 'adopt' | 'stop';
}

/** Something done once between processes: migrations, schedules. */
export interface StepSpec extends Node {
  readonly kind: 'step';
  readonly run: () => Promise<void>;
}

export type Spec = ProcessSpec | StepSpec;

export type ProcessState = 'waiting' | 'starting' | 'running' | 'restarting' | 'stopping' | 'stopped' | 'failed';

/** One line of `keel status`. */
export interface ProcessView {
  readonly name: string;
  readonly pid: number | null;
  readonly state: ProcessState;
  readonly restarts: number;
  /** Epoch milliseconds since when it is in this state. */
  readonly since: number;
  /** How it last ended, in words. */
  readonly lastExit: string | null;
}

/** `<home>/run/state.json`, rewritten at each change. */
export interface SupervisorState {
  readonly supervisor: { readonly pid: number; readonly identity: string; readonly startedAt: number };
  readonly deployment: string;
  readonly urls: Readonly<Record<string, string>>;
  readonly processes: readonly ProcessView[];
}

/** What happens, for whoever shows it. */
export type SupervisorEvent =
  | { readonly kind: 'state'; readonly process: ProcessView; readonly adopted: boolean }
  | { readonly kind: 'died'; readonly name: string; readonly exit: string; readonly restartInMs: number }
  | { readonly kind: 'killed'; readonly name: string; readonly pid: number; readonly afterMs: number }
  | { readonly kind: 'leftover'; readonly name: string; readonly pid: number; readonly action: 'adopted' | 'stopped' }
  | { readonly kind: 'step'; readonly name: string; readonly state: 'running' | 'done'; readonly tookMs: number };
