import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../domain/errors.ts';
import type { AnyDomainEvent } from '../../domain/events/event.ts';
import { parseEvent } from '../../domain/events/event.ts';
import type { Client, Pool } from '../pool.ts';
import { inTransaction, run, together } from '../pool.ts';
import type { EventRecord } from './audit.ts';
import { NOW_MS } from '../clock.ts';
import { EVENT_COLUMNS } from './audit.ts';

/** Hears every event at least once, in the order of the audit chain; drops repetitions by the event's id. */
export interface Subscriber {
  /** Letters and dashes; its place in the stream is kept under this name. */
  readonly name: string;
  handle(event: AnyDomainEvent): Promise<void>;
}

export interface DeliverySetup {
  readonly pool: Pool;
  readonly subscriber: Subscriber;
  /** Ends a batch early; what was not delivered comes again. */
  readonly stopping: AbortSignal;
  /** A try that takes longer has failed. */
  readonly handleMsMax: number;
}

const BATCH = 200;
/** A subscriber that is slow stores its place this often: its connection is not kept, and little comes twice. */
const BATCH_MS_MAX = 1_000;
const TRIES = 3;
const FIRST_RETRY_MS = 100;
const ERROR_CHARACTERS_MAX = 2_000;

const DELIVERIES = `SELECT a.position, ${EVENT_COLUMNS} FROM audit_records a JOIN domain_events e ON e.seq = a.event_seq WHERE a.position > $1 ORDER BY a.position LIMIT ${BATCH}`;

type Delivery = EventRecord & { readonly position: number };

/**
 * Delivers what was sealed since, batch by batch.
 * @returns how many were delivered or parked; 0 also when another worker delivers to this subscriber at the moment.
 */
export async function deliverAll(setup: DeliverySetup): Promise<number> {
  let total = 0;
  while (!setup.stopping.aborted && (await isBehind(setup))) {
    const count = await deliverBatch(setup);
    if (count === 0) break;
    total += count;
  }
  return total;
}

/** Only reads: a round without news locks and writes nothing. */
async function isBehind({ pool, subscriber }: DeliverySetup): Promise<boolean> {
  const [row] = await run<{ behind: boolean }>(pool, `look for news for ${subscriber.name}`, {
    name: 'is-behind', values: [subscriber.name],
    text: 'SELECT coalesce((SELECT max(position) FROM audit_records), 0) > coalesce((SELECT position FROM event_subscribers WHERE name = $1), 0) AS behind',
  });
  return row?.behind === true;
}

/** The subscriber's row is locked while its batch is delivered: one leader, no gap, no reordering. */
async function deliverBatch(setup: DeliverySetup): Promise<number> {
  const { pool, subscriber, stopping } = setup;
  await run(pool, `enter ${subscriber.name}`, { name: 'enter-subscriber', text: 'INSERT INTO event_subscribers (name, position, delivered, failed, updated_at) VALUES ($1, 0, 0, 0, 0) ON CONFLICT DO NOTHING', values: [subscriber.name] });
  return await inTransaction(pool, `deliver to ${subscriber.name}`, async (client) => {
    const [, { rows: places }] = await together(
      letHandlersTake(client, (TRIES + 1) * setup.handleMsMax),
      client.query<{ position: number }>({ name: 'lock-subscriber', text: 'SELECT position FROM event_subscribers WHERE name = $1 FOR UPDATE SKIP LOCKED', values: [subscriber.name] }),
    );
    const place = places[0];
    if (place === undefined) return 0; // another worker delivers
    const { rows } = await client.query<Delivery>({ name: 'next-deliveries', text: DELIVERIES, values: [place.position] });
    const startedMs = performance.now();
    const counts = { delivered: 0, parked: 0 };
    let last = place.position;
    for (const row of rows) {
      if (stopping.aborted || performance.now() - startedMs > BATCH_MS_MAX) break;
      const outcome = await deliver(client, setup, row);
      if (outcome === 'stopped') break;
      counts[outcome] += 1;
      last = row.position;
    }
    if (last === place.position) return 0;
    await client.query({
      name: 'advance-subscriber', values: [subscriber.name, last, counts.delivered, counts.parked],
      text: `UPDATE event_subscribers SET position = $2, delivered = delivered + $3, failed = failed + $4, updated_at = ${NOW_MS} WHERE name = $1`,
    });
    return counts.delivered + counts.parked;
  });
}

/** The transaction stands idle while a subscriber handles an event; its lock keeps nobody waiting. @param timeMs 0: without end */
async function letHandlersTake(client: Client, timeMs: number): Promise<void> {
  await client.query({ name: 'let-handlers-take', text: `SELECT set_config('idle_in_transaction_session_timeout', $1, true)`, values: [String(timeMs)] });
}

/** Three tries, 0.1 s × 2ⁿ apart; then the delivery is parked and the stream goes on. */
async function deliver(client: Client, setup: DeliverySetup, row: Delivery): Promise<'delivered' | 'parked' | 'stopped'> {
  const failure = await tries(setup, row);
  if (failure === null) return 'delivered';
  if (failure === 'stopped') return 'stopped';
  await client.query({
    name: 'park-delivery', values: [setup.subscriber.name, row.position, failure.error],
    text: `INSERT INTO parked_deliveries (subscriber, position, error, parked_at) VALUES ($1, $2, $3, ${NOW_MS}) ON CONFLICT DO NOTHING`,
  });
  return 'parked';
}

/** @returns null once it was handled, else the last failure. */
async function tries({ subscriber, stopping, handleMsMax }: DeliverySetup, row: Delivery): Promise<null | 'stopped' | { readonly error: string }> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await handleInTime(subscriber, parseEvent(row), handleMsMax);
      return null;
    } catch (error) {
      // PostgreSQL's text holds no NUL: with one the parking itself would fail, again and again.
      if (attempt === TRIES) return { error: messageOf(error).replaceAll('\u0000', '').slice(0, ERROR_CHARACTERS_MAX) };
    }
    await sleep(FIRST_RETRY_MS * 2 ** (attempt - 1), undefined, { signal: stopping }).catch(() => undefined); // woken early only to stop
    if (stopping.aborted) return 'stopped';
  }
}

async function handleInTime(subscriber: Subscriber, event: AnyDomainEvent, handleMsMax: number): Promise<void> {
  const ended = new AbortController();
  const limit = sleep(handleMsMax, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`${subscriber.name} did not finish ${event.type} ${event.id} within ${handleMsMax} ms`);
  });
  try {
    await Promise.race([subscriber.handle(event), limit]);
  } finally {
    ended.abort();
  }
}

/** Delivers again what was parked, in order; what fails again stays parked. @returns how many succeeded. */
export async function replayParked(setup: DeliverySetup): Promise<number> {
  const { pool, subscriber } = setup;
  return await inTransaction(pool, `replay parked deliveries of ${subscriber.name}`, async (client) => {
    const { rows } = await client.query<Delivery>({
      text: `SELECT a.position, ${EVENT_COLUMNS} FROM parked_deliveries p JOIN audit_records a ON a.position = p.position JOIN domain_events e ON e.seq = a.event_seq
             WHERE p.subscriber = $1 AND p.replayed_at IS NULL ORDER BY p.position FOR UPDATE OF p`,
      values: [subscriber.name],
    });
    const succeeded: number[] = [];
    await letHandlersTake(client, 0);
    for (const row of rows) {
      const failure = await tries(setup, row);
      if (failure === 'stopped') break;
      if (failure === null) succeeded.push(row.position);
    }
    await client.query({ text: `UPDATE parked_deliveries SET replayed_at = ${NOW_MS} WHERE subscriber = $1 AND position = ANY($2)`, values: [subscriber.name, succeeded] });
    return succeeded.length;
  });
}
