/** Health checks as they are kept: one follows on the other, and old ones go. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHealthStore } from '../../../db/health-store.ts';
import { createModelStore } from '../../../db/model-store.ts';
import type { Pool } from '../../../db/pool.ts';
import { createPolicyStore } from '../../../db/policy-store.ts';
import type { PartReading } from '../../../domain/health/types.ts';
import type { HealthStore } from '../../../domain/ports/health.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import type { WorkerState } from '../../../domain/health/stops.ts';
import { INSTRUMENT } from '../../unit/domain/cycle/plan.fixture.ts';
import { CYCLE, emptyLedger, OBSERVATION, PLAN } from './cycle.fixture.ts';

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

async function openPosition(on: Pool, of: Ledger): Promise<void> {
  await of.upsertInstruments([INSTRUMENT]);
  await of.claimCycle({ cycleId: CYCLE, workflowId: 'w', candle: OBSERVATION.candle });
  await of.recordCycle({ cycleId: CYCLE, observation: OBSERVATION, plan: PLAN });
  expect((await on.query(`SELECT 1 FROM positions WHERE state <> 'closed'`)).rowCount).toBe(1);
}

const events = async (): Promise<unknown[]> => (await pool.query<{ payload: unknown }>(`SELECT payload FROM domain_events WHERE type = 'serviceHealthChanged' ORDER BY seq`)).rows.map((row) => row.payload);

it('a check follows on the one before it, is told where it changed, and comes sooner after a failure', async () => {
  expect(await store.standing('sim')).toEqual({ newest: null, staleMs: 300_000 });
  expect(await store.record('sim', WELL, NOW)).toMatchObject({ check: { level: 'healthy' }, nextMs: 10_000 });
  for (let look = 1; look <= 3; look += 1) expect(await store.record('sim', ILL, NOW + look)).toMatchObject({ check: { level: 'degraded', parts: [{ failures: look }] }, nextMs: 5_000 });
  expect(await events()).toMatchObject([{ part: 'engine', from: 'healthy', to: 'degraded', value: 'no answer', action: expect.stringContaining('Temporal') as string }, { from: 'degraded', to: 'unhealthy' }]);
  expect(await store.standing('sim')).toEqual({ newest: { at: NOW + 3, level: 'degraded', isStopped: false }, staleMs: 300_000 });
  expect((await store.history('sim')).trend).toEqual([{ part: 'engine', hourAt: NOW, checks: 4, degraded: 2, unhealthy: 1 }]);
});

it('numbers of the policy hold from the next check on', async () => {
  await createPolicyStore(pool).change({ portfolioId: 'sim', seen: 1, wish: { kind: 'set', values: { healthCheckS: 60, healthStaleS: 180, criticalUnhealthyParts: 1 } }, by: 'ada', because: 'a test' });
  expect(await store.record('sim', WELL, NOW)).toMatchObject({ nextMs: 60_000 });
  for (let look = 1; look <= 3; look += 1) await store.record('sim', ILL, NOW);
  expect(await store.standing('sim')).toEqual({ newest: { at: NOW, level: 'critical', isStopped: false }, staleMs: 180_000 });
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
  expect(await store.signs({ portfolioId: 'sim', feedCursor: 'marketFeed/ensemble/1h' })).toEqual({ isRecordOnly: false, accountHeardAt: null, isAccountFeedCorrupt: false, policy: { refused: 0, problem: null }, newestCandle: null, lastCycle: null, evaluation: null, lastRetrain: null });
  const machinery = { worker: 'w', venueCalls: 0, venueFailures: 0, feedAgeMs: 400, isFeedCorrupt: true, health: 'ok' } as const;
  await ledger.watchRisk('sim', [{ at: 1, seenAt: NOW, money: null, machinery }], { trustsStream: false });
  await ledger.watchRisk('sim', [{ at: 2, seenAt: NOW + 9_000, money: null, machinery: null }], { trustsStream: false }); // a cycle's look knows nothing of the stream
  await ledger.setCursor('sim', 'marketFeed/ensemble/1h', NOW);
  expect(await store.signs({ portfolioId: 'sim', feedCursor: 'marketFeed/ensemble/1h' })).toMatchObject({ accountHeardAt: NOW - 400, isAccountFeedCorrupt: true, newestCandle: { closeTime: NOW, writtenAt: expect.any(Number) as number } });
});

it('in a replay is recorded only, unless the policy asks', async () => {
  const signs = () => store.signs({ portfolioId: 'sim', feedCursor: 'x' });
  await pool.query(`UPDATE portfolios SET mode = 'replay'`);
  expect((await signs()).isRecordOnly).toBe(true);
  await createPolicyStore(pool).change({ portfolioId: 'sim', seen: 1, wish: { kind: 'set', values: { machineryInReplay: true } }, by: 'ada', because: 'a test' });
  expect((await signs()).isRecordOnly).toBe(false);
});

it('knows what waits to be evaluated before anything was, and the newest retrain that came to its end', async () => {
  await ledger.claimCycle({ cycleId: CYCLE, workflowId: CYCLE, candle: OBSERVATION.candle });
  await pool.query(`INSERT INTO due_evaluations VALUES ('sim', ${NOW + 8 * HOUR}, '${CYCLE}', '1h', 3), ('sim', ${NOW + 4 * HOUR}, '${CYCLE}', '1h', 3)`);
  const models = createModelStore(pool);
  const run = { portfolioId: 'sim', cause: 'schedule', dataHash: null, rows: null, reason: 'a test', startedAt: NOW, endedAt: NOW + 1 } as const;
  await models.recordRun({ ...run, runId: '1', asOf: NOW - HOUR, outcome: 'skipped' });
  await models.recordRun({ ...run, runId: '2', asOf: NOW, outcome: 'failed' });
  expect(await store.signs({ portfolioId: 'sim', feedCursor: 'marketFeed/ensemble/1h' })).toMatchObject({ evaluation: { oldestDueAt: NOW + 4 * HOUR, writtenAt: null }, lastRetrain: { asOf: NOW - HOUR, writtenAt: NOW + 1 } });
});

it('a feed that ended or whose worker is gone leaves its last sign behind: no other look makes it younger', async () => {
  const machinery = { worker: 'w', venueCalls: 0, venueFailures: 0, feedAgeMs: 0, isFeedCorrupt: false, health: 'ok' } as const;
  await ledger.watchRisk('sim', [{ at: 1, seenAt: NOW, money: null, machinery }], { trustsStream: false });
  await ledger.setCursor('sim', 'marketFeed/ensemble/1h', NOW);
  const money = { kind: 'account', walletBalance: '10000', equity: '10000', unrealized: {} } as const;
  for (let candle = 1; candle <= 3; candle += 1) await ledger.watchRisk('sim', [{ at: 1 + candle, seenAt: NOW + candle * HOUR, money, machinery: null }], { trustsStream: false });
  expect(await store.signs({ portfolioId: 'sim', feedCursor: 'marketFeed/ensemble/1h' })).toMatchObject({ accountHeardAt: NOW, newestCandle: { closeTime: NOW } });
});

describe('what a worker says of itself', () => {
  const FEEDS: PartReading[] = [{ part: 'engine', reading: { kind: 'measured', value: 3 } }, ...(['workers.trading', 'workers.venue', 'workers.feeds'] as const).map((part) => ({ part, reading: { kind: 'measured', value: 0 } as const })), { part: 'accountFeed', reading: { kind: 'measured', value: 900 } }];
  const UP = FEEDS.map(({ part }): PartReading => ({ part, reading: { kind: 'measured', value: part.startsWith('workers') ? 1 : 0 } }));
  const parts = ['workers.trading', 'workers.venue', 'workers.feeds'] as const;
  const tell = (state: WorkerState, at: number, workerId = 'one') => store.tell('sim', { workerId, parts, state, at: NOW + at });
  const states = async (): Promise<readonly string[]> => (await store.history('sim')).checks.map((it) => [it.level, ...it.parts.map((part) => part.state)].join(' '));

  it('is told as a change of what hangs on it, and is not held against it by those who look', async () => {
    await tell('running', -10);
    await store.record('sim', UP, NOW);
    await tell('stopping', 1_000);
    await tell('stopped', 2_000);
    expect(await states()).toEqual(['healthy healthy stopped stopped stopped stopped', 'healthy healthy stopping stopping stopping stopping', 'healthy healthy healthy healthy healthy healthy']);
    expect((await events()).slice(0, 5)).toMatchObject([...parts, 'accountFeed'].map((part) => ({ part, from: 'healthy', to: 'stopping', action: null })).concat({ part: 'workers.trading', from: 'stopping', to: 'stopped', action: null }));
    expect(await store.standing('sim')).toMatchObject({ newest: { at: NOW + 2_000, isStopped: true } });
    for (let look = 1; look <= 4; look += 1) await store.record('sim', FEEDS, NOW + HOUR + look);
    expect((await states())[0]).toBe('healthy healthy stopped stopped stopped stopped');
    expect((await store.history('sim')).trend.filter((it) => it.part === 'accountFeed')).toEqual([{ part: 'accountFeed', hourAt: NOW, checks: 1, degraded: 0, unhealthy: 0 }]);
  });

  it('is not waited for where another one runs, and is forgotten once one of the same queues runs a day later', async () => {
    await tell('stopped', 0);
    await tell('running', 1, 'two');
    await store.record('sim', UP, NOW + 2);
    await tell('stopping', 3, 'three');
    expect(await states()).toHaveLength(1);
    const known = async () => (await pool.query<{ worker: string }>('SELECT DISTINCT worker_id worker FROM worker_words ORDER BY 1')).rows.map((it) => it.worker);
    expect(await known()).toEqual(['one', 'three', 'two']);
    await tell('running', 24 * HOUR + 2, 'four');
    expect(await known()).toEqual(['four', 'three']);
  });

  it('with a position open its absence is as bad as ever, and one that was killed never stopped', async () => {
    await store.record('sim', UP, NOW);
    await tell('running', 0);
    for (let look = 1; look <= 3; look += 1) await store.record('sim', FEEDS, NOW + 60_000 + look);
    expect((await states())[0]).toBe('critical healthy unhealthy unhealthy unhealthy unhealthy');

    await store.record('sim', UP, NOW + 70_000);
    await openPosition(pool, ledger);
    await tell('stopping', 71_000);
    expect((await states())[0]).toBe('healthy healthy stopping stopping stopping stopping');
    await tell('stopped', 72_000);
    expect((await states())[0]).toBe('degraded healthy degraded degraded degraded degraded'); // nobody else is left to look
    for (let look = 1; look <= 2; look += 1) await store.record('sim', FEEDS, NOW + 80_000 + look);
    expect((await states())[0]).toBe('critical healthy unhealthy unhealthy unhealthy unhealthy');
    expect(await store.standing('sim')).toMatchObject({ newest: { isStopped: false } });
  });

  it('with one open in a replay alone it stops all the same', async () => {
    await openPosition(pool, ledger);
    await pool.query(`UPDATE portfolios SET mode = 'replay' WHERE portfolio_id = 'sim'`);
    await store.record('sim', UP, NOW);
    await tell('stopped', 1);
    expect((await states())[0]).toBe('healthy healthy stopped stopped stopped stopped');
  });
});

it('an unknown portfolio is named', async () => {
  await expect(store.record('none', WELL, NOW)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(store.signs({ portfolioId: 'none', feedCursor: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
