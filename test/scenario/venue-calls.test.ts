/** Calls to the venue on the running system, where the worker that sends orders is not the one that watches the account. */
import { expect, test } from 'vitest';
import { guardState, untilMode } from '../support/emergency.ts';
import { inject, METRONOME } from '../support/fault-session.ts';
import { testSystem } from '../support/scenario.ts';
import { setPolicy } from '../support/set-policy.ts';
import { beginStandstill, nextCandle, oneRow, rowsOf } from '../support/standstill.ts';

test('failures that only the worker sees that sends orders trip the emergency stop', async () => {
  const system = await testSystem({ mode: 'sim', workers: 0, strategy: METRONOME, candles: 20, limits: { ordersPer10Seconds: 60, weightPerMinute: 20_000 } });
  await setPolicy(system, { correlationMax: 1, tripVenueFailureShare: 0.01, tripErrors: 500, criticalUnhealthyParts: 50 }); // a market that stands still is ill
  await system.startWorker({}, ['feeds']);
  await system.startWorker({}, ['trading', 'models', 'venue']);
  await beginStandstill(system);
  await inject(system, { kind: 'http5xx', match: { method: 'POST', path: '/order', type: 'MARKET' }, count: null });
  await nextCandle(system, { mayWait: false });
  await untilMode(system, 'emergency');
  expect((await guardState(system)).cause).toMatchObject({ trigger: 'venueCalls', by: 'keel', reason: expect.stringMatching(/^\d+ of \d+ venue calls failed within 1 min$/) as string });

  const failing = await rowsOf<{ worker: string }>(system, 'SELECT DISTINCT worker FROM venue_calls WHERE failures > 0');
  const { machinery } = await oneRow<{ machinery: { worker: string; venueFailures: number } }>(system, `SELECT memory->'machinery' machinery FROM guard_watch`);
  expect([failing.length, machinery.venueFailures]).toEqual([1, 0]);
  expect(failing[0]?.worker).not.toBe(machinery.worker);
});
