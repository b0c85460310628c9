import { messageOf } from '../../domain/errors.ts';
import { venueOptionsFromArguments } from './options.ts';
import { startVenue } from './venue.ts';

/** The simulated venue as a process of its own. Prints one line of JSON when it is up. */
async function main(): Promise<void> {
  const venue = await startVenue(venueOptionsFromArguments(process.argv.slice(2)));
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, url: venue.url, wsUrl: venue.wsUrl, controlUrl: venue.controlUrl })}\n`);
  let closing = false;
  const close = (): void => {
    if (closing) return;
    closing = true;
    venue.close().then(() => process.exit(0), fail);
  };
  process.on('SIGINT', close);
  process.on('SIGTERM', close);
}

function fail(error: unknown): never {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
}

main().catch(fail);
