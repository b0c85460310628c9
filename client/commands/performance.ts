import type { Command } from 'commander';
import { DEPLOYMENT, wholeNumber } from '../flags.ts';
import { print, printJson } from '../output.ts';

interface Flags {
  readonly deployment?: string;
  readonly days: string;
  readonly by: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('performance')
    .description('how good predictions were, what refused ones would have come to, and how well was decided apart from luck')
    .option(...DEPLOYMENT)
    .option('--days <n>', 'of the market\'s time, up to its newest cycle', '30')
    .option('--by <dimension>', 'model, symbol, regime, confidence or hour (UTC)', 'model')
    .option('--json', 'as JSON')
    .addHelpText('after', `
Hit rate: buys and sells that made money after costs. Expectancy: their mean return. Brier and log loss: of the
probabilities, smaller is better. IC: correlation of expected return and move. Intervals count episodes, predictions
whose horizons do not overlap. What was not traded has means, never sums.

Examples:
  keel performance
  keel performance --by regime --days 90
  keel performance --by confidence --json | jq '.groups[] | {name, hitRate: .metrics.hitRate}'`)
    .action(async (flags: Flags) => {
      const { dimensionOf, performanceReport, performanceText } = await import('../performance.ts');
      const report = await performanceReport({ deployment: flags.deployment, days: wholeNumber('--days', flags.days, 1), by: dimensionOf(flags.by) });
      if (flags.json === true) printJson(report);
      else print(performanceText(report));
    });
}
