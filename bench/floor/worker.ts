/** A worker with Keel's own settings and nothing to do: `node bench/floor/worker.ts --prefix <queues>`. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { readSettings } from '../../config/settings.ts';
import { temporalConnectionOptions } from '../../config/temporal.ts';
import { workerSettingsOf } from '../../workers/options.ts';
import { taskQueueOf } from '../../workflows/ids.ts';
import { floorActivities } from './activities.ts';

const { values } = parseArgs({ options: { prefix: { type: 'string', default: 'floor' } } });
const settings = await readSettings();
Runtime.install({ logger: { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: (message) => console.error(message), error: (message) => console.error(message) } });
const connection = await NativeConnection.connect(temporalConnectionOptions(settings));
const workers = await Promise.all((['trading', 'venue'] as const).map((role) => Worker.create({
  connection, namespace: settings.temporalNamespace, taskQueue: taskQueueOf(values.prefix, role), activities: { ...floorActivities }, ...workerSettingsOf(role),
  ...(role === 'trading' ? { workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)) } : {}),
})));
process.once('SIGTERM', () => workers.forEach((worker) => worker.getState() === 'RUNNING' && worker.shutdown()));
process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid })}\n`);
await Promise.all(workers.map((worker) => worker.run()));
await connection.close();

function quiet(): void {
  // only warnings and errors are shown
}
