import type { Command } from 'commander';
import { EXIT_CODES } from '../exit-codes.ts';
import { DEPLOYMENT } from '../flags.ts';
import { print, printJson } from '../output.ts';

export function register(program: Command): void {
  program
    .command('explain')
    .description('why a cycle, a position or an order came about, from the record, and whether planning anew gives the same')
    .argument('<id>', 'a cycle, a position, or an order by its client id, intent id or id at the venue')
    .option(...DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', `
Exit code 1 when the recorded plan cannot be computed again from the recorded inputs.

Examples:
  keel explain cycle/sim/ensemble/1h/2024-02-03T14:00Z
  keel explain $(keel orders --limit 1 --json | jq -r '.[0].clientOrderId')`)
    .action(async (id: string, flags: { deployment?: string; json?: boolean }) => {
      const { chooseDeployment, withLedger } = await import('../deployment-parts.ts');
      const { explain } = await import('../explain/explain.ts');
      const { textOf } = await import('../explain/text.ts');
      const chosen = await chooseDeployment(flags.deployment);
      const explanation = await withLedger(chosen, (pool) => explain({ pool, settings: chosen.settings, portfolioId: chosen.deployment.portfolioId, id }));
      if (flags.json === true) printJson(explanation);
      else print(textOf(explanation));
      if (explanation.recomputed.length > 0) process.exitCode = EXIT_CODES.found;
    });
}
