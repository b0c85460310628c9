import type { Command } from 'commander';
import { saying, STANDING_DEPLOYMENT } from '../flags.ts';
import { print, printJson } from '../output.ts';

interface Flags {
  readonly deployment?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const sizing = program
    .command('sizing')
    .description('what was learned of sizes, whether it gains, and who let it be in charge: show, acknowledge')
    .addHelpText('after', `
The policy key rlSizing says what it may do: off, shadow (it is recorded), advise (it may only reduce), primary.

Examples:
  keel sizing
  keel policy set rlSizing=advise --by ada --because "it reduces where it should"
  keel sizing acknowledge --by ada --because "read the comparison of three weeks"`);
  sizing
    .command('show', { isDefault: true })
    .description('the newest model, its gain over neutral on signals that it did not learn from, what primary lacks')
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  keel sizing show\n  keel sizing show --json | jq .model.comparison')
    .action(async (flags: Flags) => {
      const { showSizing, sizingText } = await import('../sizing.ts');
      const report = await showSizing(flags.deployment);
      if (flags.json === true) printJson(report);
      else print(sizingText(report));
    });
  sizing
    .command('acknowledge')
    .description('a person lets it be in charge; holds for the models that follow, as long as they gain')
    .requiredOption('--by <name>', 'who; written to the audit', saying('--by'))
    .requiredOption('--because <text>', 'why; written to the audit', saying('--because'))
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', `
Exit code 2 when nothing was learned yet or it does not gain. To take it back: \`keel policy set rlSizing=advise\`.

Examples:
  keel sizing acknowledge --by ada --because "read the comparison of three weeks"`)
    .action(async (flags: Flags & { by: string; because: string }) => {
      const { acknowledgeSizing, sizingText } = await import('../sizing.ts');
      const report = await acknowledgeSizing({ deployment: flags.deployment, by: flags.by, because: flags.because });
      if (flags.json === true) printJson(report);
      else print(sizingText(report));
    });
}
