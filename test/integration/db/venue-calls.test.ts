/** Calls to the venue of several workers, as the emergency stop sees them together. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createCallStore } from '../../../db/call-store.ts';
import type { Pool } from '../../../db/pool.ts';
import { createPool } from '../../../db/pool.ts';
import { createPolicyStore } from '../../../db/policy-store.ts';
import type { CallStretch } from '../../../domain/emergency/venue-calls.ts';
import type { Machinery, RiskSight } from '../../../domain/emergency/watch.ts';
import type { CallStore } from '../../../domain/ports/call-counter.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import { createCallCounter } from '../../../venues/call-counter.ts';
import { shareCalls } from '../../../venues/call-sharing.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { openGate } from '../../support/gate.ts';
import { emptyLedger } from './cycle.fixture.ts';

const STRETCH = 5_000;
const HOUR = 3_600_000;
const NOW = 500_000 * HOUR;

let databases: TestDatabases;
let pool: Pool;
let ledger: Ledger;
let store: CallStore;

beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => {
  ({ pool, ledger } = await emptyLedger(databases));
  store = createCallStore(pool, 'sim');
});

const stretch = (at: number, venueCalls: number, venueFailures = 0): CallStretch => ({ at, venueCalls, venueFailures });
const told = async (wallAt: number) => (await ledger.guard('sim', { marketAt: 0, wallAt })).readings.callsTold.toSorted((a, b) => a.worker.localeCompare(b.worker));
const rows = async () => (await pool.query<Readonly<Record<string, unknown>>>(`SELECT worker, stretch_at - ${NOW} AS at, calls, failures FROM venue_calls ORDER BY 1, 2`)).rows;
const sight = (machinery: Partial<Machinery> | null, seenAt = NOW): RiskSight => ({ at: 1, seenAt, money: null, machinery: machinery === null ? null : { worker: 'holder', venueCalls: 0, venueFailures: 0, feedAgeMs: 0, isFeedCorrupt: false, health: 'ok', ...machinery } });
const watch = (...sights: RiskSight[]) => ledger.watchRisk('sim', sights, { trustsStream: false });

describe('what workers tell', () => {
  it('is added up by worker, within the window of the policy and to the stretch', async () => {
    await store.tell('a', [stretch(NOW - STRETCH, 10, 1), stretch(NOW, 20, 2)]);
    await store.tell('b', [stretch(NOW, 40, 4)]);
    expect(await told(NOW + 1)).toEqual([{ worker: 'a', venueCalls: 30, venueFailures: 3 }, { worker: 'b', venueCalls: 40, venueFailures: 4 }]);
    expect(await told(NOW + 59_999)).toHaveLength(2);
    expect(await told(NOW + 60_000)).toEqual([{ worker: 'a', venueCalls: 20, venueFailures: 2 }, { worker: 'b', venueCalls: 40, venueFailures: 4 }]);
    expect(await told(NOW + 60_000 + STRETCH)).toEqual([]);
    await createPolicyStore(pool).change({ portfolioId: 'sim', seen: 1, wish: { kind: 'set', values: { tripVenueWindowS: 10 } }, by: 'ada', because: 'a test' });
    expect([(await told(NOW + 9_999 + STRETCH)).length, await told(NOW + 10_000 + STRETCH)]).toEqual([2, []]);
  });

  it('a second time, or late, takes nothing back', async () => {
    await store.tell('a', [stretch(NOW, 5, 1)]);
    await store.tell('a', [stretch(NOW, 9, 3)]);
    await store.tell('a', [stretch(NOW, 5, 1)]);
    expect(await rows()).toEqual([{ worker: 'a', at: 0, calls: 9, failures: 3 }]);
  });

  it('is forgotten after an hour, also where its worker is gone', async () => {
    await store.tell('gone', [stretch(NOW - HOUR - STRETCH, 1), stretch(NOW - HOUR, 2)]);
    await store.tell('a', [stretch(NOW, 3)]);
    expect(await rows()).toEqual([{ worker: 'a', at: 0, calls: 3, failures: 0 }, { worker: 'gone', at: -HOUR, calls: 2, failures: 0 }]);
  });
});

describe('the trigger', () => {
  it('sees what others alone failed at, whoever looks', async () => {
    await watch(sight({ venueCalls: 10 }));
    await store.tell('sender', [stretch(NOW, 10, 6)]);
    expect(await watch(sight(null))).toMatchObject({ change: 'tripped', state: { cause: { trigger: 'venueCalls', reason: '6 of 20 venue calls failed within 1 min' } } });
  });

  it('counts what its own worker told once', async () => {
    await store.tell('holder', [stretch(NOW, 12, 6)]);
    expect(await watch(sight({ venueCalls: 12, venueFailures: 6 }))).toMatchObject({ change: 'none' });
    expect(await watch(sight(null))).toMatchObject({ change: 'none' }); // a cycle's look, in another process
    expect(await watch(sight({ worker: 'successor', venueCalls: 8 }))).toMatchObject({ change: 'tripped' }); // what the one before it failed at still counts
  });
});

describe('a worker that counts', () => {
  function sharing(store: CallStore) {
    let now = NOW;
    let [looks, asked] = [0, 0];
    const calls = createCallCounter({ clock: () => { looks += 1; return now; }, worker: 'here' });
    const problems: string[] = [];
    const shared = shareCalls({ calls, everyMs: 20, onUnshared: (why) => void problems.push(why), store: { tell: (worker, stretches) => { asked += 1; return store.tell(worker, stretches); } } });
    onTestFinished(() => shared.close());
    return { calls, shared, problems, asked: () => asked, looks: () => looks, pass: (ms: number) => { now += ms; } };
  }

  it('tells what is new, and nothing while nothing is', async () => {
    const { calls, asked, looks, pass } = sharing(store);
    calls.count(true);
    await expect.poll(rows).toEqual([{ worker: 'here', at: 0, calls: 1, failures: 1 }]);
    const before = looks();
    await expect.poll(looks).toBeGreaterThan(before + 5); // it has had its turns
    expect(asked()).toBe(1);
    calls.count(false);
    pass(STRETCH);
    calls.count(false);
    await expect.poll(rows).toEqual([{ worker: 'here', at: 0, calls: 2, failures: 1 }, { worker: 'here', at: STRETCH, calls: 1, failures: 0 }]);
  });

  it('tells its last calls when it stops', async () => {
    const { calls, shared } = sharing(store);
    calls.count(false);
    await shared.close();
    expect(await rows()).toEqual([{ worker: 'here', at: 0, calls: 1, failures: 0 }]);
  });

  it('loses nothing of the last hour while the ledger is away', async () => {
    const gate = await openGate(pool.options.connectionString ?? '');
    const through = createPool(gate.url, { connectionsMax: 1 });
    onTestFinished(async () => { await through.end(); await gate.close(); });
    await gate.shut();
    const { calls, problems, pass } = sharing(createCallStore(through, 'sim'));
    calls.count(true);
    pass(2 * HOUR);
    calls.count(true);
    await expect.poll(() => problems.length).toBeGreaterThan(1);
    expect([problems[0], calls.within(60_000)]).toEqual([expect.stringContaining('venue calls of sim'), { venueCalls: 1, venueFailures: 1 }]);
    await gate.open();
    await expect.poll(rows, { timeout: 10_000 }).toEqual([{ worker: 'here', at: 2 * HOUR, calls: 1, failures: 1 }]);
  });
});
