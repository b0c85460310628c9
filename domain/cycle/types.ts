/** What a cycle sees and what it decides: plain, serialisable, recorded whole before anything is sent. */
import type { DecimalString } from '../decimal.ts';
import type { Candle, CandleRef } from '../market/candle.ts';
import type { Instrument, InstrumentId } from '../market/instrument.ts';
import type { Direction, OrderIntent } from '../orders/order.ts';
import type { Fence } from '../orders/protocol.ts';
import type { Ladder } from '../exits/ladder.ts';
import type { EffectivePolicy, PostureName } from '../policy/effective.ts';
import type { PolicySource } from '../policy/fallback.ts';
import type { ExitRegime, Policy } from '../policy/policy.ts';
import type { SizingSight } from '../learned-sizing/sight.ts';
import type { CycleMemory, RiskFacts } from './risk-facts.ts';

/** A rule outside its regimes or a model without its inputs abstains; `hold` is an opinion. */
export type VoteAction = 'buy' | 'sell' | 'hold' | 'abstain';

/** One voter's opinion on one symbol at one candle: what its prediction is made of. */
export interface Vote {
  readonly voter: string;
  readonly version: string;
  readonly action: VoteAction;
  /** 0..1: how far the voter trusts itself; 0 when it abstains. */
  readonly confidence: number;
  /** Each 0..1, sum 1, calibrated; null when it abstains, and of a rule: its prediction takes the class priors seen so far. */
  readonly probabilities: { readonly buy: number; readonly sell: number; readonly hold: number } | null;
  /** One short phrase for people: what the voter saw. */
  readonly because: string;
  /** Of a trained model alone: which, and the label that its probabilities are of. */
  readonly model?: { readonly modelId: string; readonly label: string };
}

export type Regime = 'trendUp' | 'trendDown' | 'range' | 'choppy' | 'breakout' | 'illiquid';

export interface VolatilityReading {
  readonly class: 'low' | 'normal' | 'high' | 'extreme';
  /** 0..100: share of the symbol's own past ATR/price values that are at most the newest; null while there are too few. */
  readonly percentile: number | null;
  /** The newest ATR/price ÷ its 30-day median; null while unknown. */
  readonly toMedian: number | null;
}

export interface RegimeReading {
  readonly regime: Regime;
  /** 0..1: how clearly the candle belongs to its regime. */
  readonly score: number;
  /** 0..1: share of the newest twelve candles that looked like it. */
  readonly stability: number;
  /** Market clock: close time of the candle at which it began. */
  readonly since: number;
  /** What each of the newest candles looked like by itself, newest last. */
  readonly seen: readonly Regime[];
  readonly volatility: VolatilityReading;
}

export type CandleIssueCode = 'notFinite' | 'highBelowLow' | 'priceNotPositive' | 'gap' | 'duplicate' | 'disorder' | 'jump' | 'invalidShare' | 'stale' | 'tooFew';

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
  /** Standard deviation of the log returns of one candle; null while unknown. Absent in cycles from before it was told. */
  readonly sigma?: number | null;
  /** > 0: what each voter's vote weighs in this regime; absent: all the same. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Where a model was asked; else absent. */
  readonly served?: ServedSymbol;
}

/** What models saw of one symbol, and what one said that has no say. */
export interface ServedSymbol {
  /** Name and version, `standard/2`. */
  readonly featureSet: string;
  /** Float32, in the set's order, null where missing; null: there was nothing to compute it from. */
  readonly vector: readonly (number | null)[] | null;
  /** Of the model on trial: recorded, never counted. */
  readonly shadows: readonly Vote[];
}

/** An open position as the ledger holds it. */
export interface PositionView {
  readonly positionId: string;
  readonly instrumentId: InstrumentId;
  readonly direction: Direction;
  /** `opening` until the entry is settled, `closing` once an exit was ordered. */
  readonly state: 'opening' | 'open' | 'closing';
  /** ≥ 0, base currency: what is held. */
  readonly quantity: DecimalString;
  /** ≥ 0, base currency: all entry fills; less than this is held once a part was closed. */
  readonly entryQuantity: DecimalString;
  /** > 0, base currency: what its entry asked for. */
  readonly plannedQuantity: DecimalString;
  readonly entryPrice: DecimalString | null;
  /** The stop that rests or is being placed. */
  readonly stopPrice: DecimalString;
  readonly targetPrice: DecimalString | null;
  /** |entry - first stop|: one R, in quote currency per unit. */
  readonly riskPerUnit: DecimalString;
  /** Market clock: close time of the candle that decided it. */
  readonly openedAt: number;
  /** Confidence × agreement of the signal that opened it. */
  readonly score: number;
  /** Null for a position of an older version. */
  readonly exit: ExitPlan | null;
  /** Null: its target closes all. */
  readonly ladder: Ladder | null;
}

/** What the exits of a position were set by. */
export interface ExitPlan {
  readonly regime: ExitRegime;
  /** ATR(14) at the decision, quote currency per unit. */
  readonly atr: DecimalString;
  /** From the decision's price to the target, quote currency per unit. */
  readonly targetDistance: DecimalString;
}

export interface AccountObservation {
  readonly portfolioId: string;
  readonly deploymentId: string;
  readonly walletBalance: DecimalString;
  /** Wallet + unrealised profit, quote currency. */
  readonly equity: DecimalString;
  readonly availableMargin: DecimalString;
  readonly fence: Fence;
  /** What holds now: the stored policy under what guard and posture demand. */
  readonly policy: Policy;
  readonly overlay: Pick<EffectivePolicy, 'emergencyMode' | 'sizeFactor' | 'owners'>;
  /** Absent in cycles from before there was one. */
  readonly posture?: { readonly name: PostureName; readonly why: string };
  /** 0: the built-in one, since none could be read. */
  readonly policyVersion: number;
  /** Where the policy came from, and why not from the store (null: it did). Absent in cycles from before this was told. */
  readonly policyRead?: { readonly source: PolicySource; readonly problem: string | null };
  readonly positionMode: 'oneWay' | 'hedge';
  readonly positions: readonly PositionView[];
  /** Symbols with an order of unknown fate: no new entry. */
  readonly unsettledInstruments: readonly InstrumentId[];
  /** Symbols with a position on the account that is not ours: no entry, counted into exposure. */
  readonly foreignInstruments: readonly InstrumentId[];
  /** Transport clock when this was read: validity counts from here. */
  readonly observedAt: number;
  /** The market stands still until what is decided is done, as in a replay: no entry is too old to be sent. Absent: it moves on. */
  readonly doesMarketWait?: true;
}

/** Which models the registry named at this cycle, and whether they could be used. */
export interface ModelSight {
  /** A champion acted before, or does now: without a usable one the rules act at reduced size. */
  readonly hadChampion: boolean;
  readonly read: readonly {
    readonly modelId: string;
    readonly role: 'champion' | 'onTrial';
    /** `refused`: foreign or corrupt; `unfit`: of another feature set or timeframe than what runs; `failed`: it could not be read or asked this time. */
    readonly state: 'used' | 'expired' | 'refused' | 'unfit' | 'failed';
    /** Null: it is used. */
    readonly why: string | null;
    /** Symbols on which the model on trial votes in the champion's stead; absent: none. */
    readonly canary?: readonly InstrumentId[];
    /** Milliseconds that it took to say what it said; absent where it was not asked. */
    readonly tookMs?: number;
  }[];
}

export interface Observation {
  readonly candle: CandleRef;
  /** True when the cycle runs later than two timeframes after its close: no new position. */
  readonly late: boolean;
  /** Market clock, just before the look; never before the candle's close. Absent in cycles from before it was told. */
  readonly marketTime?: number;
  readonly symbols: readonly SymbolObservation[];
  readonly account: AccountObservation;
  readonly risk: RiskFacts;
  /** Absent in cycles from before there were models. */
  readonly models?: ModelSight;
  /** Absent where the policy has it off, where no votes want a position, and in cycles from before there was one. */
  readonly sizing?: SizingSight;
}

/** The chain from votes to an order. The first step that refuses ends it. */
export const DECISION_STEPS = ['data', 'signal', 'veto', 'venue', 'guard', 'governor', 'size'] as const;

/** One link of that chain. */
export interface DecisionStep {
  readonly step: (typeof DECISION_STEPS)[number];
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
  readonly exit: ExitPlan;
  /** Null: the target closes all. */
  readonly ladder: Ladder | null;
  /** Whole number, ≥ 1; set on the venue before the entry. */
  readonly leverage: number;
  readonly marginMode: Policy['marginMode'];
  readonly confidence: number;
  /** Confidence × agreement: what a rotation compares. */
  readonly score: number;
  /** How often a limit entry's remainder may be priced anew at its time limit; 0 for a market entry. */
  readonly repricesMax: number;
  /** How long an entry may wait to be sent, transport clock; a re-priced one anew. Absent in plans from before it was told. */
  readonly entryValidForMs?: number | null;
  /** Market clock. */
  readonly decidedAt: number;
}

export type ExitReason = 'stop' | 'target' | 'trail' | 'age' | 'signal' | 'rotation' | 'funding' | 'emergency' | 'outside' | 'liquidation' | 'person' | 'unprotected';

/** Why a stop moves. */
export type StopReason = 'breakeven' | 'lock' | 'trail' | 'age';

/** What a running position is told. Identity: position + cycle, so a repeated hand-out changes nothing. */
export type Instruction =
  | { readonly kind: 'close'; readonly instructionId: string; readonly positionId: string; readonly reason: ExitReason; readonly decisionPrice: DecimalString }
  | { readonly kind: 'moveStop'; readonly instructionId: string; readonly positionId: string; readonly stopPrice: DecimalString; readonly reason: StopReason }
  /** The target comes nearer; the first rung follows by its share of the way. */
  | { readonly kind: 'moveTarget'; readonly instructionId: string; readonly positionId: string; readonly targetPrice: DecimalString; readonly reason: 'age' }
  /** The emergency stop closes it at the venue: withdraw what opens, place nothing, and wait to be told that it is gone. */
  | { readonly kind: 'emergency'; readonly instructionId: string; readonly positionId: string; readonly reason: 'emergency'; readonly emergencyId: string }
  /** The venue holds nothing of it any more, proven: cancel what rests, then end with the reason. */
  | { readonly kind: 'gone'; readonly instructionId: string; readonly positionId: string; readonly reason: 'outside' | 'liquidation' | 'emergency' };

export interface CyclePlan {
  readonly decisions: readonly SymbolDecision[];
  readonly opens: readonly OpenPlan[];
  readonly instructions: readonly Instruction[];
  /** What the next cycle goes on from. */
  readonly memory: CycleMemory;
}
