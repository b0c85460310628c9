import type { EventPayload, EventType } from '../../domain/events/event.ts';
import { EVENT_PAYLOADS } from '../../domain/events/event.ts';
import type { Client } from '../pool.ts';
import { EVENT_CHANNEL } from './channel.ts';

/** An event about to be written in its cause's transaction. */
export interface NewEvent<T extends EventType = EventType> {
  /** Made from the cause, so that the same cause writes it once. */
  readonly id: string;
  readonly type: T;
  readonly subject: string;
  readonly portfolioId: string;
  readonly traceId: string;
  readonly actor: string;
  readonly payload: EventPayload<T>;
}

const INSERT = `
  WITH written AS (
    INSERT INTO domain_events (event_id, type, source, portfolio_id, subject, trace_id, actor, time, payload)
    SELECT e->>'id', e->>'type', 'ledger', e->>'portfolioId', e->>'subject', e->>'traceId', e->>'actor',
           (extract(epoch from clock_timestamp()) * 1000)::bigint, e->'payload'
    FROM jsonb_array_elements($1::jsonb) AS e
    ON CONFLICT (event_id) DO NOTHING
    RETURNING seq
  ), queued AS (INSERT INTO outbox (seq) SELECT seq FROM written)
  SELECT pg_notify('${EVENT_CHANNEL}', '')`;

/** Writes events once each, in the running transaction: they happened exactly if their cause was committed. */
export async function writeEvents(client: Client, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  for (const event of events) EVENT_PAYLOADS[event.type].parse(event.payload);
  await client.query({ name: 'write-events', text: INSERT, values: [JSON.stringify(events)] });
}
