/** A home and ports of its own, and the command line on them, as a user has it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { freePort } from '../../stack/supervisor/ports.ts';
import type { HomeStatus } from '../../stack/supervisor/supervisor.ts';
import { messageOf } from '../../domain/errors.ts';
import { testHome, until } from './processes.ts';

const KEEL = fileURLToPath(new URL('../../bin/keel.mjs', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Command {
  readonly ended: Promise<Ended>;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** What it said so far in JSON lines. */
  readonly lines: () => Record<string, unknown>[];
}

export interface Machine {
  readonly home: string;
  readonly keel: (...args: string[]) => Command;
  /** The command's one JSON value. @throws when it ends with another code than 0 */
  readonly json: (...args: string[]) => Promise<unknown>;
  readonly status: () => Promise<HomeStatus>;
  /** Changes count from the next command on. */
  readonly env: Record<string, string | undefined>;
}

/** @param more environment on top of home, ports and a short history */
export async function machine(more: Readonly<Record<string, string | undefined>> = {}): Promise<Machine> {
  const [engine, ui, postgres, venue, control] = await Promise.all([freePort(), freePort(), freePort(), freePort(), freePort()]);
  const home = testHome();
  const env: Record<string, string | undefined> = {
    ...process.env, KEEL_HOME: home, KEEL_ENGINE_PORT: String(engine), KEEL_ENGINE_UI_PORT: String(ui), KEEL_POSTGRES_PORT: String(postgres),
    KEEL_VENUE_PORT: String(venue), KEEL_VENUE_CONTROL_PORT: String(control), KEEL_HISTORY_CANDLES: '300', ...more,
  };
  const keel: Machine['keel'] = (...args) => {
    const child = spawn(process.execPath, [KEEL, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    onTestFinished(() => void child.kill('SIGKILL'));
    return {
      ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err }))),
      kill: (signal) => void child.kill(signal),
      lines: () => out.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>),
    };
  };
  const json: Machine['json'] = async (...args) => {
    const { code, out, err } = await keel(...args, '--json').ended;
    if (code !== 0) throw new Error(`keel ${args.join(' ')} ended with ${code}: ${out}${err}`);
    return JSON.parse(out) as unknown;
  };
  return { home, env, keel, json, status: async () => JSON.parse((await keel('status', '--json').ended).out) as HomeStatus };
}

/** Whether a `keel start --json` said that it is up. */
export function isUp(started: Command): boolean {
  return started.lines().some((line) => line['kind'] === 'up');
}

/** Waits until it is. @throws with all that it said when it ends before, or does not come up within the time */
export async function untilUp(started: Command, timeoutMs = 120_000): Promise<void> {
  const early = started.ended.then(({ code, err }) => { throw new Error(`it ended with ${code} before it was up: ${err}`); });
  early.catch(() => {}); // it ends in good order later
  await Promise.race([early, until('it is up', () => isUp(started), timeoutMs)]).catch((error: unknown) => {
    throw new Error(`${messageOf(error)}; it said ${JSON.stringify(started.lines())}`);
  });
}
