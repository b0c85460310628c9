import type { Command } from 'commander';
import { EXIT_CODES } from '../exit-codes.ts';
import { DEPLOYMENT } from '../flags.ts';
import { print, printJson } from '../output.ts';

export function register(program: Command): void {
  program
    .command('health')
    .description('every part with its value, limit and state, and what to do; exit code 1 when the whole is critical or nobody looked for too long')
    .option(...DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', `
Examples:
  keel health
  keel health --json | jq '.parts[] | select(.state != "healthy") | {part, state, value, limit, action}'`)
    .action(async (flags: { deployment?: string; json?: boolean }) => {
      const { chooseDeployment } = await import('../deployment-parts.ts');
      const { healthReport, healthText } = await import('../health.ts');
      const report = await healthReport(await chooseDeployment(flags.deployment));
      if (flags.json === true) printJson(report);
      else print(healthText(report));
      if (report.level === 'critical' || report.isStale) process.exitCode = EXIT_CODES.found;
    });
}
