import type { Command } from 'commander';
import type { HomeStatus } from '../../stack/supervisor/supervisor.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { columns, duration, print, printJson } from '../output.ts';

export function register(program: Command): void {
  program
    .command('status')
    .description('what runs on this home folder; exit code 3 when nothing does')
    .option('--json', 'as JSON')
    .addHelpText('after', `
Examples:
  keel status
  keel status --json | jq '.state.processes[] | {name, pid, state}'`)
    .action(async (flags: { json?: boolean }) => {
      const { readSettings } = await import('../../config/settings.ts');
      const { homeStatus } = await import('../../stack/supervisor/supervisor.ts');
      const { home } = await readSettings();
      const status = homeStatus(home);
      if (flags.json === true) printJson({ home, ...status });
      else print(describe(home, status));
      if (status.supervisorPid === null) process.exitCode = EXIT_CODES.notRunning;
    });
}

function describe(home: string, { supervisorPid, state, leftovers }: HomeStatus): string {
  if (supervisorPid === null) {
    const left = leftovers.map(({ name, pid }) => `\n  ${name} (pid ${pid}) still runs; the next \`keel start\` takes it over, \`keel stop\` ends it`);
    return `no Keel runs on ${home}${left.join('')}`;
  }
  if (state === null) return `Keel (pid ${supervisorPid}) is starting on ${home}`;
  const nowMs = Date.now();
  const rows = state.processes.map((view) => [
    view.name, view.state, view.pid === null ? '-' : String(view.pid), String(view.restarts), duration(nowMs - view.since), view.lastExit ?? '',
  ]);
  const urls = Object.entries(state.urls).map(([name, url]) => `\n${name.padEnd(14)} ${url}`);
  return `Keel (pid ${supervisorPid}), ${state.deployment}, up for ${duration(nowMs - state.supervisor.startedAt)}, ${home}\n${columns([['process', 'state', 'pid', 'restarts', 'since', 'last exit'], ...rows])}\n${urls.join('')}`;
}
