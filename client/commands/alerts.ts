import type { Command } from 'commander';
import { DEPLOYMENT } from '../flags.ts';
import { print, printJson, table } from '../output.ts';

interface AlertsFlags {
  readonly again?: boolean;
  readonly deployment?: string;
  readonly json?: boolean;
}

/** More than this are counted by nobody: the oldest are shown. */
const SHOWN_MAX = 500;

export function register(program: Command): void {
  program
    .command('alerts')
    .description('alerts that did not get through to the webhook, oldest first; they are tried again by themselves')
    .option('--again', 'try all of them now; a running worker does it')
    .option(...DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', `
Half a minute after it failed an alert is tried again, then ever later, at last every quarter of an hour, until it gets
through; when another one does, all are tried.

Examples:
  keel alerts
  keel alerts --again
  keel alerts --json | jq '.[] | {at: .alert.at, text: .alert.text, error}'`)
    .action(async ({ again, deployment, json }: AlertsFlags) => {
      const [{ chooseDeployment, withLedger }, { parkedFor, sendAgain }, { alertOf, ALERTS_SUBSCRIBER }] = await Promise.all([import('../deployment-parts.ts'), import('../../db/events/parked.ts'), import('../../domain/events/alert.ts')]);
      const parked = await withLedger(await chooseDeployment(deployment, again === true ? 'change' : 'rows'), async (pool) => {
        if (again === true) await sendAgain(pool, ALERTS_SUBSCRIBER);
        return await parkedFor(pool, ALERTS_SUBSCRIBER, SHOWN_MAX);
      });
      const shown = parked.map(({ event, tries, error, nextTryAt }) => ({ alert: alertOf(event), event: event.type, tries, error, nextTryAt: new Date(nextTryAt).toISOString() }));
      if (json === true) printJson(shown);
      else if (shown.length === 0) print('every alert got through');
      else print(table([['at', 'level', 'tries', 'next try', 'error', 'alert'], ...shown.map((it) => [(it.alert?.at ?? '-').slice(0, 19), it.alert?.level ?? '-', String(it.tries), it.nextTryAt.slice(0, 19), it.error, it.alert?.text ?? it.event])]));
    });
}
