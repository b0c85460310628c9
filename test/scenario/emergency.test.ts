/** The emergency stop on the running system: real engine, Postgres, venue and worker processes. */
import { expect, test } from 'vitest';
import { closeReasons, emergencyEvents, guardState, openAtVenue, resume, sealed, trip, untilMode } from '../support/emergency.ts';
import { METRONOME } from '../support/fault-session.ts';
import { outsiderOf } from '../support/outsider.ts';
import { until } from '../support/processes.ts';
import { testSystem } from '../support/scenario.ts';
import { beginStandstill, nextCandle, oneRow, rowsOf, settled } from '../support/standstill.ts';

test('a person stops it: closed, cancelled, sealed; resumed by name it comes back step by step and trades again', async () => {
  const system = await testSystem({ strategy: METRONOME, candles: 40 });
  await beginStandstill(system);
  await nextCandle(system);
  const held = (await openAtVenue(system)).positions.length;
  expect(held).toBeGreaterThan(0);

  expect(await trip(system, 'it looks wrong')).toMatchObject({ mode: 'tripping', reason: 'it looks wrong', by: 'ada', isFenceUp: true });
  expect(await sealed(system)).toMatchObject({ positionsClosed: held });
  expect(await openAtVenue(system)).toEqual({ positions: [], orders: [] });
  await settled(system);
  expect(await closeReasons(system)).toEqual(Array.from({ length: held }, () => 'emergency'));
  expect(await emergencyEvents(system)).toEqual(['emergencyTriggered', 'emergencyFlat', 'emergencySealed']);
  await system.reconcile();
  expect(await system.violations()).toEqual([]);

  const before = (await rowsOf(system, 'SELECT 1 FROM positions')).length;
  await nextCandle(system); // a person is waited for
  expect([(await guardState(system)).mode, (await rowsOf(system, 'SELECT 1 FROM positions')).length]).toEqual(['emergency', before]);
  const refused = await oneRow<{ reasons: string[] }>(system, `SELECT array_agg(DISTINCT d->>'reason') reasons FROM cycles c, jsonb_array_elements(c.plan->'decisions') d WHERE c.close_time = (SELECT max(close_time) FROM cycles)`);
  expect(refused.reasons).toContain('fenceHalted');

  await resume(system);
  const modes: string[] = [];
  for (let candle = 0; candle < 10 && modes.at(-1) !== 'armed'; candle += 1) {
    await nextCandle(system);
    modes.push((await guardState(system)).mode);
  }
  expect([...new Set(modes)]).toEqual(['emergency', 'protective', 'cautious', 'armed']);
  expect(await emergencyEvents(system)).toEqual([
    'emergencyTriggered', 'emergencyFlat', 'emergencySealed', 'emergencyReset',
    'emergencyRecovered emergency protective', 'emergencyRecovered protective cautious', 'emergencyRecovered cautious normal',
  ]);
  await nextCandle(system);
  expect((await rowsOf(system, 'SELECT 1 FROM positions')).length).toBeGreaterThan(before);
  expect((await openAtVenue(system)).positions.length).toBeGreaterThan(0);
  await untilMode(system, 'armed');
  await system.reconcile();
  expect(await system.violations()).toEqual([]);
});

test('tripped in the middle of a session, in the second in which one of its workers is killed: another one leaves nothing held and nothing working', async () => {
  const system = await testSystem({ strategy: METRONOME, candles: 20, workers: 2, limits: { weightPerMinute: 50_000 } }); // whoever looks is counted too, and the market's minute stands still
  const outsider = outsiderOf(system);
  await system.startReplay();
  await until('something is held', async () => (await outsider.positions()).length > 0, 60_000);
  await Promise.all([trip(system), system.killWorker(0)]);
  await until('nothing is held, and nothing works', async () => { const { positions, orders } = await outsider.open(); return positions.length + orders.length === 0; }, 30_000);
  await sealed(system);
  await system.restartWorker(0);
  await system.waitDone();
  expect(await outsider.open()).toEqual({ positions: [], orders: [] });
  await system.reconcile();
  expect(await system.violations()).toEqual([]);
});
