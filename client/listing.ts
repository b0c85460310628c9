import type { Command } from 'commander';
import type { ListedRow, Listing } from '../db/listings.ts';
import { print, printJson, table } from './output.ts';
import { DEPLOYMENT, wholeNumber } from './flags.ts';

interface Flags {
  readonly deployment?: string;
  readonly limit: string;
  readonly json?: boolean;
}

/** One command that lists rows of the ledger. */
export function registerListing(program: Command, listing: Listing, about: string): void {
  program
    .command(listing)
    .description(about)
    .option('--deployment <name>', `sim, paper, testnet, live or replay-<n>; ${DEPLOYMENT[1]}`)
    .option('--limit <n>', 'how many, newest first', '20')
    .option('--json', 'as JSON')
    .addHelpText('after', `\nExamples:\n  keel ${listing}\n  keel ${listing} --limit 100 --json\n  keel ${listing} --deployment replay-1`)
    .action(async (flags: Flags) => {
      const rows = await readListing(listing, flags);
      if (flags.json === true) printJson(rows);
      else print(rows.length === 0 ? 'none' : tableOf(rows));
    });
}

async function readListing(listing: Listing, flags: Flags): Promise<readonly ListedRow[]> {
  const [{ chooseDeployment, withLedger }, { list }] = await Promise.all([import('./deployment-parts.ts'), import('../db/listings.ts')]);
  const limit = wholeNumber('--limit', flags.limit, 1);
  const chosen = await chooseDeployment(flags.deployment);
  return await withLedger(chosen, (pool) => list(pool, listing, { portfolioId: chosen.deployment.portfolioId, limit }));
}

const CELL_MAX = 60;

function tableOf(rows: readonly ListedRow[]): string {
  const names = Object.keys(rows[0] ?? {});
  return table([names, ...rows.map((row) => names.map((name) => cellOf(name, row[name])))]);
}

function cellOf(name: string, value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'number' && /(At|Time|time)$/.test(name)) return new Date(value).toISOString().slice(0, 19);
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
  return text.length > CELL_MAX ? `${text.slice(0, CELL_MAX - 1)}…` : text;
}
