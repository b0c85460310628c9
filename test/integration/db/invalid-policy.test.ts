/** A newest version that is not valid stops nothing: each reader goes by what is stricter, and a person can replace it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPolicyReader } from '../../../activities/policy.ts';
import { createHealthStore } from '../../../db/health-store.ts';
import type { Pool } from '../../../db/pool.ts';
import { createPolicyStore } from '../../../db/policy-store.ts';
import type { RiskSight } from '../../../domain/emergency/watch.ts';
import type { PartReading } from '../../../domain/health/types.ts';
import type { PolicyWish } from '../../../domain/policy/change.ts';
import { PRESETS } from '../../../domain/policy/policy.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { PolicyStore } from '../../../domain/ports/policy-store.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { writeInvalidPolicy } from '../../support/invalid-policy.ts';
import { emptyLedger } from './cycle.fixture.ts';

const MINUTE = 60_000;
const WELL: PartReading[] = [{ part: 'engine', reading: { kind: 'measured', value: 3 } }];
/** Each with one key that no schema takes, some of which SQL would stumble over. */
const SPOILT = { confidenceMin: 2, tripStopOutsMin: 'soon', tripErrorsMin: {}, tripDifferenceLooks: 1.5, tripVenueWindowS: true, healthStaleS: 'old', healthCheckS: null, tripDailyLossBps: 300, leverageMax: 2 };
const PROBLEMS = ['confidenceMin', 'tripStopOutsMin', 'tripErrorsMin', 'tripVenueWindowS', 'tripDifferenceLooks', 'healthStaleS'];

let databases: TestDatabases;
let pool: Pool;
let ledger: Ledger;
let store: PolicyStore;

beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => {
  ({ pool, ledger } = await emptyLedger(databases));
  store = createPolicyStore(pool);
});

const spoil = (values: unknown = SPOILT) => writeInvalidPolicy(pool, 'sim', values);
const asked = (wish: PolicyWish, seen = 2) => store.change({ portfolioId: 'sim', seen, wish, by: 'ada', because: 'a test' });
const look = () => ledger.guard('sim', { marketAt: null, wallAt: 0 });
const account = (minute: number, equity: string): RiskSight => ({ at: minute * MINUTE, seenAt: minute * MINUTE, money: { kind: 'account', walletBalance: '10000', equity, unrealized: {} }, machinery: null });
const watch = (...sights: RiskSight[]) => ledger.watchRisk('sim', sights, { trustsStream: false });

describe('the guard', () => {
  it('goes by what is valid where that is stricter, else by the built-in policy, trips and comes back', async () => {
    await look(); // a valid version is known before
    await spoil();
    expect((await look()).limits).toMatchObject({ dailyLossBps: 300, stopOutsWindowMs: 15 * MINUTE, executionErrorsWindowMs: 5 * MINUTE, venueCallsWindowMs: MINUTE, differenceLooks: 2 });
    await watch(account(1, '10000'));
    expect(await watch(account(2, '9690'))).toMatchObject({ change: 'tripped', state: { mode: 'tripping', cause: { trigger: 'dailyLoss' } }, fence: { halted: true } });
    await ledger.commandGuard('sim', { kind: 'flat', emergency: 1, round: 1, positionsClosed: 0, at: 3 * MINUTE });
    expect((await ledger.commandGuard('sim', { kind: 'sealed', emergency: 1, round: 1, at: 3 * MINUTE })).state.mode).toBe('emergency');
    expect((await ledger.commandGuard('sim', { kind: 'reset', by: 'ada', because: 'it is over', at: 4 * MINUTE })).state.resetBy).toBe('ada');
    expect(await ledger.commandGuard('sim', { kind: 'step', emergency: 1, from: 'emergency', to: 'protective', drawdownBps: 310, at: 5 * MINUTE, marketAt: 5 * MINUTE })).toMatchObject({ state: { mode: 'protective' }, fence: { halted: false } });
  });

  it.each([['text', 'normal'], ['a list', [1, 2]], ['a number', 7], ['windows beyond any number', { tripErrorsMin: 1e300, tripVenueWindowS: -1e300 }], ['keys that do not fit each other', { safeDrawdownBps: 900 }]])('trips whatever is stored: %s', async (_name, stored) => {
    await spoil(stored);
    expect((await look()).limits).toMatchObject({ dailyLossBps: 1_000, executionErrorsWindowMs: 5 * MINUTE });
    expect(await ledger.commandGuard('sim', { kind: 'trip', cause: { trigger: 'person', reason: 'enough', by: 'ada', severity: 'critical' }, at: 1 })).toMatchObject({ change: 'tripped', fence: { halted: true } });
    await watch(account(1, '10000'));
  });

  it('takes a version that is valid again at the next look', async () => {
    await spoil();
    expect((await look()).limits.dailyLossBps).toBe(300);
    await asked({ kind: 'preset', name: 'normal' });
    expect((await look()).limits.dailyLossBps).toBe(1_000);
  });
});

it('health is checked, told and listed by the built-in numbers, and names what is wrong', async () => {
  const health = createHealthStore(pool);
  const signs = () => health.signs({ portfolioId: 'sim', feedCursor: 'x' });
  expect((await signs()).policy).toEqual({ refused: 0, problem: null });
  await spoil();
  expect(await health.record('sim', WELL, MINUTE)).toMatchObject({ check: { level: 'healthy' }, nextMs: 10_000 });
  expect(await health.standing('sim')).toMatchObject({ newest: { level: 'healthy' }, staleMs: 300_000 });
  await health.tell('sim', { workerId: 'w', parts: ['workers.trading'], state: 'stopped', at: 2 * MINUTE });
  expect((await health.history('sim')).checks).toHaveLength(1);
  const { refused, problem } = (await signs()).policy;
  expect([refused, problem]).toEqual([PROBLEMS.length, expect.stringMatching(/^version 2 is not valid: confidenceMin = 2 is refused: 0 to 1 0-1; .*tripStopOutsMin = soon is refused/)]);
});

it('oversight sets the posture', async () => {
  await spoil();
  expect((await ledger.oversee('sim', { at: MINUTE, wallAt: MINUTE, room: null, by: 'oversight' })).state).toMatchObject({ posture: 'safe' });
});

it('a cycle goes by the stricter of the last good copy, of what is valid and of the built-in policy, at once, each time with a warning', async () => {
  const world = { now: 0, warnings: [] as string[] };
  const read = createPolicyReader({ policies: store, clock: () => world.now, warn: (fields) => world.warnings.push(JSON.stringify(fields)) });
  await asked({ kind: 'set', values: { positionsMax: 1, allowNewTrades: false } }, 1);
  expect(await read('sim')).toMatchObject({ policyVersion: 2, policySource: 'store' });
  await spoil({ confidenceMin: 2, leverageMax: 2 });
  expect(await read('sim')).toMatchObject({ policyVersion: 0, policySource: 'builtIn', policyProblem: 'version 3 is not valid: confidenceMin = 2 is refused: 0 to 1 0-1' });
  world.now = 300_001;
  expect(await read('sim')).toMatchObject({ policyVersion: 0, policySource: 'builtIn', policy: { positionsMax: 1, allowNewTrades: false, leverageMax: 2, notionalMax: '500', confidenceMin: 0.6 } });
  expect(world.warnings).toHaveLength(2);
  expect(world.warnings[1]).toContain('confidenceMin = 2 is refused: 0 to 1 0-1');
  await asked({ kind: 'preset', name: 'normal' }, 3);
  expect(await read('sim')).toMatchObject({ policyVersion: 4, policySource: 'store', policy: PRESETS.normal });
});

describe('what a person set in the newest valid version holds under a slip of a later one', () => {
  const STRICT = { tripDrawdownBps: 300, criticalDrawdownBps: 250, safeDrawdownBps: 200, healthStaleS: 60, criticalUnhealthyParts: 1, leverageMax: 2 };
  /** Looser before; then so many that are not valid. */
  const slipped = async (times: number): Promise<void> => {
    await asked({ kind: 'set', values: { leverageMax: 1 } }, 1);
    await asked({ kind: 'set', values: STRICT }, 2);
    for (let time = 0; time < times; time += 1) await spoil('unreadable');
  };

  it.each([1, 12])('for every reader, also one that starts anew: %i versions later', async (times) => {
    await slipped(times);
    expect((await look()).limits.drawdownBps).toBe(300);
    const read = createPolicyReader({ policies: store, clock: () => 0, warn: () => undefined });
    expect(await read('sim')).toMatchObject({ policyVersion: 0, policySource: 'builtIn', policy: { tripDrawdownBps: 300, leverageMax: 2, notionalMax: '500' } });
    const health = createHealthStore(pool);
    expect((await health.standing('sim')).staleMs).toBe(60_000);
    const ill = async (at: number) => (await health.record('sim', [{ part: 'engine', reading: { kind: 'failed', problem: 'x' } }], at)).check.level;
    expect([await ill(1), await ill(2), await ill(3)]).toEqual(['degraded', 'degraded', 'critical']);
  });

  it('for the posture', async () => {
    await slipped(1);
    await createHealthStore(pool).record('sim', WELL, MINUTE);
    await watch(account(0, '10000'), account(1, '9740'));
    expect((await ledger.oversee('sim', { at: MINUTE, wallAt: MINUTE, room: null, by: 'oversight' })).state).toMatchObject({ posture: 'critical', why: 'drawdown 2.60 %, critical from 2.50 %' });
  });
});

describe('a person', () => {
  it('sees every version, and what is wrong with the one', async () => {
    await spoil();
    const [newest, first, builtIn] = await store.history('sim', 9);
    expect(newest).toMatchObject({ version: 2, by: 'somebody', policy: { confidenceMin: 2, tripStopOutsMin: 'soon', tripErrorsMin: '{}', leverageMax: 2, healthCheckS: 10 } });
    expect(newest?.problems.map((it) => it.key)).toEqual(PROBLEMS);
    expect([first?.problems, builtIn?.problems]).toEqual([[], []]);
    expect(await store.version('sim', 2)).toEqual(newest);
  });

  it('sets single keys when that mends all that is named, or is told what is missing', async () => {
    await spoil({ confidenceMin: 2, sizeFactor: 'large', leverageMax: 2 });
    await expect(asked({ kind: 'set', values: { confidenceMin: 0.7 } })).rejects.toMatchObject({ code: 'POLICY_INVALID', message: 'sizeFactor = large is refused: 0.05 to 3 ×\nversion 2 is not valid as it is stored: set all of these at once, or take a preset with `keel policy preset`' });
    const { version } = await asked({ kind: 'set', values: { confidenceMin: 0.7, sizeFactor: 0.5 } });
    expect(version).toMatchObject({ version: 3, problems: [], policy: { confidenceMin: 0.7, sizeFactor: 0.5, leverageMax: 2 }, changes: [{ key: 'confidenceMin', before: 2, after: 0.7 }, { key: 'sizeFactor', before: 'large', after: 0.5 }] });
    expect(await store.active('sim')).toMatchObject({ version: 3, problems: [] });
  });

  it('takes a preset without losing the terms of the account, whatever is stored', async () => {
    const kept = { positionMode: 'hedge', marginMode: 'isolated', foreignPositions: 'exempt' } as const;
    await asked({ kind: 'set', values: kept }, 1);
    await spoil('unreadable');
    expect((await asked({ kind: 'preset', name: 'defensive' }, 3)).version).toMatchObject({ version: 4, problems: [], policy: { ...PRESETS.defensive, ...kept } });
  });

  it.each([['values', SPOILT], ['text', 'normal'], ['nothing', null]])('takes a preset in place of %s', async (_name, stored) => {
    await spoil(stored);
    expect((await asked({ kind: 'preset', name: 'defensive' })).version).toMatchObject({ version: 3, preset: 'defensive', policy: PRESETS.defensive, problems: [] });
    expect((await pool.query(`SELECT 1 FROM domain_events WHERE type = 'policyChanged'`)).rowCount).toBe(1);
    expect((await store.history('sim', 9)).map((it) => it.problems.length > 0)).toEqual([false, true, false, false]);
  });
});
