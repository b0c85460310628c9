import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Deployment } from '../config/deployment.ts';
import { ROOT, settingsEnv } from '../config/settings.ts';
import type { Settings } from '../config/settings.ts';
import { KeelError } from '../domain/errors.ts';
import { SIMULATED_KEYS } from '../venues/settings.ts';
import { logTail } from './supervisor/log-file.ts';
import { logFileOf } from './supervisor/run-files.ts';
import type { ProcessSpec } from './supervisor/types.ts';

/** Keel's own programs: TypeScript, run by the same Node. They are stopped rather than adopted: the code may be newer. */
function program(file: string, args: readonly string[]): Pick<ProcessSpec, 'kind' | 'command' | 'args' | 'cwd' | 'stopSignal' | 'leftover'> {
  return { kind: 'process', command: process.execPath, args: [join(ROOT, file), ...args], cwd: ROOT, stopSignal: 'SIGTERM', leftover: 'stop' };
}

/**
 * The simulated venue: a market drawn from the seed, or in paper mode the real market's prices.
 * @throws {KeelError} SETTING_INVALID when paper mode has no symbols.
 */
export function venueSpec(settings: Settings, deployment: Deployment): ProcessSpec {
  const state = join(deployment.folder, 'venue');
  const { venuePort, venueControlPort } = settings;
  return {
    ...program('stack/venue/main.ts', [
      '--state', state, '--port', String(venuePort), '--control-port', String(venueControlPort),
      '--timeframe', settings.timeframe, '--history', String(settings.historyCandles),
      '--api-key', SIMULATED_KEYS.apiKey, '--api-secret', SIMULATED_KEYS.secret, ...marketArgs(settings, deployment),
    ]),
    name: 'venue', needs: [],
    ports: [
      { port: venuePort, setting: 'venuePort, KEEL_VENUE_PORT' },
      { port: venueControlPort, setting: 'venueControlPort, KEEL_VENUE_CONTROL_PORT' },
    ],
    prepare: async () => {
      await mkdir(state, { recursive: true });
    },
    ready: async () => (await fetch(`http://127.0.0.1:${venuePort}/fapi/v1/ping`, { signal: AbortSignal.timeout(2_000) })).ok,
    readyTimeoutMs: 60_000, stopTimeoutMs: 15_000,
  };
}

function marketArgs(settings: Settings, { mode }: Deployment): string[] {
  if (mode !== 'paper') return ['--source', 'seeded', '--seed', settings.seed, '--symbols', String(settings.symbolCount), '--pace', String(settings.paceMs)];
  if (settings.symbols.length === 0) throw new KeelError('SETTING_INVALID', 'KEEL_SYMBOLS is not set, and paper trading needs names, such as KEEL_SYMBOLS=BTC,ETH');
  return ['--source', 'live', '--upstream', settings.upstreamUrl, '--symbols', settings.symbols.join(',')];
}

/** One worker with every role. @param needs also what must outlive it when all is stopped */
export function workerSpec(settings: Settings, deployment: Deployment, { index, databaseUrl, needs }: { index: number; databaseUrl: string; needs: readonly string[] }): ProcessSpec {
  const name = `worker-${index}`;
  return {
    ...program('workers/main.ts', ['--roles', 'trading,venue,models,feeds', '--deployment', deployment.name]),
    name, needs,
    env: { ...settingsEnv(settings), DATABASE_URL: databaseUrl },
    // A worker listens on no port: it says in its log that it polls.
    ready: (pid) => Promise.resolve(logTail(logFileOf(settings.home, name), 200).includes(`{"ready":true,"pid":${pid},`)),
    readyTimeoutMs: 60_000, stopTimeoutMs: 15_000,
  };
}
