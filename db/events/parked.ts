/** Deliveries that failed: kept until they get through; none is dropped. */
import type { AnyDomainEvent } from '../../domain/events/event.ts';
import { parseEvent } from '../../domain/events/event.ts';
import { NOW_MS } from '../clock.ts';
import type { Client, Pool } from '../pool.ts';
import { inTransaction, run } from '../pool.ts';
import type { EventRecord } from './audit.ts';
import { EVENT_COLUMNS } from './audit.ts';
import { EVENT_CHANNEL, SEALED } from './channel.ts';

const FIRST_RETRY_MS = 30_000;
const RETRY_MS_MAX = 15 * 60_000;
/** Tries before it is parked. */
export const QUICK_TRIES = 3;

/** `p`, and with it the event in the columns of EVENT_COLUMNS. */
export const PARKED_EVENTS = 'parked_deliveries p JOIN audit_records a ON a.position = p.position JOIN domain_events e ON e.seq = a.event_seq';

/** Half a minute after it was parked, twice as long each time, at last every quarter of an hour. @param tries so many failed */
export function retryDelayMs(tries: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** Math.min(Math.max(0, tries - QUICK_TRIES), 10), RETRY_MS_MAX);
}

/** Within the transaction that moves the subscriber on. */
export async function park(client: Client, subscriber: string, position: number, error: string): Promise<void> {
  await client.query({
    name: 'park-delivery', values: [subscriber, position, error, QUICK_TRIES, retryDelayMs(QUICK_TRIES)],
    text: `INSERT INTO parked_deliveries (subscriber, position, error, parked_at, tries, next_try_at) VALUES ($1, $2, $3, ${NOW_MS}, $4, ${NOW_MS} + $5) ON CONFLICT DO NOTHING`,
  });
}

/** Whoever is told was there: what is parked for it is due. */
export async function hurry(client: Client, subscriber: string): Promise<void> {
  await client.query({ name: 'hurry-parked', values: [subscriber], text: `UPDATE parked_deliveries SET next_try_at = ${NOW_MS} WHERE subscriber = $1 AND replayed_at IS NULL AND next_try_at > ${NOW_MS}` });
}

/** What came of a try. @param failure null: it got through */
export async function note(client: Client, subscriber: string, { position, tries }: { readonly position: number; readonly tries: number }, failure: string | null): Promise<void> {
  await client.query(failure === null
    ? { name: 'unpark', values: [subscriber, position], text: `UPDATE parked_deliveries SET replayed_at = ${NOW_MS} WHERE subscriber = $1 AND position = $2` }
    : { name: 'park-again', values: [subscriber, position, failure, tries + 1, retryDelayMs(tries + 1)], text: `UPDATE parked_deliveries SET error = $3, tries = $4, next_try_at = ${NOW_MS} + $5 WHERE subscriber = $1 AND position = $2` });
}

export interface ParkedDelivery {
  readonly event: AnyDomainEvent;
  /** How often it failed. */
  readonly tries: number;
  /** Of the last try. */
  readonly error: string;
  /** Wall clock. */
  readonly parkedAt: number;
  /** Wall clock; in the past: at the next round of a worker. */
  readonly nextTryAt: number;
}

/** What has not got through to a subscriber, oldest first. @throws {KeelError} DATABASE_UNREACHABLE, DATABASE_FAILED */
export async function parkedFor(pool: Pool, subscriber: string, limit: number): Promise<readonly ParkedDelivery[]> {
  const rows = await run<EventRecord & { position: number } & Omit<ParkedDelivery, 'event'>>(pool, `what is parked for ${subscriber}`, {
    text: `SELECT a.position, p.tries, p.error, p.parked_at AS "parkedAt", p.next_try_at AS "nextTryAt", ${EVENT_COLUMNS}
           FROM ${PARKED_EVENTS}
           WHERE p.subscriber = $1 AND p.replayed_at IS NULL ORDER BY p.position LIMIT $2`,
    values: [subscriber, limit],
  });
  return rows.map(({ tries, error, parkedAt, nextTryAt, ...row }) => ({ event: parseEvent(row), tries, error, parkedAt, nextTryAt }));
}

/** Makes all of it due: a running worker sends it at once. */
export async function sendAgain(pool: Pool, subscriber: string): Promise<void> {
  await inTransaction(pool, `send again what is parked for ${subscriber}`, async (client) => {
    await hurry(client, subscriber);
    await client.query(`SELECT pg_notify('${EVENT_CHANNEL}', '${SEALED}')`);
  });
}
