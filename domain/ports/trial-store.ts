/** What a shadow trial and a watch go by, and where their steps are kept. Implemented in `db/`. */
import type { AwaitedLook, Standing, StandingStep, TrialRecord, WatchRecord } from '../promotion/standing.ts';
import type { TrialRows } from '../promotion/trial-facts.ts';
import type { WatchedRow } from '../promotion/watch.ts';

/** A moment of the market clock up to which outcomes count, from another on. */
export interface TrialSpan {
  readonly portfolioId: string;
  /** Predictions made then or later. */
  readonly since: number;
  /** Due by then. */
  readonly until: number;
}

/** A voter as predictions name it. */
export interface VoterName {
  readonly voter: string;
  readonly version: string;
}

export interface TrialCounts {
  readonly predictions: number;
  readonly moments: number;
  readonly beside: number;
}

export interface TakeRequest {
  readonly portfolioId: string;
  /** Made from what it follows, so that a repetition takes the step once. */
  readonly stepId: string;
  readonly actor: string;
  /** Market clock. */
  readonly at: number;
  /** One of domain/promotion/standing.ts; null: nothing is to be done. */
  readonly decide: (standing: Standing) => StandingStep | null;
}

export interface TakenStep {
  readonly kind: StandingStep['change']['kind'];
  readonly modelId: string;
  readonly why: string;
  readonly trial: TrialRecord | null;
  readonly watch: WatchRecord | null;
  /** It had been taken before under this name: nothing changed now. */
  readonly isRepeated: boolean;
}

/** All throw {KeelError} DATABASE_UNREACHABLE, DATABASE_FAILED, and NOT_FOUND for what does not exist. */
export interface TrialStore {
  standing(portfolioId: string): Promise<Standing>;
  /** Null: nobody is on trial and nobody is watched. */
  awaited(portfolioId: string): Promise<AwaitedLook | null>;
  /** Nothing is to be looked at up to this close (market clock), unless a step is taken. Whoever waits for the market hears of it. */
  recordLook(portfolioId: string, until: number): Promise<void>;
  /** The registry's newest step: what begins after it is named by it. */
  newestStep(portfolioId: string): Promise<number>;
  /** When the portfolio's trials began. */
  begun(portfolioId: string): Promise<readonly number[]>;
  /** Of a voter on trial: priced predictions, the moments that they were made at, and the acting ones beside them. */
  counts(query: TrialSpan & VoterName): Promise<TrialCounts>;
  /** Whether the gate let the model pass here: one that was imported never went through it. */
  hasPassedGate(portfolioId: string, modelId: string): Promise<boolean>;
  /** Priced predictions of a voter on trial, and of whoever acted beside it: the champion of that moment, or all voices together. */
  rows(query: TrialSpan & VoterName): Promise<TrialRows>;
  /** Priced buys and sells of voters, where they had a say, in the order in which they fell due. */
  results(query: TrialSpan & { readonly voters: readonly VoterName[] }): Promise<readonly WatchedRow[]>;
  /** 99th percentile of what a model took in cycles, milliseconds; null: it was never asked. */
  latencyMsP99(query: Pick<TrialSpan, 'portfolioId' | 'since' | 'until'> & { readonly modelId: string }): Promise<number | null>;
  /** Of the equity between two moments, net of transfers, basis points; 0: none, or not known. */
  lossBps(query: TrialSpan): Promise<number>;
  /** One transaction: the step as things stand, its record, its event and with it the audit record. @returns what was recorded; null: nothing was to be done. */
  take(request: TakeRequest): Promise<TakenStep | null>;
}
