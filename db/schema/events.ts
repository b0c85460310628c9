/** Domain events, their delivery, and the audit chain over them. */
import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import { counter, epochMs, id, writtenAt } from './columns.ts';
import { portfolios } from './market.ts';

/** What happened, written in its cause's transaction. Append-only. */
export const domainEvents = pgTable(
  'domain_events',
  {
    seq: counter('seq').primaryKey().generatedAlwaysAsIdentity(),
    eventId: id('event_id').notNull(),
    type: text('type').notNull(),
    source: text('source').notNull(),
    portfolioId: id('portfolio_id').references(() => portfolios.portfolioId),
    subject: text('subject').notNull(),
    traceId: text('trace_id').notNull(),
    actor: text('actor').notNull(),
    /** Wall clock. */
    time: epochMs('time').notNull(),
    payload: jsonb('payload').$type<Readonly<Record<string, unknown>>>().notNull(),
  },
  (table) => [
    unique('domain_events_once').on(table.eventId),
    index('domain_events_type').on(table.type, table.seq),
    index('domain_events_subject').on(table.subject, table.seq),
    index('domain_events_trace').on(table.traceId, table.seq),
    index('domain_events_actor').on(table.actor, table.seq),
    index('domain_events_time').on(table.time),
  ],
);

/** Events that are not yet in the chain; emptied by the sealer. */
export const outbox = pgTable('outbox', {
  seq: counter('seq').primaryKey().references(() => domainEvents.seq),
});

/** The audit chain: each event once, in the order in which it is delivered. Append-only. */
export const auditRecords = pgTable(
  'audit_records',
  {
    /** From 1, without a gap. */
    position: counter('position').primaryKey(),
    eventSeq: counter('event_seq').notNull().references(() => domainEvents.seq),
    type: text('type').notNull(),
    retentionDays: integer('retention_days').notNull(),
    /** SHA-256 in hex of the previous record's hash followed by this record's canonical JSON. */
    hash: text('hash').notNull(),
    sealedAt: epochMs('sealed_at').notNull(),
  },
  (table) => [
    unique('audit_records_event_unique').on(table.eventSeq),
    index('audit_records_type').on(table.type, table.position),
    check('audit_records_hash', sql`hash ~ '^[0-9a-f]{64}$'`),
  ],
);

/** How far each subscriber was served. */
export const eventSubscribers = pgTable('event_subscribers', {
  name: text('name').primaryKey(),
  position: counter('position').notNull(),
  delivered: counter('delivered').notNull(),
  failed: counter('failed').notNull(),
  updatedAt: epochMs('updated_at').notNull(),
});

/** Deliveries that failed three times; tried again by themselves until they get through. */
export const parkedDeliveries = pgTable(
  'parked_deliveries',
  {
    subscriber: text('subscriber').notNull().references(() => eventSubscribers.name),
    position: counter('position').notNull().references(() => auditRecords.position),
    error: text('error').notNull(),
    parkedAt: epochMs('parked_at').notNull(),
    replayedAt: epochMs('replayed_at'),
    tries: integer('tries').notNull().default(3),
    /** Wall clock. */
    nextTryAt: epochMs('next_try_at').notNull().default(0),
  },
  (table) => [
    primaryKey({ name: 'parked_deliveries_pk', columns: [table.subscriber, table.position] }),
    check('parked_deliveries_tries_check', sql`tries > 0`),
    index('parked_deliveries_due').on(table.subscriber, table.nextTryAt).where(sql`replayed_at is null`),
    index('parked_deliveries_waiting').on(table.subscriber, table.position).where(sql`replayed_at is null`),
  ],
);

/** How many events of each type were ever published. */
export const eventCounts = pgTable('event_counts', {
  type: text('type').primaryKey(),
  published: counter('published').notNull(),
  writtenAt: writtenAt(),
});
