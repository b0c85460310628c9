import { Connection } from '@temporalio/client';
import type { Deployment } from '../config/deployment.ts';
import type { Settings } from '../config/settings.ts';
import { clientConnectionOptions, engineAddress, engineUiUrl } from '../config/temporal.ts';
import { KeelError, messageOf } from '../domain/errors.ts';
import { findEngineCli } from './engine/cli.ts';
import { isServing } from './engine/namespace.ts';
import { engineSpec } from './engine/server.ts';
import { createDatabase } from './postgres/database.ts';
import { postgresSpec } from './postgres/server.ts';
import { venueSpec, workerSpec } from './processes.ts';
import type { Recording } from './processes.ts';
import { startSupervisor } from './supervisor/supervisor.ts';
import type { Supervisor } from './supervisor/supervisor.ts';
import type { Spec, StepSpec, SupervisorEvent } from './supervisor/types.ts';

/** What the trading part does at its places in the start order. Settings carry the database's URL. Both may be repeated. */
export interface StartHooks {
  /** The database is there and the venue answers: migrations, the portfolio's row. */
  readonly ledger: (settings: Settings) => Promise<void>;
  /** The ledger is ready and the engine serves: search attributes, feeds, Schedules. */
  readonly workflows: (settings: Settings) => Promise<void>;
}

export interface StartOptions {
  readonly settings: Settings;
  readonly deployment: Deployment;
  readonly hooks: StartHooks;
  readonly say: (line: string) => void;
  readonly onEvent: (event: SupervisorEvent) => void;
  /** More processes, or others in place of those of the same name. */
  readonly specs?: readonly Spec[];
  /** What a replay walks through. */
  readonly recording?: Recording;
  /** Where lock, run files and logs lie, for a second group beside the one of the home. Default: the home. */
  readonly runHome?: string;
}

/**
 * Everything of one deployment on this machine, in order: Postgres, Temporal server and venue beside each other, then
 * the ledger, the workers, the workflows.
 * @param onSupervisor called as soon as it can be stopped
 * @throws {KeelError} as `startSupervisor`, and ENGINE_UNAVAILABLE, DATABASE_UNREACHABLE, ENGINE_UNREACHABLE
 */
export async function startStack(options: StartOptions, onSupervisor?: (supervisor: Supervisor) => void): Promise<Supervisor> {
  const { settings, deployment, onEvent } = options;
  const specs = (): Promise<readonly Spec[]> => stackSpecs(options);
  return startSupervisor({ home: options.runHome ?? settings.home, deployment: deployment.name, urls: stackUrls(settings, deployment), specs, onEvent }, onSupervisor);
}

/**
 * Postgres and Temporal server of the home alone, where the settings name no others: for deployments that are started
 * beside them.
 * @param name shown as what runs on the home
 * @throws {KeelError} as `startSupervisor`, and ENGINE_UNAVAILABLE
 */
export async function startServers({ settings, name, say, onEvent }: Pick<StartOptions, 'settings' | 'say' | 'onEvent'> & { readonly name: string }, onSupervisor?: (supervisor: Supervisor) => void): Promise<Supervisor> {
  const specs = async (): Promise<readonly Spec[]> => [
    ...(settings.databaseUrl === undefined ? [(await postgresSpec({ home: settings.home, port: settings.postgresPort })).spec] : []),
    await enginePart(settings, say),
  ];
  return startSupervisor({ home: settings.home, deployment: name, urls: engineUrls(settings), specs, onEvent }, onSupervisor);
}

async function stackSpecs({ settings, deployment, hooks, say, specs, recording, runHome = settings.home }: StartOptions): Promise<readonly Spec[]> {
  const database = await databaseParts(settings, deployment);
  const full: Settings = { ...settings, databaseUrl: database.url };
  const venue = hasOwnVenue(deployment) ? [venueSpec(settings, deployment, recording)] : [];
  // Live: the ledger's step asks whether real money may be traded, and until then nobody does.
  const needs = ['database', 'engine', ...venue.map(({ name }) => name), ...(deployment.mode === 'live' ? ['ledger'] : [])];
  return override([
    ...database.specs,
    await enginePart(settings, say),
    ...venue,
    step('ledger', ['database', ...venue.map(({ name }) => name)], () => hooks.ledger(full)),
    ...Array.from({ length: settings.workers }, (_unused, at) => workerSpec(settings, deployment, { index: at + 1, databaseUrl: database.url, needs, runHome })),
    step('workflows', ['engine', 'ledger'], () => hooks.workflows(full)),
  ], specs ?? []);
}

/** Where people look. Holds no secret. */
export function stackUrls(settings: Settings, deployment: Deployment): Record<string, string> {
  return {
    ...engineUrls(settings),
    ...(hasOwnVenue(deployment) ? { venue: `http://127.0.0.1:${settings.venuePort}`, 'venue control': `http://127.0.0.1:${settings.venueControlPort}` } : {}),
  };
}

function engineUrls(settings: Settings): Record<string, string> {
  const ui = engineUiUrl(settings);
  return ui === null ? {} : { 'Temporal UI': ui };
}

/** In sim, paper and replay Keel brings the venue; testnet and live trade on real ones. */
function hasOwnVenue({ mode }: Deployment): boolean {
  return mode === 'sim' || mode === 'paper' || mode === 'replay';
}

async function databaseParts(settings: Settings, deployment: Deployment): Promise<{ url: string; specs: Spec[] }> {
  const { databaseUrl } = settings;
  if (databaseUrl !== undefined) return { url: databaseUrl, specs: [databaseStep(databaseUrl, deployment, [])] };
  const { spec, url } = await postgresSpec({ home: settings.home, port: settings.postgresPort });
  return { url, specs: [spec, databaseStep(url, deployment, ['postgres'])] };
}

function databaseStep(url: string, { databaseName }: Deployment, needs: readonly string[]): StepSpec {
  return step('database', needs, async () => {
    await createDatabase(url, databaseName);
  });
}

async function enginePart(settings: Settings, say: (line: string) => void): Promise<Spec> {
  const { home, enginePort: port, engineUiPort: uiPort, temporalNamespace: namespace } = settings;
  if (settings.temporalAddress !== undefined) return step('engine', [], () => assertCluster(settings));
  const cli = await findEngineCli({ cache: settings.cache, env: process.env, say });
  return engineSpec({ home, port, uiPort, namespace, cli });
}

/** @throws {KeelError} ENGINE_UNREACHABLE, saying what to check. */
async function assertCluster(settings: Settings): Promise<void> {
  const address = engineAddress(settings);
  try {
    const connection = await Connection.connect({ ...clientConnectionOptions(settings), connectTimeout: 10_000 });
    const serving = await isServing(connection, settings.temporalNamespace).finally(() => connection.close());
    if (!serving) throw new Error('its health is not "serving"');
  } catch (error) {
    throw new KeelError('ENGINE_UNREACHABLE', `the Temporal cluster at ${address} (namespace ${settings.temporalNamespace}) does not serve: ${messageOf(error)}; check TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS and the keys`, { cause: error });
  }
}

function step(name: string, needs: readonly string[], run: () => Promise<void>): StepSpec {
  return { kind: 'step', name, needs, run };
}

function override(specs: readonly Spec[], others: readonly Spec[]): Spec[] {
  const names = new Set(others.map((other) => other.name));
  return [...specs.filter((spec) => !names.has(spec.name)), ...others];
}
