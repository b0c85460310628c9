import { setTimeout as sleep } from 'node:timers/promises';
import type { Subscriber } from '../../db/events/bus.ts';
import { writeEvents } from '../../db/events/outbox.ts';
import type { Pool } from '../../db/pool.ts';
import { inTransaction } from '../../db/pool.ts';

export const WRITERS = 4;
/** Events of a measurement are told by their subject from those of trading. */
const SUBJECT = 'position/bench';

export interface Counting extends Subscriber {
  /** Resolves when so many different events of a measurement came. */
  reached(count: number): Promise<void>;
}

/** Keeps the ids apart: what came twice counts once. */
export function counting(name: string): Counting {
  const heard = new Set<string>();
  let goal = { count: Infinity, resolve: (): void => undefined };
  return {
    name,
    handle: (event) => {
      if (event.subject.startsWith(SUBJECT)) heard.add(event.id);
      if (heard.size >= goal.count) goal.resolve();
      return Promise.resolve();
    },
    reached: (count) => new Promise((resolve) => {
      goal = { count, resolve };
      if (heard.size >= count) resolve();
    }),
  };
}

/** Several writers at once, each event in a transaction of its own. */
export async function publish(pool: Pool, portfolioId: string, { from, count }: { from: number; count: number }): Promise<void> {
  await Promise.all(Array.from({ length: WRITERS }, async (_, writer) => {
    for (let index = from + writer; index < from + count; index += WRITERS) await publishOne(pool, portfolioId, index);
  }));
}

/** At a steady pace until something is over. @returns how many were written */
export async function publishUntil(over: Promise<unknown>, pool: Pool, portfolioId: string, perSecond: number): Promise<number> {
  const state = { isOver: false };
  const ending = over.finally(() => (state.isOver = true));
  const startedMs = performance.now();
  let next = 0;
  let written = 0;
  await Promise.all(Array.from({ length: WRITERS }, async () => {
    while (!state.isOver) {
      const index = next;
      next += 1;
      const waitMs = (index * 1_000) / perSecond - (performance.now() - startedMs);
      if (waitMs > 0) await sleep(waitMs);
      await publishOne(pool, portfolioId, index);
      written += 1;
    }
  }));
  await ending;
  return written;
}

async function publishOne(pool: Pool, portfolioId: string, index: number): Promise<void> {
  const positionId = `${SUBJECT}/${index % 8}`;
  await inTransaction(pool, 'bench event', (client) => writeEvents(client, [{
    id: `${positionId}/fill/${index}`, type: 'orderFilled', subject: positionId, portfolioId, traceId: `cycle/${portfolioId}/${index % 100}`, actor: 'keel',
    payload: {
      clientOrderId: `bench-${index}`, positionId, instrumentId: 'BTC-USDT-PERP', leg: 'entry', side: 'buy', type: 'market', quantity: '0.125', tradeId: String(index),
      price: '43210.5', fillQuantity: '0.125', filledQuantity: '0.125', fee: '2.7006', feeCurrency: 'USDT', filledAt: 1_672_574_400_000 + index,
    },
  }]));
}
