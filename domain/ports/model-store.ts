/** Where models, what was tried, and the registry are kept. Implemented in `db/`, apart from the ledger: no cycle waits for it. */
import type { ExcludedRow, LiveVector } from './trainer.ts';
import type { EventPayload } from '../events/event.ts';
import type { JudgedDecision } from '../predictions/metrics.ts';
import type { Prediction } from '../predictions/prediction.ts';
import type { Finding, VoterScore, VoterWeights } from '../promotion/supervisor.ts';
import type { Registry, RegistryChange, RegistryStep } from '../promotion/registry.ts';
import type { RuleResult } from '../validation/gate.ts';
import type { DailyReturns } from '../validation/net-returns.ts';
import type { Trial } from '../validation/trials.ts';

export interface RetrainRun {
  readonly runId: string;
  readonly portfolioId: string;
  readonly cause: 'schedule' | 'labels' | 'drift' | 'manual' | 'client';
  /** Market clock. */
  readonly asOf: number;
  /** Of the snapshot; null where it ended before there was one. */
  readonly dataHash: string | null;
  readonly rows: number | null;
  readonly outcome: 'registered' | 'refused' | 'failed' | 'skipped';
  /** Why nothing was registered; null: something was. */
  readonly reason: string | null;
  /** Wall clock. */
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface ValidationTrial {
  readonly trialId: string;
  readonly runId: string;
  readonly portfolioId: string;
  readonly recipeId: string;
  /** JSON. */
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly kind: 'refresh' | 'challenger';
  readonly outcome: 'passed' | 'refused' | 'failed';
  /** Null: it failed before its test parts were foretold. */
  readonly daily: DailyReturns | null;
  readonly rules: readonly RuleResult[] | null;
  /** Why it failed; null: it was judged. */
  readonly reason: string | null;
}

export interface StoredModel {
  readonly portfolioId: string;
  /** The hash of its bytes: `artefactHash`. */
  readonly modelId: string;
  readonly trialId: string;
  readonly recipeId: string;
  /** Market clock: as of when it passed the gate. */
  readonly validatedAt: number;
  readonly dataHash: string;
  /** JSON: learner, parameters, seed, features, band, metrics, importances. */
  readonly description: Readonly<Record<string, unknown>>;
  readonly artefact: Uint8Array;
}

export type ModelRecord = Omit<StoredModel, 'artefact'>;

export interface StepRequest {
  readonly portfolioId: string;
  /** Made from the cause, so that a repetition takes the step once. */
  readonly stepId: string;
  readonly actor: string;
  /** One of domain/promotion/registry.ts; null: nothing is to be done. */
  readonly decide: (registry: Registry) => RegistryStep | null;
}

/** A priced prediction. `voter` names a model with the first characters of its id. */
export interface JudgedRow extends JudgedDecision {
  readonly role: Prediction['role'];
}

/** What the supervisor saw at one moment of the market clock. */
export interface Supervision {
  readonly portfolioId: string;
  readonly at: number;
  readonly scores: readonly VoterScore[];
  readonly weights: VoterWeights;
  readonly drift: readonly EventPayload<'driftDetected'>[];
  /** Critical ones about the champion. */
  readonly findings: readonly Finding[];
  /** What it started a retrain for. */
  readonly retrain: 'drift' | 'labels' | null;
}

/** All throw {KeelError} DATABASE_UNREACHABLE, DATABASE_FAILED, and NOT_FOUND for what does not exist. What is recorded again under its id stays as it was first. */
export interface ModelStore {
  recordRun(run: RetrainRun): Promise<void>;
  /** The run that ended last; null: there is none. */
  latestRun(portfolioId: string): Promise<RetrainRun | null>;
  /** Of the newest run that came so far; null: there is none. */
  latestDataset(portfolioId: string): Promise<{ readonly asOf: number; readonly rows: number } | null>;
  recordTrial(trial: ValidationTrial): Promise<void>;
  /** Every trial of the portfolio, in the order in which they were recorded. */
  trials(portfolioId: string): Promise<readonly Trial[]>;
  /** The database refuses bytes that do not have their name as hash. */
  registerModel(model: StoredModel): Promise<void>;
  /** All but its bytes. */
  model(portfolioId: string, modelId: string): Promise<ModelRecord>;
  /** The bytes, as they were registered. */
  artefact(portfolioId: string, modelId: string): Promise<Uint8Array>;
  registry(portfolioId: string): Promise<Registry>;
  /** Vectors that models saw in cycles after a moment (market clock), each once, the newest first. @param limit ≥ 1; where there are more, those of every second moment, or every third, and so on */
  liveVectors(query: { readonly portfolioId: string; readonly featureSet: string; readonly after: number; readonly limit: number }): Promise<readonly LiveVector[]>;
  /** Decisions whose data a person marked as bad, in order of time: they are not learned from. */
  excludedRows(portfolioId: string): Promise<readonly ExcludedRow[]>;
  /** Priced predictions of the newest days, in the order in which they were made. @param days ≥ 1, back from the newest cycle */
  judged(query: { readonly portfolioId: string; readonly days: number }): Promise<readonly JudgedRow[]>;
  /** How often these versions of a voter were asked after a moment (market clock), and how often they did not abstain. */
  spoken(query: { readonly portfolioId: string; readonly voter: string; readonly versions: readonly string[]; readonly after: number }): Promise<{ readonly asked: number; readonly spoke: number }>;
  /** The newest supervision, and when drift started a retrain last; null: there was none. */
  latestSupervision(portfolioId: string): Promise<(Supervision & { readonly driftRetrainAt: number | null }) | null>;
  /** One transaction: the record, an event for each drift that was not told before, and with it the audit record. */
  recordSupervision(supervision: Supervision): Promise<void>;
  /** One transaction: the step as the registry stands, its record, its event and with it the audit record. @returns what was recorded; null: nothing was to be done. */
  step(request: StepRequest): Promise<RegistryChange | null>;
}
