import type { Command } from 'commander';
import { saying } from '../flags.ts';
import { print, printJson } from '../output.ts';

interface ArmFlags {
  readonly by: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('arm')
    .description('allow live trading; a live start refuses without it')
    .requiredOption('--by <name>', 'who takes it on; written to the ledger', saying('--by'))
    .option('--json', 'as JSON')
    .addHelpText('after', `
A live start also refuses without KEEL_VENUE_API_KEY and KEEL_VENUE_API_SECRET, and with a key that may withdraw.

Examples:
  keel arm --by ada
  keel start --mode live`)
    .action(async (flags: ArmFlags) => {
      const { arm } = await import('../arm.ts');
      const armed = await arm({ by: flags.by, deployment: 'live' });
      if (flags.json === true) printJson(armed);
      else print(`live trading armed by ${armed.by}; \`keel start --mode live\` starts it`);
    });
}
