import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/canonical-json.ts';
import type { AnyDomainEvent } from '../../domain/events/event.ts';
import { AUDIT_OF } from '../../domain/events/event.ts';
import type { Client, Pool } from '../pool.ts';
import { inTransaction, run } from '../pool.ts';
import { EVENT_CHANNEL, SEALED } from './channel.ts';

/** Any number that no other lock of Keel uses: one sealer at a time keeps the chain a chain. */
const SEALER_LOCK = 7_301;
const BATCH = 500;
/** What the first record's hash is chained to. */
const GENESIS = '0'.repeat(64);

export const EVENT_COLUMNS = `e.seq, e.event_id AS id, e.type, e.source, e.portfolio_id AS "portfolioId", e.subject, e.trace_id AS "traceId", e.actor, e.time, e.payload`;

export type EventRecord = AnyDomainEvent & { readonly seq: number };

/**
 * Takes what was written since, in order, into the hash chain: each record's hash covers its event and the hash before it.
 * @returns how many were sealed, at most 500; 0 when none waits, or another worker seals at the moment.
 */
export async function sealEvents(pool: Pool): Promise<number> {
  const waiting = await run(pool, 'look for events', { name: 'events-waiting', text: 'SELECT 1 FROM outbox LIMIT 1' });
  if (waiting.length === 0) return 0; // a round without news locks nothing
  return await inTransaction(pool, 'seal events', async (client) => {
    const { rows: locked } = await client.query<{ held: boolean }>({ text: 'SELECT pg_try_advisory_xact_lock($1) AS held', values: [SEALER_LOCK] });
    if (locked[0]?.held !== true) return 0; // another worker seals
    const { rows: events } = await client.query<EventRecord>({ name: 'unsealed-events', text: UNSEALED });
    if (events.length > 0) await appendRecords(client, events);
    return events.length;
  });
}

/** The batch is cut first: a plan that joins first walks all events there ever were to reach the newest. */
const UNSEALED = `SELECT ${EVENT_COLUMNS} FROM (SELECT seq FROM outbox ORDER BY seq LIMIT ${BATCH}) o JOIN domain_events e ON e.seq = o.seq ORDER BY o.seq`;

async function appendRecords(client: Client, events: readonly EventRecord[]): Promise<void> {
  const { rows } = await client.query<{ position: number; hash: string }>({ name: 'chain-end', text: 'SELECT position, hash FROM audit_records ORDER BY position DESC LIMIT 1' });
  let { position, hash } = rows[0] ?? { position: 0, hash: GENESIS };
  const records = events.map((event) => {
    position += 1;
    hash = chainedHash(hash, event);
    return { position, event_seq: event.seq, type: AUDIT_OF[event.type].type, retention_days: AUDIT_OF[event.type].retentionDays, hash };
  });
  await client.query({
    name: 'append-audit',
    text: `INSERT INTO audit_records (position, event_seq, type, retention_days, hash, sealed_at)
           SELECT r.*, (extract(epoch from clock_timestamp()) * 1000)::bigint FROM jsonb_to_recordset($1::jsonb) AS r(position bigint, event_seq bigint, type text, retention_days int, hash text)`,
    values: [JSON.stringify(records)],
  });
  await client.query({ name: 'empty-outbox', text: 'DELETE FROM outbox WHERE seq = ANY($1)', values: [events.map((event) => event.seq)] });
  await client.query({
    name: 'count-events',
    text: `INSERT INTO event_counts (type, published) SELECT type, count(*) FROM unnest($1::text[]) AS t(type) GROUP BY type ON CONFLICT (type) DO UPDATE SET published = event_counts.published + EXCLUDED.published`,
    values: [events.map((event) => event.type)],
  });
  await client.query({ name: 'announce-sealed', text: `SELECT pg_notify('${EVENT_CHANNEL}', '${SEALED}')` });
}

export interface ChainVerdict {
  readonly checked: number;
  /** Position of the first record whose hash does not follow; null when the chain is whole. */
  readonly brokenAt: number | null;
}

/** Recomputes the whole chain, batch by batch. */
export async function verifyAuditChain(pool: Pool): Promise<ChainVerdict> {
  let hash = GENESIS;
  let after = 0;
  for (;;) {
    const rows = await run<EventRecord & { position: number; hash: string }>(pool, 'read audit chain', {
      name: 'read-chain', text: `SELECT a.position, a.hash, ${EVENT_COLUMNS} FROM audit_records a JOIN domain_events e ON e.seq = a.event_seq WHERE a.position > $1 ORDER BY a.position LIMIT 1000`, values: [after],
    });
    for (const row of rows) {
      hash = chainedHash(hash, row);
      if (row.position !== after + 1 || row.hash !== hash) return { checked: after, brokenAt: row.position };
      after = row.position;
    }
    if (rows.length < 1_000) return { checked: after, brokenAt: null };
  }
}

/** Covers the stored event as it is, whatever this version's schema would make of it. */
function chainedHash(previous: string, { id, type, source, time, traceId, subject, portfolioId, actor, payload }: EventRecord): string {
  return createHash('sha256').update(`${previous}\n${canonicalJson({ id, type, source, time, traceId, subject, portfolioId, actor, payload })}`).digest('hex');
}
