import type { Command } from 'commander';
import { EXIT_CODES } from '../exit-codes.ts';
import { columns, print, printJson } from '../output.ts';

export function register(program: Command): void {
  program
    .command('doctor')
    .description('look at versions, engine, ports, clock, keys, permissions, disk; exit code 1 when a start would fail')
    .option('--settings', 'list every setting with its value')
    .option('--json', 'as JSON')
    .addHelpText('after', `
Examples:
  keel doctor
  keel doctor --settings
  keel doctor --json | jq '.[] | select(.state != "ok")'`)
    .action(async (flags: { json?: boolean; settings?: boolean }) => {
      if (flags.settings === true) return listSettings(flags.json === true);
      const { examine } = await import('../doctor.ts');
      const findings = await examine();
      if (flags.json === true) printJson(findings);
      else print(columns(findings.map(({ name, state, detail }) => [state, name, detail])));
      if (findings.some(({ state }) => state === 'fail')) process.exitCode = EXIT_CODES.found;
    });
}

async function listSettings(asJson: boolean): Promise<void> {
  const { describeSettings, readSettings } = await import('../../config/settings.ts');
  const views = describeSettings(await readSettings());
  if (asJson) printJson(views);
  else print(columns([['variable', 'value', 'key in keel.config.ts', 'about'], ...views.map(({ env, value, key, about, allowed }) => [env, value, key, `${about} (${allowed})`])]));
}
