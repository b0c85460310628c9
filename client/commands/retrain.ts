import type { Command } from 'commander';
import { STANDING_DEPLOYMENT, timeoutSeconds } from '../flags.ts';
import { print, printJson } from '../output.ts';

export function register(program: Command): void {
  program
    .command('retrain')
    .description('trains models anew now: data set, candidates, gate, registry; it also happens by itself, as KEEL_RETRAIN says')
    .option(...STANDING_DEPLOYMENT)
    .option('--timeout <s>', 'how long to wait for it', '3600')
    .option('--json', 'as JSON')
    .addHelpText('after', `
A candidate that does not pass the gate is a normal result: the rules that refused it are named. What passes becomes
the champion's successor (a refresh of its recipe) or stands trial beside it. Exit code 1 where no candidate could be
fitted. Needs a worker, and candles for at least 250 days of tests.

Examples:
  keel retrain
  keel retrain --json | jq '.candidates[] | {learner, outcome, because}'`)
    .action(async (flags: { deployment?: string; timeout: string; json?: boolean }) => {
      const { retrainedText, retrainNow } = await import('../retrain.ts');
      const done = await retrainNow({ deployment: flags.deployment, timeoutS: timeoutSeconds(flags.timeout), isShown: flags.json !== true && process.stderr.isTTY });
      if (flags.json === true) printJson(done);
      else print(retrainedText(done));
      if (done.outcome === 'failed') process.exitCode = 1;
    });
}
