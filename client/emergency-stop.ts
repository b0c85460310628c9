/**
 * Stops trading with nothing but a Temporal client: copy it and change what you need.
 *
 *   node bin/bootstrap.mjs node client/emergency-stop.ts "prices look wrong"      while `keel start` runs
 *
 * The guard of the portfolio hears the signal, and the engine keeps it until it did, whatever dies meanwhile. It raises
 * the fence, closes every position, cancels every order and proves that nothing is left. Sent twice, it stops once; an
 * empty payload stops too. In the Temporal UI the run `ess/<portfolio>/<n>` tells the whole story.
 */
import { Client, Connection } from '@temporalio/client';
import { readSettings } from '../config/settings.ts';
import { clientConnectionOptions } from '../config/temporal.ts';

// The server that `keel start` brings, or a cluster of your own: ports, TLS and API key come from Keel's settings.
const settings = await readSettings();
const connection = await Connection.connect(clientConnectionOptions(settings));
const client = new Client({ connection, namespace: settings.temporalNamespace });

// One guard per portfolio: `sim`, `paper`, `testnet`, `live`.
const guard = client.workflow.getHandle('portfolioGuard/sim');

// First the signal: once the server has it, it cannot be lost.
const stop = { reason: process.argv[2] ?? 'no reason given', by: process.env['USER'] ?? 'a script' };
await guard.signal('emergencyStop', stop);

// Then, for those who want to know: the Update of the same meaning answers when the fence is up.
console.log(await guard.executeUpdate('trip', { args: [stop] }));
await connection.close();
