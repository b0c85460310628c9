import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEventBus } from '../../db/events/bus.ts';
import { createLedger } from '../../db/ledger.ts';
import { migrate } from '../../db/migrate.ts';
import type { Pool } from '../../db/pool.ts';
import { createPool } from '../../db/pool.ts';
import { createDatabase } from '../../stack/postgres/database.ts';
import { startPostgres } from '../../stack/postgres/server.ts';
import { freePort } from '../../stack/supervisor/ports.ts';
import { observationOf } from '../plan.ts';
import type { BenchOptions, Row } from '../support/measurement.ts';
import { formatted } from '../support/measurement.ts';
import { median } from '../support/statistics.ts';
import type { Timings } from './explaining-pool.ts';
import { explainingPool } from './explaining-pool.ts';
import { seedLedger } from './seed.ts';
import { stepsOf } from './steps.ts';

const BUSINESS = { portfolioId: 'bench', deploymentId: 'abcde', symbols: 8 };
const ROWS = { whole: 1_000_000, quick: 20_000 };
const ROUNDS = { whole: 15, quick: 5 };
const SLOWEST_MS_MAX = 5;
/** Counts are told by the server's transaction counter; a vacuum at the wrong moment would count too, so the least of some counts. */
const COUNTS = 3;
/** The counted rounds lie apart from those that are timed. */
const COUNTED_FROM = 1_000;

/** The ledger's own statements: how many transactions each step writes, and how long each takes among a million rows. */
export async function benchLedger({ isQuick }: BenchOptions): Promise<readonly Row[]> {
  const home = mkdtempSync(join(tmpdir(), 'keel-bench-ledger-'));
  const postgres = await startPostgres({ home, port: await freePort() });
  try {
    const url = await createDatabase(postgres.url, 'ledger');
    await migrate(url);
    const pool = createPool(url, { applicationName: 'keel-bench', connectionsMax: 4 });
    try {
      await install(pool);
      const transactions = await transactionRow(pool);
      const rows = isQuick ? ROWS.quick : ROWS.whole;
      await seedLedger(url, { portfolioId: BUSINESS.portfolioId, instrumentIds: instruments().map((it) => it.id), rows });
      return [transactions, await slowestRow(pool, rows, isQuick ? ROUNDS.quick : ROUNDS.whole)];
    } finally {
      await pool.end();
    }
  } finally {
    await postgres.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

function instruments() {
  return observationOf(BUSINESS.symbols).symbols.map((it) => it.instrument);
}

async function install(pool: Pool): Promise<void> {
  const ledger = createLedger(pool);
  await ledger.upsertInstruments(instruments());
  await ledger.ensurePortfolio({ ...BUSINESS, venueAccountId: BUSINESS.portfolioId, mode: 'sim', strategy: 'ensemble', timeframe: '1h', instrumentIds: instruments().map((it) => it.id) });
}

async function transactionRow(pool: Pool): Promise<Row> {
  const ledger = createLedger(pool);
  const counts = new Map<string, number>();
  for (let round = 0; round < COUNTS; round += 1) {
    for (const step of stepsOf(BUSINESS, COUNTED_FROM + round)) {
      const before = await nextTransaction(pool);
      await step.run(ledger);
      const count = (await nextTransaction(pool)) - before;
      counts.set(step.name, Math.min(counts.get(step.name) ?? Infinity, count));
    }
  }
  const expected = new Map(stepsOf(BUSINESS, COUNTED_FROM).map((step) => [step.name, step.writes ? 1 : 0]));
  const others = [...counts].filter(([name, count]) => count !== expected.get(name)).map(([name, count]) => `${name} ${count}`);
  const writing = [...expected.values()].filter((count) => count === 1).length;
  return {
    what: 'ledger: transactions written per step', measured: others.length === 0 ? `1 in each of ${writing} writing steps, 0 in ${expected.size - writing} reading ones` : others.join(', '),
    goal: 'one per step', isMet: others.length === 0, ratio: null,
  };
}

/** The next transaction id that will be given out: only what writes takes one. */
async function nextTransaction(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ next: string }>('SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next');
  return Number(rows[0]?.next);
}

async function slowestRow(pool: Pool, rows: number, rounds: number): Promise<Row> {
  const timings: Timings = new Map();
  const watched = explainingPool(pool, timings);
  const ledger = createLedger(watched);
  const bus = createEventBus({ pool: watched, subscribers: [{ name: 'log', handle: () => Promise.resolve() }], warn: (fields, message) => console.error(message, fields) });
  for (let round = 0; round < rounds; round += 1) {
    for (const step of stepsOf(BUSINESS, round)) await step.run(ledger);
    await bus.drain();
  }
  const medians = [...timings].map(([name, all]) => ({ name, ms: median(all) })).sort((a, b) => b.ms - a.ms);
  const [slowest] = medians;
  if (slowest === undefined) throw new Error('no statement was timed');
  const next = medians.slice(1, 4).map(({ name, ms }) => `${name} ${formatted(ms)}`).join(', ');
  return {
    what: `ledger: slowest of ${medians.length} statements, ${formatted(rows)} rows each table, p50`, measured: `${formatted(slowest.ms)} ms: ${slowest.name} (then ${next})`.replaceAll('|', '/'),
    goal: `≤ ${SLOWEST_MS_MAX} ms`, isMet: slowest.ms <= SLOWEST_MS_MAX, ratio: null,
  };
}
