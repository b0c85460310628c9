/** Models, runs and steps as people look at them, newest first. */
import type { RuleResult } from '../domain/validation/gate.ts';
import { VALIDATED_AT } from './model-registry.ts';
import type { Pool } from './pool.ts';
import { run } from './pool.ts';

/** Times are epoch milliseconds; those of validation of the market clock. */
export interface ModelRow {
  readonly modelId: string;
  readonly recipeId: string;
  readonly learner: string;
  /** Null: it has no place in the registry. */
  readonly place: 'champion' | 'predecessor' | 'onTrial' | null;
  readonly kind: 'refresh' | 'challenger';
  /** Of its own trial: only what passed may act. */
  readonly gate: 'passed' | 'refused' | 'failed';
  /** Since when its age counts: as of the gate, or as of the promotion of a champion or predecessor. */
  readonly validatedAt: number;
  readonly dataHash: string;
  readonly runId: string;
  readonly trialId: string;
  readonly writtenAt: number;
}

const MODELS = `
  SELECT m.model_id AS "modelId", m.recipe_id AS "recipeId", m.description->>'learner' AS learner, m.data_hash AS "dataHash", t.run_id AS "runId", m.trial_id AS "trialId", t.kind, t.outcome AS gate, m.written_at AS "writtenAt",
    ${VALIDATED_AT} AS "validatedAt",
    CASE m.model_id WHEN r.champion THEN 'champion' WHEN r.predecessor THEN 'predecessor' WHEN r.on_trial THEN 'onTrial' END AS place
  FROM models m JOIN validation_trials t USING (trial_id) LEFT JOIN model_registry r ON r.portfolio_id = m.portfolio_id
  WHERE m.portfolio_id = $1 AND starts_with(m.model_id, $2) ORDER BY m.written_at DESC LIMIT $3`;

/** @param query.prefix of the model's id; empty: all. */
export async function modelRows(pool: Pool, { portfolioId, prefix, limit }: { readonly portfolioId: string; readonly prefix: string; readonly limit: number }): Promise<readonly ModelRow[]> {
  return await run<ModelRow & Record<string, unknown>>(pool, `models of ${portfolioId}`, { text: MODELS, values: [portfolioId, prefix, limit] });
}

export interface StepRow {
  readonly kind: string;
  readonly why: string;
  readonly actor: string;
  /** Wall clock. */
  readonly writtenAt: number;
}

export async function stepsOf(pool: Pool, portfolioId: string, modelId: string): Promise<readonly StepRow[]> {
  return await run<StepRow & Record<string, unknown>>(pool, `steps of ${modelId}`, {
    text: 'SELECT kind, why, actor, written_at AS "writtenAt" FROM model_steps WHERE portfolio_id = $1 AND model_id = $2 ORDER BY seq', values: [portfolioId, modelId],
  });
}

export interface RunRow {
  readonly runId: string;
  readonly cause: string;
  /** Market clock. */
  readonly asOf: number;
  readonly outcome: string;
  readonly reason: string | null;
  readonly rows: number | null;
  readonly dataHash: string | null;
  /** Wall clock. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** @param query.prefix of the run's id; empty: all. */
export async function runRows(pool: Pool, { portfolioId, prefix, limit }: { readonly portfolioId: string; readonly prefix: string; readonly limit: number }): Promise<readonly RunRow[]> {
  return await run<RunRow & Record<string, unknown>>(pool, `runs of ${portfolioId}`, {
    text: `SELECT run_id AS "runId", cause, as_of AS "asOf", outcome, reason, rows, data_hash AS "dataHash", started_at AS "startedAt", ended_at AS "endedAt" FROM retrain_runs
           WHERE portfolio_id = $1 AND (starts_with(run_id, $2) OR starts_with(split_part(run_id, '/retrain/', 2), $2)) ORDER BY ended_at DESC LIMIT $3`,
    values: [portfolioId, prefix, limit],
  });
}

export interface TrialRow {
  readonly trialId: string;
  readonly recipeId: string;
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly kind: string;
  readonly outcome: string;
  readonly rules: readonly RuleResult[] | null;
  readonly reason: string | null;
  /** Days of the tests. */
  readonly days: number | null;
}

export async function trialsOf(pool: Pool, where: { readonly runId: string } | { readonly trialId: string }): Promise<readonly TrialRow[]> {
  const [column, value] = 'runId' in where ? ['run_id', where.runId] : ['trial_id', where.trialId];
  return await run<TrialRow & Record<string, unknown>>(pool, `trials of ${value}`, {
    text: `SELECT trial_id AS "trialId", recipe_id AS "recipeId", recipe, kind, outcome, rules, reason, array_length(returns, 1) AS days FROM validation_trials WHERE ${column} = $1 ORDER BY seq`, values: [value],
  });
}

/** Close of the newest cycle's candle: the market's own time; 0 before the first. */
export async function marketTimeOf(pool: Pool, portfolioId: string): Promise<number> {
  const [row] = await run<{ at: number }>(pool, `newest cycle of ${portfolioId}`, { text: 'SELECT coalesce(max(close_time), 0)::float8 AS at FROM cycles WHERE portfolio_id = $1', values: [portfolioId] });
  return row?.at ?? 0;
}
