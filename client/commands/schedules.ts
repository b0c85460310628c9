import type { Command } from 'commander';
import type { ScheduleSummary } from '@temporalio/client';
import { print, printJson, table } from '../output.ts';

interface Json {
  readonly json?: boolean;
}

export function register(program: Command): void {
  const schedules = program
    .command('schedules')
    .description('what is started by the wall clock: list, pause, resume, trigger')
    .addHelpText('after', `
Examples:
  keel schedules
  keel schedules pause tradingCycle/paper            no new cycles; positions are still looked after
  keel schedules resume tradingCycle/paper
  keel schedules trigger reconciliation/sim          one run now`);
  schedules
    .command('list', { isDefault: true })
    .description('all of the namespace')
    .option('--json', 'as JSON')
    .addHelpText('after', `
Examples:
  keel schedules
  keel schedules list --json | jq '.[] | {id, next}'`)
    .action(async (flags: Json) => {
      const { listSchedules } = await import('../schedules.ts');
      const rows = await listSchedules();
      if (flags.json === true) printJson(rows.map(viewOf));
      else print(rows.length === 0 ? 'none' : tableOf(rows));
    });
  for (const [name, about, done] of [['pause', 'starts nothing more', 'paused'], ['resume', 'goes on', 'resumed'], ['trigger', 'starts one run now', 'triggered']] as const) {
    schedules
      .command(name)
      .description(about)
      .argument('<id>', 'as `keel schedules` lists it')
      .option('--json', 'as JSON')
      .addHelpText('after', `
Example:
  keel schedules ${name} reconciliation/sim`)
      .action(async (id: string, flags: Json) => {
        const { changeSchedule } = await import('../schedules.ts');
        await changeSchedule(id, name);
        if (flags.json === true) printJson({ id, done });
        else print(`${id} ${done}`);
      });
  }
}

function viewOf({ scheduleId, state, info, action }: ScheduleSummary): Record<string, unknown> {
  return {
    id: scheduleId, workflow: action?.workflowType ?? null, paused: state.paused, note: state.note ?? '',
    last: info.recentActions.at(-1)?.takenAt.toISOString() ?? null, next: info.nextActionTimes[0]?.toISOString() ?? null,
  };
}

function tableOf(rows: readonly ScheduleSummary[]): string {
  const cell = (value: unknown): string => (typeof value === 'string' ? value : '-');
  return table([['id', 'state', 'last', 'next', 'note'], ...rows.map((row) => {
    const view = viewOf(row);
    return [row.scheduleId, row.state.paused ? 'paused' : 'on', cell(view['last']), cell(view['next']), cell(view['note'])];
  })]);
}
