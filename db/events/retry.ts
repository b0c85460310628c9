/** What was parked is tried again by itself, ever later. */
import { NOW_MS } from '../clock.ts';
import { inTransaction, run } from '../pool.ts';
import { EVENT_COLUMNS } from './audit.ts';
import type { Delivery, DeliverySetup } from './delivery.ts';
import { BATCH_MS_MAX, handled, takeTurn } from './delivery.ts';
import { hurry, note, PARKED_EVENTS } from './parked.ts';

const BATCH = 50;

const DUE = `SELECT a.position, p.tries, ${EVENT_COLUMNS} FROM ${PARKED_EVENTS}
  WHERE p.subscriber = $1 AND p.replayed_at IS NULL AND p.next_try_at <= ${NOW_MS} ORDER BY p.position LIMIT ${BATCH}`;

/**
 * Tries what is due, oldest first, until one fails: then whoever is told is away still, and news come first again.
 * @returns how many got through; 0 also when another worker delivers to this subscriber at the moment
 */
export async function retryParked(setup: DeliverySetup): Promise<number> {
  const { pool, subscriber, stopping } = setup;
  if (!(await isAnyDue(setup))) return 0;
  return await inTransaction(pool, `deliver again to ${subscriber.name}`, async (client) => {
    if ((await takeTurn(client, subscriber.name, 2 * setup.handleMsMax)) === null) return 0; // another worker delivers
    const { rows } = await client.query<Delivery & { tries: number }>({ name: 'due-parked', text: DUE, values: [subscriber.name] });
    const startedMs = performance.now();
    let succeeded = 0;
    for (const row of rows) {
      if (stopping.aborted || performance.now() - startedMs > BATCH_MS_MAX) break;
      const outcome = await handled(setup, row, true);
      const failure = typeof outcome === 'string' ? null : outcome.error;
      await note(client, subscriber.name, row, failure);
      if (failure !== null) break;
      succeeded += 1;
    }
    if (succeeded > 0) await hurry(client, subscriber.name);
    return succeeded;
  });
}

/** Only reads: a round without news locks and writes nothing. */
async function isAnyDue({ pool, subscriber }: DeliverySetup): Promise<boolean> {
  const [row] = await run<{ due: boolean }>(pool, `look for what is parked for ${subscriber.name}`, {
    name: 'any-parked', values: [subscriber.name],
    text: `SELECT EXISTS (SELECT 1 FROM parked_deliveries WHERE subscriber = $1 AND replayed_at IS NULL AND next_try_at <= ${NOW_MS}) AS due`,
  });
  return row?.due === true;
}
