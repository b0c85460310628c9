/**
 * Trains models anew, with nothing but a Temporal client: copy it and change what you need.
 *
 *   node bin/bootstrap.mjs node client/run-daily-retrain.ts      while `keel start` runs
 *
 * It happens by itself, every day at KEEL_RETRAIN_AT. Run it when you do not want to wait. Each candidate is judged by the
 * same gate: refused is a normal result, and whoever acted goes on acting. Whatever dies meanwhile, it goes on at the
 * step where it was.
 */
import { Client, Connection } from '@temporalio/client';
import { readSettings } from '../config/settings.ts';
import { clientConnectionOptions } from '../config/temporal.ts';
import type { dailyRetrain } from '../workflows/index.ts';

// The server that `keel start` brings, or a cluster of your own: ports, TLS and API key come from Keel's settings.
const settings = await readSettings();
const connection = await Connection.connect(clientConnectionOptions(settings));
const client = new Client({ connection, namespace: settings.temporalNamespace });

// One retrain of a portfolio at a time: where one runs, this waits for that one.
const portfolioId = 'sim'; // or `paper`, `testnet`, `live`
const handle = await client.workflow.start<typeof dailyRetrain>('dailyRetrain', {
  workflowId: `dailyRetrain/${portfolioId}`,
  taskQueue: 'sim-trading', // <deployment>-<role>: the workers of `keel start` in sim mode poll it
  args: [{ portfolioId, cause: 'client' }],
  workflowIdConflictPolicy: 'USE_EXISTING',
});
console.log(`started ${handle.workflowId}`);

// What became of each candidate, and which rules of the gate refused it.
console.log(await handle.result());
await connection.close();
