import type { Ledger } from '../../domain/ports/ledger.ts';
import type { CyclePlan, Observation, OpenPlan } from '../../domain/cycle/types.ts';
import { cycleIdOf } from '../../domain/cycle/ids.ts';
import { planCycle } from '../../domain/cycle/plan-cycle.ts';
import type { Fill, OrderIntent, VenueOrder } from '../../domain/orders/order.ts';
import { bookOf } from '../../domain/orders/order.ts';
import { stopIntentFor } from '../../domain/positions/intents.ts';
import { observationOf } from '../plan.ts';
import { SEEDED_UNTIL } from './seed.ts';

const HOUR_MS = 3_600_000;

/** One use of the ledger that trading makes for each candle or order. */
export interface Step {
  readonly name: string;
  /** Whether it writes: then it has to be one transaction. */
  readonly writes: boolean;
  run(ledger: Ledger): Promise<unknown>;
}

export interface Business {
  readonly portfolioId: string;
  readonly deploymentId: string;
  readonly symbols: number;
}

/** One candle after the seed, with all that follows from it: cycle, entry, fill, stop, close. */
export function stepsOf(business: Business, round: number): readonly Step[] {
  const closeTime = SEEDED_UNTIL + (round + 1) * HOUR_MS;
  const observation = observationOf(business.symbols, { closeTime });
  const cycleId = cycleIdOf(observation.candle);
  const plan = planCycle({ cycleId, observation });
  const open = plan.opens[0];
  if (open === undefined) throw new Error(`the cycle of round ${round} opens nothing: ${JSON.stringify(plan.decisions)}`);
  return [...cycleSteps(business, { cycleId, observation, plan, closeTime }), ...orderSteps(open, round), ...lockstepSteps(business, closeTime)];
}

function cycleSteps({ portfolioId }: Business, it: { cycleId: string; observation: Observation; plan: CyclePlan; closeTime: number }): readonly Step[] {
  const { cycleId, observation, plan, closeTime } = it;
  const series = observation.symbols.map(({ instrument, candle }) => ({ instrumentId: instrument.id, timeframe: '1h' as const, candles: [candle] }));
  const instrumentIds = series.map((each) => each.instrumentId);
  return [
    { name: 'cycle: candles', writes: true, run: (ledger) => ledger.writeCandles(series) },
    { name: 'cycle: feed cursor', writes: true, run: (ledger) => ledger.setCursor(portfolioId, 'marketFeed/bench', closeTime) },
    { name: 'cycle: claim', writes: true, run: (ledger) => ledger.claimCycle({ cycleId, workflowId: cycleId, candle: observation.candle }) },
    { name: 'cycle: read candles', writes: false, run: (ledger) => ledger.candles({ instrumentIds, timeframe: '1h', until: closeTime, limit: 300 }) },
    { name: 'cycle: read account', writes: false, run: (ledger) => ledger.accountContext(observation.candle) },
    { name: 'cycle: read trades', writes: false, run: (ledger) => ledger.tradeRecord({ portfolioId, closeTime, symbols: instrumentIds.map((instrumentId) => ({ instrumentId, lossesSince: 0 })) }) },
    { name: 'cycle: record', writes: true, run: (ledger) => ledger.recordCycle({ cycleId, observation, plan }) },
  ];
}

function orderSteps(open: OpenPlan, round: number): readonly Step[] {
  const { entry, positionId } = open;
  const stop = stopIntentFor(open, { quantity: entry.quantity, triggerPrice: open.stopPrice, revision: 1 });
  const nowMs = open.decidedAt + 1;
  const claim = (intent: OrderIntent) => (ledger: Ledger) => ledger.claimSubmission({ intent, attempt: 1, timestamp: nowMs, marketTime: nowMs, nowMs });
  const answer = (intent: OrderIntent) => (ledger: Ledger) => ledger.applyOrderEvent(intent.clientOrderId, { kind: 'reported', order: venueOrderOf(intent, round, 'working'), at: nowMs }, nowMs);
  return [
    { name: 'order: claim before sending', writes: true, run: claim(entry) },
    { name: 'order: the venue\'s answer', writes: true, run: answer(entry) },
    { name: 'order: report with its fill', writes: true, run: (ledger) => ledger.applyReport(entry.portfolioId, { order: venueOrderOf(entry, round, 'filled'), fill: fillOf(entry, round, open.stopPrice), at: nowMs }) },
    { name: 'position: read', writes: false, run: (ledger) => ledger.positionSnapshot(positionId) },
    { name: 'stop: claim before sending', writes: true, run: claim(stop) },
    { name: 'stop: the venue\'s answer', writes: true, run: answer(stop) },
    { name: 'position: settle', writes: true, run: (ledger) => ledger.settlePosition({ positionId, handledSeq: 9, handledInstructionIds: [], state: 'open', stopPrice: open.stopPrice, targetPrice: open.targetPrice }) },
    { name: 'stop: report with its fill', writes: true, run: (ledger) => ledger.applyReport(stop.portfolioId, { order: { ...venueOrderOf(stop, round, 'filled'), triggeredOrderId: `x${round}` }, fill: { ...fillOf(stop, round, open.stopPrice), venueOrderId: `x${round}` }, at: nowMs }) },
    { name: 'position: close', writes: true, run: (ledger) => ledger.closePosition({ positionId, handledSeq: 9, reason: 'stop', closedAt: nowMs }) },
  ];
}

function lockstepSteps({ portfolioId }: Business, marketTime: number): readonly Step[] {
  return [
    { name: 'feed: due orders', writes: false, run: (ledger) => ledger.dueOrders(portfolioId, marketTime) },
    { name: 'lockstep: next deadline', writes: false, run: (ledger) => ledger.nextOrderDeadline(portfolioId) },
    { name: 'lockstep: settlement', writes: false, run: (ledger) => ledger.settlement(portfolioId) },
    { name: 'reconciliation: view', writes: false, run: (ledger) => ledger.reconciliationView(portfolioId) },
  ];
}

function venueOrderOf(intent: OrderIntent, round: number, status: 'working' | 'filled'): VenueOrder {
  return {
    venueOrderId: `new-${round}-${intent.leg}`, clientOrderId: intent.clientOrderId, instrumentId: intent.instrumentId, book: bookOf(intent.type), status, side: intent.side, positionSide: intent.positionSide,
    type: intent.type, quantity: intent.quantity, filledQuantity: status === 'filled' ? intent.quantity : '0', averagePrice: status === 'filled' ? intent.decisionPrice : null, price: intent.price,
    triggerPrice: intent.triggerPrice, reduceOnly: intent.reduceOnly, triggeredOrderId: null, updatedAt: SEEDED_UNTIL,
  };
}

function fillOf(intent: OrderIntent, round: number, price: string): Fill {
  return {
    tradeId: `new-${round}-${intent.leg}`, venueOrderId: `new-${round}-${intent.leg}`, clientOrderId: intent.clientOrderId, instrumentId: intent.instrumentId, side: intent.side, positionSide: intent.positionSide,
    price, quantity: intent.quantity, fee: '0.04', feeCurrency: 'USDT', realizedPnl: '0', maker: false, filledAt: SEEDED_UNTIL, filledAtWall: SEEDED_UNTIL,
  };
}
