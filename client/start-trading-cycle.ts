/**
 * Starts one trading cycle by hand, with nothing but a Temporal client: copy it and change what you need.
 *
 *   node bin/bootstrap.mjs node client/start-trading-cycle.ts      while `keel start` runs
 *
 * A cycle is one pass over one closed candle: look, decide, write down, hand out. Positions that it opens live on in
 * workflows of their own. The same candle twice is harmless: the second cycle answers `duplicate`.
 */
import { Client, Connection } from '@temporalio/client';
import { readSettings } from '../config/settings.ts';
import { clientConnectionOptions } from '../config/temporal.ts';
import { timeframeMs } from '../domain/market/timeframe.ts';
import { createMarketControl } from '../venues/simulated-market.ts';
import type { tradingCycle } from '../workflows/index.ts';

// The server that `keel start` brings, or a cluster of your own: ports, TLS and API key come from Keel's settings.
const settings = await readSettings();
const connection = await Connection.connect(clientConnectionOptions(settings));
const client = new Client({ connection, namespace: settings.temporalNamespace });

// A simulated market has a clock of its own. On a real one: `Date.now()`.
const { marketTime } = await createMarketControl(settings.venueControlUrl ?? `http://127.0.0.1:${settings.venueControlPort}`).state();

// The candle that closed last: its close time is the identity of the cycle.
const { timeframe } = settings;
const closeTime = Math.floor(marketTime / timeframeMs(timeframe)) * timeframeMs(timeframe);

const handle = await client.workflow.start<typeof tradingCycle>('tradingCycle', {
  workflowId: `tradingCycle/by-hand/${closeTime}`, // the engine runs each id once at a time
  taskQueue: 'sim-trading', // <deployment>-<role>: the workers of `keel start` in sim mode poll it
  args: [{ portfolioId: 'sim', strategy: 'ensemble', timeframe, closeTime }],
});
console.log(`started ${handle.workflowId}`);

// It lasts a moment: a cycle never waits for a fill.
console.log(await handle.result());
await connection.close();
