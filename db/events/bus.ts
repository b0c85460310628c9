import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../domain/errors.ts';
import type { AnyDomainEvent } from '../../domain/events/event.ts';
import { parseEvent } from '../../domain/events/event.ts';
import type { Client, Pool } from '../pool.ts';
import { inTransaction } from '../pool.ts';
import type { EventRecord } from './audit.ts';
import { EVENT_COLUMNS, sealEvents } from './audit.ts';

/** Hears every event at least once, in the order of the audit chain; drops repetitions by the event's id. */
export interface Subscriber {
  /** Letters and dashes; its place in the stream is kept under this name. */
  readonly name: string;
  handle(event: AnyDomainEvent): Promise<void>;
}

export interface EventBus {
  /** Seals and delivers until `stop`. Several workers may run it: each step has one leader at a time. */
  start(): void;
  stop(): Promise<void>;
  /** One round of everything, for tests and benchmarks. @returns how many were delivered. */
  drain(): Promise<number>;
  /** Delivers again what was parked for a subscriber. @returns how many succeeded. */
  replayParked(subscriberName: string): Promise<number>;
}

const BATCH = 200;
const TRIES = 3;
const FIRST_RETRY_MS = 100;
const IDLE_MS = 500;

type Delivery = EventRecord & { readonly position: number };

export function createEventBus({ pool, subscribers, warn }: { pool: Pool; subscribers: readonly Subscriber[]; warn: (fields: object, message: string) => void }): EventBus {
  let running: Promise<void> | null = null;
  const stopping = new AbortController();

  async function drain(): Promise<number> {
    while ((await sealEvents(pool)) > 0);
    const delivered = await Promise.all(subscribers.map((subscriber) => deliverAll(pool, subscriber)));
    return delivered.reduce((sum, count) => sum + count, 0);
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      const delivered = await drain().catch((error: unknown) => {
        warn({ error: messageOf(error) }, 'events wait: the ledger cannot be reached');
        return 0;
      });
      if (delivered === 0) await sleep(IDLE_MS, undefined, { signal: stopping.signal }).catch(() => undefined); // woken early only to stop
    }
  }

  return {
    drain,
    start: () => {
      running ??= loop();
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
    replayParked: (name) => {
      const subscriber = subscribers.find((it) => it.name === name);
      return subscriber === undefined ? Promise.resolve(0) : replayParked(pool, subscriber);
    },
  };
}

async function deliverAll(pool: Pool, subscriber: Subscriber): Promise<number> {
  let total = 0;
  for (;;) {
    const count = await deliverBatch(pool, subscriber);
    total += count;
    if (count < BATCH) return total;
  }
}

/** The subscriber's row is locked while its batch is delivered: one leader, no gap, no reordering. */
async function deliverBatch(pool: Pool, subscriber: Subscriber): Promise<number> {
  return await inTransaction(pool, `deliver to ${subscriber.name}`, async (client) => {
    await client.query({ text: `INSERT INTO event_subscribers (name, position, delivered, failed, updated_at) VALUES ($1, 0, 0, 0, 0) ON CONFLICT DO NOTHING`, values: [subscriber.name] });
    const { rows: places } = await client.query<{ position: number }>({ text: 'SELECT position FROM event_subscribers WHERE name = $1 FOR UPDATE SKIP LOCKED', values: [subscriber.name] });
    const place = places[0];
    if (place === undefined) return 0; // another worker delivers
    const { rows } = await client.query<Delivery>({ name: 'next-deliveries', text: `SELECT a.position, ${EVENT_COLUMNS} FROM audit_records a JOIN domain_events e ON e.seq = a.event_seq WHERE a.position > $1 ORDER BY a.position LIMIT ${BATCH}`, values: [place.position] });
    let failed = 0;
    for (const row of rows) if (!(await delivered(client, subscriber, row))) failed += 1;
    const last = rows.at(-1);
    if (last !== undefined) {
      await client.query({
        text: `UPDATE event_subscribers SET position = $2, delivered = delivered + $3, failed = failed + $4, updated_at = (extract(epoch from clock_timestamp()) * 1000)::bigint WHERE name = $1`,
        values: [subscriber.name, last.position, rows.length - failed, failed],
      });
    }
    return rows.length;
  });
}

/** Three tries, 0.1 s × 2ⁿ apart; then the delivery is parked and the stream goes on. */
async function delivered(client: Client, subscriber: Subscriber, row: Delivery): Promise<boolean> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await subscriber.handle(parseEvent(row));
      return true;
    } catch (error) {
      if (attempt + 1 < TRIES) {
        await sleep(FIRST_RETRY_MS * 2 ** attempt);
        continue;
      }
      await client.query({
        text: `INSERT INTO parked_deliveries (subscriber, position, error, parked_at) VALUES ($1, $2, $3, (extract(epoch from clock_timestamp()) * 1000)::bigint) ON CONFLICT DO NOTHING`,
        values: [subscriber.name, row.position, messageOf(error)],
      });
      return false;
    }
  }
}

async function replayParked(pool: Pool, subscriber: Subscriber): Promise<number> {
  return await inTransaction(pool, `replay parked deliveries of ${subscriber.name}`, async (client) => {
    const { rows } = await client.query<Delivery>({
      text: `SELECT a.position, ${EVENT_COLUMNS} FROM parked_deliveries p JOIN audit_records a ON a.position = p.position JOIN domain_events e ON e.seq = a.event_seq
             WHERE p.subscriber = $1 AND p.replayed_at IS NULL ORDER BY p.position FOR UPDATE OF p`,
      values: [subscriber.name],
    });
    let succeeded = 0;
    for (const row of rows) {
      if (!(await delivered(client, subscriber, row))) continue;
      succeeded += 1;
      await client.query({ text: 'UPDATE parked_deliveries SET replayed_at = (extract(epoch from clock_timestamp()) * 1000)::bigint WHERE subscriber = $1 AND position = $2', values: [subscriber.name, row.position] });
    }
    return succeeded;
  });
}
