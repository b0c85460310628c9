import type { Command } from 'commander';
import { STANDING_DEPLOYMENT } from '../flags.ts';
import { print, printJson } from '../output.ts';

export function register(program: Command): void {
  program
    .command('guard')
    .description('the emergency stop and the posture: state, cause, what is missing for the next step, history')
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', `
Examples:
  keel guard
  keel guard --json | jq '{mode: .state.mode, missing}'`)
    .action(async (flags: { deployment?: string; json?: boolean }) => {
      const { chooseDeployment } = await import('../deployment-parts.ts');
      const { guardReport, guardText } = await import('../emergency/view.ts');
      const report = await guardReport(await chooseDeployment(flags.deployment, 'standing'));
      if (flags.json === true) printJson(report);
      else print(guardText(report));
    });
}
