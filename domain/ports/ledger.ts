/** What Keel writes down and reads back. Implemented in `db/`; each method is one transaction, safe to repeat. */
import type { ClassCounts, CycleMemory, TradeRecord } from '../cycle/risk-facts.ts';
import type { AccountObservation, CyclePlan, ExitReason, Instruction, Observation } from '../cycle/types.ts';
import type { DecimalString } from '../decimal.ts';
import type { Losses } from '../emergency/equity.ts';
import type { GuardChange, GuardCommand, GuardState } from '../emergency/guard.ts';
import type { OurHoldings } from '../emergency/holdings.ts';
import type { EmergencyLimits } from '../emergency/limits.ts';
import type { LedgerReadings, RiskSight, WatchMemory } from '../emergency/watch.ts';
import type { HealthCheck } from '../health/types.ts';
import type { CandleRef, CandleSeries } from '../market/candle.ts';
import type { Instrument, InstrumentId } from '../market/instrument.ts';
import type { Timeframe } from '../market/timeframe.ts';
import type { Fill, OrderIntent, OrderRow, PositionSide, Side, VenueOrder } from '../orders/order.ts';
import type { Fence } from '../orders/protocol.ts';
import type { PostureChange, PostureState, Room } from '../oversight/posture.ts';
import type { OrderEvent } from '../orders/transitions.ts';
import type { DuePrediction, Outcome } from '../predictions/outcome.ts';
import type { Foreseen } from '../predictions/prediction.ts';
import type { PredictionAnswer } from '../predictions/request.ts';
import type { Registry } from '../promotion/registry.ts';
import type { VoterWeights } from '../promotion/supervisor.ts';
import type { PositionRecord, PositionSnapshot } from '../positions/position.ts';
import type { IncomeRecord, SubmitAnswer, VenueAccount } from './venue.ts';

export type Mode = 'sim' | 'replay' | 'paper' | 'testnet' | 'live';

export interface PortfolioSpec {
  readonly portfolioId: string;
  /** Five characters `[a-z2-7]`, part of every client order id. */
  readonly deploymentId: string;
  /** The venue account: belongs to one portfolio only (unique). */
  readonly venueAccountId: string;
  readonly mode: Mode;
  readonly strategy: string;
  readonly timeframe: Timeframe;
  readonly instrumentIds: readonly InstrumentId[];
}

/** What the ledger adds to the venue's account for one cycle: one read. */
export interface AccountContext {
  readonly account: Pick<AccountObservation, 'deploymentId' | 'positions' | 'unsettledInstruments' | 'foreignInstruments'>;
  /** Of the newest recorded cycle before this one. */
  readonly memory: CycleMemory;
  /** Outcomes so far of acting predictions, by label version. */
  readonly priors: Readonly<Record<string, ClassCounts>>;
  readonly posture: PostureState;
  /** The newest check; null: none. */
  readonly health: Pick<HealthCheck, 'at' | 'level'> | null;
  /** Health is recorded there, and not acted on. */
  readonly isReplay: boolean;
  readonly registry: RegistrySight;
  /** What votes weigh, as the supervisor saw it on an earlier market day: the same for every cycle of this one. */
  readonly weights: VoterWeights;
}

/** What a cycle asks of the registry of models. */
export interface RegistrySight extends Pick<Registry, 'champion' | 'onTrial'> {
  /** A champion acted before, or does now. */
  readonly hadChampion: boolean;
  /** Of the trial's canary: a place in `CANARY_SHARES`; null or absent: the model on trial has no say. */
  readonly canaryStage?: number | null;
}

/** A place in the order in which cycles' predictions fall due. */
export interface DueMark {
  readonly dueAt: number;
  readonly cycleId: string;
}

export interface SubmissionClaim {
  /** True: this call moved the row to `submitting` for this attempt and may send. */
  readonly won: boolean;
  readonly row: OrderRow;
  /** Read after the row was won, in the same transaction. */
  readonly fence: Fence;
}

/** What one account event meant. */
export interface AppliedReport {
  /** The position whose inbox was raised, null when the order is not ours or nothing was new. */
  readonly positionId: string | null;
  readonly row: OrderRow | null;
  /** False when the event was known already (duplicates, replays). */
  readonly isNews: boolean;
}

/** Named outcomes of reconciliation (order-protocol.md, "Reconciliation"). */
export type DifferenceKind =
  | 'missedFill'
  | 'closedOutside'
  | 'closedInEmergency'
  | 'liquidated'
  | 'unknownOrderOfOurs'
  | 'orphanExitOrder'
  | 'unwrittenOrder'
  | 'foreignOrder'
  | 'foreignPosition'
  | 'reducedOutside'
  | 'ghostQuantity'
  | 'twoMasters'
  | 'ghostPosition'
  | 'ghostOrder'
  | 'missingWorkflow'
  | 'unheardNews'
  | 'walletMismatch'
  | 'unprotected';

export interface Difference {
  /** The same difference has the same key at the next look. */
  readonly key: string;
  readonly kind: DifferenceKind;
  readonly instrumentId: InstrumentId | null;
  /** Plain JSON: what venue and ledger each say. */
  readonly evidence: Readonly<Record<string, unknown>>;
}

export interface NotedDifference extends Difference {
  /** How often in a row it was seen, looks apart, from 1; acted on from 2. */
  readonly looks: number;
  readonly firstSeenAt: number;
}

export interface ReconciliationView {
  readonly portfolioId: string;
  readonly deploymentId: string;
  readonly fence: Fence;
  /** Not closed. */
  readonly positions: readonly PositionRecord[];
  /** Orders that are not done, of any position. */
  readonly openOrders: readonly OrderRow[];
  /** Market clock of the newest fill per instrument. */
  readonly lastFillAt: Readonly<Record<InstrumentId, number>>;
  readonly instrumentIds: readonly InstrumentId[];
  /** Sum of all money booked: what the wallet should hold. */
  readonly moneyBooked: DecimalString;
  readonly mode: Mode;
}

/** What the guard is and goes by, at one moment. */
export interface GuardView {
  readonly state: GuardState;
  readonly fence: Fence;
  readonly memory: WatchMemory;
  readonly readings: LedgerReadings;
  readonly limits: EmergencyLimits;
  readonly isReplay: boolean;
}

export interface GuardResult extends GuardChange {
  readonly fence: Fence;
}

export interface WatchResult extends GuardResult {
  /** The venue should be asked: only the stream's events tell of this loss. */
  readonly isDoubtful: boolean;
  readonly losses: Losses;
  /** As it is now. */
  readonly view: GuardView;
}

/** One closing order of an emergency, and what the venue said. */
export interface EmergencyOrder {
  readonly clientOrderId: string;
  readonly emergencyId: string;
  readonly instrumentId: InstrumentId;
  readonly side: Side;
  readonly positionSide: PositionSide;
  readonly quantity: DecimalString;
  readonly answer: SubmitAnswer['kind'];
  /** The venue's code, or why it was not sent. */
  readonly detail: string | null;
  readonly venueOrderId: string | null;
  /** Transport clock. */
  readonly sentAt: number;
}

/** When oversight looks, and what only a cycle knows. */
export interface OversightSight {
  /** Market clock; null: of the newest look at equity. */
  readonly at: number | null;
  readonly wallAt: number;
  /** Null: as it was told last. */
  readonly room: Room | null;
  /** The cycle, or the part of Keel that looks. */
  readonly by: string;
}

export interface PostureLook {
  readonly state: PostureState;
  readonly change: PostureChange | null;
}

export interface Ledger {
  // Set-up
  /**
   * @param haltedBecause a new portfolio begins with its fence up, for this reason; null, absent or known already: it is left as it is.
   * @throws {KeelError} TWO_MASTERS where the portfolio is of another deployment: nothing is changed
   */
  ensurePortfolio(spec: PortfolioSpec, haltedBecause?: string | null): Promise<void>;
  portfolio(portfolioId: string): Promise<PortfolioSpec>;
  upsertInstruments(instruments: readonly Instrument[]): Promise<void>;
  instruments(ids: readonly InstrumentId[]): Promise<readonly Instrument[]>;

  // Candles: closed ones only; a stored candle never changes
  writeCandles(series: readonly CandleSeries[]): Promise<void>;
  /** The newest `limit` candles with closeTime ≤ `until`, oldest first. */
  candles(query: { instrumentIds: readonly InstrumentId[]; timeframe: Timeframe; until: number; limit: number }): Promise<readonly CandleSeries[]>;

  // Cycles
  /** `claimed` again for the same workflow id; `duplicate` for another. */
  claimCycle(claim: { cycleId: string; workflowId: string; candle: CandleRef }): Promise<'claimed' | 'duplicate'>;
  accountContext(candle: CandleRef): Promise<AccountContext>;
  /**
   * Closed positions as the chain weighs them.
   * @param query.closeTime market clock: the windows end there.
   * @param query.symbols whose records are wanted; losses in a row count from `lossesSince` on (market clock).
   */
  tradeRecord(query: { portfolioId: string; closeTime: number; symbols: readonly { instrumentId: InstrumentId; lossesSince: number }[] }): Promise<TradeRecord>;
  /**
   * One transaction: everything seen, chosen and refused; votes as predictions; intents and orders `planned`; positions
   * `opening` with one unhandled piece of news; instructions into their positions' inboxes; events and audit.
   * A repeated call changes nothing.
   * @returns null when it was recorded now; else the plan that was recorded before, and only that one may be handed out.
   */
  recordCycle(record: { cycleId: string; observation: Observation; plan: CyclePlan }): Promise<CyclePlan | null>;
  cycleState(cycleId: string): Promise<'absent' | 'claimed' | 'recorded'>;
  recordedCycle(cycleId: string): Promise<{ observation: Observation; plan: CyclePlan } | null>;

  // Predictions and what came of them
  /** One transaction: what was seen for a request, its predictions, and what is due of them. A repeated id changes nothing. */
  recordPredictionRequest(requestId: string, seen: Foreseen): Promise<void>;
  /** Null: nobody asked under this id. */
  predictionRequest(requestId: string): Promise<PredictionAnswer | null>;
  /**
   * Predictions without an outcome whose horizon ended at or before the market time, in the order in which they fell due:
   * those of whole cycles, until `limit` is reached.
   * @param query.after those of later cycles only; null: from the first one on.
   */
  duePredictions(query: { portfolioId: string; marketTime: number; after: DueMark | null; limit: number }): Promise<readonly DuePrediction[]>;
  /** When the first prediction without an outcome falls or fell due, market clock; null: none waits. */
  nextDueAt(portfolioId: string): Promise<number | null>;
  /** Candles that open from `from` on and before `to`, oldest first. */
  candlesBetween(query: { instrumentIds: readonly InstrumentId[]; timeframe: Timeframe; from: number; to: number }): Promise<readonly CandleSeries[]>;
  /** One transaction; a prediction that has an outcome keeps it. @returns how many are new */
  recordOutcomes(portfolioId: string, outcomes: readonly Outcome[]): Promise<number>;

  // Orders
  /** How many were sent at or after the market time, and are planned but not yet sent: what a fence held back is none. */
  ordersSent(portfolioId: string, since: number): Promise<number>;
  /** Inserts the intent and its row if missing, then wins the row for `attempt` or not, then reads the fence. */
  claimSubmission(claim: { intent: OrderIntent; attempt: number; timestamp: number; marketTime: number; nowMs: number }): Promise<SubmissionClaim>;
  /** Locks the row, applies the domain's transition, appends the order event. Raises the position's inbox on news. */
  applyOrderEvent(clientOrderId: string, event: OrderEvent, nowMs: number): Promise<OrderRow>;
  order(clientOrderId: string): Promise<OrderRow | null>;
  /** Working orders whose `workUntilMarketTime` is at or before the market time. */
  dueOrders(portfolioId: string, marketTime: number): Promise<readonly { clientOrderId: string; positionId: string }[]>;
  /** Earliest `workUntilMarketTime` of a working order, null without one: lockstep stops there. */
  nextOrderDeadline(portfolioId: string): Promise<number | null>;
  /**
   * Writes an order that went out while the ledger was down, or that ends before anybody recorded it: intent, row and
   * events, as the workflow remembers them. What the ledger knows better stays. @returns the row as it stands now.
   */
  backfillOrder(row: OrderRow): Promise<OrderRow>;

  // What the venue tells
  /** One transaction: order row, fill (once by account, instrument, trade id and order id), position, events. */
  applyReport(portfolioId: string, report: { order: VenueOrder; fill: Fill | null; at: number }): Promise<AppliedReport>;
  /** Fills read from history: each applied once, to the order that owns it by client or venue order id; foreign ones are left. */
  applyFills(portfolioId: string, fills: readonly Fill[]): Promise<readonly AppliedReport[]>;
  /** Books closing fills that no order of the position made (closed by hand, liquidation, emergency) to it. `upToHeld`: those beyond what it holds are another's. */
  applyOutsideFills(positionId: string, fills: readonly Fill[], options?: { upToHeld: boolean }): Promise<void>;
  recordIncome(portfolioId: string, records: readonly IncomeRecord[]): Promise<void>;
  recordEquity(portfolioId: string, account: VenueAccount, marketTime: number): Promise<void>;
  cursor(portfolioId: string, name: string): Promise<number | null>;
  setCursor(portfolioId: string, name: string, value: number): Promise<void>;

  // Positions
  positionSnapshot(positionId: string): Promise<PositionSnapshot>;
  /** The workflow has acted on all news up to `handledSeq`; wakes lockstep. */
  settlePosition(update: {
    positionId: string;
    handledSeq: number;
    handledInstructionIds: readonly string[];
    state: 'opening' | 'open' | 'closing';
    stopPrice: DecimalString;
    targetPrice: DecimalString | null;
  }): Promise<void>;
  /** Positions that are not closed. */
  openPositions(portfolioId: string): Promise<readonly PositionRecord[]>;
  /** What these hold and what of their trades that counts, from one statement. */
  openHoldings(portfolioId: string): Promise<OurHoldings>;
  /** Final: nothing of it is open. `closedAt` (market clock) counts only where it has no fill; else the last fill's time does. Writes the round trip and `positionClosed`. Returns false when it was closed before. */
  closePosition(close: { positionId: string; handledSeq: number; reason: ExitReason | 'notEntered'; closedAt: number }): Promise<boolean>;
  /** Puts an instruction into a position's inbox (a person's close, reconciliation's news). */
  instruct(instruction: Instruction): Promise<void>;

  /** Lockstep may go on: no order planned, submitting or unknown, no position with unhandled news, all fills booked, no emergency closing. */
  settlement(portfolioId: string): Promise<{ settled: boolean; waitingFor: readonly string[] }>;
  /** Resolves at the next change that could settle something, or after `timeoutMs`. */
  settlementChange(timeoutMs: number): Promise<void>;

  // Reconciliation
  reconciliationView(portfolioId: string): Promise<ReconciliationView>;
  /**
   * Counts looks per key, those nearer than `LOOKS_APART_MS` to the last one counted as one with it; keys that are not
   * among `differences` any more are forgotten (resolved).
   */
  noteDifferences(portfolioId: string, differences: readonly Difference[], nowMs: number): Promise<readonly NotedDifference[]>;
  /** Writes what was done about one as event and audit record. */
  resolveDifference(portfolioId: string, difference: Difference, outcome: string): Promise<void>;

  // Fence
  fence(portfolioId: string): Promise<Fence>;
  /** Idempotent while raised: the epoch moves on once per rise. */
  raiseFence(change: { portfolioId: string; by: string; reason: string }): Promise<Fence>;
  lowerFence(change: { portfolioId: string; by: string; reason: string }): Promise<Fence>;

  // Emergency stop
  /** @param now clocks that the windows of the readings end at; the market's null: at the newest sight. */
  guard(portfolioId: string, now: { marketAt: number | null; wallAt: number }): Promise<GuardView>;
  /**
   * One transaction: guard state, fence, events with their audit records; a trip also puts an instruction into each open
   * position's inbox. A command that does not fit (repeated, late) changes nothing.
   */
  commandGuard(portfolioId: string, command: GuardCommand): Promise<GuardResult>;
  /** One transaction: folds what sensors saw into their memory; a crossing or a due step commands the guard at once. */
  watchRisk(portfolioId: string, sights: readonly RiskSight[], options: { trustsStream: boolean }): Promise<WatchResult>;
  /** Tells every open position that an emergency closes it, once each round. @returns those that wait for their end. */
  tellEmergency(portfolioId: string): Promise<readonly string[]>;
  recordEmergencyOrders(portfolioId: string, orders: readonly EmergencyOrder[]): Promise<void>;

  // Oversight
  posture(portfolioId: string): Promise<PostureState>;
  /** One transaction: the posture that the facts ask for, with its event where it changed. What is known of guard, equity and health is read in it. */
  oversee(portfolioId: string, sight: OversightSight): Promise<PostureLook>;

  arm(change: { portfolioId: string; by: string }): Promise<void>;
  armedBy(portfolioId: string): Promise<string | null>;

  close(): Promise<void>;
}

