import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { processIdentity } from '../../../bin/process-identity.mjs';
import type { ProcessRef } from '../../../bin/process-identity.mjs';
import type { Purpose } from '../../../client/deployment-choice.ts';
import { deploymentFor } from '../../../client/deployment-choice.ts';
import type { Mode } from '../../../config/fields.ts';
import { writeRecord, writeStarted, writeState } from '../../../stack/supervisor/run-files.ts';
import { testHome } from '../../support/processes.ts';

interface Home {
  readonly holds: readonly string[];
  /** What `keel start` noted. */
  readonly started?: string;
  /** What the last supervisor was of, and whether it or a process of it lives. */
  readonly last?: { readonly of: string; readonly lives: 'supervisor' | 'worker' | 'nothing' };
  readonly mode?: Mode;
}

/** Ends with the home. */
function sleeper(): ProcessRef {
  const { pid = 0 } = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  return { pid, identity: processIdentity(pid) ?? '' };
}

function madeHome({ holds, started, last }: Home): string {
  const home = testHome();
  for (const name of holds) {
    mkdirSync(join(home, name), { recursive: true });
    writeFileSync(join(home, name, 'deployment.json'), '{"id":"abcde"}\n');
  }
  if (started !== undefined) writeStarted(home, started);
  if (last === undefined) return home;
  const living = sleeper();
  const worker = { name: 'worker-1', pid: living.pid, state: 'running' as const, restarts: 0, since: 0, lastExit: null };
  writeState(home, { supervisor: { ...living, ...(last.lives === 'supervisor' ? {} : { identity: 'one that ended' }), startedAt: 0 }, deployment: last.of, urls: {}, processes: [worker] });
  if (last.lives === 'worker') writeRecord(home, { ...living, name: 'worker-1', hash: '', stopSignal: 'SIGTERM', stopTimeoutMs: 1_000, order: 1 });
  return home;
}

const BOTH = ['live', 'replay-2', 'replay-10', 'sim'];

// Rows, what is shown to be changed, and a change; a change that nothing names is refused.
it.each<[string, Home, string, string, string]>([
  ['one runs',                              { holds: BOTH, last: { of: 'live', lives: 'supervisor' }, mode: 'sim' }, 'live', 'live', 'live'],
  ['a replay runs',                         { holds: BOTH, last: { of: 'replay-2', lives: 'supervisor' } },          'replay-2', 'replay-2', 'replay-2'],
  ['a replay runs, and KEEL_MODE is set',   { holds: BOTH, last: { of: 'replay-2', lives: 'supervisor' }, mode: 'live' }, 'replay-2', 'live', 'live'],
  ['its supervisor was killed',             { holds: BOTH, last: { of: 'live', lives: 'worker' }, started: 'live' }, 'live', 'live', 'live'],
  ['it ended, and KEEL_MODE names one',     { holds: BOTH, last: { of: 'sim', lives: 'nothing' }, mode: 'live' },    'live', 'live', 'live'],
  ['KEEL_MODE names one that is not there', { holds: ['replay-1', 'sim'], started: 'sim', mode: 'live' },            'replay-1', 'sim', 'live'],
  ['a replay came after it',                { holds: BOTH, last: { of: 'replay-10', lives: 'nothing' }, started: 'live' }, 'replay-10', 'live', 'live'],
  ['the last state tells',                  { holds: BOTH, last: { of: 'live', lives: 'nothing' } },                 'replay-10', 'live', 'live'],
  ['there is but one beside replays',       { holds: ['live', 'replay-1', 'scenario-7'] },                           'replay-1', 'live', 'live'],
  ['two, and nobody knows which was last',  { holds: BOTH },                                                         'replay-10', 'replay-10', 'USAGE'],
  ['a replay alone',                        { holds: ['replay-3'] },                                                 'replay-3', 'replay-3', 'USAGE'],
  ['servers of scenarios run',              { holds: ['live', 'scenario-7'], last: { of: 'scenarios', lives: 'supervisor' } }, 'live', 'live', 'live'],
  ['nothing',                               { holds: [] },                                                           'sim', 'sim', 'sim'],
])('%s', (_name, home, rows, standing, change) => {
  const choice = { home: madeHome(home), mode: home.mode ?? 'sim', isModeSet: home.mode !== undefined };
  expect((['rows', 'standing', 'change'] as const).map((purpose) => outcomeOf(purpose, choice))).toEqual([rows, standing, change]);
});

function outcomeOf(purpose: Purpose, choice: Parameters<typeof deploymentFor>[1]): string {
  try {
    return deploymentFor(purpose, choice);
  } catch (error) {
    return (error as { code: string }).code;
  }
}
