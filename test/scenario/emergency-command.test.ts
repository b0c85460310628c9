/** `keel trip`, `keel resume` and `keel guard`, with the workers dead. */
import { expect, test } from 'vitest';
import type { StopStep } from '../../client/emergency/trip.ts';
import { resume, trip } from '../../client/emergency/trip.ts';
import { guardReport, guardText } from '../../client/emergency/view.ts';
import { closeReasons, openAtVenue, untilMode } from '../support/emergency.ts';
import { METRONOME } from '../support/fault-session.ts';
import { until } from '../support/processes.ts';
import { testSystem } from '../support/scenario.ts';
import { acknowledgeAll, beginStandstill, nextCandle, rowsOf, settled } from '../support/standstill.ts';

test('with all workers dead the command raises the fence, leaves the engine its signal, and closes at the venue by itself', async () => {
  const system = await testSystem({ strategy: METRONOME, candles: 20 });
  await beginStandstill(system);
  await nextCandle(system);
  const held = (await openAtVenue(system)).positions.length;
  expect(held).toBeGreaterThan(0);
  await system.killWorker(0);

  const steps = await trip(system, { reason: 'the workers are dead', by: 'ada', direct: true });
  expect(steps.map(({ step, done }) => [step, done])).toEqual([['fence', true], ['guard', true], ['closing', true]]);
  expect(await openAtVenue(system)).toEqual({ positions: [], orders: [] });
  expect(await guardReport(system)).toMatchObject({ state: { mode: 'tripping' }, fence: { halted: true }, missing: ['everything closed at the venue, and proven'] });

  await acknowledgeAll(system); // nobody listened
  await system.restartWorker(0);
  await untilMode(system, 'emergency', 90_000);
  await settled(system);
  await system.reconcile();
  await settled(system);
  expect(await closeReasons(system)).toEqual(Array.from({ length: held }, () => 'emergency'));
  await system.reconcile();
  expect(await system.violations()).toEqual([]);

  expect((await guardReport(system)).missing).toEqual(expect.arrayContaining([expect.stringMatching(/keel resume/)]));
  expect(await resume(system, { by: 'ada', because: 'workers run again' })).toMatchObject({ change: 'reset', isGuardTold: true });
  expect(guardText(await guardReport(system))).toMatch(/cause +person: the workers are dead \(ada\)/);
});

test('a database that does not answer keeps neither the signal nor the answer; the fence rises when it does', async () => {
  const system = await testSystem({ strategy: METRONOME, candles: 20 });
  await beginStandstill(system);
  await nextCandle(system);
  const busy = await system.database.connect();
  await busy.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; SELECT 1 FROM guard_state FOR UPDATE');
  const ended: StopStep[] = [];
  const tripping = trip(system, { reason: 'the database hangs', by: 'ada', direct: false }, (step) => ended.push(step));
  try {
    await until('the guard answers', () => ended.length > 0 && ended.at(-1)?.step !== 'guard', 30_000);
    expect(ended.map(({ step, done }) => [step, done])).toEqual([['guard', true], ['answer', true]]);
    expect(ended[1]?.detail).toMatch(/the fence is written when the ledger is back/);
  } finally {
    await busy.query('COMMIT');
    busy.release();
  }
  expect((await tripping).map(({ step, done }) => [step, done])).toEqual([['fence', true], ['guard', true], ['answer', true]]);
  expect((await tripping)[0]?.detail).toMatch(/^up \(epoch \d+\); ess\/\S+$/); // this one, not another that ran already
  expect((await trip(system, { reason: 'again', by: 'ada', direct: false }))[0]?.detail).toMatch(/which runs already$/);
  await untilMode(system, 'emergency', 90_000);
  await settled(system);
  expect(await rowsOf(system, `SELECT payload->>'round' AS round FROM domain_events WHERE type = 'emergencyTriggered'`)).toEqual([{ round: '1' }]);
  expect(await system.violations()).toEqual([]);
});
