/** What is traded, for whom, and what the market did. */
import { sql } from 'drizzle-orm';
import { boolean, check, doublePrecision, foreignKey, index, integer, jsonb, pgTable, primaryKey, text, unique, uniqueIndex } from 'drizzle-orm/pg-core';
import type { CyclePlan, Observation } from '../../domain/cycle/types.ts';
import type { KeyChange } from '../../domain/policy/change.ts';
import type { Policy } from '../../domain/policy/policy.ts';
import type { PolicyVersionKind } from '../../domain/ports/policy-store.ts';
import type { Foreseen, Prediction } from '../../domain/predictions/prediction.ts';
import { counter, decimal, epochMs, id, oneOf, writtenAt } from './columns.ts';

export const portfolios = pgTable(
  'portfolios',
  {
    portfolioId: id('portfolio_id').primaryKey(),
    deploymentId: text('deployment_id').notNull(),
    venueAccountId: id('venue_account_id').notNull(),
    mode: text('mode').notNull(),
    strategy: text('strategy').notNull(),
    timeframe: text('timeframe').notNull(),
    instrumentIds: text('instrument_ids').array().notNull(),
    armedBy: text('armed_by'),
    writtenAt: writtenAt(),
  },
  (table) => [
    unique('portfolios_venue_account_unique').on(table.venueAccountId),
    check('portfolios_deployment_id', sql`deployment_id ~ '^[a-z2-7]{5}$'`),
    check('portfolios_mode', oneOf('mode', ['sim', 'replay', 'paper', 'testnet', 'live'])),
  ],
);

export const instruments = pgTable(
  'instruments',
  {
    instrumentId: id('instrument_id').primaryKey(),
    venueSymbol: text('venue_symbol').notNull(),
    base: text('base').notNull(),
    quote: text('quote').notNull(),
    kind: text('kind').notNull(),
    tickSize: decimal('tick_size').notNull(),
    stepSize: decimal('step_size').notNull(),
    minQuantity: decimal('min_quantity').notNull(),
    maxQuantity: decimal('max_quantity').notNull(),
    maxMarketQuantity: decimal('max_market_quantity').notNull(),
    minNotional: decimal('min_notional').notNull(),
    maxNotional: decimal('max_notional'),
    makerFeeRate: decimal('maker_fee_rate').notNull(),
    takerFeeRate: decimal('taker_fee_rate').notNull(),
    writtenAt: writtenAt(),
  },
  () => [check('instruments_steps', sql`tick_size > 0 and step_size > 0`)],
);

/** Closed candles; the numbers are statistics (float64). A stored candle never changes. */
export const candles = pgTable(
  'candles',
  {
    instrumentId: id('instrument_id').notNull().references(() => instruments.instrumentId),
    timeframe: text('timeframe').notNull(),
    /** Market clock. */
    openTime: epochMs('open_time').notNull(),
    open: doublePrecision('open').notNull(),
    high: doublePrecision('high').notNull(),
    low: doublePrecision('low').notNull(),
    close: doublePrecision('close').notNull(),
    volume: doublePrecision('volume').notNull(),
  },
  (table) => [primaryKey({ name: 'candles_pk', columns: [table.instrumentId, table.timeframe, table.openTime] })],
);

/** Every policy ever in force, and version 0, which holds when none can be read. Append-only; the view `active_policy` holds each portfolio's newest. */
export const policyVersions = pgTable(
  'policy_versions',
  {
    portfolioId: id('portfolio_id').notNull().references(() => portfolios.portfolioId),
    version: integer('version').notNull(),
    policy: jsonb('policy').$type<Policy>().notNull(),
    changedBy: text('changed_by').notNull(),
    reason: text('reason').notNull(),
    writtenAt: writtenAt(),
    kind: text('kind').$type<PolicyVersionKind>().notNull(),
    preset: text('preset'),
    /** The version that whoever asked for it had seen. */
    basedOn: integer('based_on'),
    /** Against the version before. */
    changes: jsonb('changes').$type<readonly KeyChange[]>().notNull(),
  },
  (table) => [
    primaryKey({ name: 'policy_versions_pk', columns: [table.portfolioId, table.version] }),
    check('policy_versions_kind', sql`kind in ('builtIn', 'initial', 'set', 'preset')`),
    check('policy_versions_version', sql`version >= 0 and (version = 0) = (kind = 'builtIn')`),
    check('policy_versions_preset', sql`(kind = 'set') = (preset is null)`),
    check('policy_versions_based', sql`(kind in ('set', 'preset')) = (based_on is not null) and based_on < version`),
    check('policy_versions_told', sql`changed_by <> '' and reason <> ''`),
  ],
);

/** One row per closed candle: claimed first, then recorded once with everything seen, chosen and refused. */
export const cycles = pgTable(
  'cycles',
  {
    cycleId: id('cycle_id').primaryKey(),
    portfolioId: id('portfolio_id').notNull().references(() => portfolios.portfolioId),
    strategy: text('strategy').notNull(),
    timeframe: text('timeframe').notNull(),
    /** Market clock. */
    closeTime: epochMs('close_time').notNull(),
    workflowId: id('workflow_id').notNull(),
    policyVersion: integer('policy_version'),
    late: boolean('late'),
    observation: jsonb('observation').$type<Observation>(),
    plan: jsonb('plan').$type<CyclePlan>(),
    opens: integer('opens'),
    instructions: integer('instructions'),
    refused: integer('refused'),
    holds: integer('holds'),
    claimedAt: epochMs('claimed_at').notNull(),
    recordedAt: epochMs('recorded_at'),
  },
  (table) => [
    unique('cycles_candle_unique').on(table.portfolioId, table.strategy, table.timeframe, table.closeTime),
    index('cycles_newest').on(table.portfolioId, table.closeTime),
    foreignKey({ name: 'cycles_policy_fk', columns: [table.portfolioId, table.policyVersion], foreignColumns: [policyVersions.portfolioId, policyVersions.version] }),
    check('cycles_recorded_whole', sql`(recorded_at is null) = (observation is null) and (recorded_at is null) = (plan is null) and (recorded_at is null) = (policy_version is null)`),
  ],
);

/** Predictions that a client asked for: what was seen, once per id. Nothing is traded by them. Append-only. */
export const predictionRequests = pgTable('prediction_requests', {
  requestId: id('request_id').primaryKey(),
  portfolioId: id('portfolio_id').notNull().references(() => portfolios.portfolioId),
  timeframe: text('timeframe').notNull(),
  /** Market clock: the candle's close. */
  closeTime: epochMs('close_time').notNull(),
  observation: jsonb('observation').$type<Foreseen>().notNull(),
  writtenAt: writtenAt(),
});

/** What was foretold: by each voter, and by what the plan went by, on every symbol, whatever was done with it. Append-only. */
export const predictions = pgTable(
  'predictions',
  {
    /** Either a cycle or a request made it. */
    cycleId: id('cycle_id').references(() => cycles.cycleId),
    instrumentId: id('instrument_id').notNull().references(() => instruments.instrumentId),
    voter: text('voter').notNull(),
    voterVersion: text('voter_version').notNull(),
    portfolioId: id('portfolio_id').notNull(),
    /** Market clock: the candle's close. */
    madeAt: epochMs('made_at').notNull(),
    action: text('action').notNull(),
    confidence: doublePrecision('confidence').notNull(),
    probabilityBuy: doublePrecision('probability_buy'),
    probabilitySell: doublePrecision('probability_sell'),
    probabilityHold: doublePrecision('probability_hold'),
    because: text('because').notNull(),
    regime: text('regime').notNull(),
    /** Close of the candle, quote currency. */
    price: decimal('price').notNull(),
    predictionId: counter('prediction_id').generatedAlwaysAsIdentity(),
    role: text('role').notNull(),
    featureSet: text('feature_set'),
    featureVector: doublePrecision('feature_vector').array(),
    /** The voter's own word, 0..1; the confidence is how it ranks. */
    score: doublePrecision('score'),
    direction: text('direction'),
    magnitudeBps: doublePrecision('magnitude_bps'),
    /** Null together with what follows of it: nothing is due. */
    horizonCandles: integer('horizon_candles'),
    /** Market clock. */
    dueAt: epochMs('due_at'),
    labelVersion: text('label_version'),
    sigma: doublePrecision('sigma'),
    costBps: doublePrecision('cost_bps'),
    stopBps: doublePrecision('stop_bps'),
    targetBps: doublePrecision('target_bps'),
    dataQuality: doublePrecision('data_quality'),
    traceId: text('trace_id'),
    votes: jsonb('votes').$type<Prediction['votes']>(),
    decision: text('decision'),
    reason: text('reason'),
    requestId: id('request_id').references(() => predictionRequests.requestId),
    /** Wall clock of the database: the beginning of the transaction, hence before its cycle says `recorded_at`; null: from before this was kept. */
    storedAt: epochMs('stored_at').default(sql`(extract(epoch from transaction_timestamp()) * 1000)::bigint`),
  },
  (table) => [
    unique('predictions_once').on(table.cycleId, table.instrumentId, table.voter, table.voterVersion),
    uniqueIndex('predictions_request_once').on(table.requestId, table.instrumentId, table.voter, table.voterVersion).where(sql`request_id is not null`),
    check('predictions_source', sql`num_nonnulls(cycle_id, request_id) = 1 and (role = 'requested') = (request_id is not null)`),
    unique('predictions_id_unique').on(table.predictionId),
    index('predictions_newest').on(table.portfolioId, table.instrumentId, table.madeAt),
    check('predictions_action', oneOf('action', ['buy', 'sell', 'hold', 'abstain'])),
    check('predictions_role', oneOf('role', ['acting', 'member', 'shadow', 'requested'])),
    check('predictions_confidence', sql`confidence between 0 and 1`),
  ],
);

/** One row per cycle or request and horizon until each of its predictions has an outcome. */
export const dueEvaluations = pgTable(
  'due_evaluations',
  {
    portfolioId: id('portfolio_id').notNull().references(() => portfolios.portfolioId),
    /** Market clock. */
    dueAt: epochMs('due_at').notNull(),
    cycleId: id('cycle_id').references(() => cycles.cycleId),
    timeframe: text('timeframe').notNull(),
    predictions: integer('predictions').notNull(),
    requestId: id('request_id').references(() => predictionRequests.requestId),
  },
  (table) => [
    uniqueIndex('due_evaluations_once').on(table.portfolioId, table.dueAt, sql`coalesce(cycle_id, request_id)`),
    check('due_evaluations_source', sql`num_nonnulls(cycle_id, request_id) = 1`),
  ],
);

/** What came of each prediction, once. Append-only. */
export const outcomes = pgTable(
  'outcomes',
  {
    predictionId: counter('prediction_id').primaryKey(),
    labelVersion: text('label_version').notNull(),
    state: text('state').notNull(),
    /** Market clock: open of the first candle, close of the last. */
    entryAt: epochMs('entry_at').notNull(),
    exitAt: epochMs('exit_at').notNull(),
    entryPrice: doublePrecision('entry_price'),
    exitPrice: doublePrecision('exit_price'),
    actual: text('actual'),
    moveBps: doublePrecision('move_bps'),
    returnBps: doublePrecision('return_bps'),
    isRight: boolean('is_right'),
    exitsReturnBps: doublePrecision('exits_return_bps'),
    evidence: jsonb('evidence').$type<Readonly<Record<string, unknown>>>(),
    /** Market clock. */
    evaluatedAt: epochMs('evaluated_at').notNull(),
    writtenAt: writtenAt(),
  },
  () => [check('outcomes_state', oneOf('state', ['priced', 'unpriceable']))],
);

/** Classes of the outcomes of acting predictions. */
export const outcomeCounts = pgTable(
  'outcome_counts',
  {
    portfolioId: id('portfolio_id').notNull().references(() => portfolios.portfolioId),
    labelVersion: text('label_version').notNull(),
    buys: counter('buys').notNull(),
    sells: counter('sells').notNull(),
    holds: counter('holds').notNull(),
  },
  (table) => [primaryKey({ name: 'outcome_counts_pk', columns: [table.portfolioId, table.labelVersion] })],
);
