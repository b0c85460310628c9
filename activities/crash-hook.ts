/** Kills or pauses this very process at one chosen crash point. For the crash tests; without its settings it does not exist. */
import { existsSync, writeFileSync } from 'node:fs';
import { KeelError } from '../domain/errors.ts';
import type { CrashPoint } from './effects.ts';

const ACTIONS = { kill: 'SIGKILL', pause: 'SIGSTOP' } as const;
export type CrashAction = keyof typeof ACTIONS;

export interface CrashPlan {
  readonly point: CrashPoint;
  /** From 1: fires at this pass through the point. */
  readonly pass: number;
  readonly action: CrashAction;
  /**
   * Written before the process goes; while it exists the plan is spent, so that a restarted worker lives. One that is
   * there from the beginning holds the plan back until somebody takes it away: passes count from then on.
   */
  readonly markerPath: string;
}

/** What the marker file holds, as JSON: proof for the test that the point was reached, and whom to wake. */
export interface CrashMark {
  readonly point: CrashPoint;
  readonly pass: number;
  readonly action: CrashAction;
  readonly pid: number;
}

/**
 * Reads `KEEL_CRASH_AT` (`<point>#<pass>`), `KEEL_CRASH_ACTION` (`kill`, the default, or `pause`) and `KEEL_CRASH_MARKER` (a path).
 * @param points all points that exist: another one is refused, since a test that waits for it would wait for ever.
 * @returns null when no crash is asked for.
 * @throws {KeelError} SETTING_INVALID, not retried.
 */
export function crashPlanOf(env: Readonly<Record<string, string | undefined>>, points: readonly CrashPoint[]): CrashPlan | null {
  const at = env['KEEL_CRASH_AT'];
  if (at === undefined || at === '') return null;
  const [name, passText = '1'] = at.split('#');
  const point = points.find((known) => known === name);
  if (point === undefined) throw new KeelError('SETTING_INVALID', `KEEL_CRASH_AT=${at}: no such crash point (allowed: ${points.join(', ')})`);
  const pass = Number(passText);
  if (!Number.isInteger(pass) || pass < 1) throw new KeelError('SETTING_INVALID', `KEEL_CRASH_AT=${at}: the pass must be a whole number from 1`);
  const action = env['KEEL_CRASH_ACTION'] ?? 'kill';
  if (action !== 'kill' && action !== 'pause') throw new KeelError('SETTING_INVALID', `KEEL_CRASH_ACTION=${action} (allowed: kill, pause)`);
  const markerPath = env['KEEL_CRASH_MARKER'];
  if (markerPath === undefined || markerPath === '') throw new KeelError('SETTING_INVALID', 'KEEL_CRASH_AT needs KEEL_CRASH_MARKER, a path for the marker file');
  return { point, pass, action, markerPath };
}

/** The hook of a plan. `end` takes the signal; by default it goes to this process. */
export function crashHook(plan: CrashPlan, end: (signal: 'SIGKILL' | 'SIGSTOP') => void = endSelf): (point: CrashPoint) => void {
  let passes = 0;
  return (point) => {
    if (point !== plan.point || existsSync(plan.markerPath)) return;
    passes += 1;
    if (passes !== plan.pass) return;
    const mark: CrashMark = { point, pass: passes, action: plan.action, pid: process.pid };
    // Created anew, so that of two workers with the same plan one only fires.
    writeFileSync(plan.markerPath, JSON.stringify(mark), { flag: 'wx' });
    end(ACTIONS[plan.action]);
  };
}

function endSelf(signal: 'SIGKILL' | 'SIGSTOP'): void {
  process.kill(process.pid, signal);
}
