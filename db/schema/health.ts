/** What the health check saw. */
import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { WORKER_STATES } from '../../domain/health/stops.ts';
import type { PartHealth } from '../../domain/health/types.ts';
import { HEALTH_LEVELS } from '../../domain/health/types.ts';
import { counter, epochMs, id, oneOf } from './columns.ts';
import { portfolios } from './market.ts';

/** The last hundred checks of each portfolio. */
export const healthChecks = pgTable(
  'health_checks',
  {
    seq: counter('seq').primaryKey().generatedAlwaysAsIdentity(),
    portfolioId: id('portfolio_id').notNull().references(() => portfolios.portfolioId),
    /** Wall clock of whoever looked. */
    checkedAt: epochMs('checked_at').notNull(),
    level: text('level').notNull(),
    parts: jsonb('parts').$type<readonly PartHealth[]>().notNull(),
  },
  (table) => [index('health_checks_portfolio').on(table.portfolioId, table.seq), check('health_checks_level_check', oneOf('level', HEALTH_LEVELS))],
);

/** What workers say of themselves, each of its own queues. */
export const workerWords = pgTable(
  'worker_words',
  {
    portfolioId: id('portfolio_id').notNull().references(() => portfolios.portfolioId),
    part: text('part').notNull(),
    workerId: id('worker_id').notNull(),
    state: text('state').notNull(),
    /** Wall clock of the worker: when it said so, of one that runs again and again. */
    at: epochMs('at').notNull(),
  },
  (table) => [primaryKey({ name: 'worker_words_pk', columns: [table.portfolioId, table.part, table.workerId] }), check('worker_words_state', oneOf('state', WORKER_STATES))],
);

/** How each part fared, by the hour, of the last day. */
export const healthTrend = pgTable(
  'health_trend',
  {
    portfolioId: id('portfolio_id').notNull().references(() => portfolios.portfolioId),
    part: text('part').notNull(),
    /** Wall clock, whole hours. */
    hourAt: epochMs('hour_at').notNull(),
    checks: integer('checks').notNull(),
    degraded: integer('degraded').notNull(),
    unhealthy: integer('unhealthy').notNull(),
  },
  (table) => [primaryKey({ name: 'health_trend_pk', columns: [table.portfolioId, table.part, table.hourAt] }), check('health_trend_counts', sql`degraded >= 0 and unhealthy >= 0 and degraded + unhealthy <= checks`)],
);
