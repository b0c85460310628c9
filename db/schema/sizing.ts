/** Learned sizing: what every size would have brought, what was learned from that, who let it be in charge. */
import { sql } from 'drizzle-orm';
import { check, doublePrecision, foreignKey, index, integer, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import type { NotCompared, SizingComparison } from '../../domain/learned-sizing/compare.ts';
import type { SizingState } from '../../domain/learned-sizing/state.ts';
import { bytes, counter, epochMs, id, writtenAt } from './columns.ts';
import { portfolios } from './market.ts';

const portfolioId = () => id('portfolio_id').notNull().references(() => portfolios.portfolioId);

/** A signal priced at every multiplier. Append-only. */
export const sizingSamples = pgTable(
  'sizing_samples',
  {
    portfolioId: portfolioId(),
    cycleId: id('cycle_id').notNull(),
    instrumentId: id('instrument_id').notNull(),
    version: text('version').notNull(),
    /** Market clock. */
    decidedAt: epochMs('decided_at').notNull(),
    knownAt: epochMs('known_at').notNull(),
    state: jsonb('state').$type<SizingState>().notNull(),
    multipliers: doublePrecision('multipliers').array().notNull(),
    rewards: doublePrecision('rewards').array().notNull(),
    writtenAt: writtenAt(),
  },
  (table) => [
    primaryKey({ name: 'sizing_samples_pk', columns: [table.cycleId, table.instrumentId, table.version] }),
    index('sizing_samples_portfolio').on(table.portfolioId, table.version, table.decidedAt),
    check('sizing_samples_whole', sql`cardinality(multipliers) = cardinality(rewards) and decided_at < known_at`),
  ],
);

/** A model is its bytes; its name is their hash. Append-only. */
export const sizingModels = pgTable(
  'sizing_models',
  {
    seq: counter('seq').primaryKey().generatedAlwaysAsIdentity(),
    portfolioId: portfolioId(),
    modelId: id('model_id').notNull(),
    version: text('version').notNull(),
    /** Market clock. */
    asOf: epochMs('as_of').notNull(),
    samples: integer('samples').notNull(),
    comparison: jsonb('comparison').$type<SizingComparison | NotCompared>(),
    artefact: bytes('artefact').notNull(),
    writtenAt: writtenAt(),
  },
  (table) => [
    unique('sizing_models_once').on(table.portfolioId, table.modelId),
    index('sizing_models_newest').on(table.portfolioId, table.seq),
    check('sizing_models_samples_check', sql`samples > 0`),
    check('sizing_models_hash', sql`model_id = encode(sha256(artefact), 'hex')`),
  ],
);

/** Who let it be in charge. Append-only. */
export const sizingAcknowledgements = pgTable(
  'sizing_acknowledgements',
  {
    seq: counter('seq').primaryKey().generatedAlwaysAsIdentity(),
    portfolioId: id('portfolio_id').notNull(),
    modelId: id('model_id').notNull(),
    acknowledgedBy: text('acknowledged_by').notNull(),
    reason: text('reason').notNull(),
    writtenAt: writtenAt(),
  },
  (table) => [
    index('sizing_acknowledgements_newest').on(table.portfolioId, table.seq),
    foreignKey({ name: 'sizing_acknowledgements_model', columns: [table.portfolioId, table.modelId], foreignColumns: [sizingModels.portfolioId, sizingModels.modelId] }),
  ],
);
