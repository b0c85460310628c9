import { d } from '../../domain/decimal.ts';
import { KeelError } from '../../domain/errors.ts';
import type { Fill, OrderIntent, OrderRow, VenueOrder } from '../../domain/orders/order.ts';
import { bookOf, DONE_STATES } from '../../domain/orders/order.ts';
import type { OrderEvent } from '../../domain/orders/transitions.ts';
import { mayGoWithoutLedger, rowToTrust } from '../../domain/orders/protocol.ts';
import { applyOrderEvent, canApply } from '../../domain/orders/transitions.ts';
import type { AppliedReport, Ledger } from '../../domain/ports/ledger.ts';
import type { NewEvent } from '../events/outbox.ts';
import { writeEvents } from '../events/outbox.ts';
import type { Client, Pool } from '../pool.ts';
import { inTransaction, run, together } from '../pool.ts';
import type { OrderRecord } from '../rows.ts';
import { ORDER_COLUMNS, toOrderRow } from '../rows.ts';
import { announceChange } from './announce.ts';
import { bookFill } from './fills.ts';

type OrderMethods = Pick<Ledger, 'ordersSent' | 'claimSubmission' | 'applyOrderEvent' | 'order' | 'dueOrders' | 'nextOrderDeadline' | 'backfillOrder' | 'applyReport' | 'applyFills'>;

const FROM_ORDERS = `SELECT ${ORDER_COLUMNS} FROM orders o JOIN intents i ON i.client_order_id = o.client_order_id`;

/** Locks are always taken in this order: the order's row, then its position's. */
export function createOrderMethods(pool: Pool): OrderMethods {
  return {
    ordersSent: async (portfolioId, since) => {
      const rows = await run<{ sent: number }>(pool, `orders that ${portfolioId} sent`, {
        name: 'orders-sent',
        text: `SELECT ((SELECT count(*) FROM orders o WHERE o.portfolio_id = $1 AND o.sent_market_at >= $2 AND o.state <> 'halted')
                 + (SELECT count(*) FROM orders o WHERE o.portfolio_id = $1 AND o.state = 'planned' AND o.sent_market_at IS NULL))::int AS sent`,
        values: [portfolioId, since],
      });
      return rows[0]?.sent ?? 0;
    },

    claimSubmission: ({ intent, attempt, timestamp, marketTime, nowMs }) => inTransaction(pool, `claim ${intent.intentId}`, async (client) => {
      const [, claimed] = await together(insertIntents(client, [intent], nowMs), client.query({
        name: 'claim-submission',
        text: `UPDATE orders SET state = 'submitting', attempt = $2, sent_timestamp = $3, sent_market_at = $6, updated_at = $4
               WHERE client_order_id = $1 AND ((attempt = $2 - 1 AND state IN ('planned', 'absent')) OR ($5 AND attempt < $2 - 1 AND accepted_at IS NULL))`,
        values: [intent.clientOrderId, attempt, timestamp, nowMs, mayGoWithoutLedger(intent), marketTime], // the domain's mayClaim, as one atomic statement
      }));
      const won = claimed.rowCount === 1;
      const [, row, { rows }] = await together(
        won ? recordOrderEvent(client, intent.clientOrderId, 'planned or absent', 'submitting', { kind: 'claimed', attempt, timestamp }, nowMs) : Promise.resolve(),
        orderRow(client, intent.clientOrderId),
        // A statement of its own, after the row was won: it sees a fence raised meanwhile.
        client.query<{ epoch: number; halted: boolean }>({ name: 'read-fence', text: 'SELECT epoch, halted FROM fence WHERE portfolio_id = $1', values: [intent.portfolioId] }),
      );
      const fence = rows[0];
      if (fence === undefined) throw new KeelError('NOT_FOUND', `portfolio ${intent.portfolioId} has no fence row`);
      return { won, row, fence };
    }),

    applyOrderEvent: (clientOrderId, event, nowMs) => inTransaction(pool, `order ${clientOrderId}: ${event.kind}`, async (client) => {
      const before = await lockOrder(client, 'lock-order', [clientOrderId]);
      if (before === null) throw new KeelError('NOT_FOUND', `order ${clientOrderId} is not in the ledger`);
      return (await applyLocked(client, before, event, nowMs)).row;
    }),

    order: async (clientOrderId) => {
      const rows = await run<OrderRecord>(pool, `read order ${clientOrderId}`, { name: 'order', text: `${FROM_ORDERS} WHERE o.client_order_id = $1`, values: [clientOrderId] });
      return rows[0] === undefined ? null : toOrderRow(rows[0]);
    },

    dueOrders: (portfolioId, marketTime) => run<{ clientOrderId: string; positionId: string }>(pool, 'read due orders', {
      name: 'due-orders',
      text: `SELECT o.client_order_id AS "clientOrderId", o.position_id AS "positionId" FROM orders o JOIN intents i ON i.client_order_id = o.client_order_id
             WHERE o.portfolio_id = $1 AND o.state NOT IN ('filled', 'canceled', 'rejected', 'halted', 'expired') AND o.state IN ('accepted', 'partiallyFilled') AND i.work_until_market_time <= $2`,
      values: [portfolioId, marketTime],
    }),

    nextOrderDeadline: async (portfolioId) => {
      const rows = await run<{ deadline: number | null }>(pool, 'read next order deadline', {
        name: 'next-deadline',
        text: `SELECT min(i.work_until_market_time) AS deadline FROM orders o JOIN intents i ON i.client_order_id = o.client_order_id
               WHERE o.portfolio_id = $1 AND o.state NOT IN ('filled', 'canceled', 'rejected', 'halted', 'expired') AND o.state IN ('accepted', 'partiallyFilled')`,
        values: [portfolioId],
      });
      return rows[0]?.deadline ?? null;
    },

    backfillOrder: (known) => inTransaction(pool, `back-fill ${known.intent.intentId}`, (client) => backfill(client, known)),

    applyReport: (portfolioId, { order, fill, at }) => inTransaction(pool, `report on ${order.clientOrderId}`, async (client) => {
      const plainOrderId = order.book === 'plain' ? order.venueOrderId : (order.triggeredOrderId ?? '');
      const before = await lockOwner(client, { portfolioId, instrumentId: order.instrumentId, clientOrderId: order.clientOrderId, plainOrderId });
      return before === null ? { positionId: null, row: null, isNews: false } : await applyReported(client, before, { order, fill, at });
    }),

    applyFills: async (portfolioId, fills) => {
      const applied: AppliedReport[] = [];
      for (const fill of fills) applied.push(await applyHistoryFill(pool, portfolioId, fill));
      return applied;
    },
  };
}

interface OwnerQuery {
  readonly portfolioId: string;
  readonly instrumentId: string;
  readonly clientOrderId: string;
  /** The venue's id of an order on the plain book, empty when unknown. */
  readonly plainOrderId: string;
}

/**
 * The order that a report or fill belongs to: by client id, else by the id of the plain order that it is or that it
 * created when it triggered. The two books number their orders apart, so an id counts within its book only.
 */
async function lockOwner(client: Client, { portfolioId, instrumentId, clientOrderId, plainOrderId }: OwnerQuery): Promise<LockedOrder | null> {
  const byClientId = clientOrderId === '' ? null : await lockOrder(client, 'lock-own-order', [clientOrderId, portfolioId]);
  if (byClientId !== null || plainOrderId === '') return byClientId;
  const values = [portfolioId, instrumentId, plainOrderId];
  return (await lockOrder(client, 'lock-by-venue-id', values))
    ?? (await lockOrder(client, 'lock-by-triggered-id', values));
}

export async function insertIntents(client: Client, intents: readonly OrderIntent[], nowMs: number): Promise<void> {
  await together(...intents.flatMap((it) => [
    client.query({
      name: 'insert-intent',
      text: `INSERT INTO intents (intent_id, client_order_id, portfolio_id, position_id, cycle_id, leg, revision, instrument_id, side, position_side, type, time_in_force,
               quantity, price, trigger_price, reduce_only, closes_position, decision_price, epoch, valid_until, max_drift_bps, work_until_market_time, policy_version)
             VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23) ON CONFLICT DO NOTHING`,
      values: [it.intentId, it.clientOrderId, it.portfolioId, it.positionId, it.cycleId, it.leg, it.revision, it.instrumentId, it.side, it.positionSide, it.type, it.timeInForce,
        it.quantity, it.price, it.triggerPrice, it.reduceOnly, it.closesPosition, it.decisionPrice, it.epoch, it.validUntil, it.maxDriftBps, it.workUntilMarketTime, it.policyVersion],
    }),
    client.query({
      name: 'insert-order',
      text: `INSERT INTO orders (client_order_id, portfolio_id, position_id, instrument_id, book, state, attempt, updated_at, planned_at)
             VALUES ($1,$2,$3,$4,$5,'planned',0,$6,$6) ON CONFLICT DO NOTHING`,
      values: [it.clientOrderId, it.portfolioId, it.positionId, it.instrumentId, bookOf(it.type), nowMs],
    }),
  ]));
}

async function orderRow(client: Client, clientOrderId: string): Promise<OrderRow> {
  const { rows } = await client.query<OrderRecord>({ name: 'order', text: `${FROM_ORDERS} WHERE o.client_order_id = $1`, values: [clientOrderId] });
  if (rows[0] === undefined) throw new KeelError('NOT_FOUND', `order ${clientOrderId} is not in the ledger`);
  return toOrderRow(rows[0]);
}

interface LockedOrder {
  readonly row: OrderRow;
  readonly bookedQuantity: string;
}

const LOCKS = {
  'lock-order': 'o.client_order_id = $1',
  'lock-own-order': 'o.client_order_id = $1 AND o.portfolio_id = $2',
  'lock-by-venue-id': `o.portfolio_id = $1 AND o.instrument_id = $2 AND o.venue_order_id = $3 AND o.book = 'plain'`,
  'lock-by-triggered-id': 'o.portfolio_id = $1 AND o.instrument_id = $2 AND o.triggered_order_id = $3',
} as const;

async function lockOrder(client: Client, name: keyof typeof LOCKS, values: readonly unknown[]): Promise<LockedOrder | null> {
  const { rows } = await client.query<OrderRecord>({ name, text: `${FROM_ORDERS} WHERE ${LOCKS[name]} FOR UPDATE OF o`, values: [...values] });
  return rows[0] === undefined ? null : { row: toOrderRow(rows[0]), bookedQuantity: rows[0].bookedQuantity };
}

async function recordOrderEvent(client: Client, clientOrderId: string, from: string, to: string, event: OrderEvent, at: number): Promise<void> {
  await client.query({
    name: 'order-event',
    text: 'INSERT INTO order_events (client_order_id, kind, from_state, to_state, event, at) VALUES ($1,$2,$3,$4,$5,$6)',
    values: [clientOrderId, event.kind, from, to, JSON.stringify(event), at],
  });
}

/** The domain decides; here the result is written, with its event, and the position hears of it. */
async function applyLocked(client: Client, before: LockedOrder, event: OrderEvent, nowMs: number): Promise<{ row: OrderRow; isNews: boolean }> {
  const after = applyOrderEvent(before.row, event, nowMs);
  if (!isChange(before.row, after)) return { row: before.row, isNews: false };
  const { clientOrderId, positionId } = after.intent;
  await together(
    client.query({
      name: 'update-order',
      text: `UPDATE orders SET state = $2, attempt = $3, sent_timestamp = $4, venue_order_id = $5, triggered_order_id = $6, filled_quantity = $7,
               average_price = $8, reason = $9, accepted_at = $10, updated_at = $11 WHERE client_order_id = $1`,
      values: [clientOrderId, after.state, after.attempt, after.sentTimestamp, after.venueOrderId, after.triggeredOrderId, after.filledQuantity, after.averagePrice, after.reason, after.acceptedAt, after.updatedAt],
    }),
    recordOrderEvent(client, clientOrderId, before.row.state, after.state, event, nowMs),
    client.query({ name: 'raise-inbox', text: `UPDATE positions SET inbox_seq = inbox_seq + 1 WHERE position_id = $1 AND state <> 'closed'`, values: [positionId] }),
    writeEvents(client, stateEvents(before.row, after)),
    announceChange(client),
  );
  return { row: after, isNews: true };
}

function isChange(before: OrderRow, after: OrderRow): boolean {
  return before.state !== after.state || before.attempt !== after.attempt || before.filledQuantity !== after.filledQuantity || before.venueOrderId !== after.venueOrderId ||
    before.triggeredOrderId !== after.triggeredOrderId || before.averagePrice !== after.averagePrice || before.reason !== after.reason;
}

/** What the world is told when an order changes its state. */
function stateEvents(before: OrderRow, after: OrderRow): NewEvent[] {
  if (before.state === after.state) return [];
  const { intent } = after;
  const order = { clientOrderId: intent.clientOrderId, positionId: intent.positionId, instrumentId: intent.instrumentId, leg: intent.leg, side: intent.side, type: intent.type, quantity: intent.quantity };
  const envelope = { subject: intent.positionId, portfolioId: intent.portfolioId, traceId: intent.cycleId ?? intent.positionId, actor: 'keel' };
  const events: NewEvent[] = [];
  if (before.acceptedAt === null && after.acceptedAt !== null) {
    events.push({ ...envelope, id: `${intent.clientOrderId}/accepted`, type: 'orderAccepted', payload: { ...order, venueOrderId: after.venueOrderId } });
  }
  if (after.state === 'rejected') events.push({ ...envelope, id: `${intent.clientOrderId}/rejected`, type: 'orderRejected', payload: { ...order, reason: after.reason } });
  if (after.state === 'halted') events.push({ ...envelope, id: `${intent.clientOrderId}/halted`, type: 'orderHalted', payload: { ...order, reason: after.reason } });
  if (after.state === 'canceled' || after.state === 'expired') {
    events.push({ ...envelope, id: `${intent.clientOrderId}/${after.state}`, type: 'orderEnded', payload: { ...order, state: after.state, filledQuantity: after.filledQuantity, reason: after.reason } });
  }
  return events;
}

async function applyReported(client: Client, before: LockedOrder, report: { order: VenueOrder; fill: Fill | null; at: number }): Promise<AppliedReport> {
  const { positionId } = before.row.intent;
  const event: OrderEvent = { kind: 'reported', order: report.order, at: report.at };
  const applied = canApply(before.row.state, 'reported') ? await applyLocked(client, before, event, report.at) : { row: before.row, isNews: false };
  const isNewFill = report.fill !== null && (await bookFill(client, { positionId, intent: before.row.intent, fill: report.fill }));
  return { positionId, row: applied.row, isNews: applied.isNews || isNewFill };
}

/** A fill out of the venue's history: booked to the order that owns it, whose filled quantity follows. */
async function applyHistoryFill(pool: Pool, portfolioId: string, fill: Fill): Promise<AppliedReport> {
  return await inTransaction(pool, `fill ${fill.tradeId} of ${fill.instrumentId}`, async (client) => {
    const before = await lockOwner(client, { portfolioId, instrumentId: fill.instrumentId, clientOrderId: fill.clientOrderId ?? '', plainOrderId: fill.venueOrderId });
    if (before === null) return { positionId: null, row: null, isNews: false };
    const { intent } = before.row;
    const isNew = await bookFill(client, { positionId: intent.positionId, intent, fill });
    if (!isNew) return { positionId: intent.positionId, row: before.row, isNews: false };
    const booked = d(before.bookedQuantity).plus(d(fill.quantity));
    const row = booked.gt(d(before.row.filledQuantity)) ? await raiseFilled(client, before, booked.toFixed(), fill) : before.row;
    return { positionId: intent.positionId, row, isNews: true };
  });
}

/** More fills are booked than the order was reported to have: the fills are the truth. */
async function raiseFilled(client: Client, before: LockedOrder, filledQuantity: string, fill: Fill): Promise<OrderRow> {
  const { intent } = before.row;
  const isWhole = d(filledQuantity).gte(d(intent.quantity));
  const isDone = DONE_STATES.includes(before.row.state);
  const order: VenueOrder = {
    venueOrderId: before.row.venueOrderId ?? (bookOf(intent.type) === 'plain' ? fill.venueOrderId : ''), clientOrderId: intent.clientOrderId, instrumentId: intent.instrumentId, book: bookOf(intent.type),
    status: isWhole ? 'filled' : isDone && before.row.state === 'canceled' ? 'canceled' : 'working',
    side: intent.side, positionSide: intent.positionSide, type: intent.type, quantity: intent.quantity, filledQuantity, averagePrice: before.row.averagePrice ?? fill.price,
    price: intent.price, triggerPrice: intent.triggerPrice, reduceOnly: intent.reduceOnly, triggeredOrderId: before.row.triggeredOrderId, updatedAt: fill.filledAt,
  };
  if (!canApply(before.row.state, 'reported')) return before.row;
  return (await applyLocked(client, before, { kind: 'reported', order, at: fill.filledAtWall }, fill.filledAtWall)).row;
}

/** An order that went out without the ledger: the further of the two views wins, and the history says how it came in. */
async function backfill(client: Client, known: OrderRow): Promise<OrderRow> {
  const { clientOrderId, positionId } = known.intent;
  await insertIntents(client, [known.intent], known.updatedAt);
  const before = await lockOrder(client, 'lock-order', [clientOrderId]);
  if (before === null) throw new KeelError('INVARIANT', `order ${clientOrderId} vanished while it was written`);
  const isSameAttempt = before.row.attempt === known.attempt && !DONE_STATES.includes(before.row.state) && before.row.venueOrderId === null;
  const isAhead = isSameAttempt || (before.row.attempt < known.attempt && rowToTrust(known, before.row) === known);
  if (!isAhead) return before.row;
  const filled = d(known.filledQuantity).gt(d(before.row.filledQuantity)) ? known.filledQuantity : before.row.filledQuantity;
  await client.query({
    name: 'backfill-order',
    text: `UPDATE orders SET state = $2, attempt = $3, sent_timestamp = $4, venue_order_id = coalesce($5, venue_order_id), triggered_order_id = coalesce($6, triggered_order_id),
             filled_quantity = $7, average_price = coalesce($8, average_price), reason = $9, accepted_at = coalesce(accepted_at, $10), updated_at = $11 WHERE client_order_id = $1`,
    values: [clientOrderId, known.state, known.attempt, known.sentTimestamp, known.venueOrderId, known.triggeredOrderId, filled, known.averagePrice, known.reason, known.acceptedAt, known.updatedAt],
  });
  await client.query({ name: 'order-event-backfill', text: `INSERT INTO order_events (client_order_id, kind, from_state, to_state, event, at) VALUES ($1,'backfilled',$2,$3,$4,$5)`, values: [clientOrderId, before.row.state, known.state, JSON.stringify({ kind: 'backfilled' }), known.updatedAt] });
  await client.query({ name: 'raise-inbox', text: `UPDATE positions SET inbox_seq = inbox_seq + 1 WHERE position_id = $1 AND state <> 'closed'`, values: [positionId] });
  await writeEvents(client, stateEvents(before.row, known));
  await announceChange(client);
  return await orderRow(client, clientOrderId);
}

