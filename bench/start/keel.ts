/** `npm start` on a scratch home, as a person would have it: a process of its own, watched from outside. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import pg from 'pg';
import { z } from 'zod';
import { databaseUrlOf } from '../../config/database.ts';
import { loadDeployment } from '../../config/deployment.ts';
import { loadSettings, ROOT } from '../../config/settings.ts';
import type { Settings } from '../../config/settings.ts';
import { embeddedPostgresUrl } from '../../stack/postgres/server.ts';
import { freePort } from '../../stack/supervisor/ports.ts';
import { homeStatus } from '../../stack/supervisor/supervisor.ts';
import type { ProcessView } from '../../stack/supervisor/types.ts';

const DEPLOYMENT = 'sim';
const upSchema = z.object({ kind: z.literal('up') });
const venueState = z.object({ closedOpenTime: z.number(), marketTime: z.number() });

export interface Keel {
  readonly settings: Settings;
  /** Milliseconds from the start of the process until it said that it is up. */
  readonly upMs: number;
  /** When its process was started, `performance.now()`. */
  readonly startedMs: number;
  readonly supervisorPid: number;
  processes(): readonly ProcessView[];
  readonly database: pg.Pool;
  control(path: string, body?: object): Promise<unknown>;
  /** Open time of the newest closed candle. */
  closedOpenTime(): Promise<number>;
  stop(): Promise<void>;
}

/** A home with ports of its own. */
export async function scratchEnvironment(home: string): Promise<Record<string, string>> {
  const names = ['KEEL_ENGINE_PORT', 'KEEL_ENGINE_UI_PORT', 'KEEL_POSTGRES_PORT', 'KEEL_VENUE_PORT', 'KEEL_VENUE_CONTROL_PORT'];
  const ports = await Promise.all(names.map(async (name) => [name, String(await freePort())] as const));
  return { ...Object.fromEntries(ports), KEEL_HOME: home, KEEL_MODE: DEPLOYMENT };
}

/** @throws when it ends before it is up */
export async function startKeel(env: Readonly<Record<string, string>>): Promise<Keel> {
  const settings = loadSettings(env);
  const startedMs = performance.now();
  const child = spawn(process.execPath, [join(ROOT, 'bin/keel.mjs'), 'start', '--json'], { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => { resolve(); }));
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => { if (upSchema.safeParse(JSON.parse(line)).success) resolve(); });
    exited.then(() => { reject(new Error('keel start ended before it was up')); }, reject);
  });
  const upMs = performance.now() - startedMs;
  const { supervisorPid } = homeStatus(settings.home);
  if (supervisorPid === null) throw new Error(`no supervisor runs on ${settings.home}`);
  const databaseUrl = await embeddedPostgresUrl({ home: settings.home, port: settings.postgresPort });
  const database = new pg.Pool({ connectionString: databaseUrlOf({ databaseUrl }, loadDeployment(settings, DEPLOYMENT)), max: 2, connectionTimeoutMillis: 1_000, query_timeout: 2_000 });
  database.on('error', () => {}); // the next statement reports the break
  const control = async (path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${settings.venueControlPort}${path}`, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
    return await response.json();
  };
  return {
    settings, upMs, startedMs, supervisorPid, database, control,
    processes: () => homeStatus(settings.home).state?.processes ?? [],
    closedOpenTime: async () => venueState.parse(await control('/state')).closedOpenTime,
    stop: async () => {
      await database.end();
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Asks every so often until something holds. @returns milliseconds that it took; @throws after the time-out */
export async function waitedMs(what: string, holds: () => Promise<boolean>, timeoutMs: number): Promise<number> {
  const startedMs = performance.now();
  while (!(await holds().catch(() => false))) { // what was killed does not answer for a while
    if (performance.now() - startedMs > timeoutMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return performance.now() - startedMs;
}

export async function countOf(database: pg.Pool, query: string): Promise<number> {
  const { rows } = await database.query<{ n: number }>(query);
  return rows[0]?.n ?? 0;
}
