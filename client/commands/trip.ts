import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { StopStep } from '../emergency/trip.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { STANDING_DEPLOYMENT } from '../flags.ts';
import { columns, print, printJson } from '../output.ts';

interface TripFlags {
  readonly by?: string;
  readonly direct?: boolean;
  readonly deployment?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('trip')
    .description('emergency stop: nothing is opened any more, everything is closed')
    .argument('<reason>', 'why; it stands in the audit and in the Temporal UI')
    .option('--by <name>', 'who; default: the user of this machine')
    .option('--direct', 'close at the venue from here: for when the engine or all workers are down')
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', `
The fence in the database and, at the same time, a signal that the engine keeps, then its answer; neither waits for the
other, and a line says of each what came of it, as soon as that is known. Twice is once. Exit code 1 when only a part could
be done. \`keel resume\` ends it.

Examples:
  keel trip "prices look wrong"
  keel trip "the engine is down" --direct`)
    .action(async (reason: string, flags: TripFlags) => {
      const { chooseDeployment } = await import('../deployment-parts.ts');
      const { trip } = await import('../emergency/trip.ts');
      const chosen = await chooseDeployment(flags.deployment, 'change');
      const isJson = flags.json === true;
      const tell = ({ step, done, detail }: StopStep): void => print(columns([[step.padEnd(7), (done ? 'done' : 'FAILED').padEnd(6), detail]]));
      if (!isJson) print(`stops ${chosen.deployment.name}`);
      const steps = await trip(chosen, { reason, by: nameOr(flags.by, userInfo().username), direct: flags.direct === true }, isJson ? undefined : tell);
      if (isJson) printJson({ deployment: chosen.deployment.name, steps });
      if (steps.some((it) => !it.done)) process.exitCode = EXIT_CODES.found;
    });
}

/** An emergency is not refused for want of a name. */
function nameOr(by: string | undefined, user: string): string {
  return by === undefined || by.trim() === '' ? user : by;
}
