/** One crash point: the worker dies there, comes back, and the session has to end with its books in order. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CrashMark } from '../../activities/crash-hook.ts';
import type { CrashPoint } from '../../activities/effects.ts';
import { crashPointsOf } from '../../activities/effects.ts';
import { ACTIVITY_REGISTRY } from '../../activities/registry.ts';
import type { Violation } from '../../domain/verify/facts.ts';
import { violationText } from '../../client/verify/text.ts';
import type { StepPoint } from './crash-steps.ts';
import { METRONOME } from './fault-session.ts';
import type { Situation } from './situations.ts';
import { situationOf } from './situations.ts';
import { serversFor } from './servers.ts';
import type { System, SystemOptions } from './system.ts';
import { startSystem } from './system.ts';

export const CRASH_POINTS = crashPointsOf(ACTIVITY_REGISTRY);

export interface CrashResult {
  readonly point: CrashPoint;
  /** Whether the worker died there; null: the session never came by. */
  readonly mark: CrashMark | null;
  readonly cycles: number;
  readonly trades: number;
  /** Broken invariants, and what `keel verify` finds; empty when all is well. */
  readonly violations: readonly string[];
}

const POLL_MS = 50;

/** One way to die: where, at which pass, and what the session goes through. */
interface CrashCourse {
  readonly point: CrashPoint;
  readonly pass: number;
  /** Passes count from the moment on in which the session says so. */
  readonly isHeld: boolean;
  readonly options: Situation['options'];
  readonly play: (system: System, arm: () => void) => Promise<number>;
  readonly isStaged?: Situation['isStaged'];
}

/** @throws when no situation reaches the point, or the session does not come to its end */
export async function crashAt(point: CrashPoint, servers: Servers): Promise<CrashResult> {
  return await crash({ point, pass: 1, isHeld: false, ...situationOf(point) }, servers);
}

/** The same at one step of a longer story. @throws when the session does not come to its end */
export async function crashDuring({ step, point }: StepPoint, servers: Servers): Promise<CrashResult> {
  return await crash({ point, pass: step.pass ?? 1, isHeld: step.pass === undefined, options: step.options, play: step.play }, servers);
}

type Servers = Pick<SystemOptions, 'postgresUrl' | 'temporalAddress'>;

async function crash(course: CrashCourse, shared: Servers): Promise<CrashResult> {
  const system = await startSystem({ ...await serversFor(course.options.mode, shared), ...course.options, seed: '1', strategy: METRONOME, workers: 0 });
  let isSound = false;
  try {
    const result = await runWithCrash(system, course);
    isSound = result.violations.length === 0 && result.mark !== null;
    return result;
  } finally {
    await system.close(!isSound);
  }
}

async function runWithCrash(system: System, { point, pass, isHeld, play, isStaged }: CrashCourse): Promise<CrashResult> {
  const markerPath = join(system.home, 'crashed.json');
  const env = { KEEL_CRASH_AT: `${point}#${pass}`, KEEL_CRASH_ACTION: 'kill', KEEL_CRASH_MARKER: markerPath };
  if (isHeld) writeFileSync(markerPath, '');
  await system.startWorker(env);
  const { answer: cycles, outageMs } = await whileRestarting(system, env, async () => {
    const traded = await play(system, () => { rmSync(markerPath); });
    await system.reconcile();
    return traded;
  });
  const found = (await system.violations()).filter((violation) => isStaged?.(violation, system) !== true && !isOfOutage(violation, outageMs));
  return {
    point, cycles, mark: markOf(markerPath),
    trades: (await system.trades()).length, violations: [...await system.checkInvariants(), ...found.map(violationText)],
  };
}

/** Null: nobody died there, or the session never said that it may. */
function markOf(path: string): CrashMark | null {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return text === '' ? null : (JSON.parse(text) as CrashMark);
}

/** Time without any worker is nobody's fault: protecting came first when one was back. */
function isOfOutage({ invariant, evidence }: Violation, outageMs: number): boolean {
  const { seconds, limit } = evidence;
  return invariant === 4 && typeof seconds === 'number' && typeof limit === 'number' && seconds - outageMs / 1_000 <= limit;
}

/** A worker that ends meanwhile gets a successor, as under the supervisor. @returns also how long there was none */
async function whileRestarting<T>(system: System, env: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<{ answer: T; outageMs: number }> {
  const done = { value: false };
  let outageMs = 0;
  const result = work().finally(() => { done.value = true; });
  const restarts = (async () => {
    while (!done.value) {
      if (!system.worker(0).isRunning) {
        const goneMs = performance.now();
        await system.restartWorker(0, env);
        outageMs += performance.now() - goneMs;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  })();
  const [answer] = await Promise.all([result, restarts]);
  return { answer, outageMs };
}
