/**
 * Has every prediction that is due priced, with nothing but a Temporal client: copy it and change what you need.
 *
 *   node bin/bootstrap.mjs node client/evaluate-outcomes.ts      while `keel start` runs
 *
 * It happens by itself: at each close of a candle on a simulated market, every minute on a real one. Run it when you do
 * not want to wait. Each prediction gets one outcome, priced at exactly the candles of its own horizon, never at the price
 * of now; so however often this runs, and whatever dies meanwhile, none is priced twice and none is lost.
 */
import { Client, Connection } from '@temporalio/client';
import { readSettings } from '../config/settings.ts';
import { clientConnectionOptions } from '../config/temporal.ts';
import type { outcomeEvaluation } from '../workflows/index.ts';

// The server that `keel start` brings, or a cluster of your own: ports, TLS and API key come from Keel's settings.
const settings = await readSettings();
const connection = await Connection.connect(clientConnectionOptions(settings));
const client = new Client({ connection, namespace: settings.temporalNamespace });

// One evaluation of a portfolio at a time: where one runs, the signal `news` makes it look again.
const portfolioId = 'sim'; // or `paper`, `testnet`, `live`
const handle = await client.workflow.signalWithStart<typeof outcomeEvaluation>('outcomeEvaluation', {
  workflowId: `outcomeEvaluation/${portfolioId}`,
  taskQueue: 'sim-trading', // <deployment>-<role>: the workers of `keel start` in sim mode poll it
  args: [{ portfolioId, before: null }],
  signal: 'news',
});
console.log(`started ${handle.workflowId}`);

// How many were priced, and how many can be proven to have no price. While some wait for their candles it goes on: the
// query `evaluationProgress` and the Temporal UI tell how many, and for what.
console.log(await handle.result());
await connection.close();
