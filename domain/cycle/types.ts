/** What a cycle sees and what it decides: plain, serialisable, recorded whole before anything is sent. */
import type { DecimalString } from '../decimal.ts';
import type { Candle, CandleRef } from '../market/candle.ts';
import type { Instrument, InstrumentId } from '../market/instrument.ts';
import type { Direction, OrderIntent } from '../orders/order.ts';
import type { Fence } from '../orders/protocol.ts';
import type { Policy } from '../policy/policy.ts';

/** A rule outside its regimes or a model without its inputs abstains; `hold` is an opinion. */
export type VoteAction = 'buy' | 'sell' | 'hold' | 'abstain';

/** One voter's opinion on one symbol at one candle. Stored as a prediction. */
export interface Vote {
  readonly voter: string;
  readonly version: string;
  readonly action: VoteAction;
  /** 0..1: how far the voter trusts itself; 0 when it abstains. */
  readonly confidence: number;
  /** Each 0..1, sum 1; null when it abstains. */
  readonly probabilities: { readonly buy: number; readonly sell: number; readonly hold: number } | null;
  /** One short phrase for people: what the voter saw. */
  readonly because: string;
}

export type Regime = 'trendUp' | 'trendDown' | 'range' | 'highVolatility' | 'choppy';

export interface RegimeReading {
  readonly regime: Regime;
  /** 0..1: how clearly the candle belongs to its regime. */
  readonly score: number;
}

export type CandleIssueCode = 'notFinite' | 'highBelowLow' | 'priceNotPositive' | 'gap' | 'duplicate' | 'disorder' | 'jump' | 'stale' | 'tooFew';

export interface CandleQuality {
  /** 0..100. */
  readonly score: number;
  /** False: no new position on this symbol at this candle. */
  readonly tradable: boolean;
  readonly issues: readonly { readonly code: CandleIssueCode; readonly openTime: number; readonly detail: string }[];
}

export interface SymbolObservation {
  readonly instrument: Instrument;
  readonly candle: Candle;
  readonly quality: CandleQuality;
  /** Named indicator values at this candle (float64, null during warm-up), such as `atr14`, `rsi14`, `adx14`. */
  readonly features: Readonly<Record<string, number | null>>;
  readonly regime: RegimeReading;
  readonly votes: readonly Vote[];
}

/** An open position as the ledger holds it. */
export interface PositionView {
  readonly positionId: string;
  readonly instrumentId: InstrumentId;
  readonly direction: Direction;
  /** `opening` until the entry is settled, `closing` once an exit was ordered. */
  readonly state: 'opening' | 'open' | 'closing';
  /** ≥ 0, base currency. */
  readonly quantity: DecimalString;
  readonly entryPrice: DecimalString | null;
  /** The stop that rests or is being placed. */
  readonly stopPrice: DecimalString;
  readonly targetPrice: DecimalString | null;
  /** |entry - first stop|: one R, in quote currency per unit. */
  readonly riskPerUnit: DecimalString;
  /** Market clock: close time of the candle that decided it. */
  readonly openedAt: number;
}

export interface AccountObservation {
  readonly portfolioId: string;
  readonly deploymentId: string;
  readonly walletBalance: DecimalString;
  /** Wallet + unrealised profit, quote currency. */
  readonly equity: DecimalString;
  readonly availableMargin: DecimalString;
  readonly fence: Fence;
  readonly policy: Policy;
  readonly policyVersion: number;
  readonly positionMode: 'oneWay' | 'hedge';
  readonly positions: readonly PositionView[];
  /** Symbols with an order of unknown fate: no new entry. */
  readonly unsettledInstruments: readonly InstrumentId[];
  /** Symbols with a position on the account that is not ours: no entry, counted into exposure. */
  readonly foreignInstruments: readonly InstrumentId[];
  /** Transport clock when this was read: validity counts from here. */
  readonly observedAt: number;
}

export interface Observation {
  readonly candle: CandleRef;
  /** True when the cycle runs later than two timeframes after its close: no new position. */
  readonly late: boolean;
  readonly symbols: readonly SymbolObservation[];
  readonly account: AccountObservation;
}

/** One link of the chain from votes to an order. */
export interface DecisionStep {
  readonly step: 'data' | 'signal' | 'filter' | 'guard' | 'size' | 'round';
  readonly verdict: 'passed' | 'refused';
  /** Reason code of a refusal, else null. */
  readonly code: string | null;
  readonly value: string | null;
  readonly limit: string | null;
}

/** What became of one symbol in one cycle, with every step up to the one that ended it. */
export interface SymbolDecision {
  readonly instrumentId: InstrumentId;
  readonly outcome: 'open' | 'hold' | 'refused' | 'manage';
  /** The first refusal's code, or why it holds. */
  readonly reason: string;
  readonly action: VoteAction;
  readonly confidence: number;
  readonly steps: readonly DecisionStep[];
}

/** A position to open: its workflow starts with this before its entry is sent. */
export interface OpenPlan {
  readonly positionId: string;
  readonly instrument: Instrument;
  readonly direction: Direction;
  readonly entry: OrderIntent;
  readonly stopPrice: DecimalString;
  readonly targetPrice: DecimalString | null;
  readonly riskPerUnit: DecimalString;
  readonly confidence: number;
  /** How often a limit entry's remainder may be priced anew at its time limit; 0 for a market entry. */
  readonly repricesMax: number;
  /** Market clock. */
  readonly decidedAt: number;
}

export type ExitReason = 'stop' | 'target' | 'trail' | 'age' | 'signal' | 'rotation' | 'funding' | 'emergency' | 'outside' | 'liquidation' | 'person' | 'unprotected';

/** What a running position is told. Identity: position + cycle, so a repeated hand-out changes nothing. */
export type Instruction =
  | { readonly kind: 'close'; readonly instructionId: string; readonly positionId: string; readonly reason: ExitReason; readonly decisionPrice: DecimalString }
  | { readonly kind: 'moveStop'; readonly instructionId: string; readonly positionId: string; readonly stopPrice: DecimalString; readonly reason: 'breakeven' | 'trail' }
  /** The emergency stop closes it at the venue: withdraw what opens, place nothing, and wait to be told that it is gone. */
  | { readonly kind: 'emergency'; readonly instructionId: string; readonly positionId: string; readonly reason: 'emergency'; readonly emergencyId: string }
  /** The venue holds nothing of it any more, proven: cancel what rests, then end with the reason. */
  | { readonly kind: 'gone'; readonly instructionId: string; readonly positionId: string; readonly reason: 'outside' | 'liquidation' | 'emergency' };

export interface CyclePlan {
  readonly decisions: readonly SymbolDecision[];
  readonly opens: readonly OpenPlan[];
  readonly instructions: readonly Instruction[];
}
