import type { Command } from 'commander';
import { EXIT_CODES } from '../exit-codes.ts';
import { DEPLOYMENT } from '../flags.ts';
import { print, printJson } from '../output.ts';

export function register(program: Command): void {
  program
    .command('verify')
    .description('checks the invariants of orders, positions, outcomes and the emergency stop over ledger, venue and engine; exit code 1 when one is broken')
    .option(...DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', `
Changes nothing. Database, engine and venue are used where they run; otherwise they are started for the check, without workers.
A symbol that the venue does not list any more is named as not compared (in JSON: notCompared) where the venue refuses its history.

Examples:
  keel verify
  keel verify --deployment replay-3 --json | jq '.violations[] | {invariant, name, subject}'`)
    .action(async (flags: { deployment?: string; json?: boolean }) => {
      const { chooseDeployment, withParts } = await import('../deployment-parts.ts');
      const { verdictText } = await import('../verify/text.ts');
      const { verifyDeployment } = await import('../verify/verify.ts');
      const { loadLabel } = await import('../../strategies/load.ts');
      const chosen = await chooseDeployment(flags.deployment);
      await loadLabel(chosen.settings.label); // outcomes are recomputed by it
      const { name, portfolioId } = chosen.deployment;
      const verdict = await withParts(chosen, (parts) => verifyDeployment({ ...parts, portfolioId }));
      if (flags.json === true) printJson({ deployment: name, ...verdict });
      else print(verdictText(name, verdict));
      if (verdict.violations.length > 0) process.exitCode = EXIT_CODES.found;
    });
}
