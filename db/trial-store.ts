/** What trials and watches go by, in PostgreSQL. */
import { lossBps } from '../domain/emergency/equity.ts';
import { ACCOUNT_CURRENCY } from '../domain/ports/venue.ts';
import type { TrialCounts, TrialSpan, TrialStore, VoterName } from '../domain/ports/trial-store.ts';
import type { AwaitedLook } from '../domain/promotion/standing.ts';
import type { TrialRow } from '../domain/promotion/trial-facts.ts';
import type { WatchedRow } from '../domain/promotion/watch.ts';
import { announceChange } from './ledger/announce.ts';
import { TRANSFERS } from './ledger/guard.ts';
import { readStanding, takeTrialStep } from './model-registry.ts';
import type { Pool } from './pool.ts';
import { inTransaction, run } from './pool.ts';

/** Priced predictions of a span: $1 portfolio, $2 since, $3 until. */
const PRICED = `cycles c JOIN predictions p USING (cycle_id) JOIN outcomes o USING (prediction_id)
  WHERE c.portfolio_id = $1 AND c.close_time >= $2 AND c.close_time <= $3 AND p.due_at <= $3 AND o.state = 'priced'`;
const ROW = `p.instrument_id AS "instrumentId", p.regime, p.made_at AS "madeAt", jsonb_build_object('buy', p.probability_buy, 'sell', p.probability_sell, 'hold', p.probability_hold) AS probabilities, o.actual`;
const ON_TRIAL = `p.role = 'shadow' AND p.voter = $4 AND p.voter_version = $5`;
const spanOf = ({ portfolioId, since, until }: TrialSpan): readonly unknown[] => [portfolioId, since, until];
const named = ({ voter, version }: VoterName): string => `${voter}@${version}`;

export function createTrialStore(pool: Pool): TrialStore {
  return {
    standing: (portfolioId) => readStanding(pool, portfolioId),

    awaited: async (portfolioId) => {
      const [row] = await run<AwaitedLook & Record<string, unknown>>(pool, `look at ${portfolioId}`, {
        name: 'awaited-look',
        text: `SELECT r.looked_to AS "lookedTo", p.timeframe, p.mode = 'replay' AS "isReplay" FROM model_registry r JOIN portfolios p USING (portfolio_id)
               WHERE r.portfolio_id = $1 AND (r.on_trial IS NOT NULL OR (r.champion IS NOT NULL AND coalesce(r.watch->>'status', 'watching') = 'watching'))`,
        values: [portfolioId],
      });
      return row ?? null;
    },

    recordLook: (portfolioId, until) => inTransaction(pool, `look at ${portfolioId}`, async (client) => {
      await client.query({ text: 'UPDATE model_registry SET looked_to = greatest(looked_to, $2) WHERE portfolio_id = $1', values: [portfolioId, until] });
      await announceChange(client);
    }),

    newestStep: async (portfolioId) => {
      const [row] = await run<{ seq: number }>(pool, `steps of ${portfolioId}`, { text: 'SELECT coalesce(max(seq), 0)::float8 AS seq FROM model_steps WHERE portfolio_id = $1', values: [portfolioId] });
      return row?.seq ?? 0;
    },

    begun: async (portfolioId) => {
      const rows = await run<{ at: number }>(pool, `trials of ${portfolioId}`, { text: `SELECT at FROM trial_steps WHERE portfolio_id = $1 AND kind = 'trialAdvanced' AND (trial->>'steps')::int = 1 ORDER BY seq`, values: [portfolioId] });
      return rows.map((it) => it.at);
    },

    counts: async (query) => {
      const [row] = await run<TrialCounts & Record<string, unknown>>(pool, `trial of ${query.voter}`, {
        text: `SELECT count(*) FILTER (WHERE ${ON_TRIAL})::int AS predictions, count(DISTINCT c.close_time) FILTER (WHERE ${ON_TRIAL})::int AS moments, count(*) FILTER (WHERE p.role = 'acting')::int AS beside FROM ${PRICED} AND p.role IN ('shadow', 'acting')`,
        values: [...spanOf(query), query.voter, query.version],
      });
      return row ?? { predictions: 0, moments: 0, beside: 0 };
    },

    hasPassedGate: async (portfolioId, modelId) => {
      const rows = await run(pool, `gate of ${modelId}`, { text: `SELECT 1 FROM models m JOIN validation_trials t USING (trial_id) WHERE m.portfolio_id = $1 AND m.model_id = $2 AND t.outcome = 'passed'`, values: [portfolioId, modelId] });
      return rows.length > 0;
    },

    rows: async (query) => {
      const [challenger, acting] = await Promise.all([
        run<TrialRow & Record<string, unknown>>(pool, `trial of ${query.voter}`, { text: `SELECT ${ROW} FROM ${PRICED} AND ${ON_TRIAL} ORDER BY p.made_at, p.instrument_id`, values: [...spanOf(query), query.voter, query.version] }),
        run<TrialRow & Record<string, unknown>>(pool, `acting beside ${query.voter}`, {
          text: `SELECT DISTINCT ON (p.made_at, p.instrument_id) ${ROW} FROM ${PRICED} AND (p.role = 'acting' OR (p.role = 'member' AND p.voter LIKE 'model/%')) ORDER BY p.made_at, p.instrument_id, p.role = 'member' DESC`, values: spanOf(query) as unknown[],
        }),
      ]);
      return { challenger, acting };
    },

    results: (query) => run<WatchedRow & Record<string, unknown>>(pool, `results of ${query.voters.map(named).join(', ')}`, {
      text: `SELECT p.voter || '@' || p.voter_version AS voter, p.instrument_id AS "instrumentId", p.made_at AS "madeAt", p.due_at AS "dueAt", o.return_bps AS "returnBps", p.sigma, p.horizon_candles AS "horizonCandles"
             FROM ${PRICED} AND p.role = 'member' AND p.action IN ('buy', 'sell') AND p.voter || '@' || p.voter_version = ANY ($4) ORDER BY p.due_at, p.made_at, p.instrument_id`,
      values: [...spanOf(query), query.voters.map(named)],
    }),

    latencyMsP99: async ({ portfolioId, since, until, modelId }) => {
      const [row] = await run<{ value: number | null }>(pool, `latency of ${modelId}`, {
        text: `SELECT percentile_disc(0.99) WITHIN GROUP (ORDER BY (it->>'tookMs')::float8) AS value FROM cycles c, jsonb_array_elements(c.observation->'models'->'read') it
               WHERE c.portfolio_id = $1 AND c.close_time >= $2 AND c.close_time <= $3 AND it->>'modelId' = $4`, values: [portfolioId, since, until, modelId],
      });
      return row?.value ?? null;
    },

    lossBps: async (query) => {
      const [row] = await run<{ before: number | null; now: number | null; moved: number }>(pool, `equity of ${query.portfolioId}`, {
        text: `SELECT (SELECT e.equity::float8 FROM equity e WHERE e.portfolio_id = $1 AND e.market_time <= $2 ORDER BY e.market_time DESC LIMIT 1) AS before,
                 (SELECT e.equity::float8 FROM equity e WHERE e.portfolio_id = $1 AND e.market_time <= $3 ORDER BY e.market_time DESC LIMIT 1) AS now,
                 (SELECT coalesce(sum(i.amount), 0)::float8 FROM income i WHERE i.portfolio_id = $1 AND i.instrument_id IS NULL AND i.type = ANY ($4) AND i.currency = $5 AND i.time > $2 AND i.time <= $3) AS moved`,
        values: [...spanOf(query), TRANSFERS, ACCOUNT_CURRENCY],
      });
      return row === undefined || row.before === null || row.now === null ? 0 : lossBps(row.before + row.moved, row.now);
    },

    take: (request) => inTransaction(pool, `trial of ${request.portfolioId}`, (client) => takeTrialStep(client, request)),
  };
}
