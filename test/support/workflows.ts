/** Real workflow code on a real Temporal server, above activities that a test plays. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Activities } from '../../activities/types.ts';
import { registerSearchAttributes } from '../../client/search-attributes.ts';
import { readSettings } from '../../config/settings.ts';
import { workflowBundle as bundleOf } from '../../workers/bundle.ts';
import { taskQueueOf } from '../../workflows/ids.ts';
import { SHARED_ENGINE, startTestEngine } from './servers.ts';

const NAMESPACE = 'default';

export interface WorkflowHost {
  readonly client: Client;
  /** Runs workers with these activities while `work` runs. @param work gets the queue to start workflows on */
  whileWorking<T>(activities: Partial<Activities>, work: (taskQueue: string) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export async function startWorkflowHost(): Promise<WorkflowHost> {
  Runtime.install({ logger: { log: () => undefined, trace: () => undefined, debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined } }); // failures that a test plays are no news
  const home = mkdtempSync(join(tmpdir(), 'keel-workflows-'));
  const shared = process.env[SHARED_ENGINE];
  const engine = shared === undefined ? await startTestEngine(home) : { address: shared, stop: async () => undefined };
  const bundling = bundleOf((await readSettings()).cache);
  const connection = await Connection.connect({ address: engine.address });
  const native = await NativeConnection.connect({ address: engine.address });
  const client = new Client({ connection, namespace: NAMESPACE });
  await registerSearchAttributes(client, NAMESPACE);
  const workflowBundle = await bundling;
  return {
    client,
    async whileWorking(activities, work) {
      const prefix = `test-${randomBytes(6).toString('hex')}`;
      const taskQueue = taskQueueOf(prefix, 'trading');
      const common = { connection: native, namespace: NAMESPACE, activities, shutdownGraceTime: 0, shutdownForceTime: '2 s' } as const;
      const trading = await Worker.create({ ...common, taskQueue, workflowBundle });
      const venue = await Worker.create({ ...common, taskQueue: taskQueueOf(prefix, 'venue') });
      const models = await Worker.create({ ...common, taskQueue: taskQueueOf(prefix, 'models') });
      return await trading.runUntil(venue.runUntil(models.runUntil(work(taskQueue))));
    },
    async stop() {
      await native.close();
      await connection.close();
      await engine.stop();
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
