import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Subscriber } from '../db/events/bus.ts';
import { createEventBus } from '../db/events/bus.ts';
import { writeEvents } from '../db/events/outbox.ts';
import { createLedger } from '../db/ledger.ts';
import { migrate } from '../db/migrate.ts';
import type { Pool } from '../db/pool.ts';
import { createPool, inTransaction } from '../db/pool.ts';
import { createDatabase } from '../stack/postgres/database.ts';
import { startPostgres } from '../stack/postgres/server.ts';
import { freePort } from '../stack/supervisor/ports.ts';

const WRITERS = 4;
const WARM_UP_EVENTS = 500;
const EVENTS = 6_000;
const PORTFOLIO = 'bench';

/**
 * Events from commit to delivery, on a durable Postgres of its own: four writers, each event in a transaction of its
 * own, as an order step writes it; sealed into the audit chain and told to two subscribers.
 * @returns events a second, from the first write until the last subscriber heard the last event.
 */
export async function benchEvents(): Promise<{ eventsPerSecond: number }> {
  const home = mkdtempSync(join(tmpdir(), 'keel-bench-events-'));
  const postgres = await startPostgres({ home, port: await freePort() });
  try {
    const url = await createDatabase(postgres.url, 'events');
    await migrate(url);
    const pool = createPool(url, { applicationName: 'keel-bench', connectionsMax: WRITERS + 6 });
    try {
      return { eventsPerSecond: await measure(pool) };
    } finally {
      await pool.end();
    }
  } finally {
    await postgres.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function measure(pool: Pool): Promise<number> {
  await createLedger(pool).ensurePortfolio({ portfolioId: PORTFOLIO, deploymentId: 'bench', venueAccountId: PORTFOLIO, mode: 'sim', strategy: 'ensemble', timeframe: '1h', instrumentIds: [] });
  const subscribers = [counting('alerts'), counting('browsers')];
  const bus = createEventBus({ pool, subscribers, warn: (fields, message) => console.error(message, fields) });
  bus.start();
  try {
    await publish(pool, { from: 0, count: WARM_UP_EVENTS });
    await Promise.all(subscribers.map((it) => it.reached(WARM_UP_EVENTS)));
    const startedMs = performance.now();
    await publish(pool, { from: WARM_UP_EVENTS, count: EVENTS });
    await Promise.all(subscribers.map((it) => it.reached(WARM_UP_EVENTS + EVENTS)));
    return Math.round((EVENTS / (performance.now() - startedMs)) * 1_000);
  } finally {
    await bus.stop();
  }
}

/** Keeps the ids apart: what came twice counts once. */
function counting(name: string): Subscriber & { reached(count: number): Promise<void> } {
  const heard = new Set<string>();
  let goal = { count: Infinity, resolve: (): void => undefined };
  return {
    name,
    handle: (event) => {
      heard.add(event.id);
      if (heard.size >= goal.count) goal.resolve();
      return Promise.resolve();
    },
    reached: (count) => new Promise((resolve) => {
      goal = { count, resolve };
      if (heard.size >= count) resolve();
    }),
  };
}

async function publish(pool: Pool, { from, count }: { from: number; count: number }): Promise<void> {
  await Promise.all(Array.from({ length: WRITERS }, async (_, writer) => {
    for (let index = from + writer; index < from + count; index += WRITERS) {
      const positionId = `position/${PORTFOLIO}/${index % 8}`;
      await inTransaction(pool, 'bench event', (client) => writeEvents(client, [{
        id: `${positionId}/fill/${index}`, type: 'orderFilled', subject: positionId, portfolioId: PORTFOLIO, traceId: `cycle/${PORTFOLIO}/${index % 100}`, actor: 'keel',
        payload: {
          clientOrderId: `bench-${index}`, positionId, instrumentId: 'BTC-USDT-PERP', leg: 'entry', side: 'buy', type: 'market', quantity: '0.125', tradeId: String(index),
          price: '43210.5', fillQuantity: '0.125', filledQuantity: '0.125', fee: '2.7006', feeCurrency: 'USDT', filledAt: 1_672_574_400_000 + index,
        },
      }]));
    }
  }));
}

if (import.meta.main) {
  const { eventsPerSecond } = await benchEvents();
  console.log(`events: ${eventsPerSecond.toLocaleString('en')} stored, sealed and delivered a second`);
}
