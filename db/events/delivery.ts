import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../domain/errors.ts';
import type { AnyDomainEvent } from '../../domain/events/event.ts';
import { parseEvent } from '../../domain/events/event.ts';
import type { Client, Pool } from '../pool.ts';
import { inTransaction, run, together } from '../pool.ts';
import type { EventRecord } from './audit.ts';
import { NOW_MS } from '../clock.ts';
import { EVENT_COLUMNS } from './audit.ts';
import { hurry, park, QUICK_TRIES } from './parked.ts';

/** Hears every event at least once, in the order of the audit chain; drops repetitions by the event's id. */
export interface Subscriber {
  /** Letters and dashes; its place in the stream is kept under this name. */
  readonly name: string;
  /**
   * @param isAgain it failed before, and newer events were heard meanwhile
   * @returns `reached`: somebody was told, so what is parked gets through too
   */
  handle(event: AnyDomainEvent, isAgain: boolean): Promise<'reached' | void>;
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
export const BATCH_MS_MAX = 1_000;
const FIRST_RETRY_MS = 100;
const ERROR_CHARACTERS_MAX = 2_000;

const DELIVERIES = `SELECT a.position, ${EVENT_COLUMNS} FROM audit_records a JOIN domain_events e ON e.seq = a.event_seq WHERE a.position > $1 ORDER BY a.position LIMIT ${BATCH}`;

export type Delivery = EventRecord & { readonly position: number };

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
    const place = await takeTurn(client, subscriber.name, (QUICK_TRIES + 1) * setup.handleMsMax);
    if (place === null) return 0; // another worker delivers
    const { rows } = await client.query<Delivery>({ name: 'next-deliveries', text: DELIVERIES, values: [place] });
    const startedMs = performance.now();
    const counts = { delivered: 0, parked: 0 };
    let isReached = false;
    let last = place;
    for (const row of rows) {
      if (stopping.aborted || performance.now() - startedMs > BATCH_MS_MAX) break;
      const outcome = await deliver(client, setup, row);
      if (outcome === 'stopped') break;
      isReached ||= outcome === 'reached';
      counts[outcome === 'reached' ? 'delivered' : outcome] += 1;
      last = row.position;
    }
    if (last === place) return 0;
    if (isReached) await hurry(client, subscriber.name);
    await client.query({
      name: 'advance-subscriber', values: [subscriber.name, last, counts.delivered, counts.parked],
      text: `UPDATE event_subscribers SET position = $2, delivered = delivered + $3, failed = failed + $4, updated_at = ${NOW_MS} WHERE name = $1`,
    });
    return counts.delivered + counts.parked;
  });
}

/**
 * Locks the subscriber's row for the rest of the transaction, which stands idle while an event is handled: its lock keeps nobody waiting.
 * @param timeMs so long it may stand idle
 * @returns the position of the last event it heard; null: another worker has the row
 */
export async function takeTurn(client: Client, subscriber: string, timeMs: number): Promise<number | null> {
  const [, { rows: places }] = await together(
    client.query({ name: 'let-handlers-take', text: `SELECT set_config('idle_in_transaction_session_timeout', $1, true)`, values: [String(timeMs)] }),
    client.query<{ position: number }>({ name: 'lock-subscriber', text: 'SELECT position FROM event_subscribers WHERE name = $1 FOR UPDATE SKIP LOCKED', values: [subscriber] }),
  );
  return places[0]?.position ?? null;
}

/** Three tries, 0.1 s × 2ⁿ apart; then the delivery is parked and the stream goes on. */
async function deliver(client: Client, setup: DeliverySetup, row: Delivery): Promise<'delivered' | 'reached' | 'parked' | 'stopped'> {
  const outcome = await tries(setup, row);
  if (typeof outcome === 'string') return outcome;
  await park(client, setup.subscriber.name, row.position, outcome.error);
  return 'parked';
}

/** @returns how it was handled, else the last failure. */
async function tries(setup: DeliverySetup, row: Delivery): Promise<'delivered' | 'reached' | 'stopped' | { readonly error: string }> {
  const { stopping } = setup;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await handled(setup, row, false);
    if (typeof outcome === 'string' || attempt === QUICK_TRIES) return outcome;
    await sleep(FIRST_RETRY_MS * 2 ** (attempt - 1), undefined, { signal: stopping }).catch(() => undefined); // woken early only to stop
    if (stopping.aborted) return 'stopped';
  }
}

/** One try. @returns what failed */
export async function handled({ subscriber, handleMsMax }: DeliverySetup, row: Delivery, isAgain: boolean): Promise<'delivered' | 'reached' | { readonly error: string }> {
  try {
    return (await handleInTime(subscriber, { event: parseEvent(row), isAgain, handleMsMax })) ?? 'delivered';
  } catch (error) {
    // PostgreSQL's text holds no NUL: with one the parking itself would fail, again and again.
    return { error: messageOf(error).replaceAll('\u0000', '').slice(0, ERROR_CHARACTERS_MAX) };
  }
}

async function handleInTime(subscriber: Subscriber, { event, isAgain, handleMsMax }: { readonly event: AnyDomainEvent; readonly isAgain: boolean; readonly handleMsMax: number }): Promise<'reached' | void> {
  const ended = new AbortController();
  const limit = sleep(handleMsMax, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`${subscriber.name} did not finish ${event.type} ${event.id} within ${handleMsMax} ms`);
  });
  try {
    return await Promise.race([subscriber.handle(event, isAgain), limit]);
  } finally {
    ended.abort();
  }
}
