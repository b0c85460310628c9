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

/** Recorded candles that a replay walks through. */
export interface Recording {
  /** Absolute: the venue may run in another folder. */
  readonly folder: string;
  /** Epoch milliseconds, market clock; what lies before is history. Default: after the settings' history. */
  readonly from?: number;
  /** Exclusive. Default: the end of the recording. */
  readonly to?: number;
  /** Draws what is not recorded: funding rates. */
  readonly seed?: string;
}

/**
 * The simulated venue: a market drawn from the seed, in paper mode the real market's prices, in a replay recorded ones.
 * @throws {KeelError} SETTING_INVALID when paper mode has no symbols, or a replay no recording.
 */
export function venueSpec(settings: Settings, deployment: Deployment, recording?: Recording): ProcessSpec {
  const state = join(deployment.folder, 'venue');
  const { venuePort, venueControlPort } = settings;
  return {
    ...program('stack/venue/main.ts', [
      '--state', state, '--port', String(venuePort), '--control-port', String(venueControlPort),
      '--timeframe', settings.timeframe, '--history', String(settings.historyCandles),
      '--api-key', SIMULATED_KEYS.apiKey, '--api-secret', SIMULATED_KEYS.secret, ...marketArgs(settings, deployment, recording),
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

function marketArgs(settings: Settings, { mode, name }: Deployment, recording: Recording | undefined): string[] {
  if (mode === 'replay') {
    if (recording === undefined) throw new KeelError('SETTING_INVALID', `${name} has no recording to walk through; \`keel replay --data <folder>\` starts one`);
    return recordingArgs(settings, recording);
  }
  if (mode !== 'paper') return ['--source', 'seeded', '--seed', settings.seed, '--symbols', String(settings.symbolCount), '--pace', String(settings.paceMs)];
  if (settings.symbols.length === 0) throw new KeelError('SETTING_INVALID', 'KEEL_SYMBOLS is not set, and paper trading needs names, such as KEEL_SYMBOLS=BTC,ETH');
  return ['--source', 'live', '--upstream', settings.upstreamUrl, '--symbols', settings.symbols.join(',')];
}

function recordingArgs({ symbols }: Settings, { folder, from, to, seed }: Recording): string[] {
  const flag = (name: string, value: string | number | undefined): string[] => (value === undefined ? [] : [name, String(value)]);
  return ['--source', 'recorded', '--lockstep', '--data', folder, ...flag('--symbols', symbols.length === 0 ? undefined : symbols.join(',')), ...flag('--from', from), ...flag('--to', to), ...flag('--seed', seed)];
}

export interface WorkerParts {
  /** From 1. */
  readonly index: number;
  readonly databaseUrl: string;
  /** Also what must outlive it when all is stopped. */
  readonly needs: readonly string[];
  /** Where its supervisor keeps logs. */
  readonly runHome: string;
}

/** One worker with every role. */
export function workerSpec(settings: Settings, deployment: Deployment, { index, databaseUrl, needs, runHome }: WorkerParts): ProcessSpec {
  const name = `worker-${index}`;
  return {
    ...program('workers/main.ts', ['--roles', 'trading,venue,models,feeds', '--deployment', deployment.name]),
    name, needs,
    env: { ...settingsEnv(settings), DATABASE_URL: databaseUrl },
    // A worker listens on no port: it says in its log that it polls.
    ready: (pid) => Promise.resolve(logTail(logFileOf(runHome, name), 200).includes(`{"ready":true,"pid":${pid},`)),
    readyTimeoutMs: 60_000, stopTimeoutMs: 15_000,
  };
}
