import type { ErrorCode } from '../../domain/errors.ts';
import { KeelError, messageOf } from '../../domain/errors.ts';
import { EXIT_OF_REFUSED_INPUT } from '../supervisor/types.ts';
import { venueOptionsFromArguments } from './options.ts';
import { startVenue } from './venue.ts';

const REFUSALS: readonly ErrorCode[] = ['CANDLES_INVALID', 'SETTING_INVALID', 'USAGE'];

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
  process.exit(error instanceof KeelError && REFUSALS.includes(error.code) ? EXIT_OF_REFUSED_INPUT : 1);
}

main().catch(fail);
