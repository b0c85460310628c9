/** The invariants of the order protocol, read from the ledger and from the venue's own book of everything ever. */
import type pg from 'pg';
import { z } from 'zod';
import { d, text } from '../../domain/decimal.ts';

const book = z.object({
  orders: z.array(z.object({ clientOrderId: z.string(), algoId: z.unknown() })),
  algoOrders: z.array(z.object({ clientAlgoId: z.string(), algoStatus: z.string(), symbol: z.string() })),
  fills: z.array(z.object({ id: z.number(), symbol: z.string(), side: z.string(), qty: z.string(), price: z.string() })),
});

/** @returns each broken invariant in words */
export async function brokenInvariants(database: pg.Pool, deploymentId: string, venueBook: unknown): Promise<readonly string[]> {
  const venue = book.parse(venueBook);
  return [
    ...doubled(venue, deploymentId),
    ...await wrongFills(database, venue.fills),
    ...await wrongPositions(database, venue.fills),
    ...await uncovered(database, venue.algoOrders),
  ];
}

/** 1: per intent at most one order at the venue. The order of a triggered conditional one carries no intent of its own. */
function doubled({ orders, algoOrders }: z.output<typeof book>, deploymentId: string): string[] {
  const own = [...orders.filter((order) => order.algoId === null || order.algoId === undefined || order.algoId === 0).map((order) => order.clientOrderId), ...algoOrders.map((order) => order.clientAlgoId)];
  const times = new Map<string, number>();
  for (const id of own.filter((name) => name.includes(deploymentId))) times.set(id, (times.get(id) ?? 0) + 1);
  return [...times].filter(([, count]) => count > 1).map(([id, count]) => `${count} venue orders for ${id}`);
}

interface BookedFill {
  readonly trade_id: string;
  readonly symbol: string;
}

/** 2a: every fill of the venue is in the ledger once. */
async function wrongFills(database: pg.Pool, fills: readonly { id: number; symbol: string }[]): Promise<string[]> {
  const { rows } = await database.query<BookedFill>('SELECT trade_id, instrument_id symbol FROM fills');
  if (rows.length === fills.length) return [];
  const booked = new Set(rows.map((row) => row.trade_id));
  const missing = fills.filter((fill) => !booked.has(String(fill.id))).map((fill) => `${fill.symbol} ${fill.id}`);
  return [`the venue made ${fills.length} fills, the ledger has ${rows.length} (missing: ${missing.join(', ') || 'none'})`];
}

interface PositionSum {
  readonly position_id: string;
  readonly venue_symbol: string;
  readonly quantity: string;
  readonly direction: string;
  readonly state: string;
  readonly filled: string;
}

/** 2b: position = sum of its fills = position at the venue, per symbol, exactly. */
async function wrongPositions(database: pg.Pool, fills: readonly { symbol: string; side: string; qty: string }[]): Promise<string[]> {
  const { rows } = await database.query<PositionSum>(`
    SELECT p.position_id, i.venue_symbol, p.quantity::text, p.direction, p.state, coalesce(sum(CASE f.side WHEN 'buy' THEN f.quantity ELSE -f.quantity END), 0)::text filled
    FROM positions p JOIN instruments i USING (instrument_id) LEFT JOIN fills f USING (position_id) GROUP BY p.position_id, i.venue_symbol`);
  const broken: string[] = [];
  const held = new Map<string, string>();
  for (const row of rows) {
    const signed = text(row.direction === 'long' ? d(row.quantity) : d(row.quantity).negated());
    if (!d(signed).eq(d(row.filled))) broken.push(`${row.position_id} holds ${signed}, its fills sum to ${row.filled}`);
    if (row.state === 'closed' && !d(row.quantity).isZero()) broken.push(`${row.position_id} is closed and holds ${row.quantity}`);
    held.set(row.venue_symbol, text(d(held.get(row.venue_symbol) ?? '0').plus(d(signed))));
  }
  const atVenue = new Map<string, string>();
  for (const fill of fills) atVenue.set(fill.symbol, text(d(atVenue.get(fill.symbol) ?? '0').plus(fill.side === 'BUY' ? d(fill.qty) : d(fill.qty).negated())));
  for (const symbol of new Set([...held.keys(), ...atVenue.keys()])) {
    const [ours, theirs] = [held.get(symbol) ?? '0', atVenue.get(symbol) ?? '0'];
    if (!d(ours).eq(d(theirs))) broken.push(`${symbol}: the ledger holds ${ours}, the venue ${theirs}`);
  }
  return broken;
}

/** 4: what is held has a working stop at the venue. */
async function uncovered(database: pg.Pool, algoOrders: readonly { clientAlgoId: string; algoStatus: string }[]): Promise<string[]> {
  const working = new Set(algoOrders.filter((order) => order.algoStatus === 'NEW').map((order) => order.clientAlgoId));
  const { rows } = await database.query<{ position_id: string; stops: (string | null)[] }>(`
    SELECT p.position_id, array_agg(n.client_order_id) stops FROM positions p LEFT JOIN intents n ON n.position_id = p.position_id AND n.leg = 'stop'
    WHERE p.state = 'open' AND p.quantity > 0 GROUP BY p.position_id`);
  return rows.filter((row) => !row.stops.some((id) => id !== null && working.has(id))).map((row) => `${row.position_id} is open without a stop at the venue`);
}
