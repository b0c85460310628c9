/** Which deployment a command is about when --deployment does not say it. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Mode } from '../config/fields.ts';
import { KeelError } from '../domain/errors.ts';
import { readStarted, readState } from '../stack/supervisor/run-files.ts';
import { runningDeployment } from '../stack/supervisor/supervisor.ts';

/**
 * `rows`: what happened; replays are looked at most. `standing`: what a person looks at to change it. `change`: changes
 * it, and takes a replay only where it runs.
 */
export type Purpose = 'rows' | 'standing' | 'change';

export interface Choice {
  readonly home: string;
  readonly mode: Mode;
  /** By environment or file, not by default. */
  readonly isModeSet: boolean;
}

/**
 * The one that runs, else that of KEEL_MODE where it is set, else the one that was started last; for rows the newest replay
 * before that. Whoever changes or watches does not mean a replay that runs while KEEL_MODE says another.
 * @returns perhaps one that the home does not hold
 * @throws {KeelError} USAGE: a change, and nothing says of what
 */
export function deploymentFor(purpose: Purpose, { home, mode, isModeSet }: Choice): string {
  const isModeMeant = isModeSet && (purpose === 'change' || isDeployment(home, mode));
  const running = runningDeployment(home);
  if (running !== null && isDeployment(home, running) && !(isModeMeant && purpose !== 'rows' && isReplay(running))) return running;
  if (isModeMeant) return mode;
  const [started, replay] = [startedLast(home), newestReplay(home)];
  const found = purpose === 'rows' ? (replay ?? started) : purpose === 'standing' ? (started ?? replay) : started;
  if (found !== null) return found;
  const held = deploymentsOf(home);
  if (purpose === 'change' && held.length > 0) throw new KeelError('USAGE', `nothing runs on ${home}, and it is not known what ran last; name it with --deployment: ${held.join(', ')}`);
  return mode;
}

const isReplay = (name: string): boolean => /^(replay|scenario)-/.test(name);

export function isDeployment(home: string, name: string): boolean {
  return existsSync(join(home, name, 'deployment.json'));
}

export function deploymentsOf(home: string): string[] {
  return existsSync(home) ? readdirSync(home).filter((name) => isDeployment(home, name)).sort() : [];
}

/** Homes of an older Keel have no note of it: there the last state tells, or there is but one. */
function startedLast(home: string): string | null {
  const lasting = deploymentsOf(home).filter((name) => !isReplay(name));
  const noted = [readStarted(home), readState(home)?.deployment].find((name) => name !== undefined && name !== null && lasting.includes(name));
  return noted ?? (lasting.length === 1 ? (lasting[0] ?? null) : null);
}

/** Of `replay-<number>`; null: another name. */
export function replayNumberOf(name: string): number | null {
  const digits = /^replay-([1-9]\d*)$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

function newestReplay(home: string): string | null {
  const numbers = deploymentsOf(home).map(replayNumberOf).filter((number) => number !== null);
  return numbers.length === 0 ? null : `replay-${Math.max(...numbers)}`;
}
