/** One Temporal server and one Postgres for everything that a run of tests starts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '../../config/settings.ts';
import { findEngineCli } from '../../stack/engine/cli.ts';
import type { RunningEngine } from '../../stack/engine/server.ts';
import { startEngine } from '../../stack/engine/server.ts';
import type { RunningPostgres } from '../../stack/postgres/server.ts';
import { startPostgres } from '../../stack/postgres/server.ts';
import { freePort } from '../../stack/supervisor/ports.ts';

const NAMESPACE = 'default';
/** These name servers that run already: a test file that finds them named starts none of its own. */
export const SHARED_ENGINE = 'KEEL_TEST_TEMPORAL_ADDRESS';
export const SHARED_POSTGRES = 'KEEL_TEST_POSTGRES_URL';

/** @returns what names these to whoever starts test files. */
export function sharedEnv({ postgresUrl, temporalAddress }: Pick<Servers, 'postgresUrl' | 'temporalAddress'>): Readonly<Record<string, string>> {
  return { [SHARED_POSTGRES]: postgresUrl, [SHARED_ENGINE]: temporalAddress };
}

/** A Temporal server on a free port. It is restarted when it dies. */
export async function startTestEngine(home: string): Promise<RunningEngine> {
  const { cache } = await readSettings();
  const cli = await findEngineCli({ cache, env: process.env, say: (line) => process.stderr.write(`${line}\n`) });
  return await startEngine({ home, port: await freePort(), uiPort: null, namespace: NAMESPACE, cli });
}

/** Addresses as tests need them, and the processes behind them. */
export interface Servers {
  readonly postgresUrl: string;
  readonly temporalAddress: string;
  readonly engine: RunningEngine;
  readonly postgres: RunningPostgres;
  stop(): Promise<void>;
}

/** The shared ones for a replay, whose names are its own; `sim` has but one name, and gets servers of its own. */
export async function serversFor(mode: 'sim' | 'replay' | undefined, shared: Pick<Servers, 'postgresUrl' | 'temporalAddress'>): Promise<Pick<Servers, 'postgresUrl' | 'temporalAddress'> & Partial<Pick<Servers, 'stop'>>> {
  return mode === 'sim' ? await startServers() : shared;
}

/** Both servers in a folder of their own, for runs outside of vitest. */
export async function startServers(): Promise<Servers> {
  const home = mkdtempSync(join(tmpdir(), 'keel-servers-'));
  const [engine, postgres] = await Promise.all([startTestEngine(home), freePort().then((port) => startPostgres({ home, port }))]);
  return {
    engine, postgres, postgresUrl: postgres.url, temporalAddress: engine.address,
    stop: async () => {
      await Promise.all([engine.stop(), postgres.stop()]);
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
