/** Small questions about a position's snapshot, asked by its workflow. */
import type { Instruction } from '../cycle/types.ts';
import type { DecimalString } from '../decimal.ts';
import { d, ZERO } from '../decimal.ts';
import type { OrderRow } from '../orders/order.ts';
import { bookOf, DONE_STATES, WORKING_STATES } from '../orders/order.ts';
import { unclosedQuantity } from './duties.ts';
import type { PositionSnapshot } from './position.ts';

/** Whether an instruction ends the position; the others only move its orders, and are done once these stand. */
export function isEnding({ kind }: Instruction): boolean {
  return kind !== 'moveStop' && kind !== 'moveTarget';
}

/** Where the position stands: `entering` until every entry order is over, `closing` once an exit was ordered. */
export function phaseOf({ position, orders, instructions }: PositionSnapshot): 'entering' | 'open' | 'closing' | 'closed' {
  if (position.state === 'closed') return 'closed';
  if (instructions.some(isEnding) || orders.some((row) => row.intent.leg === 'exit')) return 'closing';
  const entries = orders.filter((row) => row.intent.leg === 'entry');
  return entries.length === 0 || entries.some((row) => !DONE_STATES.includes(row.state)) ? 'entering' : 'open';
}

/**
 * Whether the fills that are booked add up to what the orders say. Of a position that is closed already it was asked before
 * its end was written: what could answer for a difference (a `gone` instruction) is handled since.
 */
export function bookedQuantityAgrees(snapshot: PositionSnapshot): boolean {
  const { position, instructions } = snapshot;
  if (position.state === 'closed' || instructions.some((it) => it.kind === 'gone')) return true;
  return d(position.quantity).eq(unclosedQuantity(snapshot));
}

/** The trigger of the newest working stop; the planned one until a stop works. */
export function protectiveStopPrice({ position, orders }: PositionSnapshot): DecimalString {
  const working = orders.filter((row) => row.intent.leg === 'stop' && WORKING_STATES.includes(row.state));
  return working.at(-1)?.intent.triggerPrice ?? position.stopPrice;
}

const IN_FLIGHT_POLL_MS = 2_000;
const RESTING_POLL_MS = 600_000;

/**
 * Orders of which the venue is asked when no news comes: plain ones in flight (entries, exits, rungs at market), and those whose fills are not all
 * booked (look-ups may show an order as filled before they show its fills). Resting stops and targets are not asked for.
 */
export function ordersToAsk(snapshot: PositionSnapshot): readonly OrderRow[] {
  const isBooked = bookedQuantityAgrees(snapshot);
  return snapshot.orders.filter((row) => {
    const isInFlight = !DONE_STATES.includes(row.state) && bookOf(row.intent.type) === 'plain';
    return isInFlight || (!isBooked && !d(row.filledQuantity).eq(ZERO));
  });
}

/**
 * How long a position may go without news before it looks by itself (transport clock): soon while there is an order to
 * ask for, rarely while only a stop and a target rest (reconciliation looks at those each minute).
 */
export function pollDelayMs(snapshot: PositionSnapshot): number {
  return ordersToAsk(snapshot).length > 0 ? IN_FLIGHT_POLL_MS : RESTING_POLL_MS;
}
