import { expect, test } from 'vitest';
import { accountStreamsOf, inject as injectFault, METRONOME } from '../support/fault-session.ts';
import { until } from '../support/processes.ts';
import { testSystem } from '../support/scenario.ts';
import { acknowledgeAll, beginStandstill, nextCandle, oneRow, rowsOf } from '../support/standstill.ts';
import type { System } from '../support/system.ts';

const RESTING = `SELECT o.client_order_id id FROM orders o JOIN intents i USING (client_order_id) WHERE i.leg = 'entry' AND i.type = 'limit' AND o.state = 'accepted'`;
/** Between two looks of a position with an order in flight, the look itself included. */
const POLL_MS = 2_000 + 2_500;

/** Entries rest on the book, for as long as a candle lasts. */
async function restingSystem(): Promise<System> {
  const system = await testSystem({ seed: '1', symbolCount: 3, candles: 20, strategy: METRONOME });
  await system.database.query(`INSERT INTO policy_versions (portfolio_id, version, policy, changed_by, reason)
    SELECT portfolio_id, 2, policy || '{"entryStyle":"limit","limitTimeS":3600}', 'test', 'entries rest' FROM policy_versions`);
  await beginStandstill(system);
  for (let candle = 0; (await rowsOf(system, RESTING)).length === 0; candle += 1) {
    if (candle === 10) throw new Error('no entry rests after ten candles');
    await nextCandle(system);
  }
  return system;
}

/** Moves the market until a resting entry is filled. Nobody listens. @returns its client order id */
async function fillOne(system: System, resting: readonly string[]): Promise<string> {
  for (let step = 0; step < 20; step += 1) {
    await acknowledgeAll(system);
    await system.control('/advance', { method: 'POST', body: JSON.stringify({ requestId: `fill/${step}`, candles: 1 }) });
    const { orders } = (await system.control('/book')) as { orders: readonly { clientOrderId: string; status: string }[] };
    const filled = orders.find((order) => resting.includes(order.clientOrderId) && order.status === 'FILLED');
    if (filled !== undefined) return filled.clientOrderId;
  }
  throw new Error('no resting entry was filled');
}

test.each([
  ['answers no pings: silent', 'silentStream', 0],
  ['answers pings: zombie', 'zombieStream', 0],
  ['is a zombie, and look-ups lag', 'zombieStream', 1_500],
])('a stream that %s: the position hears of its fill, books it and protects it before the stream is given up', async (_case, kind, lagMs) => {
  const system = await restingSystem();
  const resting = (await rowsOf<{ id: string }>(system, RESTING)).map((it) => it.id);
  await injectFault(system, { kind });
  if (lagMs > 0) await injectFault(system, { kind: 'lookupLag', lagMs });
  const id = await fillOne(system, resting);
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
