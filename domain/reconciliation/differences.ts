/** What differs between venue, ledger and workflows, each difference with its name (docs/order-protocol.md). */
import { d, text, ZERO } from '../decimal.ts';
import { ownerOfClientOrderId } from '../orders/identity.ts';
import type { Fill, OrderRow, VenueOrder } from '../orders/order.ts';
import { WORKING_STATES } from '../orders/order.ts';
import type { Difference, ReconciliationView } from '../ports/ledger.ts';
import type { VenuePosition } from '../ports/venue.ts';
import type { PositionRecord } from '../positions/position.ts';

export interface VenueView {
  readonly positions: readonly VenuePosition[];
  /** Working orders of both books. */
  readonly openOrders: readonly VenueOrder[];
  /** Fills since the newest that the ledger holds, of symbols that may differ. */
  readonly fills: readonly Fill[];
}

/** Differences of one look. Each is acted on only when a second look sees it under the same key. */
export function differencesOf(ledger: ReconciliationView, venue: VenueView): readonly Difference[] {
  return [...positionDifferences(ledger, venue), ...venueOrderDifferences(ledger, venue.openOrders), ...ledgerOrderDifferences(ledger, venue.openOrders)];
}

function signed(position: Pick<PositionRecord, 'quantity' | 'plan'>): ReturnType<typeof d> {
  return position.plan.direction === 'long' ? d(position.quantity) : d(position.quantity).neg();
}

function positionDifferences(ledger: ReconciliationView, venue: VenueView): Difference[] {
  const instruments = new Set([...ledger.positions.map((it) => it.plan.instrument.id), ...venue.positions.map((it) => it.instrumentId)]);
  return [...instruments].sort().flatMap((instrumentId) => {
    const ours = ledger.positions.filter((it) => it.plan.instrument.id === instrumentId);
    const theirs = venue.positions.filter((it) => it.instrumentId === instrumentId);
    const expected = ours.reduce((sum, it) => sum.plus(signed(it)), ZERO);
    const actual = theirs.reduce((sum, it) => sum.plus(it.direction === 'long' ? d(it.quantity) : d(it.quantity).neg()), ZERO);
    if (expected.eq(actual) || hasOrderInFlight(ledger, instrumentId)) return [];
    const evidence = { ledger: text(expected), venue: text(actual), positions: ours.map((it) => it.positionId) };
    if (ours.length === 0) return [{ key: `foreignPosition/${instrumentId}`, kind: 'foreignPosition', instrumentId, evidence }];
    if (!actual.eq(ZERO)) return [{ key: `missedFill/${instrumentId}`, kind: 'missedFill', instrumentId, evidence }];
    return ours.filter((it) => !d(it.quantity).eq(ZERO)).map((it) => goneDifference(it, venue.fills, evidence));
  });
}

/** The venue holds nothing of it: by whose hand do the fills say? Without one it is a ghost. */
function goneDifference(position: PositionRecord, fills: readonly Fill[], evidence: Readonly<Record<string, unknown>>): Difference {
  const closing = fills.filter((fill) => fill.instrumentId === position.plan.instrument.id && fill.side !== position.plan.entry.side);
  const isLiquidation = closing.some((fill) => fill.clientOrderId?.startsWith('autoclose-') === true || fill.clientOrderId?.startsWith('adl_autoclose') === true);
  const kind = closing.length === 0 ? 'ghostPosition' : isLiquidation ? 'liquidated' : 'closedOutside';
  return { key: `gone/${position.positionId}`, kind, instrumentId: position.plan.instrument.id, evidence: { ...evidence, positionId: position.positionId, trades: closing.map((fill) => fill.tradeId) } };
}

/** While an order is on its way both sides may rightly differ. */
function hasOrderInFlight(ledger: ReconciliationView, instrumentId: string): boolean {
  return ledger.openOrders.some((row) => row.intent.instrumentId === instrumentId && (row.state === 'submitting' || row.state === 'unknown'));
}

function venueOrderDifferences(ledger: ReconciliationView, open: readonly VenueOrder[]): Difference[] {
  const rows = new Map(ledger.openOrders.map((row) => [row.intent.clientOrderId, row]));
  const living = new Set(ledger.positions.map((it) => it.positionId));
  return open.flatMap((order): Difference[] => {
    const row = rows.get(order.clientOrderId);
    const evidence = { clientOrderId: order.clientOrderId, venueOrderId: order.venueOrderId, book: order.book, status: order.status, ledger: row?.state ?? 'not open' };
    const named = (kind: Difference['kind']): Difference[] => [{ key: `${kind}/${order.book}/${order.clientOrderId}`, kind, instrumentId: order.instrumentId, evidence }];
    const owner = ownerOfClientOrderId(order.clientOrderId, ledger.deploymentId);
    if (owner === 'otherDeployment') return named('twoMasters');
    if (owner === 'foreign') return named('foreignOrder');
    if (row === undefined) return named('orphanExitOrder');
    if (!living.has(row.intent.positionId)) return named('orphanExitOrder');
    return WORKING_STATES.includes(row.state) || row.state === 'submitting' ? [] : named('unknownOrderOfOurs');
  });
}

function ledgerOrderDifferences(ledger: ReconciliationView, open: readonly VenueOrder[]): Difference[] {
  const onBook = new Set(open.map((order) => order.clientOrderId));
  return ledger.openOrders
    .filter((row: OrderRow) => WORKING_STATES.includes(row.state) && !onBook.has(row.intent.clientOrderId))
    .map((row) => ({
      key: `ghostOrder/${row.intent.clientOrderId}`, kind: 'ghostOrder', instrumentId: row.intent.instrumentId,
      evidence: { clientOrderId: row.intent.clientOrderId, positionId: row.intent.positionId, ledger: row.state, venue: 'not open' },
    }));
}
