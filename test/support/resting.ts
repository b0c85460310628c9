import type { Policy } from '../../domain/policy/policy.ts';
import { setPolicy } from './set-policy.ts';
/** Limit entries that rest on the book, and fills of them that nobody hears of. */
import { nextCandle, acknowledgeAll, beginStandstill, rowsOf } from './standstill.ts';
import type { System } from './system.ts';

const RESTING = `SELECT o.client_order_id id FROM orders o JOIN intents i USING (client_order_id) WHERE i.leg = 'entry' AND i.type = 'limit' AND o.state = 'accepted'`;

/** Moves the market until entries rest on the book, for as long as a candle lasts. @returns their client order ids */
export async function untilEntriesRest(system: System, policy: Partial<Policy> = {}): Promise<readonly string[]> {
  await setPolicy(system, { entryStyle: 'limit', limitTimeS: 3_600, ...policy });
  await beginStandstill(system);
  for (let candle = 0; ; candle += 1) {
    const resting = await rowsOf<{ id: string }>(system, RESTING);
    if (resting.length > 0) return resting.map((it) => it.id);
    if (candle === 10) throw new Error('no entry rests after ten candles');
    await nextCandle(system);
  }
}

/** Moves the market until one of them is filled, and answers for all events as if they had been heard. @returns its client order id */
export async function fillUnheard(system: System, resting: readonly string[]): Promise<string> {
  for (let step = 0; step < 20; step += 1) {
    await acknowledgeAll(system);
    await system.control('/advance', { method: 'POST', body: JSON.stringify({ requestId: `fill/${step}`, candles: 1 }) });
    const { orders } = (await system.control('/book')) as { orders: readonly { clientOrderId: string; status: string }[] };
    const filled = orders.find((order) => resting.includes(order.clientOrderId) && order.status === 'FILLED');
    if (filled !== undefined) return filled.clientOrderId;
  }
  throw new Error('no resting entry was filled');
}
