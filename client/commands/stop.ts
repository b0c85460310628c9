import type { Command } from 'commander';
import { print, printJson } from '../output.ts';

export function register(program: Command): void {
  program
    .command('stop')
    .description('stop the Keel that runs on this home folder, and what a killed one left')
    .option('--json', 'the outcome as JSON')
    .addHelpText('after', `
Examples:
  keel stop                          stops in the reverse order of the start; positions keep their stops at the venue
  KEEL_HOME=/srv/keel keel stop`)
    .action(async (flags: { json?: boolean }) => {
      const { readSettings } = await import('../../config/settings.ts');
      const { stopRunning } = await import('../../stack/supervisor/supervisor.ts');
      const { home } = await readSettings();
      const outcome = await stopRunning(home);
      if (flags.json === true) return printJson(outcome);
      if (outcome.supervisorPid !== null) print(`Keel (pid ${outcome.supervisorPid}) ${outcome.killed ? 'did not stop in time and was killed' : 'stopped'}`);
      if (outcome.leftovers.length > 0) print(`left by a killed Keel and stopped: ${outcome.leftovers.join(', ')}`);
    });
}
