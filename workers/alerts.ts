/** Tells people: in the log always, at a webhook where one is set. */
import type { Subscriber } from '../db/events/bus.ts';
import type { Alert, AlertLevel } from '../domain/events/alert.ts';
import { ALERTS_SUBSCRIBER, alertOf } from '../domain/events/alert.ts';
import type { People } from '../domain/ports/people.ts';

export interface PeopleOptions {
  /** Holds a secret as a rule: it stands in no log and no error. Undefined: the log alone. */
  readonly url: string | undefined;
  readonly log: Readonly<Record<'info' | 'warn' | 'error', (fields: object, message: string) => void>>;
  /** An answer that takes longer is none. */
  readonly timeoutMs?: number;
}

/** Shorter than what the bus allows for one event. */
const TIMEOUT_MS = 5_000;
/** What is older when it is first heard is logged alone: a first start on an old ledger tells of every event there ever was. */
const AGE_MAX_MS = 24 * 3_600_000;
const LOGGED_AS = { info: 'info', warning: 'warn', critical: 'error' } as const satisfies Readonly<Record<AlertLevel, string>>;

export function createPeople({ url, log, timeoutMs = TIMEOUT_MS }: PeopleOptions): People {
  let logged: string | null = null;
  const note = (alert: Alert): void => {
    // A second try is no second alert.
    if (logged !== alert.id) log[LOGGED_AS[alert.level]]({ alert: alert.level, event: alert.type, id: alert.id, subject: alert.subject }, alert.text);
    logged = alert.id;
  };
  return {
    note,
    tell: async (alert) => {
      note(alert);
      if (url === undefined) return;
      const failure = await send(url, alert, timeoutMs);
      if (failure === null) return;
      log.warn({ event: alert.type, id: alert.id, failure }, 'an alert did not get through');
      throw new Error(`the alert webhook ${failure}`);
    },
  };
}

/**
 * Tells of events. What does not get through is tried three times, then parked and tried again until it does, as for every
 * subscriber; trading waits for none of it.
 * @param clock wall clock, epoch milliseconds
 */
export function createAlerts(people: People, clock: () => number): Subscriber {
  return {
    name: ALERTS_SUBSCRIBER,
    handle: async (event, isAgain) => {
      const alert = alertOf(event);
      if (alert === null) return undefined;
      if (!isAgain && clock() - event.time > AGE_MAX_MS) {
        people.note(alert);
        return undefined;
      }
      await people.tell(alert);
      return 'reached';
    },
  };
}

/** @returns why it did not get through, without the address; null when it did. */
async function send(url: string, alert: Alert, timeoutMs: number): Promise<string | null> {
  try {
    const { ok, status } = await fetch(url, {
      method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': alert.id }, body: JSON.stringify(alert),
      redirect: 'error', // a redirected POST becomes a GET, which would look like success
      signal: AbortSignal.timeout(timeoutMs),
    });
    return ok ? null : `answered ${status}`;
  } catch (error) {
    const { name, cause } = error as { readonly name?: string; readonly cause?: { readonly code?: string } };
    return name === 'TimeoutError' ? `did not answer within ${timeoutMs / 1_000} s` : `could not be reached (${cause?.code ?? 'no connection'})`;
  }
}
