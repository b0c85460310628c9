/** The posture as the ledger keeps it: who changed it, why, and what two at once come to. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createHealthStore } from '../../../db/health-store.ts';
import type { Pool } from '../../../db/pool.ts';
import { createPolicyStore } from '../../../db/policy-store.ts';
import type { PartReading } from '../../../domain/health/types.ts';
import { FIRST_POSTURE } from '../../../domain/oversight/posture.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { emptyLedger } from './cycle.fixture.ts';

const MINUTE = 60_000;
const NOW = 30_000_000 * MINUTE;
const WELL: PartReading[] = [{ part: 'engine', reading: { kind: 'measured', value: 3 } }];
const SLOW: PartReading[] = [{ part: 'engine', reading: { kind: 'measured', value: 2_000 } }];
const ROOM = { open: 2, slots: 20 };

let databases: TestDatabases;
let pool: Pool;
let ledger: Ledger;

beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => { ({ pool, ledger } = await emptyLedger(databases)); });

const healthIs = (readings: PartReading[], minute: number) => createHealthStore(pool).record('sim', readings, NOW + minute * MINUTE);
/** Equity as the account's sensors see it. */
const equityIs = (equity: number, minute: number) => ledger.watchRisk('sim', [{ at: NOW + minute * MINUTE, seenAt: NOW, machinery: null, money: { kind: 'account', walletBalance: '10000', equity: String(equity), unrealized: {} } }], { trustsStream: false });
const look = async (minute: number, by = 'oversight', room: typeof ROOM | null = null) => (await ledger.oversee('sim', { at: NOW + minute * MINUTE, wallAt: NOW + minute * MINUTE, room, by })).state.posture;
const events = async (): Promise<unknown[]> => (await pool.query<Record<string, string>>(`SELECT actor, payload->>'from' "from", payload->>'to' "to", payload->>'why' why FROM domain_events WHERE type = 'postureChanged' ORDER BY seq`)).rows;

it('goes by equity, health and guard, each change told with who and why', async () => {
  expect(await ledger.posture('sim')).toEqual(FIRST_POSTURE);
  await healthIs(WELL, 0);
  expect(await look(0)).toBe('safe'); // nobody has seen equity yet
  await equityIs(10_000, 1);
  expect(await look(14.9)).toBe('safe');
  await healthIs(WELL, 15);
  expect(await look(15, 'cycle', ROOM)).toBe('aggressive');
  await healthIs(SLOW, 16);
  expect(await look(16, 'healthCheck')).toBe('safe');
  await healthIs(WELL, 31);
  expect(await look(31)).toBe('aggressive'); // room as the cycle told it
  await ledger.commandGuard('sim', { kind: 'trip', at: NOW, cause: { trigger: 'person', reason: 'a test', by: 'ada', severity: 'high' } });
  expect(await look(31)).toBe('critical');
  expect(await events()).toEqual([
    { actor: 'oversight', from: 'normal', to: 'safe', why: 'the drawdown is not known' },
    { actor: 'cycle', from: 'safe', to: 'aggressive', why: 'drawdown 0.00 %, all healthy, 2 of 20 slots used' },
    { actor: 'healthCheck', from: 'aggressive', to: 'safe', why: 'health is degraded' },
    { actor: 'oversight', from: 'safe', to: 'aggressive', why: 'drawdown 0.00 %, all healthy, 2 of 20 slots used' },
    { actor: 'oversight', from: 'aggressive', to: 'critical', why: 'the guard is tripping' },
  ]);
  expect(await ledger.posture('sim')).toEqual({ posture: 'critical', since: NOW + 31 * MINUTE, why: 'the guard is tripping', room: ROOM });
});

it.each([
  ['a check that is too old', 'sim', false, 'safe'],
  ['in a replay, where health is not acted on', 'replay', false, 'aggressive'],
  ['in a replay that asks for it', 'replay', true, 'safe'],
])('%s', async (_name, mode, machineryInReplay, expected) => {
  await pool.query('UPDATE portfolios SET mode = $1', [mode]);
  await createPolicyStore(pool).change({ portfolioId: 'sim', seen: 1, wish: { kind: 'set', values: { machineryInReplay } }, by: 'ada', because: 'a test' });
  await equityIs(10_000, 0);
  await healthIs(WELL, 0);
  expect(await look(6, 'cycle', ROOM)).toBe(expected);
});

it('room that a cycle tells counts for whoever looks next, also where the posture stays', async () => {
  await healthIs(WELL, 0);
  await equityIs(10_000, 0);
  const full = { open: 18, slots: 20 };
  expect(await look(0, 'cycle', full)).toBe('normal');
  expect((await ledger.posture('sim')).room).toEqual(full);
  expect(await look(1, 'cycle', ROOM)).toBe('aggressive');
  await healthIs(WELL, 1);
  await look(1.5, 'cycle', { open: 3, slots: 20 }); // still bold
  expect((await ledger.posture('sim')).room).toEqual({ open: 3, slots: 20 });
  expect(await look(2, 'cycle', full)).toBe('normal');
  await healthIs(WELL, 17);
  await look(16.9, 'cycle', { open: 17, slots: 20 });
  expect(await look(17)).toBe('normal'); // and no bolder by what was told before
  expect(await events()).toHaveLength(2);
});

it('two at once change it once', async () => {
  await equityIs(10_000, 0);
  await Promise.all(Array.from({ length: 5 }, () => look(1)));
  expect(await events()).toHaveLength(1);
});

it('numbers of the policy hold at the next look', async () => {
  await healthIs(WELL, 0);
  await equityIs(10_000, 0);
  await equityIs(9_600, 1); // 4 %
  expect(await look(1)).toBe('safe');
  await createPolicyStore(pool).change({ portfolioId: 'sim', seen: 1, wish: { kind: 'set', values: { criticalDrawdownBps: 350 } }, by: 'ada', because: 'a test' });
  expect(await look(2)).toBe('critical');
});
