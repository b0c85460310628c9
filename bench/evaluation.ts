import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createEvaluationActivities } from '../activities/outcomes.ts';
import { createLedger } from '../db/ledger.ts';
import { migrate } from '../db/migrate.ts';
import { createPool } from '../db/pool.ts';
import { createDatabase } from '../stack/postgres/database.ts';
import { startPostgres } from '../stack/postgres/server.ts';
import { freePort } from '../stack/supervisor/ports.ts';
import { observationOf } from './plan.ts';
import type { BenchOptions, Row } from './support/measurement.ts';
import { atLeast } from './support/measurement.ts';

const SYMBOLS = 8;
const VOTERS = 5;
const CYCLES = { whole: 3_000, quick: 500 };
const HOUR_MS = 3_600_000;
const GOAL = { goal: 20_000, unit: 'due predictions/s' };
const PORTFOLIO = 'bench';

/** A backlog of months on a durable Postgres: read, priced at its own candles, written. Nothing of the engine. */
export async function benchEvaluation({ isQuick }: BenchOptions): Promise<readonly Row[]> {
  const home = mkdtempSync(join(tmpdir(), 'keel-bench-evaluation-'));
  const postgres = await startPostgres({ home, port: await freePort() });
  try {
    const url = await createDatabase(postgres.url, 'evaluation');
    await migrate(url);
    const ledger = createLedger(createPool(url, { applicationName: 'keel-bench', connectionsMax: 2 }));
    try {
      const instruments = observationOf(SYMBOLS).symbols.map((it) => it.instrument);
      await ledger.upsertInstruments(instruments);
      await ledger.ensurePortfolio({ portfolioId: PORTFOLIO, deploymentId: 'abcde', venueAccountId: PORTFOLIO, mode: 'sim', strategy: 'ensemble', timeframe: '1h', instrumentIds: instruments.map((it) => it.id) });
      const cycles = isQuick ? CYCLES.quick : CYCLES.whole;
      await seed(url, instruments.map((it) => it.id), cycles);
      const { evaluateDue } = createEvaluationActivities({ ledger, models: { latestSupervision: () => Promise.resolve(null) }, trials: { awaited: () => Promise.resolve(null) }, venue: { marketTime: () => Promise.resolve((cycles + 10) * HOUR_MS), instruments: () => Promise.resolve([]), candles: () => Promise.reject(new Error('all candles are stored')) } });
      const startedMs = performance.now();
      let evaluated = 0;
      for (let step = await evaluateDue({ portfolioId: PORTFOLIO, after: null }); ; step = await evaluateDue({ portfolioId: PORTFOLIO, after: step.after })) {
        evaluated += step.evaluated;
        if (step.isLast) break;
      }
      const seconds = (performance.now() - startedMs) / 1_000;
      if (evaluated !== cycles * SYMBOLS * VOTERS) throw new Error(`${evaluated} of ${cycles * SYMBOLS * VOTERS} were evaluated`);
      return [atLeast(`evaluation of ${cycles} cycles, ${SYMBOLS} symbols`, evaluated / seconds, GOAL)];
    } finally {
      await ledger.close();
    }
  } finally {
    await postgres.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function seed(url: string, instrumentIds: readonly string[], cycles: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('SET session_replication_role = replica'); // no triggers: what is written fits by construction
    await client.query({ text: `INSERT INTO candles SELECT id, '1h', n * ${HOUR_MS}::bigint, 100, 101, 99, 100 + sin(n), 10 FROM generate_series(0, ${cycles + 10}) n, unnest($1::text[]) id`, values: [[...instrumentIds]] });
    await client.query(`INSERT INTO cycles (cycle_id, portfolio_id, strategy, timeframe, close_time, workflow_id, claimed_at) SELECT 'cycle/bench/ensemble/1h/' || n, '${PORTFOLIO}', 'ensemble', '1h', n * ${HOUR_MS}::bigint, 'w', 1 FROM generate_series(1, ${cycles}) n`);
    await client.query({
      text: `INSERT INTO predictions (cycle_id, instrument_id, voter, voter_version, role, portfolio_id, made_at, action, score, confidence, probability_buy, probability_sell, probability_hold, because, regime, price, horizon_candles, due_at, label_version, sigma, cost_bps, stop_bps, target_bps)
             SELECT 'cycle/bench/ensemble/1h/' || n, id, 'voter ' || v, '1', CASE v WHEN 1 THEN 'acting' ELSE 'member' END, '${PORTFOLIO}', n * ${HOUR_MS}::bigint, (ARRAY['buy','sell','hold'])[1 + (n + v) % 3], 0.5, 0.5, 0.3, 0.3, 0.4, '', 'range', 100, 4, (n + 4) * ${HOUR_MS}::bigint, 'horizon4/1', 0.005, 12, 150, 300
             FROM generate_series(1, ${cycles}) n, unnest($1::text[]) id, generate_series(1, ${VOTERS}) v`,
      values: [[...instrumentIds]],
    });
    await client.query(`INSERT INTO due_evaluations SELECT '${PORTFOLIO}', (n + 4) * ${HOUR_MS}::bigint, 'cycle/bench/ensemble/1h/' || n, '1h', ${SYMBOLS * VOTERS} FROM generate_series(1, ${cycles}) n`);
    await client.query('VACUUM (ANALYZE)');
  } finally {
    await client.end();
  }
}
