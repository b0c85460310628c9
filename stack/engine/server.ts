import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { clientConnectionOptions } from '../../config/temporal.ts';
import { isListening } from '../supervisor/ports.ts';
import { runAlone } from '../supervisor/run-alone.ts';
import type { RunningProcess } from '../supervisor/run-alone.ts';
import type { ProcessSpec } from '../supervisor/types.ts';
import type { EngineCli } from './cli.ts';
import { isServing, raiseRetention } from './namespace.ts';

const HOST = '127.0.0.1';

/**
 * One shard polls 20 times a second by default, which costs each workflow task up to 50 ms, and no timer fires before a
 * second is over; one partition of each queue is enough for one machine. Schedules of many portfolios start within the
 * same second.
 */
export const DYNAMIC_CONFIG: Readonly<Record<string, number | boolean | string>> = {
  'history.transferProcessorMaxPollRPS': 2_000,
  'history.timerProcessorMaxPollRPS': 2_000,
  'history.transferProcessorMaxPollHostRPS': 3_000,
  'history.timerProcessorMaxTimeShift': '10ms',
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  'system.enableActivityEagerExecution': true,
  'worker.schedulerNamespaceStartWorkflowRPS': 200,
};

export interface EngineServerOptions {
  /** State lies in `<home>/engine`. */
  readonly home: string;
  readonly port: number;
  /** Null: no UI. */
  readonly uiPort: number | null;
  readonly namespace: string;
  readonly cli: Pick<EngineCli, 'path' | 'version'>;
}

/** The embedded server's database. Tables are made only when the file is new, so each version has its own. */
export function engineFile(home: string, version: string): string {
  return join(home, 'engine', `temporal-${version}.db`);
}

/** The embedded server as a process to supervise. It serves when healthy, with its namespace, retention raised. */
export function engineSpec({ home, port, uiPort, namespace, cli }: EngineServerOptions): ProcessSpec {
  const ui = uiPort === null ? ['--headless'] : ['--ui-port', String(uiPort), '--ui-disable-news-fetch'];
  const dynamic = Object.entries(DYNAMIC_CONFIG).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${JSON.stringify(value)}`]);
  const sqlite = ['journal_mode=WAL', 'synchronous=NORMAL'].flatMap((pragma) => ['--sqlite-pragma', pragma]);
  return {
    kind: 'process', name: 'engine', needs: [], command: cli.path,
    args: ['server', 'start-dev', '--ip', HOST, '--port', String(port), ...ui, '--namespace', namespace, '--db-filename', engineFile(home, cli.version),
      '--log-level', 'warn', '--log-format', 'json', ...sqlite, ...dynamic],
    ports: [
      { port, setting: 'enginePort, KEEL_ENGINE_PORT' },
      ...(uiPort === null ? [] : [{ port: uiPort, setting: 'engineUiPort, KEEL_ENGINE_UI_PORT' }]),
    ],
    prepare: async () => {
      await mkdir(join(home, 'engine'), { recursive: true });
    },
    ready: () => becomeReady(port, namespace),
    readyTimeoutMs: 60_000, stopSignal: 'SIGTERM', stopTimeoutMs: 15_000, leftover: 'adopt',
  };
}

async function becomeReady(port: number, namespace: string): Promise<boolean> {
  if (!(await isListening(port))) return false; // a refused gRPC connection would wait a second before its next try
  const connection = await Connection.connect({ ...clientConnectionOptions({ ...NO_TLS, enginePort: port }), connectTimeout: 2_000 });
  try {
    if (!(await isServing(connection, namespace))) return false;
    await raiseRetention(connection, namespace);
    return true;
  } finally {
    await connection.close();
  }
}

const NO_TLS = {
  temporalAddress: undefined, temporalTls: false, temporalTlsCert: undefined, temporalTlsKey: undefined,
  temporalTlsCa: undefined, temporalTlsServerName: undefined, temporalApiKey: undefined,
} as const;

export interface RunningEngine extends RunningProcess {
  readonly address: string;
  readonly uiUrl: string | null;
}

/**
 * Starts the embedded server by itself and waits until it serves.
 * @throws {KeelError} PORT_TAKEN, PROCESS_FAILED
 */
export async function startEngine(options: EngineServerOptions): Promise<RunningEngine> {
  const running = await runAlone(options.home, engineSpec(options));
  return {
    address: `${HOST}:${options.port}`,
    uiUrl: options.uiPort === null ? null : `http://${HOST}:${options.uiPort}`,
    get pid() {
      return running.pid;
    },
    stop: () => running.stop(),
  };
}
