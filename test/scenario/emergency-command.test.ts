/** `keel trip`, `keel resume` and `keel guard`, with the workers dead. */
import { expect, test } from 'vitest';
import { resume, trip } from '../../client/emergency/trip.ts';
import { guardReport, guardText } from '../../client/emergency/view.ts';
import { closeReasons, openAtVenue, untilMode } from '../support/emergency.ts';
import { METRONOME } from '../support/fault-session.ts';
import { testSystem } from '../support/scenario.ts';
import { acknowledgeAll, beginStandstill, nextCandle, settled } from '../support/standstill.ts';

test('with all workers dead the command raises the fence, leaves the engine its signal, and closes at the venue by itself', async () => {
  const system = await testSystem({ strategy: METRONOME, candles: 20 });
  await beginStandstill(system);
  await nextCandle(system);
  const held = (await openAtVenue(system)).positions.length;
  expect(held).toBeGreaterThan(0);
  await system.killWorker(0);

  const steps = await trip(system, { reason: 'the workers are dead', by: 'ada', direct: true });
  expect(steps.map(({ step, done }) => [step, done])).toEqual([['fence', true], ['guard', true], ['answer', false], ['closing', true]]);
  expect(steps[2]?.detail).toMatch(/no worker answered/);
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
