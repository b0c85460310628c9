import { KeelError } from '../domain/errors.ts';
import type { InstrumentId } from '../domain/market/instrument.ts';
import type { Fill } from '../domain/orders/order.ts';
import { bookOf } from '../domain/orders/order.ts';
import { PROTOCOL_TIMES } from '../domain/orders/protocol.ts';
import type { Difference, Ledger, ReconciliationView } from '../domain/ports/ledger.ts';
import type { Venue } from '../domain/ports/venue.ts';
import type { PositionRecord } from '../domain/positions/position.ts';
import type { VenueView } from '../domain/reconciliation/differences.ts';
import { differencesOf } from '../domain/reconciliation/differences.ts';
import type { Engine } from './feeds.ts';
import type { ObservedDifferences, ReconciliationActivities } from './types.ts';

export interface ReconciliationDeps {
  readonly ledger: Ledger;
  readonly venue: Venue;
  readonly engine: Engine;
  readonly clock: () => number;
}

/** Seen this often in a row, a difference is acted on. */
const LOOKS_TO_ACT = 2;

export function createReconciliationActivities(deps: ReconciliationDeps): ReconciliationActivities {
  const { ledger, venue, engine, clock } = deps;

  async function compareWithVenue(portfolioId: string): Promise<ObservedDifferences> {
    await applyMissedFills(deps, portfolioId);
    const view = await ledger.reconciliationView(portfolioId);
    const differences = differencesOf(view, await venueView(venue, view));
    const noted = await ledger.noteDifferences(portfolioId, differences, clock());
    return {
      confirmed: noted.filter((it) => it.looks >= LOOKS_TO_ACT),
      fresh: noted.filter((it) => it.looks < LOOKS_TO_ACT).length,
      missingWorkflows: await withoutWorkflow(engine, view.positions),
    };
  }

  async function resolveDifference({ portfolioId, difference }: { portfolioId: string; difference: Difference }): Promise<string> {
    const outcome = await actOn(deps, portfolioId, difference);
    await ledger.resolveDifference(portfolioId, difference, outcome);
    return outcome;
  }

  async function recordMoney(portfolioId: string): Promise<void> {
    const since = (await ledger.cursor(portfolioId, 'income')) ?? 0;
    const records = await venue.income({ since });
    await ledger.recordIncome(portfolioId, records);
    const newest = records.reduce((time, record) => Math.max(time, record.time), since);
    await ledger.setCursor(portfolioId, 'income', newest); // the same moment is read again: a record counts once
    await ledger.recordEquity(portfolioId, await venue.account(), await venue.marketTime());
  }

  return { compareWithVenue, resolveDifference, recordMoney };
}

async function withoutWorkflow(engine: Engine, positions: readonly PositionRecord[]): Promise<PositionRecord[]> {
  const running = await Promise.all(positions.map((it) => engine.isRunning(it.positionId)));
  return positions.filter((_, index) => running[index] === false);
}

/** A fill is a fact: it is booked at one look. Position risk first, then the trades of symbols that differ or have orders. */
async function applyMissedFills({ ledger, venue, engine }: ReconciliationDeps, portfolioId: string): Promise<void> {
  const view = await ledger.reconciliationView(portfolioId);
  for (const instrumentId of symbolsWithBusiness(view)) {
    const fills = await venue.fills({ instrumentId, since: view.lastFillAt[instrumentId] ?? 0 });
    for (const applied of await ledger.applyFills(portfolioId, fills)) {
      if (applied.isNews && applied.positionId !== null) await engine.wakePosition(applied.positionId);
    }
  }
}

function symbolsWithBusiness(view: ReconciliationView): readonly InstrumentId[] {
  return [...new Set([...view.positions.map((it) => it.plan.instrument.id), ...view.openOrders.map((row) => row.intent.instrumentId)])].sort();
}

async function venueView(venue: Venue, view: ReconciliationView): Promise<VenueView> {
  const [account, openOrders] = await Promise.all([venue.account(), venue.openOrders()]);
  const held = new Set(account.positions.map((it) => it.instrumentId));
  const vanished = view.positions.filter((it) => it.quantity !== '0' && !held.has(it.plan.instrument.id));
  const fills: Fill[] = [];
  for (const position of vanished) fills.push(...(await venue.fills({ instrumentId: position.plan.instrument.id, since: position.plan.decidedAt })));
  return { positions: account.positions, openOrders, fills };
}

/** One named outcome for every kind. */
async function actOn(deps: ReconciliationDeps, portfolioId: string, difference: Difference): Promise<string> {
  const { ledger, engine } = deps;
  switch (difference.kind) {
    case 'closedOutside':
    case 'liquidated':
    case 'ghostPosition':
      return await endPosition(deps, difference);
    case 'unknownOrderOfOurs':
    case 'ghostOrder':
      return await lookAgain(deps, difference);
    case 'orphanExitOrder':
      return await cancelOrphan(deps, difference);
    case 'twoMasters':
      await ledger.raiseFence({ portfolioId, by: 'reconciliation', reason: `another Keel trades on this account: ${textOf(difference, 'clientOrderId')}` });
      return 'halted: openings are refused until a person lowers the fence';
    case 'missedFill':
      await engine.startReconciliation(portfolioId);
      return 'fills fetched again';
    case 'unprotected':
    case 'missingWorkflow':
      await engine.wakePosition(textOf(difference, 'positionId'));
      return 'position woken';
    case 'foreignOrder':
    case 'foreignPosition':
    case 'walletMismatch':
      return 'reported, left alone';
  }
}

async function endPosition({ ledger, venue, engine }: ReconciliationDeps, difference: Difference): Promise<string> {
  const positionId = textOf(difference, 'positionId');
  const { position } = await ledger.positionSnapshot(positionId);
  const fills = await venue.fills({ instrumentId: position.plan.instrument.id, since: position.plan.decidedAt });
  await ledger.applyOutsideFills(positionId, fills.filter((fill) => fill.side !== position.plan.entry.side));
  const reason = difference.kind === 'liquidated' ? 'liquidation' : 'outside';
  await ledger.instruct({ kind: 'gone', instructionId: `${positionId}/gone`, positionId, reason });
  await engine.wakePosition(positionId);
  return `position told: ${reason}`;
}

async function lookAgain({ ledger, venue, engine, clock }: ReconciliationDeps, difference: Difference): Promise<string> {
  const clientOrderId = textOf(difference, 'clientOrderId');
  const row = await ledger.order(clientOrderId);
  if (row === null) return 'not in the ledger any more';
  const found = await venue.lookUp({ clientOrderId, instrumentId: row.intent.instrumentId, book: bookOf(row.intent.type) });
  if (found === null) return 'not found at the venue; its position looks again';
  await ledger.applyReport(row.intent.portfolioId, { order: found.order, fill: null, at: clock() });
  await ledger.applyFills(row.intent.portfolioId, found.fills);
  await engine.wakePosition(row.intent.positionId);
  return `adopted as ${found.order.status}`;
}

async function cancelOrphan({ venue, clock }: ReconciliationDeps, difference: Difference): Promise<string> {
  if (difference.instrumentId === null) throw new KeelError('INVARIANT', `orphan order ${difference.key} names no instrument`);
  const book = textOf(difference, 'book') === 'conditional' ? 'conditional' : 'plain';
  const answer = await venue.cancel(
    { clientOrderId: textOf(difference, 'clientOrderId'), instrumentId: difference.instrumentId, book },
    { timestamp: await venue.serverTime(), recvWindowMs: PROTOCOL_TIMES.recvWindowMs, deadlineMs: clock() + PROTOCOL_TIMES.attemptTimeoutMs },
  );
  return `cancelled: ${answer.kind}`;
}

function textOf(difference: Difference, field: string): string {
  const value = difference.evidence[field];
  if (typeof value !== 'string') throw new KeelError('INVARIANT', `difference ${difference.key} has no ${field} in its evidence`);
  return value;
}
