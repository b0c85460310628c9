import { userInfo } from 'node:os';
import type { Command } from 'commander';
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
First the fence in the database, then a signal that the engine keeps, then its answer; each is tried whatever became of
the one before. Twice is once. Exit code 1 when only a part could be done: the lines say which. \`keel resume\` ends it.

Examples:
  keel trip "prices look wrong"
  keel trip "the engine is down" --direct`)
    .action(async (reason: string, flags: TripFlags) => {
      const { chooseDeployment } = await import('../deployment-parts.ts');
      const { trip } = await import('../emergency/trip.ts');
      const chosen = await chooseDeployment(flags.deployment, 'change');
      const steps = await trip(chosen, { reason, by: nameOr(flags.by, userInfo().username), direct: flags.direct === true });
      if (flags.json === true) printJson({ deployment: chosen.deployment.name, steps });
      else print(columns([['stops', chosen.deployment.name], ...steps.map(({ step, done, detail }) => [step, done ? 'done' : 'FAILED', detail])]));
      if (steps.some((it) => !it.done)) process.exitCode = EXIT_CODES.found;
    });
}

/** An emergency is not refused for want of a name. */
function nameOr(by: string | undefined, user: string): string {
  return by === undefined || by.trim() === '' ? user : by;
}
