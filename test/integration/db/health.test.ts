/** Health checks as they are kept: one follows on the other, and old ones go. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createHealthStore } from '../../../db/health-store.ts';
import type { Pool } from '../../../db/pool.ts';
import { createPolicyStore } from '../../../db/policy-store.ts';
import type { PartReading } from '../../../domain/health/types.ts';
import type { HealthStore } from '../../../domain/ports/health.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { emptyLedger } from './cycle.fixture.ts';

const HOUR = 3_600_000;
const NOW = 500_000 * HOUR;
const WELL: PartReading[] = [{ part: 'engine', reading: { kind: 'measured', value: 3 } }, { part: 'evaluation', reading: { kind: 'none', why: 'nothing to do' } }];
const ILL: PartReading[] = [{ part: 'engine', reading: { kind: 'failed', problem: 'no answer' } }];

let databases: TestDatabases;
let pool: Pool;
let ledger: Ledger;
let store: HealthStore;

beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => {
  ({ pool, ledger } = await emptyLedger(databases));
  store = createHealthStore(pool);
});

const events = async (): Promise<unknown[]> => (await pool.query<{ payload: unknown }>(`SELECT payload FROM domain_events WHERE type = 'serviceHealthChanged' ORDER BY seq`)).rows.map((row) => row.payload);

it('a check follows on the one before it, is told where it changed, and comes sooner after a failure', async () => {
  expect(await store.standing('sim')).toEqual({ newest: null, staleMs: 300_000 });
  expect(await store.record('sim', WELL, NOW)).toMatchObject({ check: { level: 'healthy' }, nextMs: 10_000 });
  for (let look = 1; look <= 3; look += 1) expect(await store.record('sim', ILL, NOW + look)).toMatchObject({ check: { level: 'degraded', parts: [{ failures: look }] }, nextMs: 5_000 });
  expect(await events()).toMatchObject([{ part: 'engine', from: 'healthy', to: 'degraded', value: 'no answer', action: expect.stringContaining('Temporal') as string }, { from: 'degraded', to: 'unhealthy' }]);
  expect(await store.standing('sim')).toEqual({ newest: { at: NOW + 3, level: 'degraded' }, staleMs: 300_000 });
  expect((await store.history('sim')).trend).toEqual([{ part: 'engine', hourAt: NOW, checks: 4, degraded: 2, unhealthy: 1 }]);
});

it('numbers of the policy hold from the next check on', async () => {
  await createPolicyStore(pool).change({ portfolioId: 'sim', seen: 1, wish: { kind: 'set', values: { healthCheckS: 60, healthStaleS: 10, criticalUnhealthyParts: 1 } }, by: 'ada', because: 'a test' });
  expect(await store.record('sim', WELL, NOW)).toMatchObject({ nextMs: 60_000 });
  for (let look = 1; look <= 3; look += 1) await store.record('sim', ILL, NOW);
  expect(await store.standing('sim')).toEqual({ newest: { at: NOW, level: 'critical' }, staleMs: 10_000 });
});

it('keeps a hundred checks and a day of trend', async () => {
  for (let look = 0; look < 103; look += 1) await store.record('sim', WELL, NOW + look * 15 * 60_000);
  const { checks, trend } = await store.history('sim');
  expect([checks.length, checks[0]?.at, checks.at(-1)?.at]).toEqual([100, NOW + 102 * 15 * 60_000, NOW + 3 * 15 * 60_000]);
  expect([trend.length, trend.at(-1)]).toEqual([24, { part: 'engine', hourAt: NOW + 25 * HOUR, checks: 3, degraded: 0, unhealthy: 0 }]);
});

it('two at once come one after the other', async () => {
  await Promise.all(Array.from({ length: 5 }, (_, look) => store.record('sim', ILL, NOW + look)));
  expect((await store.history('sim')).checks.map((it) => it.parts[0]?.failures)).toEqual([5, 4, 3, 2, 1]);
});

it('reads the signs of the parts that write to the ledger', async () => {
  expect(await store.signs({ portfolioId: 'sim', feedCursor: 'marketFeed/ensemble/1h' })).toEqual({ isReplay: false, accountHeardAt: null, isAccountFeedCorrupt: false, newestCandle: null, lastCycle: null, evaluation: null });
  const machinery = { venueCalls: 0, venueFailures: 0, feedAgeMs: 400, isFeedCorrupt: true, health: 'ok' } as const;
  await ledger.watchRisk('sim', [{ at: 1, seenAt: NOW, money: null, machinery }], { trustsStream: false });
  await ledger.watchRisk('sim', [{ at: 2, seenAt: NOW + 9_000, money: null, machinery: null }], { trustsStream: false }); // a cycle's look knows nothing of the stream
  await ledger.setCursor('sim', 'marketFeed/ensemble/1h', NOW);
  expect(await store.signs({ portfolioId: 'sim', feedCursor: 'marketFeed/ensemble/1h' })).toMatchObject({ accountHeardAt: NOW - 400, isAccountFeedCorrupt: true, newestCandle: { closeTime: NOW, writtenAt: expect.any(Number) as number } });
});

it('a feed that ended or whose worker is gone leaves its last sign behind: no other look makes it younger', async () => {
  const machinery = { venueCalls: 0, venueFailures: 0, feedAgeMs: 0, isFeedCorrupt: false, health: 'ok' } as const;
  await ledger.watchRisk('sim', [{ at: 1, seenAt: NOW, money: null, machinery }], { trustsStream: false });
  await ledger.setCursor('sim', 'marketFeed/ensemble/1h', NOW);
  const money = { kind: 'account', walletBalance: '10000', equity: '10000', unrealized: {} } as const;
  for (let candle = 1; candle <= 3; candle += 1) await ledger.watchRisk('sim', [{ at: 1 + candle, seenAt: NOW + candle * HOUR, money, machinery: null }], { trustsStream: false });
  expect(await store.signs({ portfolioId: 'sim', feedCursor: 'marketFeed/ensemble/1h' })).toMatchObject({ accountHeardAt: NOW, newestCandle: { closeTime: NOW } });
});

it('an unknown portfolio is named', async () => {
  await expect(store.record('none', WELL, NOW)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(store.signs({ portfolioId: 'none', feedCursor: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
