import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { sealEvents, verifyAuditChain } from '../../../db/events/audit.ts';
import type { EventBus, EventBusOptions, Subscriber } from '../../../db/events/bus.ts';
import { createEventBus } from '../../../db/events/bus.ts';
import { writeEvents } from '../../../db/events/outbox.ts';
import { createLedger } from '../../../db/ledger.ts';
import type { Pool } from '../../../db/pool.ts';
import { inTransaction } from '../../../db/pool.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';

let databases: TestDatabases;
let pool: Pool;
const buses: EventBus[] = [];

beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());
beforeEach(async () => {
  pool = await databases.create();
  await createLedger(pool).ensurePortfolio({ portfolioId: 'sim', deploymentId: 'abcde', venueAccountId: 'account', mode: 'sim', strategy: 'ensemble', timeframe: '1h', instrumentIds: [] });
  return async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.stop()));
  };
});

/** Events `from` … `from + count - 1`, by turns about `subjects` subjects, in one transaction. */
async function write(count: number, { from = 1, subjects = 1 } = {}): Promise<void> {
  await inTransaction(pool, 'write', (client) => writeEvents(client, Array.from({ length: count }, (_, index) => ({
    id: `e${from + index}`, type: 'fenceRaised' as const, subject: `s${(from + index) % subjects}`, portfolioId: 'sim', traceId: 't', actor: 'test', payload: { epoch: from + index, reason: 'because' },
  }))));
}

function hearer(name: string): Subscriber & { readonly heard: string[] } {
  const heard: string[] = [];
  return { name, heard, handle: (event) => { heard.push(event.id); return Promise.resolve(); } };
}

function busOf(subscribers: readonly Subscriber[], options: Partial<EventBusOptions> = {}): EventBus {
  const bus = createEventBus({ pool, subscribers, warn: () => undefined, ...options });
  buses.push(bus);
  return bus;
}

const ids = (count: number, from = 1): string[] => Array.from({ length: count }, (_, index) => `e${from + index}`);
const rowsOf = async (text: string): Promise<unknown[]> => (await pool.query<Record<string, unknown>>(text)).rows;

describe('the audit chain', () => {
  it('hashes the hash before, a line break and the event with sorted keys', async () => {
    await write(1);
    expect(await sealEvents(pool)).toBe(1);
    const [event] = await rowsOf('SELECT time FROM domain_events') as [{ time: number }];
    const text = `{"actor":"test","id":"e1","payload":{"epoch":1,"reason":"because"},"portfolioId":"sim","source":"ledger","subject":"s0","time":${event.time},"traceId":"t","type":"fenceRaised"}`;
    const hash = createHash('sha256').update(`${'0'.repeat(64)}\n${text}`).digest('hex');
    expect(await rowsOf('SELECT position, type, retention_days, hash FROM audit_records')).toEqual([{ position: 1, type: 'emergency.fenceRaised', retention_days: 365, hash }]);
  });

  it('takes each event once, in order, and counts it', async () => {
    await write(1_100);
    expect([await sealEvents(pool), await sealEvents(pool), await sealEvents(pool), await sealEvents(pool)]).toEqual([500, 500, 100, 0]);
    await write(2); // the same ids again: written once
    expect(await sealEvents(pool)).toBe(0);
    expect(await verifyAuditChain(pool)).toEqual({ checked: 1_100, brokenAt: null });
    expect(await rowsOf('SELECT count(*) FROM outbox')).toEqual([{ count: 0 }]);
    expect(await rowsOf('SELECT type, published FROM event_counts')).toEqual([{ type: 'fenceRaised', published: 1_100 }]);
  });

  it('stays one chain when many seal at once', async () => {
    await write(300);
    const sealed = await Promise.all(Array.from({ length: 6 }, () => sealEvents(pool)));
    expect(sealed.reduce((sum, count) => sum + count, 0)).toBe(300);
    expect(await verifyAuditChain(pool)).toEqual({ checked: 300, brokenAt: null });
  });

  it.each([
    ['a changed payload', `UPDATE domain_events SET payload = '{"epoch": 9, "reason": "because"}' WHERE seq = 2`, 2],
    ['a field that no schema knows', `UPDATE domain_events SET payload = payload || '{"hidden": 1}' WHERE seq = 2`, 2],
    ['another actor', `UPDATE domain_events SET actor = 'nobody' WHERE seq = 3`, 3],
    ['a changed hash', `UPDATE audit_records SET hash = repeat('a', 64) WHERE position = 1`, 1],
    ['a record that was taken out', 'DELETE FROM audit_records WHERE position = 2', 3],
  ])('names where it breaks: %s', async (_name, tampering, brokenAt) => {
    await write(3);
    await sealEvents(pool);
    await pool.query('ALTER TABLE domain_events DISABLE TRIGGER append_only; ALTER TABLE audit_records DISABLE TRIGGER append_only');
    await pool.query(tampering);
    expect(await verifyAuditChain(pool)).toMatchObject({ brokenAt });
  });

  it('cannot be changed while the triggers stand', async () => {
    await write(1);
    await sealEvents(pool);
    await expect(pool.query('DELETE FROM audit_records')).rejects.toThrow(/append-only/);
  });
});

describe('delivery', () => {
  it('tells each subscriber everything once, in order, however many workers run', async () => {
    const [one, two] = [hearer('one'), hearer('two')];
    for (let worker = 0; worker < 3; worker += 1) busOf([one, two]).start();
    for (let from = 1; from <= 900; from += 30) await write(30, { from, subjects: 7 });
    await vi.waitFor(() => {
      expect([one.heard.length, two.heard.length]).toEqual([900, 900]);
    }, { timeout: 20_000 });
    expect([one.heard, two.heard]).toEqual([ids(900), ids(900)]);
    await Promise.all(buses.splice(0).map((bus) => bus.stop()));
    expect(await rowsOf('SELECT name, position, delivered, failed FROM event_subscribers ORDER BY name')).toEqual(['one', 'two'].map((name) => ({ name, position: 900, delivered: 900, failed: 0 })));
  });

  it('is woken by the announcement, long before it would look by itself', async () => {
    const subscriber = hearer('one');
    busOf([subscriber]).start();
    await write(1);
    await vi.waitFor(() => { expect(subscriber.heard).toHaveLength(1); }, { timeout: 10_000 });
    const tooks: number[] = [];
    for (let event = 2; event <= 6; event += 1) {
      const writtenMs = performance.now();
      await write(1, { from: event });
      await vi.waitFor(() => { expect(subscriber.heard).toHaveLength(event); }, { timeout: 10_000, interval: 5 });
      tooks.push(performance.now() - writtenMs);
    }
    expect(Math.min(...tooks)).toBeLessThan(500); // it looks by itself once a second
  });

  it('finds what no announcement told of, and goes on after its connections were cut', async () => {
    const subscriber = hearer('one');
    busOf([subscriber]).start();
    await write(1);
    await vi.waitFor(async () => { expect(await rowsOf('SELECT position, delivered FROM event_subscribers')).toEqual([{ position: 1, delivered: 1 }]); }, { timeout: 10_000 }); // what was heard and not yet committed comes again
    await pool.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()');
    await vi.waitFor(() => write(1, { from: 2 }), { timeout: 10_000 });
    await vi.waitFor(() => { expect(subscriber.heard).toEqual(['e1', 'e2']); }, { timeout: 10_000 });
  });

  it('tries three times, then parks, goes on, and tries again ever later until it gets through', async () => {
    const tried: string[] = [];
    let isBroken = true;
    const bus = busOf([{ name: 'bad', handle: (event) => { tried.push(event.id); return isBroken && event.id === 'e2' ? Promise.reject(new Error('no\u0000way')) : Promise.resolve(); } }]);
    await write(3);
    expect(await bus.drain()).toBe(3);
    expect(tried).toEqual(['e1', 'e2', 'e2', 'e2', 'e3']);
    expect(await rowsOf('SELECT position, delivered, failed FROM event_subscribers')).toEqual([{ position: 3, delivered: 2, failed: 1 }]);
    expect(await rowsOf('SELECT position, error, replayed_at FROM parked_deliveries')).toEqual([{ position: 2, error: 'noway', replayed_at: null }]);
    expect(await bus.drain()).toBe(0); // not due yet
    expect(tried).toHaveLength(5);
    const waits: number[] = [];
    for (let retry = 1; retry <= 8; retry += 1) {
      const [{ wait } = { wait: 0 }] = await rowsOf('UPDATE parked_deliveries SET next_try_at = 0 RETURNING (SELECT round((p.next_try_at - extract(epoch from clock_timestamp()) * 1000) / 30000)::int FROM parked_deliveries p) AS wait') as { wait: number }[];
      waits.push(wait);
      await bus.drain();
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30]); // half a minute, then twice as long, up to a quarter of an hour
    expect(tried).toHaveLength(13);
    isBroken = false;
    await pool.query('UPDATE parked_deliveries SET next_try_at = 0');
    expect([await bus.drain(), await bus.drain()]).toEqual([1, 0]);
  });

  it('lets a subscriber that fails or hangs stop no other', async () => {
    const good = hearer('good');
    busOf([
      { name: 'failing', handle: () => Promise.reject(new Error('no')) },
      { name: 'hanging', handle: () => new Promise(() => undefined) },
      good,
    ], { handleMsMax: 200 }).start();
    await write(400);
    await vi.waitFor(() => { expect(good.heard).toHaveLength(400); }, { timeout: 20_000 });
    const [failing] = await rowsOf(`SELECT delivered, failed < 400 AS "isBehind" FROM event_subscribers WHERE name = 'failing' UNION ALL SELECT 0, true LIMIT 1`);
    expect(failing).toEqual({ delivered: 0, isBehind: true }); // 400 × 0.3 s would be two minutes
    await write(1, { from: 401 });
    await vi.waitFor(() => { expect(good.heard.at(-1)).toBe('e401'); }, { timeout: 10_000 });
  });

  it('lets a subscriber take longer than other transactions may stand idle', async () => {
    const heard: string[] = [];
    const bus = busOf([{ name: 'slow', handle: async ({ id }) => {
      await new Promise((resolve) => setTimeout(resolve, 5_500));
      heard.push(id);
    } }]);
    await write(1);
    expect([await bus.drain(), heard]).toEqual([1, ['e1']]);
  });

  it('goes on where it stopped: what was not handled comes again', async () => {
    const heard: string[] = [];
    let refuse = (): void => undefined;
    const refused = new Promise<void>((resolve) => { refuse = resolve; });
    const first = busOf([{ name: 'one', handle: (event) => {
      if (event.id !== 'e3') { heard.push(event.id); return Promise.resolve(); }
      refuse();
      return Promise.reject(new Error('shutting down'));
    } }]);
    first.start();
    await write(5);
    await refused;
    await first.stop();
    const second = hearer('one');
    await busOf([second]).drain();
    expect([heard, second.heard]).toEqual([ids(2), ids(3, 3)]);
    expect(await rowsOf('SELECT count(*) FROM parked_deliveries')).toEqual([{ count: 0 }]);
  });
});
