/**
 * Foretells on demand, with nothing but a Temporal client: copy it and change what you need.
 *
 *   node bin/bootstrap.mjs node client/generate-predictions.ts BTC ETH      while `keel start` runs
 *
 * Without symbols it foretells all of the portfolio. What it says is what a cycle of the newest closed candle would go by;
 * nothing is traded. Each prediction is stored, and priced at the candles of its own horizon like any other.
 */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { readSettings } from '../config/settings.ts';
import { clientConnectionOptions } from '../config/temporal.ts';
import type { generatePredictions } from '../workflows/index.ts';

// The server that `keel start` brings, or a cluster of your own: ports, TLS and API key come from Keel's settings.
const settings = await readSettings();
const connection = await Connection.connect(clientConnectionOptions(settings));
const client = new Client({ connection, namespace: settings.temporalNamespace });

// The workflow's id is the request: the same id gives the same predictions, however often it is asked.
const portfolioId = 'sim'; // or `paper`, `testnet`, `live`
const handle = await client.workflow.start<typeof generatePredictions>('generatePredictions', {
  workflowId: `predictions/${portfolioId}/${randomUUID()}`,
  taskQueue: 'sim-trading', // <deployment>-<role>: the workers of `keel start` in sim mode poll it
  args: [{ portfolioId, symbols: process.argv.slice(2) }],
  workflowIdConflictPolicy: 'USE_EXISTING',
});
console.log(`started ${handle.workflowId}`);

// What each voter foretold of each symbol, and all together as `strategy/<name>`; or which symbols are not known here.
console.dir(await handle.result(), { depth: null });
await connection.close();
