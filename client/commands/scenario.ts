import type { Command } from 'commander';
import type { ScenarioFlags } from '../scenarios/run.ts';

export function register(program: Command): void {
  program
    .command('scenario')
    .description('plays one of seven scenarios of risk, or all, on the real running system, and says what was expected and seen; exit code 1 when one fails')
    .argument('<number>', '1 to 7, or all')
    .option('--keep', 'database, folder and candles stay, for keel explain --deployment scenario-<n>')
    .option('--json', 'as one JSON object')
    .addHelpText('after', `
Each runs in a scratch deployment, scenario-<n>, on a drawn market in lockstep, with its own database, venue and worker,
which are removed afterwards (what a run that was killed left, by the next one). Beside a running Keel it uses that one's
database server and engine.

Examples:
  keel scenario 3
  keel scenario all
  keel scenario all --json | jq '.scenarios[] | {id, passed}'`)
    .action(async (wanted: string, flags: ScenarioFlags) => {
      const { runScenarios } = await import('../scenarios/run.ts');
      await runScenarios(wanted, flags);
    });
}
