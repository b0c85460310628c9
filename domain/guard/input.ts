/** What the guard looks at. */
import type { RiskFacts } from '../cycle/risk-facts.ts';
import type { AccountObservation, SymbolObservation } from '../cycle/types.ts';
import type { Dec } from '../decimal.ts';
import type { Direction } from '../orders/order.ts';
import type { Policy } from '../policy/policy.ts';
import type { Holding, PastLosses, TailRisk, Weights } from '../risk/book.ts';
import type { Correlations } from '../risk/correlation.ts';

/** What would be opened, before rounding. */
export interface Draft {
  readonly direction: Direction;
  /** Quote currency per unit. */
  readonly price: Dec;
  /** ≥ 0, base currency. */
  readonly quantity: Dec;
  readonly stopDistance: Dec;
  readonly leverage: number;
  /** What it sends with all that it brings; of a cycle from before orders were counted: 1. */
  readonly orders: number;
}

/** Everything that is open or about to be. */
export interface Book {
  /** Positions that count against the slots; one that is being rotated out does not. */
  readonly count: number;
  /** Every holding, ours, planned and foreign, at the newest price; what is being closed still counts. */
  readonly holdings: readonly Holding[];
  /** What these holdings would have lost in the past. */
  readonly past: PastLosses;
  /** Quote currency: initial margin that this plan's openings will use. */
  readonly plannedMargin: Dec;
  /** Orders of the last minute of market time, with what this plan sends; of a cycle from before they were counted: openings. */
  readonly ordersThisMinute: number;
}

export interface BookAfter {
  readonly weights: Weights;
  /** Null where too little is known of the past. */
  readonly tail: TailRisk | null;
}

export interface GuardInput {
  readonly symbol: SymbolObservation;
  readonly account: AccountObservation;
  /** The cycle runs too late after its candle. */
  readonly late: boolean;
  readonly policy: Policy;
  readonly isEmergency: boolean;
  readonly draft: Draft;
  readonly book: Book;
  /** The book after the trade; computed at the first question. */
  readonly after: () => BookAfter;
  /** Positions that fit in this regime. */
  readonly slots: number;
  /** Null where it is not known. */
  readonly trades: RiskFacts['trades'] | null;
  readonly facts: Pick<RiskFacts, 'returns' | 'otherVenues' | 'conditions'>;
  readonly correlations: Correlations;
  readonly dailyLossBps: number | null;
  readonly isDisabled: boolean;
}
