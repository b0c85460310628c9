import { closedPartOf } from '../domain/emergency/closing.ts';
import type { Survey } from '../domain/emergency/survey.ts';
import { inParts, ordersToClose } from '../domain/emergency/survey.ts';
import { standingOf } from '../domain/emergency/watch.ts';
import type { OrderKey } from '../domain/emergency/survey.ts';
import { d, ZERO } from '../domain/decimal.ts';
import type { Fill } from '../domain/orders/order.ts';
import type { EmergencyOrder, GuardView, Ledger, PortfolioSpec } from '../domain/ports/ledger.ts';
import type { People } from '../domain/ports/people.ts';
import type { Sweeper } from '../domain/ports/sweeper.ts';
import type { Venue, VenueAccount } from '../domain/ports/venue.ts';
import type { PositionRecord } from '../domain/positions/position.ts';
import type { Engine } from './feeds.ts';
import { isLedgerDown, withinMs } from './patience.ts';
import { bookClosed, closingFillsSince } from './reconciliation.ts';
import type { ShownHistory } from './shown-history.ts';
import { createShownHistory } from './shown-history.ts';
import type { Booking, ClosingBatch, EmergencyActivities, GuardActivities, GuardReading, SurveyRequest } from './types.ts';

export interface EmergencyDeps {
  readonly ledger: Ledger;
  readonly venue: Venue;
  readonly sweeper: Sweeper;
  readonly engine: Engine;
  readonly people: Pick<People, 'tell'>;
  readonly clock: () => number;
  readonly warn: (fields: object, message: string) => void;
}

const LEDGER_WAIT_MS = 700;
const WOKEN_AT_ONCE = 20;
/** Fewer than the connections of a pool: who trades needs some. */
const BOOKED_AT_ONCE = 5;

/** What the guard asks of the ledger, and whom it wakes. */
export function createGuardActivities({ ledger, engine, people, clock }: Pick<EmergencyDeps, 'ledger' | 'engine' | 'people' | 'clock'>): GuardActivities {
  return {
    commandGuard: async ({ portfolioId, command }) => await ledger.commandGuard(portfolioId, command),
    readGuard: async (portfolioId) => readingOf(await ledger.guard(portfolioId, { marketAt: null, wallAt: clock() })),
    recordClosings: async ({ portfolioId, orders }) => await ledger.recordEmergencyOrders(portfolioId, orders),
    tellPositions: async (portfolioId) => {
      const told = await ledger.tellEmergency(portfolioId);
      for (const part of inParts(told, WOKEN_AT_ONCE)) await Promise.all(part.map((positionId) => engine.wakePosition(positionId)));
      return told.length;
    },
    tellPeople: async (alert) => { await people.tell(alert); },
  };
}

function readingOf(view: GuardView): GuardReading {
  const { losses, missing } = standingOf(view);
  return { state: view.state, fence: view.fence, foreign: view.limits.foreign, drawdownBps: losses.recoveryDrawdownBps, missing };
}

/** What an emergency does at the venue. Closing needs nothing but the venue; only booking waits for the ledger. */
export function createEmergencyActivities(deps: EmergencyDeps): EmergencyActivities {
  const { ledger, sweeper } = deps;
  const booking = { ...deps, history: createShownHistory(deps) };
  const portfolios = new Map<string, PortfolioSpec>();

  async function portfolioOf(portfolioId: string): Promise<PortfolioSpec | null> {
    const spec = await unlessDown(portfolioId, ledger.portfolio(portfolioId));
    if (spec !== null) portfolios.set(portfolioId, spec);
    return spec ?? portfolios.get(portfolioId) ?? null;
  }

  async function surveyAccount({ portfolioId, deploymentId, foreign, sent = [] }: SurveyRequest): Promise<Survey> {
    const [spec, ours] = await Promise.all([portfolioOf(portfolioId), unlessDown(`holdings of ${portfolioId}`, ledger.openHoldings(portfolioId))]);
    return await sweeper.survey({ deploymentId, foreign, ours, sent, instrumentIds: spec?.instrumentIds ?? [] });
  }

  async function closePositions({ portfolioId, deploymentId, emergencyId, attempt, targets, validUntil }: ClosingBatch): Promise<readonly EmergencyOrder[]> {
    const round = { portfolioId, deploymentId, emergencyId, attempt };
    return await sweeper.close(ordersToClose(targets, round), validUntil);
  }

  return {
    surveyAccount, closePositions,
    withdrawOrders: async (orders: readonly OrderKey[]) => await sweeper.cancel(orders),
    bookClosings: (request) => bookClosings(booking, request),
  };
}

type BookingDeps = EmergencyDeps & { readonly history: ShownHistory };

/** Closing fills are booked to the positions that they closed; those that hold nothing any more are told. */
async function bookClosings(deps: BookingDeps, { portfolioId, isLast }: { portfolioId: string; isLast: boolean }): Promise<Booking> {
  const { ledger, venue } = deps;
  const [{ deploymentId }, positions, account] = await Promise.all([ledger.portfolio(portfolioId), ledger.openPositions(portfolioId), venue.account({ priority: 'exit' })]);
  const told: string[] = [];
  const missing: string[] = [];
  for (const part of inParts(positions, BOOKED_AT_ONCE)) await Promise.all(part.map(book));
  return { told, missing };

  async function book(position: PositionRecord): Promise<void> {
    const closings = await bookOne(deps, position, { deploymentId, isLast });
    const { quantity } = (await ledger.positionSnapshot(position.positionId)).position;
    const isEmpty = d(quantity).eq(ZERO);
    if (isEmpty && closings.length === 0) return; // it ends by its own orders
    if (!isEmpty && isLast && isHeld(account, position)) return; // another's part lies there still
    if (!isEmpty && !isLast) {
      missing.push(position.positionId); // fills that look-ups do not show yet
      return;
    }
    await ledger.instruct({ kind: 'gone', instructionId: `${position.positionId}/gone`, positionId: position.positionId, reason: 'emergency' });
    await deps.engine.wakePosition(position.positionId);
    told.push(position.positionId);
  }
}

function isHeld({ positions }: VenueAccount, { plan }: PositionRecord): boolean {
  return positions.some((it) => it.instrumentId === plan.instrument.id && it.positionSide === plan.entry.positionSide && it.direction === plan.direction);
}

/**
 * Its own orders' fills first, so that what is left is what the emergency closed; what it closed as another's at the last
 * look, when no fill of ours is to come any more. @returns the emergency's
 */
async function bookOne({ ledger, history }: BookingDeps, position: PositionRecord, { deploymentId, isLast }: { readonly deploymentId: string; readonly isLast: boolean }): Promise<readonly Fill[]> {
  const fills = await closingFillsSince(history, position);
  await ledger.applyFills(position.portfolioId, fills.all);
  const parts = isLast ? ['ours', 'foreign'] : ['ours'];
  return await bookClosed(ledger, position.positionId, { deploymentId, closing: fills.closing.filter((fill) => parts.includes(closedPartOf(fill.clientOrderId, deploymentId) ?? '')) });
}

/** A ledger that refuses, or does not answer soon, is not waited for. */
async function unlessDown<T>(what: string, reading: Promise<T>): Promise<T | null> {
  try {
    return await withinMs(LEDGER_WAIT_MS, what, reading);
  } catch (error) {
    if (isLedgerDown(error)) return null;
    throw error;
  }
}
