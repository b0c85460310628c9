import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../domain/errors.ts';
import type { Pool } from '../pool.ts';
import { sealEvents } from './audit.ts';
import { SEALED } from './channel.ts';
import type { DeliverySetup, Subscriber } from './delivery.ts';
import { deliverAll } from './delivery.ts';
import { retryParked } from './retry.ts';
import { createBell, createEventListener } from './wake.ts';

export type { Subscriber } from './delivery.ts';

export interface EventBus {
  /** Seals and delivers until `stop`. Several workers may run it: each step has one leader at a time. */
  start(): void;
  /** Ends after what is being handled; what was not delivered comes at the next start. */
  stop(): Promise<void>;
  /** One round of everything, for tests and benchmarks. @returns how many were delivered. */
  drain(): Promise<number>;
}

export interface EventBusOptions {
  readonly pool: Pool;
  readonly subscribers: readonly Subscriber[];
  readonly warn: (fields: object, message: string) => void;
  /** A subscriber that takes longer for one event has failed at it. */
  readonly handleMsMax?: number;
}

/** An announcement that was lost costs this long. */
const POLL_MS = 1_000;
const HANDLE_MS_MAX = 10_000;
/** After the first announcement, so long others are gathered: a round is a transaction, whether for one event or for many. */
const GATHER_MS = 10;

/** One loop seals, one serves each subscriber: none waits for another. */
export function createEventBus({ pool, subscribers, warn, handleMsMax = HANDLE_MS_MAX }: EventBusOptions): EventBus {
  const stopping = new AbortController();
  const toSeal = createBell();
  const served = subscribers.map((subscriber) => ({ bell: createBell(), setup: { pool, subscriber, stopping: stopping.signal, handleMsMax } }));
  const bells = served.map(({ bell }) => bell);
  const listener = createEventListener(pool, (text) => (text === SEALED ? bells : [toSeal]).forEach((bell) => bell.ring()));
  let running: Promise<unknown> | null = null;

  async function repeat(bell: { wait(timeoutMs: number): Promise<void> }, round: () => Promise<unknown>): Promise<void> {
    while (!stopping.signal.aborted) {
      await round().catch((error: unknown) => warn({ error: messageOf(error) }, 'events wait: the ledger cannot be reached'));
      if (!stopping.signal.aborted) await bell.wait(POLL_MS);
      if (!stopping.signal.aborted) await sleep(GATHER_MS, undefined, { signal: stopping.signal }).catch(() => undefined); // woken early only to stop
    }
  }

  async function sealRound(): Promise<void> {
    await listener.ensure();
    await sealAll(pool);
  }

  return {
    drain: async () => {
      await sealAll(pool);
      const delivered = await Promise.all(served.map(({ setup }) => serve(setup)));
      return delivered.reduce((sum, count) => sum + count, 0);
    },
    start: () => {
      running ??= Promise.all([repeat(toSeal, sealRound), ...served.map(({ bell, setup }) => repeat(bell, () => serve(setup)))]);
    },
    stop: async () => {
      stopping.abort();
      for (const bell of [toSeal, ...bells]) bell.ring();
      await running;
      listener.close();
    },
  };
}

async function sealAll(pool: Pool): Promise<void> {
  while ((await sealEvents(pool)) > 0);
}

/** News first; then what is parked and due. */
async function serve(setup: DeliverySetup): Promise<number> {
  return (await deliverAll(setup)) + (await retryParked(setup));
}
