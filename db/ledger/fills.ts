import { d, text } from '../../domain/decimal.ts';
import type { Direction, Fill, OrderIntent } from '../../domain/orders/order.ts';
import type { PositionTotals } from '../../domain/positions/from-fills.ts';
import { entrySide } from '../../domain/orders/order.ts';
import { positionTotals } from '../../domain/positions/from-fills.ts';
import type { NewEvent } from '../events/outbox.ts';
import { writeEvents } from '../events/outbox.ts';
import type { Client } from '../pool.ts';
import { together } from '../pool.ts';
import { FILL_COLUMNS, toFill } from '../rows.ts';
import { announceChange } from './announce.ts';

export interface Booking {
  readonly positionId: string;
  /** The order that made the fill; null when it was closed by another hand. */
  readonly intent: OrderIntent | null;
  readonly fill: Fill;
  /** A closing fill of a position that holds nothing is another's. */
  readonly upToHeld?: boolean;
}

/** Books a fill once and lets its order and position follow. @returns false when it was booked before. */
export async function bookFill(client: Client, { positionId, intent, fill, upToHeld = false }: Booking): Promise<boolean> {
  const position = await lockPosition(client, positionId);
  if (upToHeld && fill.side !== entrySide(position.direction) && d(position.quantity).isZero()) return false;
  const clientOrderId = intent?.clientOrderId ?? null;
  const inserted = await client.query({
    name: 'insert-fill',
    text: `INSERT INTO fills (portfolio_id, instrument_id, trade_id, venue_order_id, position_id, client_order_id, side, position_side, price, quantity, fee, fee_currency, realized_pnl, maker, filled_at, filled_at_wall)
           VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16) ON CONFLICT DO NOTHING`,
    values: [position.portfolioId, fill.instrumentId, fill.tradeId, fill.venueOrderId, positionId, clientOrderId, fill.side, fill.positionSide, fill.price, fill.quantity, fill.fee, fill.feeCurrency, fill.realizedPnl, fill.maker, fill.filledAt, fill.filledAtWall],
  });
  if (inserted.rowCount === 0) return false;
  const { rows } = await client.query<Fill>({ name: 'fills-of-position', text: `SELECT ${FILL_COLUMNS} FROM fills f WHERE f.position_id = $1`, values: [positionId] });
  const totals = positionTotals(position.direction, rows.map(toFill));
  await together(
    clientOrderId === null ? Promise.resolve() : client.query({ name: 'book-quantity', text: 'UPDATE orders SET booked_quantity = booked_quantity + $2 WHERE client_order_id = $1', values: [clientOrderId, fill.quantity] }),
    followFills(client, positionId, totals),
    writeEvents(client, [...openedEvents(positionId, position, totals), ...(intent === null ? [] : [filledEvent(position.portfolioId, intent, fill)])]),
    announceChange(client),
  );
  return true;
}

interface LockedPosition {
  readonly portfolioId: string;
  readonly direction: Direction;
  readonly instrumentId: string;
  readonly state: string;
  readonly quantity: string;
  readonly stopPrice: string;
  readonly cycleId: string;
  readonly firstFillAt: number | null;
}

async function lockPosition(client: Client, positionId: string): Promise<LockedPosition> {
  const { rows } = await client.query<LockedPosition>({
    name: 'lock-position',
    text: `SELECT portfolio_id AS "portfolioId", direction, instrument_id AS "instrumentId", state, quantity::text, stop_price::text AS "stopPrice", cycle_id AS "cycleId", first_fill_at AS "firstFillAt"
           FROM positions WHERE position_id = $1 FOR UPDATE`,
    values: [positionId],
  });
  const position = rows[0];
  if (position === undefined) throw new Error(`position ${positionId} is not in the ledger`);
  return position;
}

/** A position is the sum of its fills, computed anew from all of them: exact, whatever the order of arrival. */
async function followFills(client: Client, positionId: string, totals: PositionTotals): Promise<void> {
  await client.query({
    name: 'position-follows',
    text: `UPDATE positions SET quantity = $2, entry_quantity = $3, entry_price = $4, exit_price = $5, realized_pnl = $6, fees = $7, first_fill_at = $8, last_fill_at = $9,
             inbox_seq = inbox_seq + CASE WHEN state = 'closed' THEN 0 ELSE 1 END WHERE position_id = $1`,
    values: [positionId, totals.quantity, totals.entryQuantity, totals.entryPrice, totals.exitPrice, totals.realizedPnl, totals.fees, totals.firstFillAt, totals.lastFillAt],
  });
}

/** Told at the first fill. */
function openedEvents(positionId: string, position: LockedPosition, totals: PositionTotals): NewEvent[] {
  if (position.firstFillAt !== null || totals.entryPrice === null) return [];
  return [{
    id: `${positionId}/opened`, type: 'positionOpened', subject: positionId, portfolioId: position.portfolioId, traceId: position.cycleId, actor: 'keel',
    payload: { positionId, instrumentId: position.instrumentId, direction: position.direction, price: totals.entryPrice, quantity: totals.entryQuantity, stopPrice: text(d(position.stopPrice)) },
  }];
}

function filledEvent(portfolioId: string, intent: OrderIntent, fill: Fill): NewEvent {
  return {
    id: `${intent.clientOrderId}/fill/${fill.tradeId}`, type: 'orderFilled', subject: intent.positionId, portfolioId, traceId: intent.cycleId ?? intent.positionId, actor: 'keel',
    payload: {
      clientOrderId: intent.clientOrderId, positionId: intent.positionId, instrumentId: intent.instrumentId, leg: intent.leg, side: intent.side, type: intent.type, quantity: intent.quantity,
      tradeId: fill.tradeId, price: fill.price, fillQuantity: fill.quantity, filledQuantity: fill.quantity, fee: fill.fee, feeCurrency: fill.feeCurrency, filledAt: fill.filledAt,
    },
  };
}
