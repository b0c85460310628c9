import type { Command } from 'commander';
import { print, printJson } from '../output.ts';
import { wholeNumber } from '../whole-number.ts';

/** Longer, and a timer would go off at once. */
const TIMEOUT_S_MAX = 2_147_483;

export function register(program: Command): void {
  program
    .command('evaluate')
    .description('prices every prediction that is due, now; it also happens by itself, at each close or every minute')
    .option('--deployment <name>', 'default: the one that runs, else the newest replay')
    .option('--timeout <s>', 'how long to wait for it', '60')
    .option('--json', 'as JSON')
    .addHelpText('after', `
Each prediction is priced once, at exactly the candles of its own horizon. Needs a worker.

Examples:
  keel evaluate
  keel evaluate --timeout 600 --json | jq .evaluated`)
    .action(async (flags: { deployment?: string; timeout: string; json?: boolean }) => {
      const { evaluateNow } = await import('../evaluate.ts');
      const done = await evaluateNow({ deployment: flags.deployment, timeoutS: wholeNumber('--timeout', flags.timeout, 1, TIMEOUT_S_MAX) });
      if (flags.json === true) printJson(done);
      else print(`${done.deployment}: ${done.evaluated} evaluated, ${done.unpriceable} unpriceable, ${done.waiting} waiting`);
    });
}
