import type { Command } from 'commander';
import { DEPLOYMENT, wholeNumber } from '../flags.ts';
import { print, printJson } from '../output.ts';

interface Flags {
  readonly deployment?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const runs = program
    .command('runs')
    .description('retrains: what each learned from, and what became of its candidates: list, show, compare')
    .addHelpText('after', `
Examples:
  keel runs
  keel runs show latest
  keel runs compare 01a2 01a7`);
  runs
    .command('list', { isDefault: true })
    .description('newest first')
    .option('--limit <n>', 'how many', '20')
    .option(...DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  keel runs list\n  keel runs list --limit 100 --json')
    .action(async (flags: Flags & { limit: string }) => {
      const [{ listRuns }, { runsText }] = await Promise.all([import('../runs.ts'), import('../model-text.ts')]);
      const rows = await listRuns(flags.deployment, wholeNumber('--limit', flags.limit, 1));
      if (flags.json === true) printJson(rows);
      else print(runsText(rows));
    });
  runs
    .command('show')
    .description('one run: its data, and each candidate with every rule of the gate')
    .argument('<run>', 'the beginning of its id, or latest')
    .option(...DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  keel runs show latest\n  keel runs show 01a2 --json | jq ".trials[].outcome"')
    .action(async (id: string, flags: Flags) => {
      const [{ showRuns }, { runText }] = await Promise.all([import('../runs.ts'), import('../model-text.ts')]);
      for (const run of await showRuns(flags.deployment, [id])) {
        if (flags.json === true) printJson(run);
        else print(runText(run, run.trials));
      }
    });
  runs
    .command('compare')
    .description('two runs, recipe by recipe and rule by rule')
    .argument('<first>', 'the beginning of a run\'s id, or latest')
    .argument('<second>', 'the same')
    .option(...DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  keel runs compare 01a2 latest')
    .action(async (first: string, second: string, flags: Flags) => {
      const [{ showRuns }, { comparisonText }] = await Promise.all([import('../runs.ts'), import('../model-text.ts')]);
      const [a, b] = await showRuns(flags.deployment, [first, second]);
      if (a === undefined || b === undefined) throw new Error('each id has its run');
      if (flags.json === true) printJson([a, b]);
      else print(comparisonText([a, b], [a.trials, b.trials]));
    });
}
