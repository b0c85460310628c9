/** What workflows see of activities: types only. Each group is made by a factory from its ports. */
import type { ScenarioVerdict } from '../domain/events/scenarios.ts';
import type { CyclePlan, ExitReason, Instruction, Observation } from '../domain/cycle/types.ts';
import type { DecimalString } from '../domain/decimal.ts';
import type { GuardCommand, GuardState } from '../domain/emergency/guard.ts';
import type { ClosingTarget, OrderKey, Survey } from '../domain/emergency/survey.ts';
import type { Alert } from '../domain/events/alert.ts';
import type { CandleRef } from '../domain/market/candle.ts';
import type { OrderIntent, OrderRow } from '../domain/orders/order.ts';
import type { OpeningTerms } from '../domain/orders/terms.ts';
import type { EmptyLook, Fence } from '../domain/orders/protocol.ts';
import type { Difference, DueMark, EmergencyOrder, GuardResult, NotedDifference, PostureLook } from '../domain/ports/ledger.ts';
import type { RetrainRun } from '../domain/ports/model-store.ts';
import type { SizingTrained } from '../domain/ports/sizing-store.ts';
import type { SnapshotSummary } from '../domain/ports/trainer.ts';
import type { RegistryChange } from '../domain/promotion/registry.ts';
import type { TrialRecord, WatchRecord } from '../domain/promotion/standing.ts';
import type { Judgement } from '../domain/retraining/judge.ts';
import type { PlannedCandidate, RetrainPlan } from '../domain/retraining/plan.ts';
import type { PositionRecord, PositionSnapshot } from '../domain/positions/position.ts';
import type { Quote } from '../domain/ports/venue.ts';
import type { PredictionReply } from '../domain/predictions/request.ts';
import type { FeedInput, HealthInput, HealthOutcome, ReplayInput } from '../workflows/messages.ts';

/** An order as far as it is known, and whether the ledger knows it too. */
export interface OrderKnowledge {
  readonly row: OrderRow;
  /** False: the ledger was down; the workflow back-fills this row later. */
  readonly written: boolean;
}

export interface LookResult extends OrderKnowledge {
  /** Set when this look found nothing: venue's transport clock. */
  readonly emptyLook: EmptyLook | null;
}

export interface PositionSettlement {
  readonly positionId: string;
  readonly handledSeq: number;
  readonly handledInstructionIds: readonly string[];
  readonly state: 'opening' | 'open' | 'closing';
  readonly stopPrice: DecimalString;
  readonly targetPrice: DecimalString | null;
}

export interface PositionClose {
  readonly positionId: string;
  readonly handledSeq: number;
  readonly reason: ExitReason | 'notEntered';
  readonly closedAt: number;
}

export interface LedgerActivities {
  claimCycle(claim: { cycleId: string; workflowId: string; candle: CandleRef }): Promise<'claimed' | 'duplicate'>;
  /** Null: recorded now. Else the plan that an earlier run recorded: only that one may be handed out. */
  recordCycle(record: { cycleId: string; observation: Observation; plan: CyclePlan }): Promise<CyclePlan | null>;
  readPosition(positionId: string): Promise<PositionSnapshot>;
  settlePosition(update: PositionSettlement): Promise<void>;
  closePosition(close: PositionClose): Promise<boolean>;
  backfillOrders(rows: readonly OrderRow[]): Promise<void>;
  instructPosition(instruction: Instruction): Promise<void>;
}

export interface MarketActivities {
  /** Candles → quality → features → regime → votes, and the account, for one closed candle. */
  observe(candle: CandleRef): Promise<Observation>;
  readQuote(instrumentId: string): Promise<Quote>;
}

/** Which symbols; empty: all of the portfolio's. */
export interface PredictionRequest {
  readonly requestId: string;
  readonly portfolioId: string;
  readonly symbols: readonly string[];
}

export interface PredictingActivities {
  /** What a cycle of the newest closed candle would foretell, stored once per request id. */
  predict(request: PredictionRequest): Promise<PredictionReply>;
}

export interface Submission {
  readonly intent: OrderIntent;
  readonly attempt: number;
  /** How the account must stand before an opening; null for what only reduces. */
  readonly terms: OpeningTerms | null;
}

export interface OrderActivities {
  /** One attempt. Never retried by the engine: what it did is asked for, not done again. */
  submitOrder(submission: Submission): Promise<OrderKnowledge>;
  /** One look for an order into both books, history and fills. */
  lookUpOrder(look: { known: OrderRow; looks: readonly EmptyLook[] }): Promise<LookResult>;
  /** Asks the venue to cancel, then looks what came of it: a cancel may lose a race with a fill. */
  cancelOrder(known: OrderRow): Promise<OrderKnowledge>;
  /** Ends an order of which nothing can be at the venue. */
  expireOrder(expiry: { known: OrderRow; reason: string }): Promise<OrderKnowledge>;
}

export interface ObservedDifferences {
  /** Those seen at two looks in a row, ready to be acted on. */
  readonly confirmed: readonly NotedDifference[];
  readonly fresh: number;
  /** Positions of the confirmed differences that need a workflow. */
  readonly toResume: readonly PositionRecord[];
}

export interface ReconciliationActivities {
  /** One look at venue, ledger and workflows. Missed fills and money are booked at once: both are facts. */
  compareWithVenue(portfolioId: string): Promise<ObservedDifferences>;
  resolveDifference(request: { portfolioId: string; difference: NotedDifference }): Promise<string>;
  recordMoney(portfolioId: string): Promise<void>;
}

export interface FeedActivities {
  /** Streams until cancelled or the stream breaks (then it throws and is retried). */
  streamAccount(input: FeedInput): Promise<void>;
  streamMarket(input: FeedInput): Promise<void>;
}

export interface ReplayActivities {
  driveReplay(input: ReplayInput): Promise<{ cycles: number }>;
}

export interface GuardReading {
  readonly state: GuardState;
  readonly fence: Fence;
  /** What the policy wants done with what is not ours. */
  readonly foreign: 'close' | 'exempt';
  /** From the high of the recovery window; null: not known yet. */
  readonly drawdownBps: number | null;
  /** What the next step of recovery waits for, in words. */
  readonly missing: readonly string[];
}

/** Safe to repeat: what a command did is done once. */
export interface GuardActivities {
  commandGuard(request: { portfolioId: string; command: GuardCommand }): Promise<GuardResult>;
  readGuard(portfolioId: string): Promise<GuardReading>;
  recordClosings(request: { portfolioId: string; orders: readonly EmergencyOrder[] }): Promise<void>;
  /** Tells open positions that an emergency closes them, and wakes them. @returns how many. */
  tellPositions(portfolioId: string): Promise<number>;
  /** Past the ledger, which is away. @throws when the webhook did not take it */
  tellPeople(alert: Alert): Promise<void>;
}

/** At most ten symbols: one activity. */
export interface ClosingBatch {
  readonly portfolioId: string;
  readonly deploymentId: string;
  readonly emergencyId: string;
  /** Each has names of its own: what an attempt did is asked of the venue, never done again. */
  readonly attempt: number;
  readonly targets: readonly ClosingTarget[];
  /** Transport clock of the venue: later no order of it is sent. None in histories of before. */
  readonly validUntil?: number;
}

export interface Booking {
  /** Positions that were told their end. */
  readonly told: readonly string[];
  /** Positions that the venue does not hold and whose fills it does not show yet. */
  readonly missing: readonly string[];
}

export interface SurveyRequest {
  readonly portfolioId: string;
  readonly deploymentId: string;
  readonly foreign: 'close' | 'exempt';
  /** Closing orders that may be on their way, or filled and not listed yet; matters where others' holdings stay. */
  readonly sent?: readonly EmergencyOrder[];
}

export interface EmergencyActivities {
  /** One look at positions and both books. The venue's word is the truth; what is ours is asked of the ledger, where it answers. */
  surveyAccount(request: SurveyRequest): Promise<Survey>;
  withdrawOrders(orders: readonly OrderKey[]): Promise<void>;
  /** One attempt, never retried by the engine. */
  closePositions(batch: ClosingBatch): Promise<readonly EmergencyOrder[]>;
  /** @param request.isLast fills are not waited for any longer; reconciliation finds them. */
  bookClosings(request: { portfolioId: string; isLast: boolean }): Promise<Booking>;
}

export interface HealthActivities {
  /** Looks at every part until its time is over; each check is kept, tells of what changed, and stops trading when it is critical. @returns the last one */
  checkHealth(input: HealthInput): Promise<HealthOutcome>;
}

/** How far one look over what is due came. */
export interface EvaluationStep {
  /** Go on behind it; null before the first. */
  readonly after: DueMark | null;
  readonly evaluated: number;
  readonly unpriceable: number;
  /** Due, and without their candles. */
  readonly waiting: number;
  /** Why they wait; null: none does. */
  readonly problem: string | null;
  /** Nothing is due behind it. */
  readonly isLast: boolean;
  /** A market day began since the supervisor looked; absent in steps from before it did. */
  readonly isSupervisionDue?: boolean;
  /** A candle closed since trial and watch were looked at; absent in steps from before there were any. */
  readonly isTrialDue?: boolean;
}

export interface EvaluationActivities {
  /** Prices due predictions, some thousands at most, and says where to go on. */
  evaluateDue(request: { portfolioId: string; after: DueMark | null }): Promise<EvaluationStep>;
}

export interface SupervisionActivities {
  /** How voters did, what their votes should weigh, whether the champion drifted; drift starts a retrain, two critical findings retire it. Once per market day. */
  superviseModels(portfolioId: string): Promise<{ readonly findings: readonly string[]; readonly retrain: string | null }>;
}

/** What one look at a trial and a watch found, and the step that it led to. */
export interface TrialLook {
  /** Market clock. */
  readonly at: number;
  /** Nobody is on trial and nobody is watched. */
  readonly isOver: boolean;
  /** Null: nothing is to be done before the next close. */
  readonly step: { readonly kind: string; readonly modelId: string; readonly why: string } | null;
  /** Each with a line for people. */
  readonly trial: (TrialRecord & { readonly text: string }) | null;
  readonly watch: (WatchRecord & { readonly text: string }) | null;
}

export interface TrialActivities {
  /** At most one step, by what is priced up to the last close; safe to repeat: a step is taken once. */
  advanceTrial(portfolioId: string): Promise<TrialLook>;
  /** Has the trial look at the newest close; one that runs looks again. */
  wakeTrial(portfolioId: string): Promise<void>;
}

export interface RetrainRequest {
  readonly portfolioId: string;
  readonly runId: string;
  readonly cause: RetrainRun['cause'];
  /** Wall clock. */
  readonly startedAt: number;
}

/** A step of one candidate: what is learned on is named by its hash. */
export interface CandidateStep {
  readonly plan: RetrainPlan;
  readonly dataHash: string;
  readonly candidate: PlannedCandidate;
}

export interface CandidateVerdict {
  readonly trialId: string;
  readonly isPassed: boolean;
  readonly refusedBy: readonly string[];
  /** What a registered model tells of its test parts. */
  readonly learned: Pick<Judgement, 'promised' | 'edges' | 'metrics'> & Partial<Pick<Judgement, 'loss'>>;
}

/** Each is safe to repeat: the same plan gives the same bytes, and is recorded once. */
export interface RetrainingActivities {
  planRetrain(request: RetrainRequest): Promise<RetrainPlan | { readonly skipped: string; readonly asOf: number }>;
  prepareDataset(plan: RetrainPlan): Promise<SnapshotSummary>;
  fitFold(step: CandidateStep & { readonly fold: number | 'whole' }): Promise<void>;
  /** The gate, and its trial in the ledger. */
  judgeCandidate(step: CandidateStep & Pick<SnapshotSummary, 'featureFaults'>): Promise<CandidateVerdict>;
  /** A recipe that could not be validated counts among the trials too. */
  recordFailure(step: Omit<CandidateStep, 'dataHash'> & { readonly reason: string }): Promise<void>;
  /** The artefact, and what the registry makes of it. */
  registerCandidate(step: CandidateStep & Pick<CandidateVerdict, 'trialId' | 'learned'>): Promise<{ readonly modelId: string; readonly change: RegistryChange['kind']; readonly why: string }>;
  /** @param request.keep data sets that are not deleted yet, beside those of the registry's models */
  endRetrain(request: { readonly run: Omit<RetrainRun, 'endedAt'>; readonly keep: readonly string[] }): Promise<void>;
}

/** Safe to repeat: a signal is priced once, and the same signals give the same bytes. */
export interface SizingActivities {
  trainSizing(request: { readonly portfolioId: string; readonly asOf: number }): Promise<SizingTrained>;
}

export interface OversightActivities {
  /** The posture that holds from now on. */
  oversee(portfolioId: string): Promise<PostureLook>;
}

export interface ScenarioActivities {
  /** All seven; minutes. Played anew when its worker is lost. */
  playScenarios(): Promise<ScenarioVerdict>;
  /** Safe to repeat: one event for each run. */
  recordScenarios(run: { portfolioId: string; runId: string; verdict: ScenarioVerdict }): Promise<void>;
}

export type Activities = TrialActivities & SupervisionActivities & SizingActivities & ScenarioActivities & RetrainingActivities & OversightActivities & EvaluationActivities & GuardActivities & EmergencyActivities & HealthActivities & LedgerActivities & MarketActivities & PredictingActivities & OrderActivities & ReconciliationActivities & FeedActivities & ReplayActivities;
