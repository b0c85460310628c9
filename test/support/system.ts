/** The whole system for one test: own database, own simulated market, real worker processes. */
import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import pg from 'pg';
import type { Installation } from '../../client/install.ts';
import { connectClient, installLedger, installWorkflows } from '../../client/install.ts';
import { databaseUrlOf } from '../../config/database.ts';
import type { Deployment } from '../../config/deployment.ts';
import { loadDeployment } from '../../config/deployment.ts';
import type { Settings } from '../../config/settings.ts';
import { loadSettings, settingsEnv } from '../../config/settings.ts';
import type { VerifyParts } from '../../client/verify/gather.ts';
import { gather } from '../../client/verify/gather.ts';
import { verifyDeployment } from '../../client/verify/verify.ts';
import { workflowResult } from '../../client/wait.ts';
import { createPool } from '../../db/pool.ts';
import type { Facts, Violation } from '../../domain/verify/facts.ts';
import type { PostureLook } from '../../domain/ports/ledger.ts';
import { createDatabase, dropDatabase } from '../../stack/postgres/database.ts';
import type { VenueOptions } from '../../stack/venue/options.ts';
import { freePort } from '../../stack/supervisor/ports.ts';
import { createBackOffLimiter, createVenue } from '../../venues/index.ts';
import { SIMULATED_KEYS, venueSettingsOf } from '../../venues/settings.ts';
import type * as workflows from '../../workflows/index.ts';
import type { Role } from '../../workflows/ids.ts';
import { accountFeedId, healthCheckId, marketFeedId, outcomeEvaluationId, oversightId, portfolioGuardId, reconciliationId, replaySessionId, ROLES, shadowTrialId, taskQueueOf } from '../../workflows/ids.ts';
import type { HealthOutcome, ReconciliationOutcome, ReplayInput, ReplayOutcome } from '../../workflows/messages.ts';
import { brokenInvariants } from './invariants.ts';
import type { Gate } from './gate.ts';
import { openGate } from './gate.ts';
import type { Child } from './child.ts';
import { startChild } from './child.ts';
import { startVenue } from '../../stack/venue/venue.ts';

const HISTORY_CANDLES = 300;

export interface SystemOptions {
  readonly postgresUrl: string;
  readonly temporalAddress: string;
  /** Ends these two when the system closes. Default: they are not its own. */
  readonly stop?: () => Promise<void>;
  /** Of the seeded market. Default `1`. */
  readonly seed?: string;
  /** Symbols of the seeded market. Default 3. */
  readonly symbolCount?: number;
  /** Candles that are traded. Default 120. */
  readonly candles?: number;
  /** Started at once. Default 1; 0: none before `startWorker`. */
  readonly workers?: number;
  /** A built-in strategy's name or the path of a file. Default: the ensemble. */
  readonly strategy?: string;
  /** Additional environment of each worker. */
  readonly workerEnv?: Readonly<Record<string, string>>;
  /** The venue as a process of its own, which can be killed. Default: in this process. */
  readonly venueProcess?: boolean;
  /** Workers reach Postgres through a gate that the test may shut or hold. Default: directly. */
  readonly gated?: boolean;
  /** `sim`: workers keep the venue's limits together, as when the market moves by itself; one at a time on a pair of servers. Default: a replay. */
  readonly mode?: 'sim' | 'replay';
  /** A folder of recorded candles, all of which but the last `candles` are history. Default: a seeded market. */
  readonly data?: string;
  /** Candles that are known at once. Default 300. */
  readonly history?: number;
  /** In place of the usual ones. */
  readonly env?: Readonly<Record<string, string>>;
  /** That the venue keeps. Default: Binance's. */
  readonly limits?: VenueOptions['limits'];
}

/** One position from its decision to its close, without what differs between two runs. */
export interface Trade {
  readonly instrumentId: string;
  readonly direction: string;
  readonly decidedAt: number;
  readonly closedAt: number | null;
  readonly entryPrice: string | null;
  readonly exitPrice: string | null;
  readonly quantity: string;
  readonly realizedPnl: string;
  readonly closeReason: string | null;
}

const TRADES = `
  SELECT instrument_id "instrumentId", direction, decided_at::float8 "decidedAt", closed_at::float8 "closedAt", entry_price::text "entryPrice",
    exit_price::text "exitPrice", entry_quantity::text quantity, realized_pnl::text "realizedPnl", close_reason "closeReason"
  FROM positions ORDER BY decided_at, instrument_id, direction`;

interface VenueControl {
  readonly controlUrl: string;
  close(): Promise<void>;
}

/** A running system. Close it: it holds processes, a database and a folder. */
export class System {
  readonly settings: Settings;
  readonly deployment: Deployment;
  readonly client: Client;
  readonly database: pg.Pool;
  readonly home: string;
  readonly #options: SystemOptions;
  readonly #installation: Installation;
  readonly #workers: Child[] = [];
  #venue: VenueControl;
  readonly #reopenVenue: (limits?: VenueOptions['limits']) => Promise<VenueControl>;
  readonly #gate: Gate | null;
  #replay: WorkflowHandle<typeof workflows.replaySession> | null = null;

  constructor(parts: {
    settings: Settings; deployment: Deployment; client: Client; database: pg.Pool; home: string; options: SystemOptions; installation: Installation;
    venue: VenueControl; reopenVenue: (limits?: VenueOptions['limits']) => Promise<VenueControl>; gate: Gate | null;
  }) {
    this.settings = parts.settings;
    this.deployment = parts.deployment;
    this.client = parts.client;
    this.database = parts.database;
    this.home = parts.home;
    this.#options = parts.options;
    this.#installation = parts.installation;
    this.#venue = parts.venue;
    this.#reopenVenue = parts.reopenVenue;
    this.#gate = parts.gate;
  }

  /** Starts one more worker. @param env on top of what all workers get @param roles default: all */
  async startWorker(env: Readonly<Record<string, string>> = {}, roles: readonly Role[] = ROLES): Promise<number> {
    const index = this.#workers.length;
    this.#workers.push(await this.#spawnWorker(index, env, roles));
    return index;
  }

  /** A killed worker gets a successor. @param env on top of what all workers get */
  async restartWorker(index: number, env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.worker(index).exited;
    this.#workers[index] = await this.#spawnWorker(index, env);
  }

  /** Resolves when the process is gone. */
  async killWorker(index: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.worker(index).kill(signal);
  }

  worker(index: number): Child {
    const child = this.#workers[index];
    if (child === undefined) throw new Error(`no worker ${index} (there are ${this.#workers.length})`);
    return child;
  }

  /** Between the workers and Postgres. */
  get gate(): Gate {
    if (this.#gate === null) throw new Error('the system has no gate: start it with `gated`');
    return this.#gate;
  }

  /** Stops the venue and starts it again from its state. @param limits that it keeps from now on; default: as before */
  async restartVenue(limits?: VenueOptions['limits']): Promise<void> {
    if ('kill' in this.#venue) await (this.#venue as unknown as Child).kill('SIGKILL');
    else await this.#venue.close();
    this.#venue = await this.#reopenVenue(limits);
  }

  /** Feeds and Schedules; the market stands still. */
  async startFeeds(): Promise<void> {
    await installWorkflows(this.client, this.settings, this.deployment, this.#installation);
  }

  /** Feeds, Schedules and the session that drives the market. */
  async startReplay(): Promise<void> {
    await this.startFeeds();
    const input: ReplayInput = { portfolioId: this.deployment.portfolioId, strategy: this.#installation.strategy, timeframe: this.settings.timeframe };
    this.#replay = await this.client.workflow.start<typeof workflows.replaySession>('replaySession', {
      workflowId: replaySessionId(this.deployment.portfolioId), taskQueue: taskQueueOf(this.deployment.taskQueuePrefix, 'trading'), args: [input], workflowTaskTimeout: '5 s',
    });
  }

  /** @returns candles traded. @throws when the session is not done within the time, with what it waits for. */
  async waitDone(timeoutMs = 240_000): Promise<number> {
    if (this.#replay === null) throw new Error('startReplay() first');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => { this.#whatIsOpen().then((open) => { reject(new Error(`the session was not done within ${timeoutMs} ms: ${open}`)); }, reject); }, timeoutMs);
    });
    const ended = new AbortController();
    try {
      // The engine may go away meanwhile, as often as the test likes.
      return (await Promise.race([workflowResult<ReplayOutcome>(this.client, this.#replay.workflowId, ended.signal), late])).cycles;
    } finally {
      clearTimeout(timer);
      ended.abort();
    }
  }

  /** The market stands still from now on. */
  async stopReplay(): Promise<void> {
    await this.control('/clock', { method: 'POST', body: JSON.stringify({ mode: 'paused' }) }); // whoever drives it learns of the end later
    await ignoringAbsent(this.client.workflow.getHandle(replaySessionId(this.deployment.portfolioId)).terminate('it is over'));
  }

  /** Compares venue and ledger once, now. */
  async reconcile(): Promise<ReconciliationOutcome> {
    return await this.client.workflow.execute<typeof workflows.reconciliation>('reconciliation', {
      workflowId: `${reconciliationId(this.deployment.portfolioId)}/once`, taskQueue: taskQueueOf(this.deployment.taskQueuePrefix, 'trading'),
      args: [{ portfolioId: this.deployment.portfolioId }], workflowTaskTimeout: '5 s',
    });
  }

  /** Looks at every part once, now. */
  async checkHealth(): Promise<HealthOutcome> {
    const { portfolioId, taskQueuePrefix } = this.deployment;
    const { strategy } = this.#installation;
    return await this.client.workflow.execute<typeof workflows.healthCheck>('healthCheck', {
      workflowId: `${healthCheckId(portfolioId)}/once`, taskQueue: taskQueueOf(taskQueuePrefix, 'trading'), workflowTaskTimeout: '5 s',
      args: [{ portfolioId, strategy, timeframe: this.settings.timeframe, workers: 1, schedules: [{ id: reconciliationId(portfolioId), everyMs: 60_000 }], lastsMs: 0 }],
    });
  }

  /** Sets the posture once, now. */
  async oversee(): Promise<PostureLook> {
    const { portfolioId, taskQueuePrefix } = this.deployment;
    return await this.client.workflow.execute<typeof workflows.oversight>('oversight', {
      workflowId: `${oversightId(portfolioId)}/once`, taskQueue: taskQueueOf(taskQueuePrefix, 'trading'), workflowTaskTimeout: '5 s', args: [{ portfolioId }],
    });
  }

  async #whatIsOpen(): Promise<string> {
    const orders = await this.database.query(`SELECT client_order_id, state, filled_quantity, booked_quantity FROM orders WHERE state IN ('planned', 'submitting', 'unknown') OR filled_quantity <> booked_quantity`);
    const positions = await this.database.query(`SELECT position_id, state, inbox_seq, handled_seq FROM positions WHERE state <> 'closed'`);
    const cycles = await this.database.query(`SELECT * FROM cycles ORDER BY 1 DESC LIMIT 2`);
    const state = await this.control('/state');
    return JSON.stringify({ orders: orders.rows, positions: positions.rows, cycles: cycles.rows, state, home: this.home });
  }

  async cycleCount(): Promise<number> {
    return await this.#count('SELECT count(*)::int n FROM cycles');
  }

  async #count(query: string): Promise<number> {
    const { rows } = await this.database.query<{ n: number }>(query);
    return rows[0]?.n ?? 0;
  }

  async trades(): Promise<readonly Trade[]> {
    return (await this.database.query<Trade>(TRADES)).rows;
  }

  /** The venue's answer at its control address. */
  async control(path: string, init: RequestInit = {}): Promise<unknown> {
    return await (await fetch(`${this.#venue.controlUrl}${path}`, init)).json();
  }

  /** What is broken, in words; empty when all is well. */
  async checkInvariants(): Promise<readonly string[]> {
    return await brokenInvariants(this.database, this.deployment.id, await this.control('/book'));
  }

  /** What `keel verify` finds broken. */
  async violations(): Promise<readonly Violation[]> {
    return await this.#verifying(async (parts) => (await verifyDeployment(parts)).violations);
  }

  /** What `keel verify` looks at. */
  async facts(): Promise<Facts> {
    return await this.#verifying(gather);
  }

  async #verifying<T>(work: (parts: VerifyParts) => Promise<T>): Promise<T> {
    const pool = createPool(databaseUrlOf(this.settings, this.deployment), { connectionsMax: 2 });
    const limiter = createBackOffLimiter();
    const venue = createVenue(venueSettingsOf(this.settings, this.deployment), limiter);
    try {
      return await work({ pool, venue, client: this.client, portfolioId: this.deployment.portfolioId });
    } finally {
      await Promise.all([pool.end(), venue.close(), limiter.close()]);
    }
  }

  /** Ends everything. @param keep logs stay, for a run that failed */
  async close(keep = false): Promise<void> {
    await Promise.all(this.#workers.map(async (worker) => { await worker.stop(); }));
    await this.#stopWorkflows();
    await this.#venue.close();
    await this.#gate?.close();
    await this.client.connection.close();
    await this.database.end();
    await dropDatabase(this.#options.postgresUrl, this.deployment.databaseName);
    await this.#options.stop?.();
    if (!keep) rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Without workers they would wait for ever on the shared server. */
  async #stopWorkflows(): Promise<void> {
    const { portfolioId } = this.deployment;
    const ids = [portfolioGuardId(portfolioId), marketFeedId(portfolioId), accountFeedId(portfolioId), replaySessionId(portfolioId), reconciliationId(portfolioId), outcomeEvaluationId(portfolioId), shadowTrialId(portfolioId)];
    for (const id of [reconciliationId(portfolioId), healthCheckId(portfolioId), oversightId(portfolioId)]) await ignoringAbsent(this.client.schedule.getHandle(id).delete());
    for (const id of ids) await ignoringAbsent(this.client.workflow.getHandle(id).terminate());
    for (const prefix of [`ess/${portfolioId}/`, `${healthCheckId(portfolioId)}-`]) for await (const { workflowId } of this.client.workflow.list({ query: `WorkflowId STARTS_WITH '${prefix}' AND ExecutionStatus = 'Running'` })) await ignoringAbsent(this.client.workflow.getHandle(workflowId).terminate());
  }

  async #spawnWorker(index: number, env: Readonly<Record<string, string>>, roles: readonly Role[] = ROLES): Promise<Child> {
    return await startChild(['workers/main.ts', '--deployment', this.deployment.name, '--roles', roles.join(',')], {
      env: { ...settingsEnv(this.settings), ...(this.#gate === null ? {} : { DATABASE_URL: this.#gate.url }), ...this.#options.workerEnv, ...env }, logPath: join(this.home, `worker-${index}.log`),
    });
  }
}

async function ignoringAbsent(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const isAbsent = error instanceof WorkflowNotFoundError || (error instanceof Error && error.name === 'ScheduleNotFoundError');
    if (!isAbsent) throw error;
  }
}

/**
 * A system in lockstep on a seeded market, ready for `startReplay`. Nothing of it is shared but the two servers; its name
 * is new, so that no workflow id occurs twice.
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const home = mkdtempSync(join(tmpdir(), 'keel-system-'));
  const { mode = 'replay' } = options;
  const [venuePort, controlPort] = [await freePort(), await freePort()];
  const settings = loadSettings({
    KEEL_HOME: home, KEEL_MODE: mode, DATABASE_URL: options.postgresUrl, TEMPORAL_ADDRESS: options.temporalAddress,
    KEEL_VENUE_PORT: String(venuePort), KEEL_VENUE_CONTROL_PORT: String(controlPort), KEEL_HISTORY_CANDLES: String(options.history ?? HISTORY_CANDLES), KEEL_LOG_LEVEL: 'info',
    KEEL_WORKERS: String(Math.max(1, options.workers ?? 1)), ...(options.strategy === undefined ? {} : { KEEL_STRATEGIES: options.strategy }), ...options.env,
  });
  const deployment = loadDeployment(settings, mode === 'sim' ? 'sim' : `replay-${randomInt(1, 2 ** 31)}`);
  await createDatabase(options.postgresUrl, deployment.databaseName);
  const reopenVenue = (limits = options.limits) => openVenue({ ...options, ...(limits === undefined ? {} : { limits }) }, { venuePort, controlPort, home });
  const venue = await reopenVenue();
  const installation = await installLedger(settings, deployment);
  const client = await connectClient(settings);
  const database = new pg.Pool({ connectionString: databaseUrlOf(settings, deployment), max: 2 });
  database.on('error', () => {}); // the next statement reports the break
  const gate = options.gated === true ? await openGate(options.postgresUrl) : null;
  const system = new System({ settings, deployment, client, database, home, options, installation, venue, reopenVenue, gate });
  await Promise.all(Array.from({ length: options.workers ?? 1 }, () => system.startWorker()));
  return system;
}

async function openVenue(options: SystemOptions, place: { venuePort: number; controlPort: number; home: string }): Promise<VenueControl> {
  const { candles = 120, seed = '1', symbolCount = 3 } = options;
  const state = join(place.home, 'venue');
  mkdirSync(state, { recursive: true });
  if (options.venueProcess === true) {
    const child = await startChild([
      'stack/venue/main.ts', '--state', state, '--port', String(place.venuePort), '--control-port', String(place.controlPort), '--lockstep', '--seed', seed,
      '--symbols', String(symbolCount), '--length', String(HISTORY_CANDLES + candles), '--history', String(HISTORY_CANDLES),
      '--api-key', SIMULATED_KEYS.apiKey, '--api-secret', SIMULATED_KEYS.secret,
    ], { env: {}, logPath: join(place.home, 'venue.log') });
    return Object.assign(child, { controlUrl: `http://127.0.0.1:${place.controlPort}`, close: () => child.stop() });
  }
  const venue: VenueOptions = {
    state, port: place.venuePort, controlPort: place.controlPort, mode: 'lockstep', history: options.history ?? HISTORY_CANDLES,
    source: options.data === undefined ? { kind: 'seeded', seed, symbols: symbolCount, length: HISTORY_CANDLES + candles } : { kind: 'recorded', folder: options.data, seed },
    accounts: [{ accountId: 'main', apiKey: SIMULATED_KEYS.apiKey, secret: SIMULATED_KEYS.secret, wallet: '10000' }],
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  };
  return await startVenue(venue);
}
