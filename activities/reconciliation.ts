import { d, ZERO } from '../domain/decimal.ts';
import { closedPartOf } from '../domain/emergency/closing.ts';
import { withOrderNames } from '../domain/emergency/holdings.ts';
import { KeelError } from '../domain/errors.ts';
import type { InstrumentId } from '../domain/market/instrument.ts';
import { ownerOfClientOrderId } from '../domain/orders/identity.ts';
import type { Fill } from '../domain/orders/order.ts';
import { bookOf } from '../domain/orders/order.ts';
import { absenceProvableAt, PROTOCOL_TIMES } from '../domain/orders/protocol.ts';
import { canApply } from '../domain/orders/transitions.ts';
import type { Difference, DifferenceKind, Ledger, NotedDifference, ReconciliationView } from '../domain/ports/ledger.ts';
import type { IncomeRecord, Venue, VenueAccount } from '../domain/ports/venue.ts';
import type { PositionRecord } from '../domain/positions/position.ts';
import { tradedSince } from '../domain/positions/position.ts';
import type { UnwrittenOrder } from '../domain/reconciliation/differences.ts';
import { closingFillsOf, differencesOf, differingInstruments, isLiquidating, LOOKS_TO_ACT, newestUpTo, UNWRITTEN_MAX_MS } from '../domain/reconciliation/differences.ts';
import { MODES_THAT_FORGET, openingBalanceOf } from '../domain/reconciliation/opening-balance.ts';
import type { Engine } from './feeds.ts';
import type { ShownHistory } from './shown-history.ts';
import { createShownHistory } from './shown-history.ts';
import type { ObservedDifferences, ReconciliationActivities } from './types.ts';

export interface ReconciliationDeps {
  readonly ledger: Ledger;
  readonly venue: Venue;
  readonly engine: Engine;
  readonly clock: () => number;
  readonly warn: (fields: object, message: string) => void;
}

type Deps = ReconciliationDeps & { readonly history: ShownHistory };

/** Outcome of a missed fill. */
const APPLIED = 'applied';

export function createReconciliationActivities(given: ReconciliationDeps): ReconciliationActivities {
  const deps: Deps = { ...given, history: createShownHistory(given) };
  const { ledger, venue, engine, clock } = deps;

  async function compareWithVenue(portfolioId: string): Promise<ObservedDifferences> {
    const missed = await applyMissedFills(deps, portfolioId);
    await bookIncome(deps, portfolioId);
    const view = await ledger.reconciliationView(portfolioId); // before the venue: what happens meanwhile differs at one look only
    const [account, openOrders, running] = await Promise.all([venue.account(), venue.openOrders(), runningOf(engine, view.positions)]);
    const history = await historyOfDiffering(deps, view, account);
    const late = await bookFills(deps, portfolioId, history);
    const now = late.length === 0 ? view : await ledger.reconciliationView(portfolioId);
    const unwritten = await unwrittenOf(ledger, now, [...openOrders.map((it) => ({ ...it, isWorking: true })), ...history.map(madeBy)]);
    const fills = await unbookedOf(ledger, portfolioId, history);
    const differences = differencesOf(now, { account, openOrders, fills, running, unwritten }).map((it) => settledByVenue(it, deps));
    const noted = await ledger.noteDifferences(portfolioId, [...missed, ...late, ...differences], clock());
    for (const difference of [...missed, ...late]) await ledger.resolveDifference(portfolioId, difference, APPLIED);
    const found = noted.filter((it) => it.kind !== 'missedFill');
    const confirmed = found.filter((it) => it.looks >= LOOKS_TO_ACT);
    const toResume = confirmed.filter((it) => it.kind === 'missingWorkflow').map((it) => textOf(it, 'positionId'));
    return { confirmed, fresh: found.length - confirmed.length, toResume: now.positions.filter((it) => toResume.includes(it.positionId)) };
  }

  async function resolveDifference({ portfolioId, difference }: { portfolioId: string; difference: NotedDifference }): Promise<string> {
    const outcome = await actOn(deps, portfolioId, difference);
    await ledger.resolveDifference(portfolioId, difference, outcome);
    return outcome;
  }

  async function recordMoney(portfolioId: string): Promise<void> {
    await bookIncome(deps, portfolioId);
    await ledger.recordEquity(portfolioId, await venue.account(), await venue.marketTime());
  }

  return { compareWithVenue, resolveDifference, recordMoney };
}

/** The venue settles what it delists, and tells nothing of it: the ledger is not wrong. */
function settledByVenue(difference: Difference, { history }: Deps): Difference {
  return difference.kind === 'ghostPosition' && difference.instrumentId !== null && history.isGone(difference.instrumentId) ? { ...difference, kind: 'closedOutside' } : difference;
}

async function bookIncome({ ledger, venue }: Pick<ReconciliationDeps, 'ledger' | 'venue'>, portfolioId: string): Promise<void> {
  const cursor = await ledger.cursor(portfolioId, 'income');
  const since = cursor ?? 0;
  const records = cursor === null ? await firstIncome({ ledger, venue }, portfolioId) : await venue.income({ since });
  if (records === null) return;
  await ledger.recordIncome(portfolioId, records);
  const newest = records.reduce((time, record) => Math.max(time, record.time), since);
  await ledger.setCursor(portfolioId, 'income', newest); // the same moment is read again: a record counts once
}

/** Everything that the venue lists, and what came before it. @returns null when money moved meanwhile: the next run reads anew */
async function firstIncome({ ledger, venue }: Pick<ReconciliationDeps, 'ledger' | 'venue'>, portfolioId: string): Promise<readonly IncomeRecord[] | null> {
  const { mode } = await ledger.reconciliationView(portfolioId);
  if (!MODES_THAT_FORGET.includes(mode)) return await venue.income({ since: 0 });
  const time = await venue.marketTime(); // before the wallet: what is listed as later is no part of it
  const { walletBalance } = await venue.account();
  const records = await venue.income({ since: 0 });
  const after = await venue.account();
  if (after.walletBalance !== walletBalance) return null;
  const opening = openingBalanceOf({ walletBalance, records, time: records[0]?.time ?? time });
  return opening === null ? records : [opening, ...records];
}

async function runningOf(engine: Engine, positions: readonly PositionRecord[]): Promise<ReadonlySet<string>> {
  const running = await Promise.all(positions.map((it) => engine.isRunning(it.positionId)));
  return new Set(positions.filter((_, index) => running[index] === true).map((it) => it.positionId));
}

/** A fill is a fact: it is booked at one look. Of symbols with orders or positions, what is newer than the newest that we hold. */
async function applyMissedFills(deps: Deps, portfolioId: string): Promise<Difference[]> {
  const view = await deps.ledger.reconciliationView(portfolioId);
  const missed: Difference[] = [];
  for (const instrumentId of symbolsWithBusiness(view)) {
    missed.push(...(await bookFills(deps, portfolioId, await deps.history.fills({ instrumentId, since: view.lastFillAt[instrumentId] ?? 0 }))));
  }
  return missed;
}

/** @returns those that the ledger had not heard of. */
async function bookFills({ ledger, engine }: ReconciliationDeps, portfolioId: string, fills: readonly Fill[]): Promise<Difference[]> {
  if (fills.length === 0) return [];
  const missed: Difference[] = [];
  for (const [index, { positionId, isNews }] of (await ledger.applyFills(portfolioId, fills)).entries()) {
    const fill = fills[index];
    if (!isNews || positionId === null || fill === undefined) continue;
    await engine.wakePosition(positionId);
    const { instrumentId, tradeId, side, quantity, price } = fill;
    missed.push({ key: `missedFill/${instrumentId}/${tradeId}`, kind: 'missedFill', instrumentId, evidence: { positionId, tradeId, side, quantity, price } });
  }
  return missed;
}

function symbolsWithBusiness(view: ReconciliationView): readonly InstrumentId[] {
  return [...new Set([...view.positions.map((it) => it.plan.instrument.id), ...view.openOrders.map((row) => row.intent.instrumentId)])].sort();
}

/** So long before a position another hand may have traded without a comparison that saw it: one runs each minute. */
const BEFORE_MS = 5 * 60_000;

/** Fills of the symbols that differ, since a while before the oldest of our positions there: an older one may be missing behind a newer one. */
async function historyOfDiffering({ history }: Deps, view: ReconciliationView, account: VenueAccount): Promise<readonly Fill[]> {
  const fills: Fill[] = [];
  for (const instrumentId of differingInstruments(view, account)) {
    const ours = view.positions.filter((it) => it.plan.instrument.id === instrumentId);
    if (ours.length > 0) fills.push(...(await fillsWithOrders(history, instrumentId, Math.min(...ours.map((it) => tradedSince(it.plan))) - BEFORE_MS)));
  }
  return fills;
}

/** What was booked counts no more. */
async function unbookedOf(ledger: Ledger, portfolioId: string, fills: readonly Fill[]): Promise<readonly Fill[]> {
  if (fills.length === 0) return [];
  const booked = new Set(Object.values(await ledger.openHoldings(portfolioId)).flatMap((it) => it.bookedTrades.map((tradeId) => `${it.instrumentId} ${tradeId}`)));
  return fills.filter((fill) => !booked.has(`${fill.instrumentId} ${fill.tradeId}`));
}

async function fillsWithOrders(history: ShownHistory, instrumentId: InstrumentId, since: number): Promise<readonly Fill[]> {
  const [fills, orders] = await Promise.all([history.fills({ instrumentId, since }), history.orderHistory({ instrumentId, since })]);
  return withOrderNames(fills, orders);
}

type OrderAtVenue = Omit<UnwrittenOrder, 'clientOrderId'> & { readonly clientOrderId: string | null };

/** The order behind a fill; in the history of fills it stands in the plain book, also where a conditional one triggered it. */
function madeBy({ clientOrderId, instrumentId, positionSide }: Fill): OrderAtVenue {
  return { clientOrderId, instrumentId, positionSide, book: 'plain', isWorking: false };
}

/** Those of ours that the ledger has no row of. */
async function unwrittenOf(ledger: Ledger, view: ReconciliationView, orders: readonly OrderAtVenue[]): Promise<readonly UnwrittenOrder[]> {
  const known = new Set(view.openOrders.map((row) => row.intent.clientOrderId));
  const unwritten = new Map<string, UnwrittenOrder>();
  for (const { clientOrderId, instrumentId, positionSide, book, isWorking } of orders) {
    if (clientOrderId === null || known.has(clientOrderId) || ownerOfClientOrderId(clientOrderId, view.deploymentId) !== 'ours') continue;
    known.add(clientOrderId);
    if ((await ledger.order(clientOrderId)) === null) unwritten.set(clientOrderId, { clientOrderId, instrumentId, positionSide, book, isWorking });
  }
  return [...unwritten.values()];
}

/** One named outcome for every kind. */
async function actOn(deps: Deps, portfolioId: string, difference: NotedDifference): Promise<string> {
  const { ledger, engine } = deps;
  switch (difference.kind) {
    case 'closedOutside':
    case 'closedInEmergency':
    case 'liquidated':
    case 'ghostPosition':
      return await endPosition(deps, textOf(difference, 'positionId'), difference.kind);
    case 'reducedOutside':
      return await bookReduction(deps, difference);
    case 'unwrittenOrder':
      return await awaitWriting(deps, difference);
    case 'unknownOrderOfOurs':
    case 'ghostOrder':
      return await lookAgain(deps, difference);
    case 'orphanExitOrder':
      return await cancelOrphan(deps, difference);
    case 'twoMasters':
      await ledger.raiseFence({ portfolioId, by: 'reconciliation', reason: `another Keel trades on this account: ${textOf(difference, 'clientOrderId')}` });
      return 'halted: openings are refused until a person lowers the fence';
    case 'missedFill':
      return APPLIED; // at the look that saw it
    case 'unprotected':
    case 'unheardNews':
      await engine.wakePosition(textOf(difference, 'positionId'));
      return 'position woken';
    case 'missingWorkflow':
      return 'resumed from the ledger'; // by the workflow, before this
    case 'foreignOrder':
    case 'foreignPosition':
    case 'ghostQuantity':
    case 'walletMismatch':
      return 'reported, left alone';
  }
}

/** Fills of a position's symbol since it was decided on, with the ids of their orders, and those of them that reduce it. */
export async function closingFillsSince(history: ShownHistory, position: PositionRecord): Promise<{ readonly all: readonly Fill[]; readonly closing: readonly Fill[] }> {
  const all = await fillsWithOrders(history, position.plan.instrument.id, tradedSince(position.plan));
  return { all, closing: closingFillsOf(position, all) };
}

async function endPosition({ ledger, history, engine }: Deps, positionId: string, kind: DifferenceKind): Promise<string> {
  const { position } = await ledger.positionSnapshot(positionId);
  const { deploymentId } = await ledger.portfolio(position.portfolioId);
  const closing = await unbookedOf(ledger, position.portfolioId, (await closingFillsSince(history, position)).closing);
  const isNamed = (fill: Fill): boolean => (kind === 'liquidated' ? isLiquidating(fill) : closedPartOf(fill.clientOrderId, deploymentId) === 'ours');
  const byName = [...closing.filter((fill) => !isNamed(fill)), ...closing.filter(isNamed)];
  await bookClosed(ledger, positionId, { deploymentId, closing: newestUpTo(d(position.quantity), byName) });
  const reason = kind === 'liquidated' ? 'liquidation' : kind === 'closedInEmergency' ? 'emergency' : 'outside';
  await ledger.instruct({ kind: 'gone', instructionId: `${positionId}/gone`, positionId, reason });
  await engine.wakePosition(positionId);
  return `position told: ${reason}`;
}

/** Its stop follows what is left. */
async function bookReduction({ ledger, history, engine }: Deps, difference: Difference): Promise<string> {
  const positionId = textOf(difference, 'positionId');
  const trades = textsOf(difference, 'trades');
  const { position } = await ledger.positionSnapshot(positionId);
  const { deploymentId } = await ledger.portfolio(position.portfolioId);
  const { closing } = await closingFillsSince(history, position);
  await bookClosed(ledger, positionId, { deploymentId, closing: closing.filter((fill) => trades.includes(fill.tradeId)) });
  await engine.wakePosition(positionId);
  return 'booked, position woken';
}

/**
 * Fills that closed a position, other than its own orders', as much as it holds. What the emergency closed as another's
 * comes last: it was ours only where an entry had just filled, and its fill came to the ledger later.
 * @returns those that may have closed it
 */
export async function bookClosed(ledger: Ledger, positionId: string, { deploymentId, closing }: { readonly deploymentId: string; readonly closing: readonly Fill[] }): Promise<readonly Fill[]> {
  const isOthers = (fill: Fill): boolean => closedPartOf(fill.clientOrderId, deploymentId) === 'foreign';
  const ours = closing.filter((fill) => !isOthers(fill));
  const others = closing.filter(isOthers);
  await ledger.applyOutsideFills(positionId, ours, { upToHeld: true });
  if (others.length === 0) return ours;
  const { quantity } = (await ledger.positionSnapshot(positionId)).position;
  if (d(quantity).eq(ZERO)) return ours;
  await ledger.applyOutsideFills(positionId, others, { upToHeld: true });
  return closing;
}

/** Its position is woken to write it down. One that does not, within its time, forgot it: reset, or resumed, while the ledger was away. */
async function awaitWriting(deps: Deps, difference: NotedDifference): Promise<string> {
  const positions = textsOf(difference, 'positions');
  if (deps.clock() - difference.firstSeenAt < UNWRITTEN_MAX_MS) {
    for (const positionId of positions) await deps.engine.wakePosition(positionId);
    return 'position woken';
  }
  if (difference.evidence['isWorking'] === true) return await cancelOrphan(deps, difference);
  if (difference.evidence['venue'] !== '0') return 'reported, left alone';
  return (await Promise.all(positions.map((positionId) => endPosition(deps, positionId, 'closedOutside')))).join('; ');
}

/** What the venue knows of the order counts. What it had taken and does not know any more has ended. */
async function lookAgain({ ledger, venue, history, engine, clock }: Deps, difference: Difference): Promise<string> {
  const clientOrderId = textOf(difference, 'clientOrderId');
  const row = await ledger.order(clientOrderId);
  if (row === null) return 'not in the ledger any more';
  const isProvable = (await venue.serverTime()) >= absenceProvableAt(row, PROTOCOL_TIMES); // before it asks
  const found = await history.lookUp({ clientOrderId, instrumentId: row.intent.instrumentId, book: bookOf(row.intent.type) });
  if (found === null && (!isProvable || !canApply(row.state, 'vanished'))) return 'not found at the venue; its position looks again';
  if (found === null) await ledger.applyOrderEvent(clientOrderId, { kind: 'vanished' }, clock());
  else {
    await ledger.applyReport(row.intent.portfolioId, { order: found.order, fill: null, at: clock() });
    await ledger.applyFills(row.intent.portfolioId, found.fills);
  }
  await engine.wakePosition(row.intent.positionId);
  return found === null ? 'ended: the venue does not know it any more' : `adopted as ${found.order.status}`;
}

async function cancelOrphan({ venue, clock }: ReconciliationDeps, difference: Difference): Promise<string> {
  if (difference.instrumentId === null) throw new KeelError('INVARIANT', `orphan order ${difference.key} names no instrument`);
  const book = textOf(difference, 'book') === 'conditional' ? 'conditional' : 'plain';
  const deadlineMs = clock() + PROTOCOL_TIMES.attemptTimeoutMs;
  const answer = await venue.cancel(
    { clientOrderId: textOf(difference, 'clientOrderId'), instrumentId: difference.instrumentId, book },
    { timestamp: await venue.serverTime(), recvWindowMs: PROTOCOL_TIMES.recvWindowMs, deadlineMs },
  );
  return `cancelled: ${answer.kind}`;
}

function textOf(difference: Difference, field: string): string {
  const value = difference.evidence[field];
  if (typeof value !== 'string') throw new KeelError('INVARIANT', `difference ${difference.key} has no ${field} in its evidence`);
  return value;
}

function textsOf(difference: Difference, field: string): readonly string[] {
  const value = difference.evidence[field];
  if (!Array.isArray(value) || !value.every((it) => typeof it === 'string')) throw new KeelError('INVARIANT', `difference ${difference.key} has no ${field} in its evidence`);
  return value;
}
