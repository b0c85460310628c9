/** Makes a deployment ready to trade: database, portfolio, search attributes, feeds, Schedules. Safe to repeat. */
import { Client, Connection, ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import type { ScheduleOptions, WorkflowStartOptions } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { databaseUrlOf } from '../config/database.ts';
import type { Deployment } from '../config/deployment.ts';
import { retrainIntervalMs, retrainRhythmOf, retrainTimeOf } from '../config/retraining.ts';
import type { Settings } from '../config/settings.ts';
import { clientConnectionOptions, engineAddress } from '../config/temporal.ts';
import { createLedger } from '../db/ledger.ts';
import { migrate } from '../db/migrate.ts';
import { createPool } from '../db/pool.ts';
import { KeelError, messageOf } from '../domain/errors.ts';
import type { InstrumentId } from '../domain/market/instrument.ts';
import { instrumentIdOf } from '../domain/market/instrument.ts';
import { timeframeMs } from '../domain/market/timeframe.ts';
import type { Ledger } from '../domain/ports/ledger.ts';
import type { Venue } from '../domain/ports/venue.ts';
import { RISK_CANDLES } from '../domain/risk/returns.ts';
import { loadStrategy } from '../strategies/load.ts';
import { createVenue } from '../venues/index.ts';
import { venueAccountOf, venueSettingsOf } from '../venues/settings.ts';
import { createClientLimiter } from './limiter.ts';
import { accountFeedId, dailyRetrainId, healthCheckId, marketFeedId, outcomeEvaluationId, oversightId, portfolioGuardId, reconciliationId, scenarioRunId, taskQueueOf } from '../workflows/ids.ts';
import type { CycleInput, FeedInput, HealthInput, RetrainInput } from '../workflows/messages.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/messages.ts';
import type * as workflows from '../workflows/index.ts';
import { registerSearchAttributes } from './search-attributes.ts';
import { tradedOf, unlistedOf } from './traded.ts';
import { whenAllowed } from './wait.ts';

export interface Installation {
  readonly instrumentIds: readonly InstrumentId[];
  readonly strategy: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A market of more symbols is read as far back as is set: a long history of all of them would use up the venue's limit. */
const LONG_HISTORY_SYMBOLS = 50;
/** What a feed was started with, to see whether the settings are others now. */
const FEED_MEMO = 'input';
/** Of a long list so many are named. */
const SHOWN_MAX = 20;

/** A client of the engine that the settings name. Close its connection when done. @throws {KeelError} ENGINE_UNREACHABLE */
export async function connectClient(settings: Settings): Promise<Client> {
  const connection = await Connection.connect({ ...clientConnectionOptions(settings), connectTimeout: CONNECT_TIMEOUT_MS }).catch((error: unknown) => {
    throw new KeelError('ENGINE_UNREACHABLE', `the Temporal server at ${engineAddress(settings)} does not answer (${messageOf(error)}); is Keel running (\`keel status\`), or does TEMPORAL_ADDRESS name another?`, { cause: error });
  });
  return new Client({ connection, namespace: settings.temporalNamespace });
}

/** The market's own clock, or the wall's: in sim and replay the market feed starts what is due, elsewhere Schedules do. */
export function hasMarketClock(deployment: Pick<Deployment, 'mode'>): boolean {
  return deployment.mode === 'sim' || deployment.mode === 'replay';
}

/**
 * Migrations, the portfolio's row and its instruments, from what the venue lists. A new ledger on an account that is in
 * use already begins with the fence up, until a person takes the account on.
 * @param say hears it while the fence is up, and of each symbol that the venue does not list any more
 * @throws {KeelError} TWO_MASTERS for a ledger of another deployment; SETTING_INVALID for a symbol that the venue never
 *   listed, and where one is left out of which a position is open; what ledger and venue throw
 */
export async function installLedger(settings: Settings, deployment: Deployment, say: (line: string) => void = () => {}): Promise<Installation> {
  const url = databaseUrlOf(settings, deployment);
  await migrate(url);
  const pool = createPool(url, { applicationName: 'keel-install', connectionsMax: 2 });
  const venueSettings = venueSettingsOf(settings, deployment);
  const limiter = createClientLimiter(pool, settings, deployment);
  const venue = createVenue(venueSettings, limiter);
  const ledger = createLedger(pool);
  try {
    const [listed, positions] = await Promise.all([whenAllowed(() => venue.instruments(), say), ledger.openPositions(deployment.portfolioId)]);
    const query = { listed, wanted: settings.symbols.map(instrumentIdOf), open: positions.map(({ plan }) => plan.instrument.id) };
    const { instruments, notes } = tradedOf({ ...query, stored: await ledger.instruments(unlistedOf(query)) });
    const instrumentIds = instruments.map((it) => it.id).sort();
    const strategy = (await loadStrategy(settings.strategies)).name;
    await ledger.upsertInstruments(instruments);
    await ledger.ensurePortfolio({
      portfolioId: deployment.portfolioId, deploymentId: deployment.id, venueAccountId: venueAccountOf(venueSettings), mode: deployment.mode,
      strategy, timeframe: settings.timeframe, instrumentIds,
    }, await whenAllowed(() => useBefore(ledger, venue, deployment.portfolioId), say));
    for (const note of notes) say(note);
    if ((await ledger.fence(deployment.portfolioId)).halted) say('the fence is up: nothing is opened; `keel guard` tells why, `keel resume --by <name> --because <text>` takes it down');
    return { instrumentIds, strategy };
  } finally {
    await venue.close();
    await limiter.close();
    await ledger.close();
  }
}

/** What the account holds although no ledger tells of it; null: nothing, or the portfolio has its ledger. */
async function useBefore(ledger: Ledger, venue: Venue, portfolioId: string): Promise<string | null> {
  if (await isKnown(ledger, portfolioId)) return null;
  const [{ positions }, orders] = await Promise.all([venue.account(), venue.openOrders()]);
  if (positions.length === 0 && orders.length === 0) return null;
  const names = [...new Set([...positions, ...orders].map((it) => it.instrumentId))].sort();
  return `a new ledger on an account in use: ${positions.length} positions and ${orders.length} orders (${names.slice(0, SHOWN_MAX).join(', ')})`;
}

async function isKnown(ledger: Ledger, portfolioId: string): Promise<boolean> {
  try {
    await ledger.portfolio(portfolioId);
    return true;
  } catch (error) {
    if (error instanceof KeelError && error.code === 'NOT_FOUND') return false;
    throw error;
  }
}

/** Candles that risk looks back on, where that costs little. */
function historyOf(historyCandles: number, symbolCount: number): number {
  return symbolCount <= LONG_HISTORY_SYMBOLS ? Math.max(historyCandles, RISK_CANDLES) : historyCandles;
}

/** Guard, feeds and Schedules of one deployment, started or updated in the engine. */
export async function installWorkflows(client: Client, settings: Settings, deployment: Deployment, { instrumentIds, strategy }: Installation): Promise<void> {
  await registerSearchAttributes(client, settings.temporalNamespace);
  const taskQueue = taskQueueOf(deployment.taskQueuePrefix, 'trading');
  const { portfolioId } = deployment;
  await startGuard(client, deployment, taskQueue); // first: who trades can be stopped
  const rhythm = deployment.mode === 'sim' ? retrainRhythmOf(settings) : null; // in a replay the session waits for them
  const input: FeedInput = { ...(rhythm === null ? {} : { retrain: rhythm }), portfolioId, timeframe: settings.timeframe, instrumentIds, strategy, startsCycles: hasMarketClock(deployment), historyCandles: historyOf(settings.historyCandles, instrumentIds.length) };
  await startFeed(client, 'marketFeed', marketFeedId(portfolioId), taskQueue, input);
  await startFeed(client, 'accountFeed', accountFeedId(portfolioId), taskQueue, input);
  const watched = [await ensureSchedule(client, MINUTE_MS, {
    scheduleId: reconciliationId(portfolioId),
    action: { type: 'startWorkflow', workflowType: 'reconciliation', workflowId: reconciliationId(portfolioId), taskQueue, args: [{ portfolioId }], workflowTaskTimeout: '5 s', staticSummary: 'venue, ledger and workflows compared' },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
    state: { note: 'Compares venue, ledger and workflows.' },
  })];
  if (!hasMarketClock(deployment)) {
    watched.push(await ensureCycles(client, settings, { portfolioId, strategy, taskQueue }), await ensureEvaluations(client, portfolioId, taskQueue));
    if (settings.retrain === 'off') await withoutSchedule(client, dailyRetrainId(portfolioId));
    else watched.push(await ensureRetrains(client, settings, { portfolioId, taskQueue }));
  }
  if (deployment.mode !== 'replay') {
    watched.push(await ensureOversight(client, portfolioId, taskQueue));
    if (settings.scenarios === 'off') await withoutSchedule(client, scenarioRunId(portfolioId));
    else watched.push(await ensureScenarios(client, settings, { portfolioId, taskQueue }));
  }
  const retrains = deployment.mode === 'replay' || settings.retrain === 'off' ? {} : { retrainEveryMs: retrainIntervalMs(settings) };
  await ensureHealthCheck(client, { ...retrains, portfolioId, strategy, timeframe: settings.timeframe, workers: settings.workers, schedules: watched, lastsMs: MINUTE_MS }, taskQueue);
}

async function ensureEvaluations(client: Client, portfolioId: string, taskQueue: string): Promise<WatchedSchedule> {
  const workflowId = outcomeEvaluationId(portfolioId);
  return await ensureSchedule(client, MINUTE_MS, {
    scheduleId: workflowId,
    action: { type: 'startWorkflow', workflowType: 'outcomeEvaluation', workflowId, taskQueue, args: [{ portfolioId, before: null }], workflowTaskTimeout: '5 s', staticSummary: 'due predictions priced' },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' }, // the next run finds whatever is due
    state: { note: 'Prices each prediction at its own horizon.' },
  });
}

async function ensureCycles(client: Client, { timeframe }: Settings, { portfolioId, strategy, taskQueue }: { portfolioId: string; strategy: string; taskQueue: string }): Promise<WatchedSchedule> {
  const cycle: CycleInput = { portfolioId, strategy, timeframe, closeTime: null };
  return await ensureSchedule(client, timeframeMs(timeframe), {
    scheduleId: `tradingCycle/${portfolioId}`,
    action: { type: 'startWorkflow', workflowType: 'tradingCycle', workflowId: `tradingCycle/${portfolioId}`, taskQueue, args: [cycle], workflowTaskTimeout: '5 s', staticSummary: `${strategy} ${timeframe}` },
    // The default would catch up a whole year; a candle older than one timeframe has its successor already.
    policies: { overlap: ScheduleOverlapPolicy.ALLOW_ALL, catchupWindow: Math.max(timeframeMs(timeframe), 10_000) },
    state: { note: `One cycle at each close of a ${timeframe} candle.` },
  });
}

/** A retrain that was missed is made up for, within two days; then the next one sees all that it would have. */
async function ensureRetrains(client: Client, settings: Settings, { portfolioId, taskQueue }: { readonly portfolioId: string; readonly taskQueue: string }): Promise<WatchedSchedule> {
  const workflowId = dailyRetrainId(portfolioId);
  const { hour, minute } = retrainTimeOf(settings);
  return await ensureSchedule(client, retrainIntervalMs(settings), {
    scheduleId: workflowId,
    action: { type: 'startWorkflow', workflowType: 'dailyRetrain', workflowId, taskQueue, args: [{ portfolioId, cause: 'schedule', isScheduled: true } satisfies RetrainInput], workflowTaskTimeout: '5 s', staticSummary: 'starts the retrain, or finds one' },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '48 hours' },
    state: { note: `Trains models anew, ${settings.retrain}.` },
  }, { calendars: [{ hour, minute, ...(settings.retrain === 'weekly' ? { dayOfWeek: 'MONDAY' as const } : {}) }], timezone: settings.timeZone });
}

/** Off unless asked for: they take the machine's time for some minutes. */
async function ensureScenarios(client: Client, { timeZone }: Settings, { portfolioId, taskQueue }: { readonly portfolioId: string; readonly taskQueue: string }): Promise<WatchedSchedule> {
  const workflowId = scenarioRunId(portfolioId);
  return await ensureSchedule(client, 7 * DAY_MS, {
    scheduleId: workflowId,
    action: { type: 'startWorkflow', workflowType: 'scenarioRun', workflowId, taskQueue, args: [{ portfolioId }], workflowTaskTimeout: '5 s', staticSummary: 'the seven scenarios of risk' },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '48 hours' },
    state: { note: 'Plays the seven scenarios of risk on a portfolio of their own, weekly.' },
  }, { calendars: [{ dayOfWeek: 'SUNDAY', hour: 4 }], timezone: timeZone });
}

/** Not in a replay: there each cycle sets the posture, so that its trades depend on data alone. */
async function ensureOversight(client: Client, portfolioId: string, taskQueue: string): Promise<WatchedSchedule> {
  const workflowId = oversightId(portfolioId);
  return await ensureSchedule(client, MINUTE_MS, {
    scheduleId: workflowId,
    action: { type: 'startWorkflow', workflowType: 'oversight', workflowId, taskQueue, args: [{ portfolioId }], workflowTaskTimeout: '5 s', staticSummary: `posture of ${portfolioId}` },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '10 s' },
    state: { note: 'Sets the posture from drawdown and health between candles.' },
  });
}

/** Runs by itself, and looks as often as the policy asks: the first time at once. */
async function ensureHealthCheck(client: Client, input: Omit<HealthInput, 'startedAt'>, taskQueue: string): Promise<void> {
  const workflowId = healthCheckId(input.portfolioId);
  await ensureSchedule(client, input.lastsMs, {
    scheduleId: workflowId,
    action: { type: 'startWorkflow', workflowType: 'healthCheck', workflowId, taskQueue, args: [input], workflowTaskTimeout: '5 s', staticSummary: `health of ${input.portfolioId}` },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '10 s' },
    state: { note: 'Looks at every part. While it is paused nobody vouches for health: after `healthStaleS` trading is stopped.', triggerImmediately: true },
  });
}

async function startGuard(client: Client, { portfolioId, id: deploymentId }: Deployment, taskQueue: string): Promise<void> {
  await unlessStarted(client.workflow.start<typeof workflows.portfolioGuard>('portfolioGuard', {
    workflowId: portfolioGuardId(portfolioId), taskQueue, args: [{ portfolioId, deploymentId, state: null, foreign: 'close', behind: [] }], workflowTaskTimeout: '5 s',
    staticSummary: `emergency stop of ${portfolioId}`,
    staticDetails: 'Send the signal `emergencyStop` with `{"reason": "…", "by": "…"}` to stop trading and close everything.',
    typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.portfolio, value: portfolioId }],
  }));
}

/** A feed that runs with other settings ends, and its successor goes on at its cursor with these. */
async function startFeed(client: Client, type: 'marketFeed' | 'accountFeed', workflowId: string, taskQueue: string, input: FeedInput): Promise<void> {
  const options: WorkflowStartOptions<typeof workflows.marketFeed> = {
    workflowId, taskQueue, args: [input], workflowTaskTimeout: '5 s', memo: { [FEED_MEMO]: JSON.stringify(input) },
    staticSummary: `${input.instrumentIds.length} symbols of ${input.portfolioId}`,
    typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.portfolio, value: input.portfolioId }],
  };
  try {
    await client.workflow.start<typeof workflows.marketFeed>(type, options);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const { memo } = await client.workflow.getHandle(workflowId).describe();
    if (memo?.[FEED_MEMO] !== JSON.stringify(input)) await client.workflow.start<typeof workflows.marketFeed>(type, { ...options, workflowIdConflictPolicy: 'TERMINATE_EXISTING' });
  }
}

async function unlessStarted(start: Promise<unknown>): Promise<void> {
  try {
    await start;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

type WatchedSchedule = HealthInput['schedules'][number];

async function ensureSchedule(client: Client, everyMs: number, schedule: Omit<ScheduleOptions, 'spec'>, spec: ScheduleOptions['spec'] = { intervals: [{ every: everyMs }] }): Promise<WatchedSchedule> {
  const options: ScheduleOptions = { ...schedule, spec };
  try {
    await client.schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    // Spec and action follow the settings; whether it is paused stays as people left it.
    await client.schedule.getHandle(options.scheduleId).update((previous) => ({ ...options, state: { ...previous.state, note: options.state?.note ?? '' } }));
  }
  return { id: options.scheduleId, everyMs };
}

/** Deletes it, if it is there. */
export async function withoutSchedule(client: Client, scheduleId: string): Promise<void> {
  try {
    await client.schedule.getHandle(scheduleId).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}
