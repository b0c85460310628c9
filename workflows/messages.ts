/** Everything that people and processes say to workflows, and what these say back. Plain JSON only. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { TrialLook } from '../activities/types.ts';
import type { Instruction, OpenPlan } from '../domain/cycle/types.ts';
import type { HealthLevel, PartHealth } from '../domain/health/types.ts';
import type { CandleRef } from '../domain/market/candle.ts';
import type { Timeframe } from '../domain/market/timeframe.ts';
import type { GuardCommand, GuardState } from '../domain/emergency/guard.ts';
import type { GuardMode, TripCause } from '../domain/emergency/types.ts';
import type { OrderRow } from '../domain/orders/order.ts';
import type { EmergencyOrder } from '../domain/ports/ledger.ts';
import type { RetrainRun } from '../domain/ports/model-store.ts';
import type { SizingTrained } from '../domain/ports/sizing-store.ts';
import type { CandidateResult } from '../domain/retraining/plan.ts';
import type { RetrainRhythm } from '../domain/retraining/schedule.ts';

/** Search attributes, all keywords: the dev server allows ten. Registered at start. */
export const SEARCH_ATTRIBUTES = {
  portfolio: defineSearchAttributeKey('KeelPortfolio', SearchAttributeType.KEYWORD),
  symbol: defineSearchAttributeKey('KeelSymbol', SearchAttributeType.KEYWORD),
  side: defineSearchAttributeKey('KeelSide', SearchAttributeType.KEYWORD),
  mode: defineSearchAttributeKey('KeelMode', SearchAttributeType.KEYWORD),
  cycle: defineSearchAttributeKey('KeelCycle', SearchAttributeType.KEYWORD),
  modelVersion: defineSearchAttributeKey('KeelModelVersion', SearchAttributeType.KEYWORD),
} as const;

/** A cycle's candle; a Schedule gives no close time: it is the scheduled time. */
export type CycleInput = Omit<CandleRef, 'closeTime'> & { readonly closeTime: number | null };

export type CycleOutcome =
  | { readonly kind: 'duplicate'; readonly cycleId: string }
  | { readonly kind: 'done'; readonly cycleId: string; readonly opened: number; readonly instructed: number; readonly refused: number; readonly held: number };

export interface PositionInput {
  readonly positionId: string;
  readonly portfolioId: string;
  readonly plan: OpenPlan;
  /** True when it goes on from the ledger: rebuilt engine, continue-as-new, reset. */
  readonly resume: boolean;
  /** Orders that went out while the ledger was down and must still be written to it. */
  readonly behind: readonly OrderRow[];
  /** What a person said while the ledger was down; absent where nothing was. */
  readonly instructions?: readonly Instruction[];
  /** As the run before left it; absent before there was one, and in runs of older versions. */
  readonly cover?: CoverMemory;
}

/** What a position remembers of its time without a stop. */
export interface CoverMemory {
  /** Since when what is held had no stop that covers it, as the position saw it, transport clock; null: covered. */
  readonly exposedSince: number | null;
  /** An attempt was lost with its worker since it was covered last. */
  readonly isWorkerLost: boolean;
  /** It was not covered in time, and so it closes, whatever comes. */
  readonly isOverdue: boolean;
}

export interface PositionOutcome {
  readonly positionId: string;
  readonly reason: string;
  readonly orders: number;
}

/** Something of the position changed in the ledger: read it. Carries nothing, so that a lost or doubled one is harmless. */
export const newsSignal = defineSignal('news');
/** The market clock reached the time limit of a working order. */
export const timeReachedSignal = defineSignal<[{ clientOrderId: string }]>('timeReached');
/** A person closes the position; answers when the close is in the position's hands. */
export const closePositionUpdate = defineUpdate<{ accepted: boolean }, [{ by: string }]>('closePosition');
export const positionStateQuery = defineQuery<PositionState>('positionState');

export interface PositionState {
  readonly phase: 'entering' | 'open' | 'closing' | 'closed';
  readonly orders: readonly { readonly clientOrderId: string; readonly leg: string; readonly state: string; readonly filledQuantity: string }[];
}

export interface FeedInput {
  readonly portfolioId: string;
  readonly timeframe: Timeframe;
  readonly instrumentIds: readonly string[];
  readonly strategy: string;
  /** True in sim and replay: the feed starts what is due by the market clock. Else Schedules do. */
  readonly startsCycles: boolean;
  /** When it starts retrains, by the market clock; absent: it starts none. */
  readonly retrain?: RetrainRhythm;
  readonly historyCandles: number;
}

export interface ReconciliationInput {
  readonly portfolioId: string;
}

export interface ReconciliationOutcome {
  readonly differences: number;
  readonly resolved: readonly { readonly key: string; readonly kind: string; readonly outcome: string }[];
}

export interface EvaluationInput {
  readonly portfolioId: string;
  /** What it had done before it continued as new; null at first. */
  readonly before: EvaluationOutcome | null;
}

export interface EvaluationOutcome {
  readonly evaluated: number;
  /** Never to be priced, with proof. */
  readonly unpriceable: number;
  readonly waiting: number;
}

/** While it runs. */
export interface EvaluationProgress extends EvaluationOutcome {
  /** What those that wait are waiting for, of the first one; null: none waits. */
  readonly problem: string | null;
}

/** Whose id it runs under is the request's: `predictionRequestIdOf`. */
export interface PredictionInput {
  readonly portfolioId: string;
  /** Ids, venue symbols or bases; empty: every symbol of the portfolio. */
  readonly symbols: readonly string[];
}

export interface RetrainInput {
  readonly portfolioId: string;
  readonly cause: RetrainRun['cause'];
  /** Started by a Schedule, which gives each of its runs an id of its own: the retrain is a child under the one that all go by. */
  readonly isScheduled?: boolean;
}

export interface RetrainOutcome extends Pick<RetrainRun, 'runId' | 'asOf' | 'outcome' | 'reason' | 'rows' | 'dataHash'> {
  readonly candidates: readonly CandidateResult[];
  /** What was learned of sizes; null: nothing was asked. */
  readonly sizing: SizingTrained | { readonly outcome: 'failed'; readonly reason: string } | null;
}

export interface RetrainProgress {
  readonly runId: string;
  readonly step: 'planning' | 'dataset' | 'candidates' | 'sizing' | 'ending' | 'ended';
  /** Steps, of `total`. */
  readonly done: number;
  readonly total: number;
  /** Null before there is a data set. */
  readonly rows: number | null;
  readonly candidates: readonly {
    readonly recipeId: string;
    readonly learner: string;
    readonly kind: CandidateResult['kind'];
    readonly state: 'waiting' | 'fitting' | 'judging' | 'registering' | CandidateResult['outcome'];
  }[];
}

export const retrainProgressQuery = defineQuery<RetrainProgress>('retrainProgress');
export const evaluationProgressQuery = defineQuery<EvaluationProgress>('evaluationProgress');

export interface TrialInput {
  readonly portfolioId: string;
  /** Where it was when it continued as new; null at first. */
  readonly before: TrialProgress | null;
}

export interface TrialProgress extends Pick<TrialLook, 'trial' | 'watch'> {
  /** Market clock, of the last look; null before the first. */
  readonly at: number | null;
  /** The newest ones, oldest first. */
  readonly steps: readonly (TrialLook['step'] & { readonly at: number })[];
}

export type TrialOutcome = Pick<TrialProgress, 'steps'>;

export const trialProgressQuery = defineQuery<TrialProgress>('trialProgress');

export interface ReplayInput {
  readonly portfolioId: string;
  readonly strategy: string;
  readonly timeframe: Timeframe;
  /** The market waits for these retrains; absent: there are none. */
  readonly retrain?: RetrainRhythm;
}

export interface ReplayOutcome {
  readonly cycles: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Stops trading. `{ reason, by }` is wished for; an empty or strange payload stops it too. */
export const emergencyStopSignal = defineSignal<[unknown?]>('emergencyStop');
/** A sensor's word while the ledger is away; else the ledger carries it, and `news` wakes. */
export const crossingSignal = defineSignal<[TripCause]>('crossing');
/** A trip that the ledger, which is away, does not know of, and where the guard stands with it. */
export interface UnwrittenTrip {
  readonly trip: GuardCommand;
  readonly state: GuardState;
}

/** To an emergency's run that is there already: it tripped again. */
export const unwrittenTripSignal = defineSignal<[UnwrittenTrip]>('unwrittenTrip');
/** The same as `emergencyStop`, with an answer: when the fence is up. */
export const tripUpdate = defineUpdate<TripAnswer, [unknown]>('trip');
/** A named person says that the cause is gone. */
export const resumeUpdate = defineUpdate<ResumeAnswer, [ResumeRequest]>('resume');
export const riskStateQuery = defineQuery<RiskState>('riskState');
/**
 * Asked of an emergency's run: answers when nothing is open any more, proven twice. Without `sealedAt` when the run
 * continues as new before that (a venue that refuses for hours): ask again.
 */
export const sealedUpdate = defineUpdate<SealedAnswer>('sealed');

export interface TripAnswer {
  /** `ess/<portfolio>/<n>`: the run that closes, and tells the way back. */
  readonly emergencyId: string;
  readonly mode: GuardMode;
  readonly reason: string;
  readonly by: string;
  /** False: the ledger does not answer. Nothing can be opened without it, closing has begun, and the fence is written when it is back. */
  readonly isFenceUp: boolean;
}

export interface ResumeRequest {
  readonly by: string;
  readonly because: string;
}

export interface ResumeAnswer {
  readonly mode: GuardMode;
  readonly resetBy: string | null;
}

export interface RiskState {
  readonly state: GuardState;
  /** Null before the first emergency. */
  readonly emergencyId: string | null;
  /** Commands that the ledger has not heard yet. */
  readonly behind: number;
}

export interface SealedAnswer {
  readonly emergencyId: string;
  readonly positionsClosed: number;
  /** Wall clock; null: not yet. */
  readonly sealedAt: number | null;
}

export interface GuardInput {
  readonly portfolioId: string;
  readonly deploymentId: string;
  /** What it knew before it continued as new; null at first: the ledger tells. */
  readonly state: GuardState | null;
  readonly foreign: 'close' | 'exempt';
  /** Commands that the ledger could not take yet. */
  readonly behind: readonly GuardCommand[];
  /** What people had been told when it continued as new. */
  readonly direct?: ToldDirectly;
}

/** What people were told past the ledger, while that was away. */
export interface ToldDirectly {
  /** Id of the last alert that got through. */
  readonly told: string | null;
  /** Of tries since then. */
  readonly failures: number;
  /** Wall clock: no try before. */
  readonly nextAt: number;
}

export interface EssInput {
  readonly portfolioId: string;
  readonly deploymentId: string;
  readonly emergency: number;
  /** As the guard knows it. */
  readonly state: GuardState;
  readonly foreign: 'close' | 'exempt';
  /** The trip that the ledger has not heard of yet, null once it has. */
  readonly unwritten: GuardCommand | null;
  /** Closing orders are named by what comes after: a number that no earlier run of this emergency came to. */
  readonly attempts: number;
  /** What a run that continued as new in the middle of closing had done: holdings, and orders that the ledger did not take. */
  readonly closed?: { readonly positions: readonly string[]; readonly unwritten: readonly EmergencyOrder[] } | null;
}

export interface EssOutcome {
  readonly emergencyId: string;
  readonly rounds: number;
  readonly positionsClosed: number;
}

export interface ScenarioRunInput {
  readonly portfolioId: string;
}

export interface ScenarioRunOutcome {
  readonly passed: boolean;
  /** One line for people. */
  readonly text: string;
}

export interface OversightInput {
  readonly portfolioId: string;
}

/** One run of the health check. */
export interface HealthInput {
  readonly portfolioId: string;
  readonly strategy: string;
  readonly timeframe: Timeframe;
  /** Workers that each queue should have. */
  readonly workers: number;
  /** Between two retrains, market clock; absent: none happens by itself. */
  readonly retrainEveryMs?: number;
  /** Schedules that must be there and run. */
  readonly schedules: readonly { readonly id: string; readonly everyMs: number }[];
  /** Wall clock. */
  readonly startedAt: number;
  /** So long it looks again and again; 0: once. */
  readonly lastsMs: number;
}

/** As its last check found it. */
export interface HealthOutcome {
  /** Wall clock. */
  readonly at: number;
  readonly level: HealthLevel;
  /** False: the ledger did not answer. */
  readonly isStored: boolean;
  /** Parts that are not healthy. */
  readonly parts: readonly PartHealth[];
}
