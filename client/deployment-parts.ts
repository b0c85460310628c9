/** What a command needs of a deployment: what runs is used, what does not is started for as long as the command takes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { z } from 'zod';
import { databaseUrlOf } from '../config/database.ts';
import { loadDeployment } from '../config/deployment.ts';
import type { Deployment } from '../config/deployment.ts';
import { isSet, readSettings } from '../config/settings.ts';
import type { Settings } from '../config/settings.ts';
import { engineAddress } from '../config/temporal.ts';
import type { Pool } from '../db/pool.ts';
import { createPool } from '../db/pool.ts';
import { KeelError, messageOf } from '../domain/errors.ts';
import type { Venue } from '../domain/ports/venue.ts';
import { TIMEFRAMES } from '../domain/market/timeframe.ts';
import type { Timeframe } from '../domain/market/timeframe.ts';
import { embeddedPostgresUrl } from '../stack/postgres/server.ts';
import { venueSpec } from '../stack/processes.ts';
import type { Recording } from '../stack/processes.ts';
import { startStack } from '../stack/start.ts';
import { freePort } from '../stack/supervisor/ports.ts';
import { readState } from '../stack/supervisor/run-files.ts';
import { homeStatus, runningDeployment } from '../stack/supervisor/supervisor.ts';
import { createVenue } from '../venues/index.ts';
import { createClientLimiter } from './limiter.ts';
import { venueSettingsOf } from '../venues/settings.ts';
import type { Purpose } from './deployment-choice.ts';
import { deploymentFor, deploymentsOf, isDeployment } from './deployment-choice.ts';
import { connectClient } from './install.ts';
import { withDatabase } from './with-database.ts';

/** @source PostgreSQL, Appendix A: invalid_catalog_name. */
const NO_SUCH_DATABASE = '3D000';

export interface Chosen {
  readonly settings: Settings;
  readonly deployment: Deployment;
}

export interface DeploymentParts extends Chosen {
  readonly pool: Pool;
  readonly venue: Venue;
  readonly client: Client;
}

/**
 * The named deployment, or the one that `deploymentFor` finds.
 * @throws {KeelError} NOT_FOUND when the home has none of that name, SETTING_INVALID; USAGE as `deploymentFor`
 */
export async function chooseDeployment(name: string | undefined, purpose: Purpose = 'rows'): Promise<Chosen> {
  const settings = await readSettings();
  const { home } = settings;
  const chosen = name ?? deploymentFor(purpose, { home, mode: settings.mode, isModeSet: await isSet('mode') });
  if (!isDeployment(home, chosen)) throw new KeelError('NOT_FOUND', `${home} holds no deployment "${chosen}"; there are: ${deploymentsOf(home).join(', ') || 'none'}`);
  return { settings, deployment: loadDeployment(settings, chosen) };
}

/** Ledger alone. @throws {KeelError} as `withDatabase` */
export async function withLedger<T>({ settings, deployment }: Chosen, work: (pool: Pool) => Promise<T>): Promise<T> {
  return withDatabase(settings, (full) => usePool(full, deployment, work));
}

/** The ledger of a deployment, and whose it is. */
export interface Desk {
  readonly pool: Pool;
  readonly settings: Settings;
  readonly portfolioId: string;
  readonly deployment: string;
}

/** The same of the deployment that `chooseDeployment` finds. @throws {KeelError} as both */
export async function withDesk<T>(name: string | undefined, work: (desk: Desk) => Promise<T>, purpose: Purpose = 'rows'): Promise<T> {
  const chosen = await chooseDeployment(name, purpose);
  const { deployment, settings } = chosen;
  return await withLedger(chosen, (pool) => work({ pool, settings, portfolioId: deployment.portfolioId, deployment: deployment.name }));
}

/**
 * Ledger, venue and engine, without workers: nothing trades that did not trade before.
 * @throws {KeelError} as `startStack`; NOT_RUNNING for a paper market, which goes on by itself.
 */
export async function withParts<T>(chosen: Chosen, work: (parts: DeploymentParts) => Promise<T>): Promise<T> {
  const running = await runningSettings(chosen);
  if (running !== null) return withRunningParts(running, chosen.deployment, work);
  const { settings, recording, runHome } = await standIn(chosen);
  refuseBesideWorkers(runHome);
  const { deployment } = chosen;
  const nothing = (): Promise<void> => Promise.resolve();
  const supervisor = await startStack({
    settings, deployment, runHome, hooks: { ledger: nothing, workflows: nothing }, say: () => {}, onEvent: () => {},
    ...(recording === null ? {} : { recording }), ...(deployment.mode === 'sim' ? { specs: [standing(settings, deployment)] } : {}),
  });
  try {
    return await withRunningParts(await withDatabaseUrl(settings, settings.home), deployment, work);
  } finally {
    await supervisor.stop();
  }
}

/** Settings that reach the deployment as it runs; null when it does not. */
async function runningSettings({ settings, deployment }: Chosen): Promise<Settings | null> {
  for (const home of [settings.home, deployment.folder]) {
    if (runningDeployment(home) !== deployment.name) continue;
    const urls = readState(home)?.urls ?? {};
    const [venueUrl, venueControlUrl] = [urls['venue'] ?? settings.venueUrl, urls['venue control'] ?? settings.venueControlUrl];
    return withDatabaseUrl({ ...settings, venueUrl, venueControlUrl }, settings.home);
  }
  // Testnet and live venues run anyway; where server and engine are named too, there is nothing to start.
  if (deployment.mode !== 'testnet' && deployment.mode !== 'live') return null;
  return settings.databaseUrl === undefined || settings.temporalAddress === undefined ? null : settings;
}

/** What is started for a moment ends with the command, and would take what a killed Keel left with it. @throws {KeelError} ALREADY_RUNNING */
function refuseBesideWorkers(home: string): void {
  const workers = homeStatus(home).leftovers.filter(({ name }) => name.startsWith('worker'));
  if (workers.length === 0) return;
  throw new KeelError('ALREADY_RUNNING', `workers of a killed Keel still trade on ${home} (pid ${workers.map(({ pid }) => pid).join(', ')}); \`keel start\` takes them over, \`keel stop\` ends them`);
}

interface StandIn {
  readonly settings: Settings;
  readonly recording: Recording | null;
  readonly runHome: string;
}

async function standIn({ settings, deployment }: Chosen): Promise<StandIn> {
  if (deployment.mode === 'paper') throw new KeelError('NOT_RUNNING', 'paper does not run, and its market goes on by itself; `keel start --mode paper` first');
  const isBeside = isUp(settings.home);
  const shared = isBeside ? { ...(await withDatabaseUrl(settings, settings.home)), temporalAddress: engineAddress(settings) } : settings;
  const [venuePort, venueControlPort] = [await freePort(), await freePort()];
  const own: Settings = { ...shared, workers: 0, venuePort, venueControlPort, venueUrl: `http://127.0.0.1:${venuePort}`, venueControlUrl: `http://127.0.0.1:${venueControlPort}` };
  const runHome = isBeside ? deployment.folder : settings.home;
  if (deployment.mode === 'testnet' || deployment.mode === 'live') return { settings: { ...shared, workers: 0 }, recording: null, runHome };
  if (deployment.mode !== 'replay') return { settings: own, recording: null, runHome };
  const { source, history } = readVenueFile(join(deployment.folder, 'venue', 'venue.json'));
  const { folder, from, to, seed, symbols, timeframe } = source;
  return {
    settings: { ...own, symbols: symbols ?? [], historyCandles: history, ...(timeframe === undefined ? {} : { timeframe }) }, runHome,
    recording: { folder, seed, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) },
  };
}

const venueFile = z.object({
  source: z.object({
    folder: z.string(), symbols: z.array(z.string()).optional(), from: z.number().optional(), to: z.number().optional(), seed: z.string(),
    timeframe: z.enum(TIMEFRAMES as [Timeframe, ...Timeframe[]]).optional(),
  }),
  history: z.number(),
});

function readVenueFile(path: string): z.output<typeof venueFile> {
  try {
    return venueFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new KeelError('NOT_FOUND', `${path} does not say what the venue walked through (${messageOf(error)}); its market cannot be set up again`, { cause: error });
  }
}

/** The seeded market, standing still. */
function standing(settings: Settings, deployment: Deployment): ReturnType<typeof venueSpec> {
  const spec = venueSpec(settings, deployment);
  return { ...spec, args: [...spec.args, '--paused'] };
}

function isUp(home: string): boolean {
  return homeStatus(home).supervisorPid !== null;
}

async function withDatabaseUrl(settings: Settings, home: string): Promise<Settings> {
  return settings.databaseUrl === undefined ? { ...settings, databaseUrl: await embeddedPostgresUrl({ home, port: settings.postgresPort }) } : settings;
}

async function usePool<T>(settings: Settings, deployment: Deployment, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = createPool(databaseUrlOf(settings, deployment), { applicationName: 'keel-client', connectionsMax: 2 });
  try {
    return await work(pool);
  } catch (error) {
    const isMissing = error instanceof KeelError && (error.cause as { code?: unknown } | undefined)?.code === NO_SUCH_DATABASE;
    throw isMissing ? new KeelError('NOT_FOUND', `${deployment.name} has no ledger on this server yet (${messageOf(error)}); \`keel start\` makes it`, { cause: error }) : error;
  } finally {
    await pool.end();
  }
}

/** Parts of a deployment whose processes are up. @param settings with the addresses of database, engine and venue */
export async function withRunningParts<T>(settings: Settings, deployment: Deployment, work: (parts: DeploymentParts) => Promise<T>): Promise<T> {
  return usePool(settings, deployment, async (pool) => {
    const limiter = createClientLimiter(pool, settings, deployment);
    const venue = createVenue(venueSettingsOf(settings, deployment), limiter);
    try {
      const client = await connectClient(settings);
      return await work({ settings, deployment, pool, venue, client }).finally(() => client.connection.close());
    } finally {
      await venue.close();
      await limiter.close();
    }
  });
}
