/** What differs between venue, ledger and workflows, each difference with its name (docs/order-protocol.md). */
import type { Dec } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';
import { closedPartOf, holdingKey } from '../emergency/closing.ts';
import type { InstrumentId } from '../market/instrument.ts';
import { ownerOfClientOrderId } from '../orders/identity.ts';
import type { Fill, OrderRow, PositionSide, VenueOrder } from '../orders/order.ts';
import { entrySide, oppositeSide, WORKING_STATES } from '../orders/order.ts';
import type { Difference, DifferenceKind, ReconciliationView } from '../ports/ledger.ts';
import type { VenueAccount } from '../ports/venue.ts';
import type { PositionRecord } from '../positions/position.ts';
import { tradedSince } from '../positions/position.ts';

/** Seen this often, a difference is acted on. */
export const LOOKS_TO_ACT = 2;
/** Looks nearer to one another than this count as one: a repeated activity, two reconciliations at a time. Wall clock. */
export const LOOKS_APART_MS = 1_000;

/** One look at venue and engine, made after the ledger's: what comes in between is seen at one look only. */
export interface OutsideView {
  readonly account: Pick<VenueAccount, 'walletBalance' | 'positions'>;
  /** Working orders of both books. */
  readonly openOrders: readonly VenueOrder[];
  /** Fills that are not booked, of the symbols whose positions differ, since a while before the oldest of ours, with the ids of their orders. */
  readonly fills: readonly Fill[];
  /** Positions whose workflow runs. */
  readonly running: ReadonlySet<string>;
  /** Orders of ours, working or with fills, of which the ledger has no row. */
  readonly unwritten: readonly UnwrittenOrder[];
}

/** Sent while the ledger was away: only protecting and closing orders go without it, and their position writes them down when it is back. */
export interface UnwrittenOrder extends Holding {
  readonly clientOrderId: string;
  readonly book: VenueOrder['book'];
  readonly isWorking: boolean;
}

/** So long a position has to write down what it sent (transport clock): its worker may have died, and its task runs again after 5 s. */
export const UNWRITTEN_MAX_MS = 60_000;

/**
 * Differences of one look, in the order in which they are to be acted on: orders before the positions that need them.
 * Missed fills are not among them: a fill is a fact and was booked before this look.
 */
export function differencesOf(ledger: ReconciliationView, seen: OutsideView): readonly Difference[] {
  // Until its position has written it, no order explains its symbol by another hand; where none runs, nobody will.
  const outside = { ...seen, unwritten: seen.unwritten.filter((order) => writersOf(ledger, seen.running, order).length > 0) };
  return [
    ...missingWorkflows(ledger, outside.running),
    ...unheardNews(ledger, outside.running),
    ...unwrittenOrders(ledger, outside),
    ...positionDifferences(ledger, outside),
    ...venueOrderDifferences(ledger, outside),
    ...ledgerOrderDifferences(ledger, outside.openOrders),
    ...unprotected(ledger, outside),
    ...moneyDifferences(ledger, outside.account.walletBalance),
  ];
}

/** Symbols of which ledger and venue hold different positions. An order on its way may rightly make them differ. */
export function differingInstruments(ledger: Pick<ReconciliationView, 'positions' | 'openOrders'>, account: Pick<VenueAccount, 'positions'>): readonly InstrumentId[] {
  return [...new Set(differingHoldings(ledger, account).map((it) => it.instrumentId))];
}

/** What one account may hold: one position a symbol in one-way mode, one a symbol and direction in hedge mode. */
interface Holding {
  readonly instrumentId: InstrumentId;
  readonly positionSide: PositionSide;
}

function differingHoldings(ledger: Pick<ReconciliationView, 'positions' | 'openOrders'>, account: Pick<VenueAccount, 'positions'>): readonly Holding[] {
  const all = new Map([...ledger.positions.map(holdingOf), ...account.positions].map(({ instrumentId, positionSide }) => [holdingKey(instrumentId, positionSide), { instrumentId, positionSide }]));
  const differing = [...all].filter(([, it]) => !expectedOf(ledger, it).eq(actualOf(account, it)) && !hasOrderInFlight(ledger, it.instrumentId));
  return differing.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, it]) => it);
}

function holdingOf(position: PositionRecord): Holding {
  return { instrumentId: instrumentOf(position), positionSide: position.plan.entry.positionSide };
}

function isSame(a: Holding, b: Holding): boolean {
  return a.instrumentId === b.instrumentId && a.positionSide === b.positionSide;
}

function instrumentOf(position: PositionRecord): InstrumentId {
  return position.plan.instrument.id;
}

function signed(direction: 'long' | 'short', quantity: string): Dec {
  return direction === 'long' ? d(quantity) : d(quantity).neg();
}

function expectedOf(ledger: Pick<ReconciliationView, 'positions'>, holding: Holding): Dec {
  return ledger.positions.filter((it) => isSame(holdingOf(it), holding)).reduce((sum, it) => sum.plus(signed(it.plan.direction, it.quantity)), ZERO);
}

function actualOf(account: Pick<VenueAccount, 'positions'>, holding: Holding): Dec {
  return account.positions.filter((it) => isSame(it, holding)).reduce((sum, it) => sum.plus(signed(it.direction, it.quantity)), ZERO);
}

/** Until it is known how an order ended, its symbol is left alone. */
function hasOrderInFlight(ledger: Pick<ReconciliationView, 'openOrders'>, instrumentId: InstrumentId): boolean {
  return ledger.openOrders.some((row) => row.intent.instrumentId === instrumentId && (row.state === 'submitting' || row.state === 'unknown'));
}

function missingWorkflows(ledger: ReconciliationView, running: ReadonlySet<string>): Difference[] {
  return ledger.positions.filter((it) => !running.has(it.positionId)).map((it) => ({
    key: `missingWorkflow/${it.positionId}`, kind: 'missingWorkflow', instrumentId: instrumentOf(it),
    evidence: { positionId: it.positionId, ledger: it.state, quantity: it.quantity, engine: 'not running' },
  }));
}

/**
 * News lies in the inbox and nobody acts on it: the worker died between writing it and waking the position. Where both
 * stand is part of the key: a position that goes on, however slowly, is left alone.
 */
function unheardNews(ledger: ReconciliationView, running: ReadonlySet<string>): Difference[] {
  return ledger.positions.filter((it) => it.inboxSeq > it.handledSeq && running.has(it.positionId)).map((it) => ({
    key: `unheardNews/${it.positionId}/${it.handledSeq}/${it.inboxSeq}`, kind: 'unheardNews', instrumentId: instrumentOf(it),
    evidence: { positionId: it.positionId, inboxSeq: it.inboxSeq, handledSeq: it.handledSeq },
  }));
}

/** Positions of that holding that run: one of them sent it. */
function writersOf(ledger: ReconciliationView, running: ReadonlySet<string>, holding: Holding): readonly string[] {
  return ledger.positions.filter((it) => isSame(holdingOf(it), holding) && running.has(it.positionId)).map((it) => it.positionId);
}

function unwrittenOrders(ledger: ReconciliationView, { account, unwritten, running }: OutsideView): Difference[] {
  return unwritten.map((order) => {
    const { clientOrderId, book, isWorking, instrumentId } = order;
    return {
      key: `unwrittenOrder/${clientOrderId}`, kind: 'unwrittenOrder', instrumentId,
      evidence: { clientOrderId, book, isWorking, positions: writersOf(ledger, running, order), ledger: text(expectedOf(ledger, order)), venue: text(actualOf(account, order)) },
    };
  });
}

function positionDifferences(ledger: ReconciliationView, { account, fills, unwritten }: OutsideView): Difference[] {
  const differing = differingHoldings(ledger, account).filter((holding) => !unwritten.some((order) => isSame(order, holding)));
  return differing.flatMap((holding) => {
    const { instrumentId, positionSide } = holding;
    const ours = ledger.positions.filter((it) => isSame(holdingOf(it), holding));
    const actual = actualOf(account, holding);
    const expected = expectedOf(ledger, holding);
    const evidence = { ledger: text(expected), venue: text(actual), positions: ours.map((it) => it.positionId) };
    const [only] = ours;
    // Every fill of our orders is booked: what the venue holds besides is another hand's.
    const foreign: Difference = { key: `foreignPosition/${instrumentId}${positionSide === 'both' ? '' : `/${positionSide}`}`, kind: 'foreignPosition', instrumentId, evidence };
    if (only === undefined || expected.eq(ZERO)) return [foreign];
    const isSameWay = actual.times(expected).gt(ZERO); // turned round, nothing of ours is left
    if (isSameWay && ours.length === 1 && actual.abs().lt(expected.abs())) return [reducedDifference(only, { missing: expected.minus(actual).abs(), fills, foreign, deploymentId: ledger.deploymentId })];
    if (isSameWay) return [foreign];
    const gone = ours.filter((it) => !d(it.quantity).eq(ZERO)).map((it) => goneDifference(it, { fills, evidence, deploymentId: ledger.deploymentId }));
    if (actual.eq(ZERO)) return gone;
    return [...gone.filter((it) => it.kind !== 'ghostPosition'), foreign]; // without a fill it was there before ours
  });
}

/** @source Binance USD-M, ORDER_TRADE_UPDATE: client ids of orders that the venue places when it liquidates or deleverages. */
const LIQUIDATION_IDS = ['autoclose-', 'adl_autoclose'];

/** Whether the venue's own order made it. */
export function isLiquidating({ clientOrderId }: Fill): boolean {
  return LIQUIDATION_IDS.some((start) => clientOrderId?.startsWith(start) === true);
}

function isOurs({ clientOrderId }: Fill, deploymentId: string): boolean {
  return ownerOfClientOrderId(clientOrderId ?? '', deploymentId) === 'ours';
}

/** The venue holds nothing of it: by whose hand do the fills say? Without one it is a ghost. */
function goneDifference(
  position: PositionRecord,
  { fills, evidence, deploymentId }: { fills: readonly Fill[]; evidence: Difference['evidence']; deploymentId: string },
): Difference {
  const closing = closingFillsOf(position, fills).filter((fill) => !isOurs(fill, deploymentId));
  const isLiquidation = closing.some(isLiquidating);
  const isEmergency = closing.some((fill) => closedPartOf(fill.clientOrderId, deploymentId) !== null);
  const kind = closing.length === 0 ? 'ghostPosition' : isLiquidation ? 'liquidated' : isEmergency ? 'closedInEmergency' : 'closedOutside';
  return {
    key: `gone/${position.positionId}`, kind, instrumentId: instrumentOf(position),
    evidence: { ...evidence, positionId: position.positionId, trades: closing.map((fill) => fill.tradeId), orders: [...new Set(closing.map((fill) => fill.clientOrderId))] },
  };
}

/**
 * The venue holds less than the position: another hand's newest fills tell by how much. Where they do not, another hand holds
 * something the other way, if it traded at all; if nobody did, it is not known what became of ours.
 */
function reducedDifference(position: PositionRecord, { missing, fills, foreign, deploymentId }: { readonly missing: Dec; readonly fills: readonly Fill[]; readonly foreign: Difference; readonly deploymentId: string }): Difference {
  const others = fills.filter((fill) => isSame(fill, holdingOf(position)) && !isOurs(fill, deploymentId));
  const closing = newestUpTo(missing, closingFillsOf(position, others));
  const isExplained = closing.reduce((sum, fill) => sum.plus(d(fill.quantity)), ZERO).eq(missing);
  if (!isExplained && others.length > 0) return foreign;
  const kind = isExplained ? 'reducedOutside' : 'ghostQuantity';
  const trades = closing.map((fill) => fill.tradeId);
  return { ...foreign, key: `${kind}/${position.positionId}/${text(missing)}`, kind, evidence: { ...foreign.evidence, positionId: position.positionId, trades } };
}

/** Newest first, until they make up the quantity; the last may go beyond. @param fills oldest first */
export function newestUpTo(quantity: Dec, fills: readonly Fill[]): readonly Fill[] {
  const chosen: Fill[] = [];
  let left = quantity;
  for (const fill of fills.toReversed()) {
    if (left.lte(ZERO)) break;
    left = left.minus(d(fill.quantity));
    chosen.push(fill);
  }
  return chosen;
}

/** Fills that reduce a position: since it was decided on, of its symbol, in hedge mode of its direction's holding alone. */
export function closingFillsOf(position: PositionRecord, fills: readonly Fill[]): readonly Fill[] {
  return fills.filter((fill) => isSame(fill, holdingOf(position)) && fill.side !== entrySide(position.plan.direction) && fill.filledAt >= tradedSince(position.plan));
}

function venueOrderDifferences(ledger: ReconciliationView, { openOrders: open, unwritten }: OutsideView): Difference[] {
  const toBeWritten = new Set(unwritten.map((order) => order.clientOrderId));
  const rows = new Map(ledger.openOrders.map((row) => [row.intent.clientOrderId, row]));
  const living = new Set(ledger.positions.map((it) => it.positionId));
  return open.filter((order) => !toBeWritten.has(order.clientOrderId)).flatMap((order): Difference[] => {
    const kind = kindOfOpenOrder(order, { row: rows.get(order.clientOrderId), living, deploymentId: ledger.deploymentId });
    if (kind === null) return [];
    const { clientOrderId, venueOrderId, book, status, instrumentId } = order;
    const evidence = { clientOrderId, venueOrderId, book, status, ledger: rows.get(clientOrderId)?.state ?? 'not open' };
    return [{ key: `${kind}/${book}/${clientOrderId}`, kind, instrumentId, evidence }];
  });
}

function kindOfOpenOrder(order: VenueOrder, { row, living, deploymentId }: { row: OrderRow | undefined; living: ReadonlySet<string>; deploymentId: string }): DifferenceKind | null {
  const owner = ownerOfClientOrderId(order.clientOrderId, deploymentId);
  if (owner === 'otherDeployment') return 'twoMasters';
  if (owner === 'foreign') return 'foreignOrder';
  if (row === undefined || !living.has(row.intent.positionId)) return 'orphanExitOrder';
  return WORKING_STATES.includes(row.state) || row.state === 'submitting' ? null : 'unknownOrderOfOurs';
}

function ledgerOrderDifferences(ledger: ReconciliationView, open: readonly VenueOrder[]): Difference[] {
  const onBook = new Set(open.map((order) => order.clientOrderId));
  return ledger.openOrders
    .filter((row) => WORKING_STATES.includes(row.state) && !onBook.has(row.intent.clientOrderId))
    .map((row) => ({
      key: `ghostOrder/${row.intent.clientOrderId}`, kind: 'ghostOrder', instrumentId: row.intent.instrumentId,
      evidence: { clientOrderId: row.intent.clientOrderId, positionId: row.intent.positionId, ledger: row.state, venue: 'not open' },
    }));
}

/** Held at the venue, not closing, and no working stop there that covers it. */
function unprotected(ledger: ReconciliationView, { account, openOrders }: OutsideView): Difference[] {
  const owners = new Map(ledger.openOrders.map((row) => [row.intent.clientOrderId, row.intent.positionId]));
  const held = ledger.positions.filter((it) => it.state !== 'closing' && !d(it.quantity).eq(ZERO) && actualOf(account, holdingOf(it)).times(signed(it.plan.direction, '1')).gt(ZERO));
  return held.flatMap((it) => {
    const stops = openOrders.filter((order) => order.type === 'stopMarket' && order.side === oppositeSide(entrySide(it.plan.direction)) && owners.get(order.clientOrderId) === it.positionId);
    if (stops.some((stop) => d(stop.quantity).gte(d(it.quantity)))) return [];
    return [{
      key: `unprotected/${it.positionId}`, kind: 'unprotected', instrumentId: instrumentOf(it),
      evidence: { positionId: it.positionId, quantity: it.quantity, stops: stops.map((stop) => `${stop.clientOrderId} ${stop.quantity}`) },
    }];
  });
}

/** The difference is part of the key: while money moves, ledger and wallet are read at two moments and differ by another sum each time. */
function moneyDifferences(ledger: ReconciliationView, walletBalance: string): Difference[] {
  const difference = d(walletBalance).minus(d(ledger.moneyBooked));
  if (difference.eq(ZERO)) return [];
  return [{ key: `walletMismatch/${text(difference)}`, kind: 'walletMismatch', instrumentId: null, evidence: { ledger: ledger.moneyBooked, wallet: walletBalance, difference: text(difference) } }];
}
