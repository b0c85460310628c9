/** How rows of the ledger become the domain's objects. Decimals are text all the way, without trailing zeros. */
import type { Instruction } from '../domain/cycle/types.ts';
import type { DecimalString } from '../domain/decimal.ts';
import { d, text } from '../domain/decimal.ts';
import { KeelError } from '../domain/errors.ts';
import type { Fill, OrderIntent, OrderRow } from '../domain/orders/order.ts';
import type { PositionRecord } from '../domain/positions/position.ts';

/** The shortest exact text of a NUMERIC. */
export function exact(value: string): DecimalString {
  return text(d(value));
}

export function exactOrNull(value: string | null): DecimalString | null {
  return value === null ? null : exact(value);
}

/** An order joined with its intent, as `ORDER_COLUMNS` selects it from `orders o join intents i`. */
export type OrderRecord = Omit<OrderIntent, 'clientOrderId'> & Omit<OrderRow, 'intent'> & { readonly clientOrderId: string; readonly bookedQuantity: DecimalString };

/** Decimals are cast to text, so that the columns may also travel inside JSON without losing a digit. */
export const ORDER_COLUMNS = `
  i.intent_id AS "intentId", o.client_order_id AS "clientOrderId", o.portfolio_id AS "portfolioId", o.position_id AS "positionId",
  i.cycle_id AS "cycleId", i.leg, i.revision, i.instrument_id AS "instrumentId", i.side, i.position_side AS "positionSide", i.type,
  i.time_in_force AS "timeInForce", i.quantity::text, i.price::text, i.trigger_price::text AS "triggerPrice",
  i.reduce_only AS "reduceOnly", i.closes_position AS "closesPosition", i.decision_price::text AS "decisionPrice", i.epoch,
  i.valid_until AS "validUntil", i.max_drift_bps AS "maxDriftBps", i.work_until_market_time AS "workUntilMarketTime",
  i.policy_version AS "policyVersion", o.state, o.attempt, o.sent_timestamp AS "sentTimestamp", o.venue_order_id AS "venueOrderId",
  o.triggered_order_id AS "triggeredOrderId", o.filled_quantity::text AS "filledQuantity", o.booked_quantity::text AS "bookedQuantity",
  o.average_price::text AS "averagePrice", o.reason, o.accepted_at AS "acceptedAt", o.updated_at AS "updatedAt"`;

export function toOrderRow(row: OrderRecord): OrderRow {
  return {
    intent: {
      intentId: row.intentId,
      clientOrderId: row.clientOrderId,
      portfolioId: row.portfolioId,
      positionId: row.positionId,
      cycleId: row.cycleId,
      leg: row.leg,
      revision: row.revision,
      instrumentId: row.instrumentId,
      side: row.side,
      positionSide: row.positionSide,
      type: row.type,
      timeInForce: row.timeInForce,
      quantity: exact(row.quantity),
      price: exactOrNull(row.price),
      triggerPrice: exactOrNull(row.triggerPrice),
      reduceOnly: row.reduceOnly,
      closesPosition: row.closesPosition,
      decisionPrice: exact(row.decisionPrice),
      epoch: row.epoch,
      validUntil: row.validUntil,
      maxDriftBps: row.maxDriftBps,
      workUntilMarketTime: row.workUntilMarketTime,
      policyVersion: row.policyVersion,
    },
    state: row.state,
    attempt: row.attempt,
    sentTimestamp: row.sentTimestamp,
    venueOrderId: row.venueOrderId,
    triggeredOrderId: row.triggeredOrderId,
    filledQuantity: exact(row.filledQuantity),
    averagePrice: exactOrNull(row.averagePrice),
    reason: row.reason,
    acceptedAt: row.acceptedAt,
    updatedAt: row.updatedAt,
  };
}

export const POSITION_COLUMNS = `
  p.position_id AS "positionId", p.portfolio_id AS "portfolioId", p.plan, p.state, p.quantity::text, p.entry_price::text AS "entryPrice",
  p.stop_price::text AS "stopPrice", p.target_price::text AS "targetPrice", p.realized_pnl::text AS "realizedPnl",
  p.close_reason AS "closeReason", p.inbox_seq AS "inboxSeq", p.handled_seq AS "handledSeq"`;

export function toPositionRecord(row: PositionRecord): PositionRecord {
  return {
    positionId: row.positionId,
    portfolioId: row.portfolioId,
    plan: row.plan,
    state: row.state,
    quantity: exact(row.quantity),
    entryPrice: exactOrNull(row.entryPrice),
    stopPrice: exact(row.stopPrice),
    targetPrice: exactOrNull(row.targetPrice),
    realizedPnl: exact(row.realizedPnl),
    closeReason: row.closeReason,
    inboxSeq: row.inboxSeq,
    handledSeq: row.handledSeq,
  };
}

export interface SnapshotRecord {
  readonly position: PositionRecord;
  readonly orders: readonly OrderRecord[];
  readonly instructions: readonly Instruction[];
  readonly outside: string;
}

export const FILL_COLUMNS = `
  f.trade_id AS "tradeId", f.venue_order_id AS "venueOrderId", f.client_order_id AS "clientOrderId", f.instrument_id AS "instrumentId",
  f.side, f.position_side AS "positionSide", f.price::text, f.quantity::text, f.fee::text, f.fee_currency AS "feeCurrency",
  f.realized_pnl::text AS "realizedPnl", f.maker, f.filled_at AS "filledAt", f.filled_at_wall AS "filledAtWall"`;

export function toFill(row: Fill): Fill {
  return {
    tradeId: row.tradeId,
    venueOrderId: row.venueOrderId,
    clientOrderId: row.clientOrderId,
    instrumentId: row.instrumentId,
    side: row.side,
    positionSide: row.positionSide,
    price: exact(row.price),
    quantity: exact(row.quantity),
    fee: exact(row.fee),
    feeCurrency: row.feeCurrency,
    realizedPnl: exact(row.realizedPnl),
    maker: row.maker,
    filledAt: row.filledAt,
    filledAtWall: row.filledAtWall,
  };
}

export function noPortfolio(portfolioId: string): KeelError {
  return new KeelError('NOT_FOUND', `portfolio ${portfolioId} is not in the ledger; keel start makes it`);
}

/** A portfolio's row. @throws {KeelError} NOT_FOUND */
export function ofPortfolio<T>(row: T | undefined, portfolioId: string): T {
  if (row === undefined) throw noPortfolio(portfolioId);
  return row;
}
