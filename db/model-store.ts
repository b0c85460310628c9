/** Models, what was tried, and the registry in PostgreSQL. */
import { KeelError } from '../domain/errors.ts';
import type { ModelRecord, ModelStore, RetrainRun, Supervision } from '../domain/ports/model-store.ts';
import type { LiveVector } from '../domain/ports/trainer.ts';
import { writeEvents } from './events/outbox.ts';
import { excludedRows } from './labels.ts';
import { readStanding, takeStep } from './model-registry.ts';
import { readJudged } from './performance.ts';
import type { Client, Pool } from './pool.ts';
import { inTransaction, run } from './pool.ts';

const LATEST_DATASET = 'SELECT as_of AS "asOf", rows FROM retrain_runs WHERE portfolio_id = $1 AND rows IS NOT NULL ORDER BY as_of DESC LIMIT 1';

export function createModelStore(pool: Pool): ModelStore {
  return {
    recordRun: async ({ runId, portfolioId, cause, asOf, dataHash, rows, outcome, reason, startedAt, endedAt }) => {
      await run(pool, `run ${runId}`, {
        text: 'INSERT INTO retrain_runs (run_id, portfolio_id, cause, as_of, data_hash, rows, outcome, reason, started_at, ended_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10) ON CONFLICT (run_id) DO NOTHING',
        values: [runId, portfolioId, cause, asOf, dataHash, rows, outcome, reason, startedAt, endedAt],
      });
    },

    latestRun: async (portfolioId) => {
      const [row] = await run<RetrainRun & Record<string, unknown>>(pool, `runs of ${portfolioId}`, {
        text: 'SELECT run_id AS "runId", portfolio_id AS "portfolioId", cause, as_of AS "asOf", data_hash AS "dataHash", rows, outcome, reason, started_at AS "startedAt", ended_at AS "endedAt" FROM retrain_runs WHERE portfolio_id = $1 ORDER BY as_of DESC, ended_at DESC LIMIT 1',
        values: [portfolioId],
      });
      return row ?? null;
    },

    latestDataset: async (portfolioId) => (await run<{ asOf: number; rows: number }>(pool, `data sets of ${portfolioId}`, { text: LATEST_DATASET, values: [portfolioId] }))[0] ?? null,

    recordTrial: async ({ trialId, runId, portfolioId, recipeId, recipe, kind, outcome, daily, rules, reason }) => {
      await run(pool, `trial ${trialId}`, {
        text: 'INSERT INTO validation_trials (trial_id, run_id, portfolio_id, recipe_id, recipe, kind, outcome, first_day, returns, rules, reason) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11) ON CONFLICT (trial_id) DO NOTHING',
        values: [trialId, runId, portfolioId, recipeId, JSON.stringify(recipe), kind, outcome, daily?.firstDay ?? null, daily === null ? null : [...daily.returns], rules === null ? null : JSON.stringify(rules), reason],
      });
    },

    trials: async (portfolioId) => {
      const rows = await run<{ trialId: string; recipeId: string; firstDay: number | null; returns: number[] | null }>(pool, `trials of ${portfolioId}`, {
        text: 'SELECT trial_id AS "trialId", recipe_id AS "recipeId", first_day AS "firstDay", returns FROM validation_trials WHERE portfolio_id = $1 ORDER BY seq', values: [portfolioId],
      });
      return rows.map(({ trialId, recipeId, firstDay, returns }) => ({ trialId, recipeId, daily: firstDay === null || returns === null ? null : { firstDay, returns: Float64Array.from(returns) } }));
    },

    registerModel: async ({ portfolioId, modelId, trialId, recipeId, validatedAt, dataHash, description, artefact }) => {
      await run(pool, `model ${modelId}`, {
        text: 'INSERT INTO models (portfolio_id, model_id, trial_id, recipe_id, validated_at, data_hash, description, artefact) VALUES ($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT (portfolio_id, model_id) DO NOTHING',
        values: [portfolioId, modelId, trialId, recipeId, validatedAt, dataHash, JSON.stringify(description), Buffer.from(artefact)],
      });
    },

    model: async (portfolioId, modelId) => {
      const [row] = await run<ModelRecord & Record<string, unknown>>(pool, `model ${modelId}`, {
        text: 'SELECT portfolio_id AS "portfolioId", model_id AS "modelId", trial_id AS "trialId", recipe_id AS "recipeId", validated_at AS "validatedAt", data_hash AS "dataHash", description FROM models WHERE portfolio_id = $1 AND model_id = $2',
        values: [portfolioId, modelId],
      });
      return row ?? noModel(portfolioId, modelId);
    },

    artefact: async (portfolioId, modelId) => {
      const [row] = await run<{ artefact: Buffer }>(pool, `model ${modelId}`, { text: 'SELECT artefact FROM models WHERE portfolio_id = $1 AND model_id = $2', values: [portfolioId, modelId] });
      return row === undefined ? noModel(portfolioId, modelId) : new Uint8Array(row.artefact);
    },

    registry: async (portfolioId) => (await readStanding(pool, portfolioId)).registry,

    liveVectors: ({ portfolioId, featureSet, after, limit }) => run<LiveVector & Record<string, unknown>>(pool, `vectors of ${portfolioId}`, { text: LIVE_VECTORS, values: [portfolioId, after, featureSet, limit] }),

    excludedRows: (portfolioId) => excludedRows(pool, portfolioId),

    judged: (query) => readJudged(pool, query),

    spoken: async ({ portfolioId, voter, versions, after }) => {
      const [row] = await run<{ asked: number; spoke: number }>(pool, `words of ${voter}`, {
        text: `SELECT count(*)::int AS asked, count(*) FILTER (WHERE action <> 'abstain')::int AS spoke FROM predictions WHERE portfolio_id = $1 AND role = 'member' AND voter = $2 AND voter_version = ANY($3) AND made_at > $4`,
        values: [portfolioId, voter, [...versions], after],
      });
      return row ?? { asked: 0, spoke: 0 };
    },

    latestSupervision: async (portfolioId) => {
      const [row] = await run<Supervision & { driftRetrainAt: number | null } & Record<string, unknown>>(pool, `supervision of ${portfolioId}`, {
        text: LATEST_SUPERVISION, values: [portfolioId],
      });
      return row ?? null;
    },

    recordSupervision: (supervision) => inTransaction(pool, `supervision of ${supervision.portfolioId}`, (client) => recordSupervision(client, supervision)),

    step: (request) => inTransaction(pool, `models of ${request.portfolioId}`, (client) => takeStep(client, request)),
  };
}

/** A champion and a model on trial saw the same. Of too many every so many-th moment, not the newest alone: what asks wants days, whatever the candles' length. */
const LIVE_VECTORS = `
  WITH seen AS (
    SELECT DISTINCT ON (c.close_time, p.instrument_id) p.prediction_id, c.close_time FROM predictions p JOIN cycles c ON c.cycle_id = p.cycle_id
    WHERE c.portfolio_id = $1 AND c.close_time > $2 AND p.feature_set = $3 AND p.feature_vector IS NOT NULL ORDER BY c.close_time, p.instrument_id, p.prediction_id),
  placed AS (SELECT prediction_id, dense_rank() OVER (ORDER BY close_time DESC) - 1 AS place, ceil(count(*) OVER () / $4::float8)::int AS every FROM seen)
  SELECT p.instrument_id AS "instrumentId", p.made_at AS "decidedAt", p.feature_vector AS "values" FROM placed JOIN predictions p USING (prediction_id)
  WHERE place % every = 0 ORDER BY p.made_at DESC, p.instrument_id`;

const LATEST_SUPERVISION = `
  SELECT portfolio_id AS "portfolioId", at, scores, weights, drift, findings, retrain, (SELECT max(at) FROM supervisions WHERE portfolio_id = $1 AND retrain = 'drift') AS "driftRetrainAt"
  FROM supervisions WHERE portfolio_id = $1 ORDER BY at DESC LIMIT 1`;

const noModel = (portfolioId: string, modelId: string): never => { throw new KeelError('NOT_FOUND', `${portfolioId} has no model ${modelId}; \`keel models\` lists them`); };

async function recordSupervision(client: Client, { portfolioId, at, scores, weights, drift, findings, retrain }: Supervision): Promise<void> {
  await client.query({
    text: 'INSERT INTO supervisions (portfolio_id, at, scores, weights, drift, findings, retrain) VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT (portfolio_id, at) DO NOTHING',
    values: [portfolioId, at, ...[scores, weights, drift, findings].map((it) => JSON.stringify(it)), retrain],
  });
  await writeEvents(client, drift.map((payload) => ({
    id: `${portfolioId}/drift/${payload.modelId}/${payload.loss === null ? `input/${at}` : `loss/${payload.loss.since}`}`, // a rise of losses is told once
    type: 'driftDetected', subject: portfolioId, portfolioId, traceId: portfolioId, actor: 'supervisor', payload,
  })));
}
