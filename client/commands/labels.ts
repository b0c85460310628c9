import type { Command } from 'commander';
import { saying, STANDING_DEPLOYMENT, wholeNumber } from '../flags.ts';
import type { Given } from '../labels.ts';
import { print, printJson } from '../output.ts';

interface Flags {
  readonly deployment?: string;
  readonly json?: boolean;
}

const PREDICTION = 'its number, as `keel labels next` says it';
const CANDLES_MAX = 500;

export function register(program: Command): void {
  const labels = program
    .command('labels')
    .description('what people teach: predictions whose outcome is known, with the chart as it was at the decision: next, label, skip, stats')
    .addHelpText('after', `
The least sure come first, and those on which the voices disagreed. Marks are scored, and keep bad data out of the next
data set; outcomes stay as they are.

Examples:
  keel labels
  keel labels label 812 badData --by ada --because "a spike that no other venue shows"
  keel labels stats`);
  registerNext(labels);
  registerOpinions(labels);
  labels
    .command('stats')
    .description('how many wait, what was said, and how well who said it did')
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  keel labels stats\n  keel labels stats --json | jq .people')
    .action(async (flags: Flags) => {
      const [{ labelStats }, { statsText }] = await Promise.all([import('../labels.ts'), import('../label-text.ts')]);
      const stats = await labelStats(flags.deployment);
      if (flags.json === true) printJson(stats);
      else print(statsText(stats));
    });
}

function registerNext(labels: Command): void {
  labels
    .command('next', { isDefault: true })
    .description('the first of the queue, with its chart up to the decision')
    .option('--candles <n>', 'of the chart', '72')
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON; null when none waits')
    .addHelpText('after', '\nExamples:\n  keel labels next\n  keel labels next --candles 200\n  keel labels next --json | jq .predictionId')
    .action(async (flags: Flags & { candles: string }) => {
      const [{ nextQuestion }, { questionText }] = await Promise.all([import('../labels.ts'), import('../label-text.ts')]);
      const question = await nextQuestion(flags.deployment, { candles: wholeNumber('--candles', flags.candles, 1, CANDLES_MAX) });
      if (flags.json === true) printJson(question);
      else print(question === null ? 'none waits: every prediction of the last 30 days with an outcome was spoken of' : questionText(question));
    });
}

function registerOpinions(labels: Command): void {
  labels
    .command('label')
    .description('marks a prediction; a later mark takes the place of an earlier one')
    .argument('<prediction>', PREDICTION)
    .argument('<mark>', 'badData (nothing is learned from its row), wouldNotTrade, or regime')
    .argument('[regime]', 'with the mark regime: trendUp, trendDown, range, choppy, breakout, illiquid')
    .requiredOption('--by <name>', 'who says so; written to the audit', saying('--by'))
    .requiredOption('--because <text>', 'why; written to the audit', saying('--because'))
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', `
Examples:
  keel labels label 812 badData --by ada --because "a spike that no other venue shows"
  keel labels label 812 wouldNotTrade --by ada --because "an hour before the rate decision"
  keel labels label 812 regime range --by ada --because "three touches of both edges"`)
    .action(async (prediction: string, mark: string, regime: string | undefined, flags: Flags & { by: string; because: string }) => {
      const { giveOpinion, markOf } = await import('../labels.ts');
      told(flags, await giveOpinion(flags.deployment, numberOf(prediction), { ...markOf(mark, regime), by: flags.by, because: flags.because }));
    });
  labels
    .command('skip')
    .description('says nothing of a prediction: it is not asked about again')
    .argument('<prediction>', PREDICTION)
    .requiredOption('--by <name>', 'who skips it; written to the audit', saying('--by'))
    .option('--because <text>', 'why', saying('--because'))
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  keel labels skip 812 --by ada')
    .action(async (prediction: string, flags: Flags & { by: string; because?: string }) => {
      const { giveOpinion } = await import('../labels.ts');
      told(flags, await giveOpinion(flags.deployment, numberOf(prediction), { mark: 'skip', regime: null, by: flags.by, because: flags.because ?? null }));
    });
}

const numberOf = (text: string): number => wholeNumber('the prediction', text, 1);

function told(flags: Flags, given: Given): void {
  if (flags.json === true) printJson(given);
  else print(`${given.deployment}: prediction ${given.predictionId}: ${given.mark}${given.regime === null ? '' : ` ${given.regime}`} by ${given.by}`);
}
