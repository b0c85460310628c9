/** What was trained, what was tried, and which model acts. */
import { sql } from 'drizzle-orm';
import { check, doublePrecision, foreignKey, index, integer, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import type { Supervision } from '../../domain/ports/model-store.ts';
import { REGISTRY_CHANGES, TRIAL_MOVES } from '../../domain/promotion/registry.ts';
import type { TrialRecord, WatchRecord } from '../../domain/promotion/standing.ts';
import type { RuleResult } from '../../domain/validation/gate.ts';
import { bytes, counter, epochMs, id, oneOf, writtenAt } from './columns.ts';
import { portfolios } from './market.ts';

const portfolioId = () => id('portfolio_id').notNull().references(() => portfolios.portfolioId);

/** Each retrain, as it ended. Append-only. */
export const retrainRuns = pgTable(
  'retrain_runs',
  {
    runId: id('run_id').primaryKey(),
    portfolioId: portfolioId(),
    cause: text('cause').notNull(),
    /** Market clock: nothing later was known. */
    asOf: epochMs('as_of').notNull(),
    dataHash: text('data_hash'),
    rows: integer('rows'),
    outcome: text('outcome').notNull(),
    reason: text('reason'),
    /** Wall clock. */
    startedAt: epochMs('started_at').notNull(),
    endedAt: epochMs('ended_at').notNull(),
  },
  (table) => [
    index('retrain_runs_portfolio').on(table.portfolioId, table.asOf),
    check('retrain_runs_cause_check', oneOf('cause', ['schedule', 'labels', 'drift', 'manual', 'client'])),
    check('retrain_runs_outcome_check', oneOf('outcome', ['registered', 'refused', 'failed', 'skipped'])),
    check('retrain_runs_rows_check', sql`rows >= 0`),
    check('retrain_runs_times', sql`started_at <= ended_at`),
    check('retrain_runs_whole', sql`(outcome in ('failed', 'skipped') or (data_hash is not null and rows is not null)) and (outcome = 'registered') = (reason is null)`),
  ],
);

/** Every recipe that was ever validated. Append-only. */
export const validationTrials = pgTable(
  'validation_trials',
  {
    seq: counter('seq').primaryKey().generatedAlwaysAsIdentity(),
    trialId: id('trial_id').notNull(),
    runId: id('run_id').notNull(),
    portfolioId: portfolioId(),
    recipeId: id('recipe_id').notNull(),
    recipe: jsonb('recipe').$type<Readonly<Record<string, unknown>>>().notNull(),
    kind: text('kind').notNull(),
    outcome: text('outcome').notNull(),
    /** UTC days from 1970-01-01. */
    firstDay: integer('first_day'),
    returns: doublePrecision('returns').array(),
    rules: jsonb('rules').$type<readonly RuleResult[]>(),
    reason: text('reason'),
    writtenAt: writtenAt(),
  },
  (table) => [
    unique('validation_trials_once').on(table.trialId),
    index('validation_trials_portfolio').on(table.portfolioId, table.seq),
    check('validation_trials_kind_check', oneOf('kind', ['refresh', 'challenger'])),
    check('validation_trials_outcome_check', oneOf('outcome', ['passed', 'refused', 'failed'])),
    check('validation_trials_whole', sql`(first_day is null) = (returns is null) and (outcome = 'failed' or (returns is not null and rules is not null)) and (outcome = 'failed') = (reason is not null)`),
  ],
);

/** A model is its bytes; its name is their hash. Append-only. */
export const models = pgTable(
  'models',
  {
    portfolioId: portfolioId(),
    modelId: id('model_id').notNull(),
    trialId: id('trial_id').notNull().references(() => validationTrials.trialId),
    recipeId: id('recipe_id').notNull(),
    /** Market clock: as of when it passed the gate. */
    validatedAt: epochMs('validated_at').notNull(),
    dataHash: text('data_hash').notNull(),
    description: jsonb('description').$type<Readonly<Record<string, unknown>>>().notNull(),
    artefact: bytes('artefact').notNull(),
    writtenAt: writtenAt(),
  },
  (table) => [primaryKey({ name: 'models_pk', columns: [table.portfolioId, table.modelId] }), check('models_hash', sql`model_id = encode(sha256(artefact), 'hex')`)],
);

/** Which model acts, which one it followed, which one is on trial. */
export const modelRegistry = pgTable(
  'model_registry',
  {
    portfolioId: id('portfolio_id').primaryKey().references(() => portfolios.portfolioId),
    champion: id('champion'),
    predecessor: id('predecessor'),
    onTrial: id('on_trial'),
    updatedAt: epochMs('updated_at').notNull(),
    /** Market clock: since when their age counts; null: since their models passed the gate. */
    championValidatedAt: epochMs('champion_validated_at'),
    predecessorValidatedAt: epochMs('predecessor_validated_at'),
    /** How far they are. */
    trial: jsonb('trial').$type<TrialRecord>(),
    watch: jsonb('watch').$type<WatchRecord>(),
    /** Market clock: the close up to which both were looked at. */
    lookedTo: epochMs('looked_to'),
  },
  (table) => [
    check('model_registry_standing', sql`(trial is null or trial->>'modelId' is not distinct from on_trial) and (watch is null or champion is not null)`),
    ...([['champion', table.champion], ['predecessor', table.predecessor], ['on_trial', table.onTrial]] as const).map(([name, column]) => foreignKey({ name: `model_registry_${name}`, columns: [table.portfolioId, column], foreignColumns: [models.portfolioId, models.modelId] })),
    check('model_registry_apart', sql`champion <> on_trial and champion <> predecessor`),
  ],
);

/** Every step of a model's life. Append-only. */
export const modelSteps = pgTable(
  'model_steps',
  {
    seq: counter('seq').primaryKey().generatedAlwaysAsIdentity(),
    portfolioId: portfolioId(),
    stepId: id('step_id').notNull(),
    kind: text('kind').notNull(),
    modelId: id('model_id').notNull(),
    why: text('why').notNull(),
    actor: text('actor').notNull(),
    writtenAt: writtenAt(),
  },
  (table) => [
    unique('model_steps_once').on(table.portfolioId, table.stepId),
    check('model_steps_kind_check', oneOf('kind', REGISTRY_CHANGES)),
    foreignKey({ name: 'model_steps_model', columns: [table.portfolioId, table.modelId], foreignColumns: [models.portfolioId, models.modelId] }),
  ],
);

/** Every step of a trial and of a watch. Append-only. */
export const trialSteps = pgTable(
  'trial_steps',
  {
    seq: counter('seq').primaryKey().generatedAlwaysAsIdentity(),
    portfolioId: portfolioId(),
    stepId: id('step_id').notNull(),
    kind: text('kind').notNull(),
    modelId: id('model_id').notNull(),
    trial: jsonb('trial').$type<TrialRecord>(),
    watch: jsonb('watch').$type<WatchRecord>(),
    why: text('why').notNull(),
    actor: text('actor').notNull(),
    /** Market clock. */
    at: epochMs('at').notNull(),
    writtenAt: writtenAt(),
  },
  (table) => [
    unique('trial_steps_once').on(table.portfolioId, table.stepId),
    check('trial_steps_kind_check', oneOf('kind', [...TRIAL_MOVES, 'promoted', 'retired', 'rolledBack'])),
    check('trial_steps_whole', sql`trial is not null or watch is not null`),
    foreignKey({ name: 'trial_steps_model', columns: [table.portfolioId, table.modelId], foreignColumns: [models.portfolioId, models.modelId] }),
  ],
);

/** What the supervisor saw, once per market day. Append-only. */
export const supervisions = pgTable(
  'supervisions',
  {
    portfolioId: portfolioId(),
    /** Market clock. */
    at: epochMs('at').notNull(),
    scores: jsonb('scores').$type<Supervision['scores']>().notNull(),
    weights: jsonb('weights').$type<Supervision['weights']>().notNull(),
    drift: jsonb('drift').$type<Supervision['drift']>().notNull(),
    findings: jsonb('findings').$type<Supervision['findings']>().notNull(),
    retrain: text('retrain'),
    writtenAt: writtenAt(),
  },
  (table) => [primaryKey({ name: 'supervisions_pk', columns: [table.portfolioId, table.at] }), check('supervisions_retrain_check', oneOf('retrain', ['drift', 'labels']))],
);
