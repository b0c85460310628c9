import type { Command } from 'commander';
import { STANDING_DEPLOYMENT, timeoutSeconds } from '../flags.ts';
import { print, printJson } from '../output.ts';

export function register(program: Command): void {
  program
    .command('evaluate')
    .description('prices every prediction that is due, now; it also happens by itself, at each close or every minute')
    .option(...STANDING_DEPLOYMENT)
    .option('--timeout <s>', 'how long to wait for it', '60')
    .option('--json', 'as JSON')
    .addHelpText('after', `
Each prediction is priced once, at exactly the candles of its own horizon. What still waits when the time is over (for its
candles, or a label's file) is told with its reason: exit code 1. Needs a worker.

Examples:
  keel evaluate
  keel evaluate --timeout 600 --json | jq .evaluated`)
    .action(async (flags: { deployment?: string; timeout: string; json?: boolean }) => {
      const { evaluateNow } = await import('../evaluate.ts');
      const done = await evaluateNow({ deployment: flags.deployment, timeoutS: timeoutSeconds(flags.timeout) });
      if (flags.json === true) printJson(done);
      else print(`${done.deployment}: ${done.evaluated} evaluated, ${done.unpriceable} unpriceable, ${done.waiting} waiting${done.problem === null ? '' : `: ${done.problem}`}`);
      if (done.waiting > 0) process.exitCode = 1;
    });
}
