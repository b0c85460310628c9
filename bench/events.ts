import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseUrlOf } from '../config/database.ts';
import { createEventBus } from '../db/events/bus.ts';
import { createLedger } from '../db/ledger.ts';
import { migrate } from '../db/migrate.ts';
import type { Pool } from '../db/pool.ts';
import { createPool } from '../db/pool.ts';
import { createDatabase } from '../stack/postgres/database.ts';
import { startPostgres } from '../stack/postgres/server.ts';
import { freePort } from '../stack/supervisor/ports.ts';
import { startServers } from '../test/support/servers.ts';
import { startSystem } from '../test/support/system.ts';
import type { Counting } from './support/events.ts';
import { counting, publish, publishUntil, WRITERS } from './support/events.ts';
import type { BenchOptions, Row } from './support/measurement.ts';
import { atLeast, formatted, plainRow } from './support/measurement.ts';

const WARM_UP_EVENTS = 500;
const EVENTS = { whole: 6_000, quick: 2_000 };
const PORTFOLIO = 'bench';
const GOAL = { goal: 500, unit: 'events/s' };
/** Beside trading: written at this pace, above the goal. */
const EVENTS_PER_SECOND = 550;
const CANDLES = { whole: 300, quick: 60 };

/** Events from commit to delivery to two subscribers: alone, then beside a session that trades. */
export async function benchEvents({ isQuick }: BenchOptions): Promise<readonly Row[]> {
  const alone = await eventsAlone(isQuick ? EVENTS.quick : EVENTS.whole);
  return [plainRow('domain events stored, sealed and delivered, alone', `${formatted(alone)} /s`), ...(await besideTrading(isQuick ? CANDLES.quick : CANDLES.whole))];
}

/** On a durable Postgres of its own: four writers, each event in a transaction of its own, as an order step writes it. */
async function eventsAlone(events: number): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), 'keel-bench-events-'));
  const postgres = await startPostgres({ home, port: await freePort() });
  try {
    const url = await createDatabase(postgres.url, 'events');
    await migrate(url);
    const pool = createPool(url, { applicationName: 'keel-bench', connectionsMax: WRITERS + 6 });
    try {
      await createLedger(pool).ensurePortfolio({ portfolioId: PORTFOLIO, deploymentId: 'bench', venueAccountId: PORTFOLIO, mode: 'sim', strategy: 'ensemble', timeframe: '1h', instrumentIds: [] });
      return await withBus(pool, async (subscribers) => {
        await publish(pool, PORTFOLIO, { from: 0, count: WARM_UP_EVENTS });
        await reached(subscribers, WARM_UP_EVENTS);
        const startedMs = performance.now();
        await publish(pool, PORTFOLIO, { from: WARM_UP_EVENTS, count: events });
        await reached(subscribers, WARM_UP_EVENTS + events);
        return (events / (performance.now() - startedMs)) * 1_000;
      });
    } finally {
      await pool.end();
    }
  } finally {
    await postgres.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

/** Written at a steady pace into the ledger of a session; what trading itself tells comes on top and is not counted. */
async function besideTrading(candles: number): Promise<readonly Row[]> {
  const servers = await startServers();
  try {
    const system = await startSystem({ ...servers, candles });
    const pool = createPool(databaseUrlOf(system.settings, system.deployment), { applicationName: 'keel-bench', connectionsMax: WRITERS + 6 });
    try {
      return await withBus(pool, async (subscribers) => {
        await system.startReplay();
        const startedMs = performance.now();
        const session = system.waitDone(600_000);
        const published = await publishUntil(session, pool, system.deployment.portfolioId, EVENTS_PER_SECOND);
        const sessionMs = performance.now() - startedMs;
        await reached(subscribers, published);
        const rate = (published / (performance.now() - startedMs)) * 1_000;
        return [
          atLeast('domain events stored, sealed and delivered, beside trading', rate, GOAL),
          plainRow('replay meanwhile, 3 symbols', `${formatted((candles / sessionMs) * 1_000)} cycles/s`),
        ];
      });
    } finally {
      await pool.end();
      await system.close();
    }
  } finally {
    await servers.stop();
  }
}

async function withBus<T>(pool: Pool, work: (subscribers: readonly Counting[]) => Promise<T>): Promise<T> {
  const subscribers = [counting('alerts'), counting('browsers')];
  const bus = createEventBus({ pool, subscribers, warn: (fields, message) => console.error(message, fields) });
  bus.start();
  try {
    return await work(subscribers);
  } finally {
    await bus.stop();
  }
}

async function reached(subscribers: readonly Counting[], count: number): Promise<void> {
  await Promise.all(subscribers.map((it) => it.reached(count)));
}
