/**
 * The emergency stop while what it needs fails, on the running system: one session with servers of its own, tripped once
 * for each trouble. What counts in the end is seen through ccxt alone.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { databaseUrlOf } from '../../config/database.ts';
import { createLimiterStore } from '../../db/limiter-store.ts';
import { createPool } from '../../db/pool.ts';
import { ceilingOf } from '../../domain/limits/budget.ts';
import { CLIENT_ORDER_ID_PREFIX } from '../../domain/orders/identity.ts';
import { createLimiter, limiterScopesOf } from '../../venues/index.ts';
import { venueSettingsOf } from '../../venues/settings.ts';
import { emergencyStopSignal } from '../../workflows/messages.ts';
import { actOnHealth, closeReasons, emergencyEvents, guardOf, guardState, resume, trip, untilMode } from '../support/emergency.ts';
import type { FaultSpec, FaultState } from '../support/fault-session.ts';
import { inject, METRONOME } from '../support/fault-session.ts';
import type { Outsider } from '../support/outsider.ts';
import { outsiderOf } from '../support/outsider.ts';
import { until } from '../support/processes.ts';
import type { Servers } from '../support/servers.ts';
import { startServers } from '../support/servers.ts';
import { setPolicy } from '../support/set-policy.ts';
import { beginStandstill, nextCandle, oneRow, rowsOf, settled } from '../support/standstill.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';

/** Positions that each stop finds at least. */
const HELD_MIN = 3;
const CANDLES_TO_HOLD = 14;
/** Small, so that a worker has no leases to spare. The candles follow one another too fast for Binance's limit on weight. */
const LIMITS = { ordersPer10Seconds: 60, weightPerMinute: 20_000 };
const WINDOW_MS = 10_000;
/** It opens at most candles, whatever became of its trades, and is back one step at each. */
const OFTEN = { correlationMax: 1, sideShareMax: 1, ordersPerMinuteMax: 1_000, streakBlock: 100, kellyTradesMin: 1_000, recoveryDwellS: 0 } as const;

let servers: Servers;
let system: System;
let outsider: Outsider;
let hasFailed = false;
/** Sealed so far. */
let stops = 0;

beforeAll(async () => {
  servers = await startServers();
  system = await startSystem({
    postgresUrl: servers.postgresUrl, temporalAddress: servers.temporalAddress, mode: 'sim', gated: true, symbolCount: 5, candles: 120, strategy: METRONOME, limits: LIMITS,
  });
  outsider = outsiderOf(system);
  await actOnHealth(system, false); // a market that stands still is ill
  await setPolicy(system, OFTEN);
  await beginStandstill(system);
});

afterEach(({ task }) => { hasFailed ||= task.result?.state === 'fail'; });

afterAll(async () => {
  if (hasFailed) process.stderr.write(`the logs lie in ${system.home}\n`);
  await system.close(hasFailed);
  await servers.stop();
});

test('the venue refuses half of the closes, one position is in a symbol that is not in the configuration any more, and the trip comes three times', async () => {
  const held = await untilHolding();
  const { id } = await oneRow<{ id: string }>(system, `SELECT instrument_id id FROM positions WHERE state = 'open' ORDER BY 1 LIMIT 1`);
  await system.database.query('UPDATE portfolios SET instrument_ids = array_remove(instrument_ids, $1)', [id]);
  const refusal = await inject(system, { kind: 'rejectOrder', code: -2022, message: 'ReduceOnly Order is rejected.', match: { method: 'POST', clientOrderId: closingPrefix() }, probability: 0.5, count: null });

  const [first, second] = await Promise.all([trip(system), trip(system, 'another hand'), guardOf(system).signal(emergencyStopSignal, { reason: 'a third' })]);
  expect([first.emergencyId, first.isFenceUp, second.isFenceUp]).toEqual([second.emergencyId, true, true]);
  await untilStopped();
  expect((await faultOf(refusal)).fired).toBeGreaterThan(0);
  expect(await guardState(system)).toMatchObject({ emergency: 1, round: 1, positionsClosed: held.length });
  expect(await closeReasons(system)).toEqual(held.map(() => 'emergency'));
  expect(await emergencyEvents(system)).toEqual(['emergencyTriggered', 'emergencyCauseChanged', 'emergencyCauseChanged', 'emergencyFlat', 'emergencySealed', 'emergencyReset']);
  await system.control('/faults', { method: 'DELETE' });
  await system.database.query('UPDATE portfolios SET instrument_ids = (SELECT array_agg(instrument_id ORDER BY instrument_id) FROM instruments)');
});

test('Postgres is down: what is held is closed at once, the fence is written when it is back', async () => {
  const held = await untilHolding();
  await system.gate.shut();
  expect(await trip(system, 'without a ledger')).toMatchObject({ isFenceUp: false, mode: 'tripping' });
  await until('everything is closed at the venue', async () => (await outsider.open()).positions.length === 0, 20_000);
  expect(await oneRow(system, 'SELECT halted FROM fence')).toEqual({ halted: false }); // nobody could write it
  await system.gate.open();
  await untilStopped();
  expect(await guardState(system)).toMatchObject({ cause: { reason: 'without a ledger' } });
  expect(await emergencyClosingsOf()).toBeGreaterThanOrEqual(held.length);
});

test('an order passed the fence just before, and arrives when it is up: it is closed too', async () => {
  const late = await inject(system, { kind: 'processingDelayed', delayMs: 1_500, match: { method: 'POST', path: '/order', type: 'MARKET' }, at: 1 });
  await untilEntering(); // nothing is held: the first order is an entry
  await until('an entry is on its way', async () => (await faultOf(late)).fired === 1, 20_000);
  await trip(system, 'with an order on its way');
  await untilStopped();
  const [straggler] = (await faultOf(late)).hits;
  const fill = await oneRow<{ at: number }>(system, 'SELECT filled_at_wall::float8 at FROM fills WHERE client_order_id = $1', [straggler]);
  expect(fill.at).toBeGreaterThan((await guardState(system)).trippedAt ?? Infinity);
  expect(await oneRow(system, 'SELECT close_reason reason FROM positions JOIN orders USING (position_id) WHERE client_order_id = $1', [straggler])).toEqual({ reason: 'emergency' });
});

test('the engine is killed while the closing orders are on their way: it goes on where it was', async () => {
  const held = await untilHolding();
  const slow = await inject(system, { kind: 'answerDelayed', delayMs: 700, match: { method: 'POST', clientOrderId: closingPrefix() }, count: null });
  await trip(system, 'before the engine dies');
  await until('closing orders are on their way', async () => (await faultOf(slow)).fired > 0, 20_000);
  expect((await guardState(system)).flatAt).toBeNull();
  const { engine } = servers;
  const { pid } = engine;
  if (pid === null) throw new Error('the engine is not running');
  process.kill(pid, 'SIGKILL');
  await untilStopped();
  expect(engine.pid).not.toBe(pid);
  expect(await emergencyClosingsOf()).toBeGreaterThanOrEqual(held.length);
  await system.control('/faults', { method: 'DELETE' });
});

test('another worker has used up the order limit: closing takes what is left and waits for no longer than the window, opening is turned away', async () => {
  await untilHolding();
  await until('the window of the limit lasts for a while', () => Date.now() % WINDOW_MS > 100 && Date.now() % WINDOW_MS < WINDOW_MS / 2);
  const pool = createPool(databaseUrlOf(system.settings, system.deployment), { connectionsMax: 1 });
  const store = createLimiterStore(pool, limiterScopesOf(venueSettingsOf(system.settings, system.deployment)));
  const other = createLimiter({ store, workers: 2, limits: { weightPerMinute: LIMITS.weightPerMinute, ordersPer10s: LIMITS.ordersPer10Seconds, ordersPerMinute: 1_200 } });
  try {
    const windowStart = Math.floor(Date.now() / WINDOW_MS) * WINDOW_MS;
    const { leases } = await store.lease([{ kind: 'orders10s', windowStart, units: LIMITS.ordersPer10Seconds, ceiling: ceilingOf(LIMITS.ordersPer10Seconds, 'exit') }]);
    const used = leases[0]?.granted ?? 0;
    expect(used).toBeGreaterThan(HELD_MIN);
    await Promise.all(Array.from({ length: used }, () => outsider.send('POST', 'order/test', { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01' })));
    const opening = other.acquire({ weight: 0, orders: 1, priority: 'entry', deadlineMs: Date.now() + 500 });
    await trip(system, 'at the limit');
    expect((await opening).kind).toBe('denied');
    await untilStopped();
    const sent = await rowsOf<{ answer: string; detail: string | null; at: number }>(system, 'SELECT answer, detail, sent_at::float8 at FROM emergency_orders WHERE sent_at >= $1 ORDER BY sent_at', [windowStart]);
    expect(sent.filter(({ answer }) => answer === 'notSent').length).toBeGreaterThan(0); // the limit did bind
    expect(sent.filter(({ answer }) => answer !== 'notSent' && answer !== 'accepted')).toEqual([]); // and was kept: the venue refused nothing
    expect((sent.at(-1)?.at ?? Infinity) - windowStart).toBeLessThan(WINDOW_MS + 5_000);
  } finally {
    await other.close();
    await pool.end();
  }
});

test('another hand holds as much as we do of each symbol, which the policy exempts, one closing order is lost and one answer: ours is closed, theirs stays', async () => {
  await setPolicy(system, { ...OFTEN, foreignPositions: 'exempt' });
  const held = (await untilHolding()).map((it) => it.split(' ')).map(([name = '', side = '', quantity = '']) => ({ name, symbol: name.replace(/[/]|:.*/g, ''), quantity, opens: side === 'long' ? 'BUY' : 'SELL', closes: side === 'long' ? 'SELL' : 'BUY', side }));
  for (const { symbol, opens, quantity } of held) await outsider.send('POST', 'order', { symbol, side: opens, type: 'MARKET', quantity });
  const [lost, unanswered] = await Promise.all([
    inject(system, { kind: 'dropConnection', match: { method: 'POST', clientOrderId: closingPrefix() }, at: 1 }),
    inject(system, { kind: 'acceptedNoAnswer', match: { method: 'POST', clientOrderId: closingPrefix() }, at: 2 }),
  ]);
  await trip(system, 'beside another hand');
  await untilStopped(held.map(({ name, side, quantity }) => `${name} ${side} ${quantity}`));
  expect([(await faultOf(lost)).fired, (await faultOf(unanswered)).fired]).toEqual([1, 1]);
  expect((await rowsOf(system, `SELECT 1 FROM positions WHERE state <> 'closed'`)).length).toBe(0);
  for (const { symbol, closes, quantity } of held) await outsider.send('POST', 'order', { symbol, side: closes, type: 'MARKET', quantity, reduceOnly: 'true' });
});

/** How the names of the emergency's closing orders begin. */
function closingPrefix(): string {
  return `${CLIENT_ORDER_ID_PREFIX}${system.deployment.id}-ess.`;
}

async function faultOf(id: string): Promise<FaultState> {
  const fault = ((await system.control('/faults')) as readonly (FaultState & FaultSpec)[]).find((it) => it['id'] === id);
  if (fault === undefined) throw new Error(`no fault ${id}`);
  return fault;
}

/** Resumed where it is stopped, moved on until positions are held. @returns them */
async function untilHolding(): Promise<readonly string[]> {
  for (let candle = 0; candle < CANDLES_TO_HOLD; candle += 1) {
    const { positions } = await outsider.open();
    if (positions.length >= HELD_MIN) return positions;
    await nextCandle(system);
  }
  throw new Error(`fewer than ${HELD_MIN} positions after ${CANDLES_TO_HOLD} candles`);
}

/** Moved on until a cycle opens, and not waited for what it opens. */
async function untilEntering(): Promise<void> {
  for (let candle = 0; candle < CANDLES_TO_HOLD; candle += 1) {
    await settled(system);
    await nextCandle(system, { mayWait: false });
    const { opens } = await oneRow<{ opens: number }>(system, `SELECT jsonb_array_length(plan->'opens') opens FROM cycles ORDER BY close_time DESC LIMIT 1`);
    if (opens > 0) return;
  }
  throw new Error(`nothing opens within ${CANDLES_TO_HOLD} candles`);
}

/** Orders of this emergency's newest round that the venue took. */
async function emergencyClosingsOf(): Promise<number> {
  const { trippedAt } = await guardState(system);
  return (await rowsOf(system, `SELECT 1 FROM emergency_orders WHERE sent_at >= $1`, [trippedAt])).length;
}

/** @param left what another hand holds. Sealed; nothing else is open to whoever looks with ccxt; `keel verify` finds nothing. Then it is resumed. */
async function untilStopped(left: readonly string[] = []): Promise<void> {
  await until('the stop is sealed', async () => {
    if (!system.worker(0).isRunning) await system.restartWorker(0); // as under the supervisor
    return (await emergencyEvents(system)).filter((type) => type === 'emergencySealed').length > stops;
  }, 60_000);
  stops += 1;
  expect(await outsider.open()).toEqual({ positions: left, orders: [] });
  await untilMode(system, 'emergency');
  expect(await oneRow(system, 'SELECT halted FROM fence')).toEqual({ halted: true });
  await settled(system);
  await system.reconcile();
  const violations = await system.violations();
  if (left.length === 0) expect([await system.checkInvariants(), violations]).toEqual([[], []]);
  else expect(violations.map(({ invariant, evidence }) => [invariant, evidence['ledger']])).toEqual(left.map(() => [2, '0'])); // another hand's alone
  await resume(system);
}
