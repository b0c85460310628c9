/** The fence, the guard's memory, cursors and what reconciliation saw. */
import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { PostureState } from '../../domain/oversight/posture.ts';
import { counter, decimal, epochMs, id, oneOf, writtenAt } from './columns.ts';
import { portfolios } from './market.ts';

const portfolioId = () => id('portfolio_id').notNull().references(() => portfolios.portfolioId);

/** Openings are refused while halted, or when the epoch moved on since their decision. */
export const fence = pgTable(
  'fence',
  {
    portfolioId: id('portfolio_id').primaryKey().references(() => portfolios.portfolioId),
    epoch: integer('epoch').notNull(),
    halted: boolean('halted').notNull(),
    changedBy: text('changed_by').notNull(),
    reason: text('reason').notNull(),
    changedAt: epochMs('changed_at').notNull(),
  },
  () => [check('fence_epoch', sql`epoch >= 1`)],
);

/** Every rise and lowering. Append-only. */
export const fenceHistory = pgTable(
  'fence_history',
  {
    seq: counter('seq').primaryKey().generatedAlwaysAsIdentity(),
    portfolioId: portfolioId(),
    epoch: integer('epoch').notNull(),
    halted: boolean('halted').notNull(),
    changedBy: text('changed_by').notNull(),
    reason: text('reason').notNull(),
    changedAt: epochMs('changed_at').notNull(),
  },
  (table) => [index('fence_history_portfolio').on(table.portfolioId, table.seq)],
);

/** The guard's state at its last transition, from which a lost engine is rebuilt. */
export const guardState = pgTable('guard_state', {
  portfolioId: id('portfolio_id').primaryKey().references(() => portfolios.portfolioId),
  state: jsonb('state').$type<Readonly<Record<string, unknown>>>().notNull(),
  updatedAt: epochMs('updated_at').notNull(),
});

/** What the sensors of the emergency stop remember of equity, day, highs, dwell, and what they told. */
export const guardWatch = pgTable('guard_watch', {
  portfolioId: id('portfolio_id').primaryKey().references(() => portfolios.portfolioId),
  memory: jsonb('memory').$type<Readonly<Record<string, unknown>>>().notNull(),
  updatedAt: epochMs('updated_at').notNull(),
});

/** How the calls to the venue of each worker fared, by five seconds of the last hour. */
export const venueCalls = pgTable(
  'venue_calls',
  {
    portfolioId: portfolioId(),
    /** Wall clock of the worker: where the stretch begins. */
    stretchAt: epochMs('stretch_at').notNull(),
    /** One process; started again it is another. */
    worker: id('worker').notNull(),
    calls: integer('calls').notNull(),
    failures: integer('failures').notNull(),
  },
  (table) => [primaryKey({ name: 'venue_calls_pk', columns: [table.portfolioId, table.stretchAt, table.worker] }), check('venue_calls_counts', sql`failures >= 0 and failures <= calls`)],
);

/** The posture that holds. */
export const oversight = pgTable('oversight', {
  portfolioId: id('portfolio_id').primaryKey().references(() => portfolios.portfolioId),
  state: jsonb('state').$type<PostureState>().notNull(),
  updatedAt: epochMs('updated_at').notNull(),
});

/** Closing orders of an emergency: they belong to no position, and are written once the ledger can be reached. Append-only. */
export const emergencyOrders = pgTable(
  'emergency_orders',
  {
    clientOrderId: id('client_order_id').primaryKey(),
    portfolioId: portfolioId(),
    emergencyId: id('emergency_id').notNull(),
    instrumentId: id('instrument_id').notNull(),
    side: text('side').notNull(),
    positionSide: text('position_side').notNull(),
    quantity: decimal('quantity').notNull(),
    answer: text('answer').notNull(),
    detail: text('detail'),
    venueOrderId: id('venue_order_id'),
    sentAt: epochMs('sent_at').notNull(),
    writtenAt: writtenAt(),
  },
  (table) => [
    index('emergency_orders_emergency').on(table.portfolioId, table.emergencyId),
    check('emergency_orders_client_order_id_check', sql`client_order_id ~ '^[.A-Z:/a-z0-9_-]{1,36}$'`),
    check('emergency_orders_side_check', oneOf('side', ['buy', 'sell'])),
    check('emergency_orders_position_side_check', oneOf('position_side', ['both', 'long', 'short'])),
    check('emergency_orders_quantity_check', sql`quantity > 0`),
    check('emergency_orders_answer_check', oneOf('answer', ['accepted', 'rejected', 'notSent', 'unknown'])),
  ],
);

/** How far something of the venue was read: a time or an id, by name. */
export const venueCursors = pgTable(
  'venue_cursors',
  { portfolioId: portfolioId(), name: text('name').notNull(), value: counter('value').notNull(), writtenAt: writtenAt() },
  (table) => [primaryKey({ name: 'venue_cursors_pk', columns: [table.portfolioId, table.name] })],
);

/** Sum of all income of a currency, kept by a trigger. No row: no income. */
export const money = pgTable(
  'money',
  { portfolioId: id('portfolio_id').notNull().references(() => portfolios.portfolioId), currency: text('currency').notNull(), booked: decimal('booked').notNull() },
  (table) => [primaryKey({ name: 'money_pk', columns: [table.portfolioId, table.currency] })],
);

/** What venue, ledger and workflows disagree on at the moment. */
export const differences = pgTable(
  'differences',
  {
    portfolioId: portfolioId(),
    key: text('key').notNull(),
    kind: text('kind').notNull(),
    instrumentId: id('instrument_id'),
    evidence: jsonb('evidence').$type<Readonly<Record<string, unknown>>>().notNull(),
    looks: integer('looks').notNull(),
    firstSeenAt: epochMs('first_seen_at').notNull(),
    lastSeenAt: epochMs('last_seen_at').notNull(),
    /** What was done about it, null until then. */
    outcome: text('outcome'),
  },
  (table) => [primaryKey({ name: 'differences_pk', columns: [table.portfolioId, table.key] }), check('differences_looks', sql`looks >= 1`)],
);
