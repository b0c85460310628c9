/** Plays the scenarios by the command line, as a person would: another process, with servers and a ledger of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ROOT } from '../config/settings.ts';
import { messageOf } from '../domain/errors.ts';
import type { ScenarioVerdict } from '../domain/events/scenarios.ts';
import { scenarioReport } from '../domain/events/scenarios.ts';
import type { ScenarioPlayer } from '../domain/ports/scenarios.ts';
import { MARK } from '../stack/supervisor/run-files.ts';

/**
 * It tidies up after itself: the engine forgets its workflows (10 s), its own worker and venue end (15 s each), and what
 * they left is removed. Longer, and it is killed; what stays is removed by the next run.
 */
export const STOP_MS = 90_000;
const PROBLEM_CHARACTERS_MAX = 2_000;
/** The child is no process of this supervisor's, and has nothing to do with the account. */
const WITHHELD = [MARK, 'KEEL_VENUE_API_KEY', 'KEEL_VENUE_API_SECRET', 'KEEL_VENUE_URL', 'KEEL_VENUE_CONTROL_URL', 'KEEL_ALERT_URL', 'KEEL_CRASH_AT', 'KEEL_CRASH_ACTION', 'KEEL_CRASH_MARKER'];

export interface ScenarioPlayerOptions {
  /** Arguments for Node. Default: `keel scenario all --json`. */
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function createScenarioPlayer({ args = [join(ROOT, 'bin/keel.mjs'), 'scenario', 'all', '--json'], env }: ScenarioPlayerOptions): ScenarioPlayer {
  return {
    play: async (signal) => {
      signal.throwIfAborted();
      // A group of its own: who kills this worker's group leaves it the time to tidy up. It notices by its channel that the worker is gone.
      const child = spawn(process.execPath, args, { detached: true, cwd: ROOT, env: Object.fromEntries(Object.entries(env).filter(([name]) => !WITHHELD.includes(name))), stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
      child.on('spawn', () => { setPriority(child.pid ?? 0, constants.priority.PRIORITY_BELOW_NORMAL); }); // trading goes first
      let killing: NodeJS.Timeout | null = null;
      const stop = (): void => {
        child.kill('SIGINT');
        killing = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      };
      signal.addEventListener('abort', stop, { once: true });
      try {
        const [said, complaint] = await Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, 'close')]);
        signal.throwIfAborted();
        return verdictOf(said, complaint, child.exitCode);
      } finally {
        signal.removeEventListener('abort', stop);
        if (killing !== null) clearTimeout(killing);
      }
    },
  };
}

async function textOf(stream: Readable | null): Promise<string> {
  return stream === null ? '' : await text(stream);
}

/** Exit code 1 is a scenario that failed: its report says which. One that was interrupted reports a part, which is no verdict. */
function verdictOf(said: string, complaint: string, exitCode: number | null): ScenarioVerdict {
  try {
    const report: unknown = JSON.parse(said);
    if ((report as { readonly interrupted?: unknown } | null)?.interrupted === true) throw new Error('it was interrupted');
    return { results: scenarioReport.parse(report).scenarios, problem: null };
  } catch (error) {
    const last = complaint.trim() === '' ? messageOf(error) : complaint.trim();
    return { results: [], problem: `it ended with ${exitCode ?? 'a signal'} and no report: ${last.slice(-PROBLEM_CHARACTERS_MAX)}` };
  }
}
