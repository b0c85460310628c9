import type { DecimalString } from '../decimal.ts';
import type { InstrumentId } from '../market/instrument.ts';

export type Side = 'buy' | 'sell';
export type Direction = 'long' | 'short';
/** `both` in one-way mode, the direction in hedge mode. */
export type PositionSide = 'both' | 'long' | 'short';
export type OrderType = 'market' | 'limit' | 'stopMarket' | 'takeProfitMarket';
export type TimeInForce = 'GTC' | 'IOC' | 'FOK' | 'GTX';
/** What an order is for, within its position. With a ladder `firstTarget` and `target` each close a part, else `target` closes all. */
export const LEGS = ['entry', 'stop', 'firstTarget', 'target', 'exit'] as const;
export type Leg = (typeof LEGS)[number];
/** Which of the venue's two books holds an order: plain orders, or conditional ones (Binance: the algo service). */
export type Book = 'plain' | 'conditional';

/**
 * One order that the system decided on, before anything is sent. Immutable; its identity is business identity
 * (portfolio, position, leg, revision), never a run id.
 */
export interface OrderIntent {
  readonly intentId: string;
  readonly clientOrderId: string;
  readonly portfolioId: string;
  readonly positionId: string;
  /** The cycle whose plan holds the decision; null for an order that the position itself owes (a stop after a fill). */
  readonly cycleId: string | null;
  readonly leg: Leg;
  /** From 1; a re-price or a replaced stop is the next revision. */
  readonly revision: number;
  readonly instrumentId: InstrumentId;
  readonly side: Side;
  readonly positionSide: PositionSide;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  /** > 0, in base currency, a multiple of the step size. */
  readonly quantity: DecimalString;
  /** Of a limit order, else null. */
  readonly price: DecimalString | null;
  /** Of a conditional order, else null. */
  readonly triggerPrice: DecimalString | null;
  /** Only closes. In hedge mode the venue is told by `positionSide` instead. */
  readonly reduceOnly: boolean;
  /** Closes the whole position, whatever its size (stops, full exits): may go out without the ledger. */
  readonly closesPosition: boolean;
  /** The price that the decision saw: slippage is measured against it. */
  readonly decisionPrice: DecimalString;
  /** The trading epoch of the decision; the fence refuses an opening order of an older epoch. */
  readonly epoch: number;
  /** Transport clock, epoch milliseconds: after this an opening order is not sent. Null: does not expire (exits). */
  readonly validUntil: number | null;
  /** Largest distance of the market from `decisionPrice` at submission, in basis points; null: no bound (exits). */
  readonly maxDriftBps: number | null;
  /** Market clock, epoch milliseconds: a working limit order's remainder is cancelled then; null: no limit. */
  readonly workUntilMarketTime: number | null;
  readonly policyVersion: number;
}

export const ORDER_STATES = [
  'planned',
  'submitting',
  'unknown',
  'absent',
  'accepted',
  'partiallyFilled',
  'filled',
  'canceled',
  'rejected',
  'halted',
  'expired',
] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/** Nothing more can happen, save the late fill of a cancelled order. */
export const DONE_STATES: readonly OrderState[] = ['filled', 'canceled', 'rejected', 'halted', 'expired'];
/** On the venue's book. */
export const WORKING_STATES: readonly OrderState[] = ['accepted', 'partiallyFilled'];
/** Fate not known: lockstep waits, the symbol takes no entry. `planned` counts: it is about to be sent. */
export const UNSETTLED_STATES: readonly OrderState[] = ['planned', 'submitting', 'unknown'];

/** One order as the ledger knows it: the row that an intent owns. */
export interface OrderRow {
  readonly intent: OrderIntent;
  readonly state: OrderState;
  /** Number of submissions that were claimed, from 0. */
  readonly attempt: number;
  /** Of the last claimed attempt: the `timestamp` that was signed, transport clock; null before the first. */
  readonly sentTimestamp: number | null;
  readonly venueOrderId: string | null;
  /** Of a conditional order that triggered: the plain order that it created. */
  readonly triggeredOrderId: string | null;
  readonly filledQuantity: DecimalString;
  /** Quantity-weighted; null without a fill. */
  readonly averagePrice: DecimalString | null;
  /** The venue's numeric code of a rejection, or Keel's reason for `halted` and `expired`. */
  readonly reason: string | null;
  /** Transport clock: when the venue's acceptance reached us. */
  readonly acceptedAt: number | null;
  readonly updatedAt: number;
}

/** A row before its first attempt. @param updatedAt wall clock, epoch milliseconds */
export function plannedRow(intent: OrderIntent, updatedAt: number): OrderRow {
  return {
    intent, state: 'planned', attempt: 0, sentTimestamp: null, venueOrderId: null, triggeredOrderId: null,
    filledQuantity: '0', averagePrice: null, reason: null, acceptedAt: null, updatedAt,
  };
}

/** An order as the venue reports it, from either book. */
export interface VenueOrder {
  readonly venueOrderId: string;
  readonly clientOrderId: string;
  readonly instrumentId: InstrumentId;
  readonly book: Book;
  readonly status: 'working' | 'filled' | 'canceled' | 'rejected' | 'expired' | 'triggered';
  readonly side: Side;
  readonly positionSide: PositionSide;
  readonly type: OrderType;
  readonly quantity: DecimalString;
  readonly filledQuantity: DecimalString;
  readonly averagePrice: DecimalString | null;
  readonly price: DecimalString | null;
  readonly triggerPrice: DecimalString | null;
  readonly reduceOnly: boolean;
  /** Venue order id of the plain order that a triggered conditional order created. */
  readonly triggeredOrderId: string | null;
  /** Market clock. */
  readonly updatedAt: number;
}

/** One execution. Unique by venue, instrument, trade id and order id. */
export interface Fill {
  readonly tradeId: string;
  readonly venueOrderId: string;
  /** Empty where the venue does not say (fills read from history). */
  readonly clientOrderId: string | null;
  readonly instrumentId: InstrumentId;
  readonly side: Side;
  readonly positionSide: PositionSide;
  readonly price: DecimalString;
  readonly quantity: DecimalString;
  /** Positive is paid, negative is a rebate. */
  readonly fee: DecimalString;
  readonly feeCurrency: string;
  /** As the venue booked it, before fees. */
  readonly realizedPnl: DecimalString;
  readonly maker: boolean;
  /** Market clock. */
  readonly filledAt: number;
  /** Transport clock at the venue; equals `filledAt` on a real venue. */
  readonly filledAtWall: number;
}

export function oppositeSide(side: Side): Side {
  return side === 'buy' ? 'sell' : 'buy';
}

export function entrySide(direction: Direction): Side {
  return direction === 'long' ? 'buy' : 'sell';
}

export function bookOf(type: OrderType): Book {
  return type === 'market' || type === 'limit' ? 'plain' : 'conditional';
}
