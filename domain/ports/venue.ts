/** What Keel needs from a venue. Implemented in `venues/`; every answer is parsed and validated there. */
import type { VenueConditions } from '../cycle/risk-facts.ts';
import type { DecimalString } from '../decimal.ts';
import type { PermitPriority } from '../limits/budget.ts';
import type { CircuitName } from '../limits/circuit.ts';
import type { Candle } from '../market/candle.ts';
import type { Instrument, InstrumentId } from '../market/instrument.ts';
import type { Timeframe } from '../market/timeframe.ts';
import type { OpeningTerms, TermsAnswer } from '../orders/terms.ts';
import type { Book, Direction, Fill, OrderIntent, PositionSide, VenueOrder } from '../orders/order.ts';

/** Answer to one submission. Nothing else is thrown: whatever is not certain is `unknown`. */
export type SubmitAnswer =
  | { readonly kind: 'accepted'; readonly order: VenueOrder }
  /** Certain: the venue's numeric code is on the allow-list of refusals. */
  | { readonly kind: 'rejected'; readonly code: string; readonly message: string }
  /** Certain: it is on no book. Nothing left this process (no permit before the deadline), or the venue turned it away unseen (rate limit, overload, timestamp): a later attempt may be taken. */
  | { readonly kind: 'notSent'; readonly message: string }
  | { readonly kind: 'unknown'; readonly message: string };

export type CancelAnswer = { readonly kind: 'canceled' } | { readonly kind: 'notOpen'; readonly message: string } | { readonly kind: 'unknown'; readonly message: string };

export interface VenuePosition {
  readonly instrumentId: InstrumentId;
  readonly direction: Direction;
  /** > 0, base currency. */
  readonly quantity: DecimalString;
  readonly entryPrice: DecimalString;
  readonly markPrice: DecimalString;
  readonly unrealizedPnl: DecimalString;
  readonly positionSide: PositionSide;
}

/** The currency in which the account is kept: of its wallet, equity, margin and realised profit. Other amounts (fees paid in BNB) are not of it. */
export const ACCOUNT_CURRENCY = 'USDT';

export interface VenueAccount {
  readonly walletBalance: DecimalString;
  readonly equity: DecimalString;
  readonly availableMargin: DecimalString;
  readonly positionMode: 'oneWay' | 'hedge';
  readonly positions: readonly VenuePosition[];
}

/** One line of the account's money: the sum over all lines of the account's currency is the change of the wallet. */
export interface IncomeRecord {
  /** Unique per account together with type, instrument and currency. */
  readonly incomeId: string;
  /** The venue's type: REALIZED_PNL, COMMISSION, FUNDING_FEE, TRANSFER, … */
  readonly type: string;
  readonly amount: DecimalString;
  readonly currency: string;
  readonly instrumentId: InstrumentId | null;
  readonly tradeId: string | null;
  /** Market clock. */
  readonly time: number;
}

export interface Quote {
  readonly bid: DecimalString;
  readonly ask: DecimalString;
}

export interface SubmitTimes {
  /** Transport clock of the venue; signed into the request. */
  readonly timestamp: number;
  readonly recvWindowMs: number;
  /** Wall clock of this process: past it nothing is sent. */
  readonly deadlineMs: number;
}

/** How early a read goes when the venue's limits are short; default: after exits. */
export interface Urgency {
  readonly priority: PermitPriority;
}

/** What an event says of one holding. */
export interface HoldingChange {
  readonly instrumentId: InstrumentId;
  readonly positionSide: PositionSide;
  /** Signed. */
  readonly quantity: DecimalString;
  readonly unrealizedPnl: DecimalString;
}

/** What the account's stream tells. `eventId` is null where the venue numbers no events. */
export type AccountEvent =
  | { readonly kind: 'order'; readonly eventId: number | null; readonly order: VenueOrder; readonly fill: Fill | null }
  | { readonly kind: 'balance'; readonly eventId: number | null; readonly reason: string; readonly walletBalance: DecimalString; readonly positions: readonly HoldingChange[]; readonly at: number }
  | { readonly kind: 'other'; readonly eventId: number | null; readonly type: string };

export type MarketEvent =
  | { readonly kind: 'candleClosed'; readonly instrumentId: InstrumentId; readonly timeframe: Timeframe; readonly candle: Candle }
  /** The market clock moved on: at least once per candle, and at every point of a simulated candle's path. */
  | { readonly kind: 'time'; readonly marketTime: number };

export interface Stream {
  /** Resolves when the stream ended; rejects with the cause. Silent and zombie streams end with an error. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

export interface ApiPermissions {
  readonly mayTrade: boolean;
  readonly mayWithdraw: boolean;
  readonly ipRestricted: boolean;
}

/** What a venue's answer to a look-up means: `null` is one look that found nothing, never proof. */
export type LookUp = { readonly order: VenueOrder; readonly fills: readonly Fill[] } | null;

/**
 * All methods but `submit` and `cancel` throw KeelError VENUE_UNREACHABLE or RATE_LIMITED (retried) or
 * VENUE_REFUSED or VENUE_ANSWER_INVALID (not retried blindly).
 */
export interface Venue {
  /** Transport clock of the venue, epoch milliseconds; synchronised at most every few seconds, no call each time. */
  serverTime(): Promise<number>;
  instruments(): Promise<readonly Instrument[]>;
  /** Closed candles, oldest first. */
  candles(query: { instrumentId: InstrumentId; timeframe: Timeframe; since: number; limit: number }): Promise<readonly Candle[]>;
  quote(instrumentId: InstrumentId): Promise<Quote>;
  /**
   * Volume, spread, depth, funding and the venue's own largest leverage, each null where the venue does not tell it.
   * @param query.deep whose book is read as well, within so many basis points of the middle: a request each.
   */
  conditions(query: { instrumentIds: readonly InstrumentId[]; deep: readonly InstrumentId[]; depthWithinBps: number }): Promise<Readonly<Record<InstrumentId, VenueConditions>>>;
  account(urgency?: Urgency): Promise<VenueAccount>;
  /**
   * Before each opening order: sets position mode, margin mode and leverage where they differ, and reads them back.
   */
  ensureTerms(instrumentId: InstrumentId, terms: OpeningTerms): Promise<TermsAnswer>;
  submit(intent: OrderIntent, times: SubmitTimes): Promise<SubmitAnswer>;
  cancel(order: { clientOrderId: string; instrumentId: InstrumentId; book: Book }, times: SubmitTimes): Promise<CancelAnswer>;
  /** One look for an order by client id: open orders and history of its book, then fills, of both books. */
  lookUp(order: { clientOrderId: string; instrumentId: InstrumentId; book: Book }): Promise<LookUp>;
  /** Working orders of both books. */
  openOrders(instrumentId?: InstrumentId, urgency?: Urgency): Promise<readonly VenueOrder[]>;
  /** Every order that the venue remembers, both books, oldest first, at or after `since` (market clock). */
  orderHistory(query: { instrumentId: InstrumentId; since: number }, urgency?: Urgency): Promise<readonly VenueOrder[]>;
  fills(query: { instrumentId: InstrumentId; since: number }, urgency?: Urgency): Promise<readonly Fill[]>;
  income(query: { since: number }): Promise<readonly IncomeRecord[]>;
  streamAccount(onEvent: (event: AccountEvent) => Promise<void>): Promise<Stream>;
  streamMarket(query: { instrumentIds: readonly InstrumentId[]; timeframe: Timeframe }, onEvent: (event: MarketEvent) => Promise<void>): Promise<Stream>;
  permissions(): Promise<ApiPermissions>;
  /** Simulated venues only: tells that an event was answered for. No-op elsewhere. */
  acknowledge(eventId: number): Promise<void>;
  /** One request, now: how long it took, and how far the venue's transport clock is ahead of this process's (> 0). */
  ping(): Promise<{ readonly roundTripMs: number; readonly skewMs: number }>;
  /** Whether this process asks the venue for what can wait; what closes or protects goes out all the same. */
  circuit(): CircuitName;
  /** Market clock now; on a real venue the transport clock. */
  marketTime(): Promise<number>;
  close(): Promise<void>;
}
