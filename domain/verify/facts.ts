/** What one look at ledger, venue and engine gathered, as plain data; the comparisons beside it are pure. */
import type { DecimalString } from '../decimal.ts';
import type { InstrumentId } from '../market/instrument.ts';
import type { Timeframe } from '../market/timeframe.ts';
import type { Direction, Fill, OrderRow, PositionSide, VenueOrder } from '../orders/order.ts';
import type { CandleShelf, DuePrediction, PricedOutcome } from '../predictions/outcome.ts';
import type { Mode } from '../ports/ledger.ts';
import type { IncomeRecord, VenueAccount } from '../ports/venue.ts';
import type { EmergencyFacts } from './emergency-facts.ts';
import type { ModelFact } from './models.ts';

/** One broken promise. The number is that of docs/order-protocol.md, "Invariants". */
export interface Violation {
  readonly invariant: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;
  /** What was found, in words; the same words for the same kind. */
  readonly name: string;
  /** Whom it is about: an order's client id, a position, a symbol, a cycle. */
  readonly subject: string;
  readonly evidence: Readonly<Record<string, Evidence>>;
}
export type Evidence = string | number | boolean | null | readonly string[];

export type OrderFact = OrderRow & {
  /** Quantity of its fills that were booked. */
  readonly bookedQuantity: DecimalString;
  /** Wall clock. */
  readonly plannedAt: number;
  /** Transport clock: when its end reached us; null while it is not over. */
  readonly endedAt: number | null;
};

export type FillFact = Fill & { readonly positionId: string };

export interface PositionFact {
  readonly positionId: string;
  readonly instrumentId: InstrumentId;
  readonly cycleId: string;
  readonly direction: Direction;
  readonly positionSide: PositionSide;
  readonly state: 'opening' | 'open' | 'closing' | 'closed';
  readonly quantity: DecimalString;
  readonly entryQuantity: DecimalString;
  readonly realizedPnl: DecimalString;
  readonly fees: DecimalString;
  /** When its end was written, the database's clock; null while it lives, or where that is not kept any more. */
  readonly endedAt: number | null;
}

export interface CycleFact {
  readonly cycleId: string;
  readonly strategy: string;
  readonly timeframe: Timeframe;
  readonly closeTime: number;
  readonly isRecorded: boolean;
  readonly policyVersion: number | null;
}

export type OutcomeFact = OutcomeSpan & (({ readonly state: 'priced' } & PricedOutcome) | { readonly state: 'unpriceable'; readonly evidence: Readonly<Record<string, unknown>> });

/** By which label, from when to when it was priced; market clock. */
interface OutcomeSpan {
  readonly labelVersion: string;
  readonly entryAt: number;
  readonly exitAt: number;
}

export interface JudgedFact {
  readonly prediction: DuePrediction;
  /** Close of the candle of its cycle or request, market clock. */
  readonly decidedAt: number;
  /** When it was stored, and from when its cycle could be acted by, the database's clock; null: not kept, or not recorded. */
  readonly storedAt: number | null;
  readonly recordedAt: number | null;
  /** Null: none yet. */
  readonly outcome: OutcomeFact | null;
}

export interface LedgerFacts {
  readonly portfolioId: string;
  readonly mode: Mode;
  /** The database's clock at this look. */
  readonly readAt: number;
  readonly deploymentId: string;
  readonly emergency: EmergencyFacts;
  readonly orders: readonly OrderFact[];
  readonly fills: readonly FillFact[];
  readonly positions: readonly PositionFact[];
  readonly income: readonly IncomeRecord[];
  /** Money up to here was read from the venue; market clock. */
  readonly incomeReadTo: number;
  readonly cycles: readonly CycleFact[];
  /** `<cycle> <instrument>` of every stored prediction, once each. */
  readonly predicted: ReadonlySet<string>;
  /** Predictions that have an outcome or will have one; one with two outcomes stands here twice. */
  readonly judged: readonly JudgedFact[];
  /** Stored candles by `<timeframe> <instrument>`, as far back as predictions are judged by them. */
  readonly candles: ReadonlyMap<string, CandleShelf>;
  /** Every model that was registered. */
  readonly models: readonly ModelFact[];
  readonly policyVersions: readonly number[];
  /** Position of the first record of the audit chain that does not follow; null when it is whole. */
  readonly auditBrokenAt: number | null;
}

/** A symbol of which the venue tells no history: what the ledger holds of its orders and fills is compared with nothing there. */
export interface Untold {
  readonly instrumentId: InstrumentId;
  /** For people. */
  readonly why: string;
}

export interface VenueFacts {
  /** Every order that the venue remembers, both books. */
  readonly orders: readonly VenueOrder[];
  readonly openOrders: readonly VenueOrder[];
  readonly fills: readonly Fill[];
  /** Of which `orders` and `fills` are silent. */
  readonly untold: readonly Untold[];
  readonly income: readonly IncomeRecord[];
  readonly account: VenueAccount;
  /** Done orders without a fill may be forgotten by the venue before this (transport clock); null: it forgets nothing. */
  readonly forgetsBefore: number | null;
}

export interface EngineFacts {
  /** Ids of the portfolio's running position workflows. */
  readonly running: ReadonlySet<string>;
  /** Nothing trades any more: workflows are not asked for, and nothing may be under way. */
  readonly isAtRest: boolean;
}

export interface Facts {
  readonly ledger: LedgerFacts;
  readonly venue: VenueFacts;
  readonly engine: EngineFacts;
}
