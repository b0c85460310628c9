import { expect, test } from 'vitest';
import { accountStreamsOf, inject as injectFault, METRONOME } from '../support/fault-session.ts';
import { until } from '../support/processes.ts';
import { fillUnheard, untilEntriesRest } from '../support/resting.ts';
import { testSystem } from '../support/scenario.ts';
import { oneRow, rowsOf } from '../support/standstill.ts';

/** Between two looks of a position with an order in flight, the look itself included. */
const POLL_MS = 2_000 + 2_500;

test.each([
  ['answers no pings: silent', 'silentStream', 0],
  ['answers pings: zombie', 'zombieStream', 0],
  ['is a zombie, and look-ups lag', 'zombieStream', 1_500],
])('a stream that %s: the position hears of its fill, books it and protects it before the stream is given up', async (_case, kind, lagMs) => {
  const system = await testSystem({ seed: '1', symbolCount: 3, candles: 20, strategy: METRONOME });
  const resting = await untilEntriesRest(system);
  await injectFault(system, { kind });
  if (lagMs > 0) await injectFault(system, { kind: 'lookupLag', lagMs });
  const id = await fillUnheard(system, resting);
  const filledAt = Date.now();
  await until('the stop stands', async () => (await rowsOf(system, `SELECT 1 FROM orders s JOIN intents i USING (client_order_id) JOIN orders e ON e.position_id = s.position_id
    WHERE e.client_order_id = $1 AND i.leg = 'stop' AND s.state = 'accepted'`, [id])).length > 0);
  const heardMs = Date.now() - filledAt;
  expect(await accountStreamsOf(system)).toBe(1); // still the dead one: it was asked for
  await until('its fill is booked', async () => (await oneRow<{ isBooked: boolean }>(system, `SELECT filled_quantity = booked_quantity AND state = 'filled' "isBooked" FROM orders WHERE client_order_id = $1`, [id])).isBooked);
  const bookedMs = Date.now() - filledAt;
  expect(heardMs).toBeLessThan(POLL_MS);
  expect(bookedMs).toBeLessThan(lagMs === 0 ? POLL_MS : 2 * POLL_MS);
});
