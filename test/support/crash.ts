/** One crash point: the worker dies there, comes back, and the session has to end with its books in order. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CrashMark } from '../../activities/crash-hook.ts';
import type { CrashPoint } from '../../activities/effects.ts';
import { crashPointsOf } from '../../activities/effects.ts';
import { ACTIVITY_REGISTRY } from '../../activities/registry.ts';
import { emergencyStopSignal } from '../../workflows/messages.ts';
import { guardOf, resume, untilMode } from './emergency.ts';
import { until } from './processes.ts';
import type { System, SystemOptions } from './system.ts';
import { startSystem } from './system.ts';

export const CRASH_POINTS = crashPointsOf(ACTIVITY_REGISTRY);

export interface CrashResult {
  readonly point: CrashPoint;
  /** Whether the worker died there; null: the session never came by. */
  readonly mark: CrashMark | null;
  readonly cycles: number;
  readonly trades: number;
  /** Broken invariants; empty when all is well. */
  readonly violations: readonly string[];
}

/** Candles of one session: enough for every usual effect to happen. */
const CANDLES = 60;
const POLL_MS = 50;
/** Points of an emergency: their sessions are stopped after so many candles, and resumed. */
const EMERGENCY = ['commandGuard/', 'recordClosings/', 'tellPositions/', 'withdrawOrders/', 'closePositions/', 'bookClosings/'];
const STOPPED_AFTER = 12;

/** @throws when the session does not come to its end */
export async function crashAt(point: CrashPoint, servers: Pick<SystemOptions, 'postgresUrl' | 'temporalAddress'>): Promise<CrashResult> {
  const system = await startSystem({ ...servers, seed: '1', candles: CANDLES, workers: 0 });
  let isSound = false;
  try {
    const result = await runWithCrash(system, point);
    isSound = result.violations.length === 0 && result.mark !== null;
    return result;
  } finally {
    await system.close(!isSound);
  }
}

async function stopAndResume(system: System): Promise<void> {
  await until('some candles are traded', async () => (await system.cycleCount()) >= STOPPED_AFTER, 120_000);
  await guardOf(system).signal(emergencyStopSignal, { reason: 'a crash test', by: 'test' });
  await untilMode(system, 'emergency', 120_000);
  await resume(system);
}

async function runWithCrash(system: System, point: CrashPoint): Promise<CrashResult> {
  const markerPath = join(system.home, 'crashed.json');
  const env = { KEEL_CRASH_AT: `${point}#1`, KEEL_CRASH_ACTION: 'kill', KEEL_CRASH_MARKER: markerPath };
  await system.startWorker(env);
  await system.startReplay();
  const done = { value: false };
  const session = system.waitDone().finally(() => { done.value = true; });
  const restarts = (async () => {
    while (!done.value) {
      if (!system.worker(0).isRunning) await system.restartWorker(0, env);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  })();
  const stopping = EMERGENCY.some((activity) => point.startsWith(activity)) ? stopAndResume(system) : Promise.resolve();
  const [cycles] = await Promise.all([session, restarts, stopping]);
  return {
    point, cycles, mark: existsSync(markerPath) ? (JSON.parse(readFileSync(markerPath, 'utf8')) as CrashMark) : null,
    trades: (await system.trades()).length, violations: await system.checkInvariants(),
  };
}
