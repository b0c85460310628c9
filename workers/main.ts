/** One worker process: any set of roles of one deployment, against any cluster. */
import { parseArgs } from 'node:util';
import { Context } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import type { WorkerOptions } from '@temporalio/worker';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { pino } from 'pino';
import { createActivities } from '../activities/index.ts';
import { ACTIVITY_REGISTRY } from '../activities/registry.ts';
import type { Activities } from '../activities/types.ts';
import { loadDeployment } from '../config/deployment.ts';
import { readSettings, settingsEnv } from '../config/settings.ts';
import { temporalConnectionOptions } from '../config/temporal.ts';
import { retrainIntervalMs } from '../config/retraining.ts';
import type { Subscriber } from '../db/events/bus.ts';
import { createEventBus } from '../db/events/bus.ts';
import { KeelError, messageOf } from '../domain/errors.ts';
import { loadFeatures, loadLabel, loadLearner, loadStrategy } from '../strategies/load.ts';
import { once } from '../domain/once.ts';
import type { Predictor } from '../domain/ports/predictor.ts';
import type { Role } from '../workflows/ids.ts';
import { ROLES, taskQueueOf } from '../workflows/ids.ts';
import { createAlerts, createPeople } from './alerts.ts';
import { workflowBundle } from './bundle.ts';
import { createEngineSigns } from './engine-signs.ts';
import { createEngine } from './engine.ts';
import { failureInterceptor } from './failures.ts';
import { heartbeatInterceptor } from './heartbeats.ts';
import { workerSettingsOf } from './options.ts';
import { createPorts } from './ports.ts';
import { createPresence } from './presence.ts';
import { createScenarioPlayer } from './scenario-player.ts';

function rolesOf(text: string): Role[] {
  const roles = text.split(',').map((name) => name.trim());
  const unknown = roles.filter((name) => !ROLES.some((role) => role === name));
  if (unknown.length > 0) throw new KeelError('USAGE', `--roles ${text}: ${unknown.join(', ')} is no role (allowed: ${ROLES.join(', ')})`);
  return ROLES.filter((role) => roles.includes(role));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { roles: { type: 'string', default: ROLES.join(',') }, deployment: { type: 'string', default: 'sim' } } });
  const settings = await readSettings();
  const deployment = loadDeployment(settings, values.deployment);
  const log = pino({ level: settings.logLevel, base: { pid: process.pid, deployment: deployment.name } });
  Runtime.install({ logger: { log: (level, message, meta) => log.debug({ ...meta, level }, message), trace: noLog, debug: noLog, info: noLog, warn: (m, meta) => log.warn(meta ?? {}, m), error: (m, meta) => log.error(meta ?? {}, m) } });
  const connection = await NativeConnection.connect(temporalConnectionOptions(settings));
  const client = new Client({ connection, namespace: settings.temporalNamespace });
  const ports = createPorts(settings, deployment, log);
  const stopping = new AbortController();
  const people = createPeople({ url: deployment.mode === 'replay' ? undefined : settings.alertUrl, log });
  const strategy = await loadStrategy(settings.strategies);
  await loadLabel(settings.label); // outcomes are told by it, whoever foretold
  const activities = createActivities({ ...ports, people, engine: createEngine(client, deployment.taskQueuePrefix), engineSigns: createEngineSigns({ client, taskQueuePrefix: deployment.taskQueuePrefix, roles: ROLES.filter(hasWork) }), strategy, features: () => loadFeatures(settings.features), open: openerOf(settings.learner), player: createScenarioPlayer({ env: { ...process.env, ...settingsEnv(settings) } }), profile: deployment.mode === 'replay' ? 'replay' : 'usual', retrainIntervalMs: retrainIntervalMs(settings), retrainsItself: settings.retrain !== 'off', clock: Date.now, cancelled: () => Context.current().cancelled, stopping: stopping.signal, warn: (fields, message) => log.warn(fields, message) });
  const setup = { connection, namespace: settings.temporalNamespace, prefix: deployment.taskQueuePrefix, cache: settings.cache, activities };
  const roles = rolesOf(values.roles).filter(hasWork);
  const presence = createPresence({ store: ports.store, portfolioId: deployment.portfolioId, parts: roles.map((role) => `workers.${role}` as const), clock: Date.now, warn: (fields, message) => log.debug(fields, message) });
  presence.starting();
  const workers = await Promise.all(roles.map((role) => createWorker(role, setup)));
  const stop = (): void => {
    presence.stopping();
    stopping.abort();
    workers.forEach((worker) => worker.getState() === 'RUNNING' && worker.shutdown());
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const running = Promise.all(workers.map((worker) => worker.run()));
  const bus = createEventBus({ pool: ports.pool, subscribers: [logSubscriber(log), createAlerts(people, Date.now)], warn: (fields, message) => log.warn(fields, message) });
  bus.start();
  presence.running();
  log.info({ roles: values.roles }, 'worker ready');
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, roles: values.roles })}\n`);
  try {
    await running;
    if (stopping.signal.aborted) await presence.stopped();
  } finally {
    presence.end();
    await bus.stop();
    await ports.close();
    await connection.close();
  }
}

/** Models are opened by what is loaded with the first of them: a user's own learner is checked then. */
function openerOf(learner: string | undefined): (artefact: Uint8Array) => Promise<Predictor> {
  const learners = once(async () => {
    if (learner !== undefined) (await import('../models/learners.ts')).addLearner(await loadLearner(learner));
  });
  return async (artefact) => {
    await learners();
    return await (await import('../models/predictor.ts')).openPredictor(artefact);
  };
}

/** Every event also stands in the worker's log: what happened can be read without the database. */
function logSubscriber(log: Logger): Subscriber {
  return {
    name: 'log',
    handle: (event) => {
      log.info({ event: event.type, subject: event.subject, traceId: event.traceId, actor: event.actor, payload: event.payload }, event.type);
      return Promise.resolve();
    },
  };
}

function noLog(): void {
  // The engine's own chatter is left out; warnings and errors are kept.
}

interface WorkerSetup {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly prefix: string;
  readonly cache: string;
  readonly activities: Activities;
}

/** The engine refuses a worker that could do nothing. */
function hasWork(role: Role): boolean {
  return role === 'trading' || Object.values(ACTIVITY_REGISTRY).some((entry) => entry.role === role);
}

async function createWorker(role: Role, { connection, namespace, prefix, cache, activities }: WorkerSetup): Promise<Worker> {
  const own = Object.fromEntries(Object.entries(activities).filter(([name]) => ACTIVITY_REGISTRY[name as keyof Activities].role === role));
  const options: WorkerOptions = {
    connection, namespace, taskQueue: taskQueueOf(prefix, role), activities: own,
    interceptors: { activity: [() => ({ inbound: failureInterceptor }), () => ({ inbound: heartbeatInterceptor })] },
    ...workerSettingsOf(role),
  };
  if (role !== 'trading') return await Worker.create(options);
  return await Worker.create({ ...options, workflowBundle: await workflowBundle(cache) });
}

main().catch((error: unknown) => {
  process.stderr.write(`worker: ${messageOf(error)}\n`);
  process.exit(1); // the engine's own threads would keep it alive
});
