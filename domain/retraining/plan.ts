/** What one retrain is about, decided once at its begin: every later step goes by it alone. Plain JSON. */
import type { InstrumentId } from '../market/instrument.ts';
import type { Timeframe } from '../market/timeframe.ts';
import type { RetrainRun } from '../ports/model-store.ts';
import type { ExcludedRow } from '../ports/trainer.ts';
import type { FoldOptions } from '../validation/folds.ts';
import type { Recipe } from './recipe.ts';

export interface RetrainPlan {
  readonly runId: string;
  readonly portfolioId: string;
  readonly cause: RetrainRun['cause'];
  /** Market clock: nothing later is known. */
  readonly asOf: number;
  /** Rows decide from here on; candles from `candlesFrom` on warm up. */
  readonly from: number;
  readonly candlesFrom: number;
  readonly timeframe: Timeframe;
  readonly featureSet: string;
  /** Version of a label definition. */
  readonly label: string;
  readonly halfLifeMs: number;
  readonly folds: FoldOptions;
  readonly universe: readonly InstrumentId[];
  /** Rows that people marked as bad data by the begin; absent: none. */
  readonly excluded?: readonly ExcludedRow[];
  /** Whose rules a challenger has to beat while there is no champion; absent in plans of older versions: the one that holds. */
  readonly policyVersion?: number;
  /** Share of the notional, by symbol: labels are priced with them. Absent in plans of older versions: as the ledger has them. */
  readonly takerFeeRates?: Readonly<Record<InstrumentId, string>>;
  /** Null: the rules act, and are whom a challenger has to beat. */
  readonly champion: { readonly modelId: string; readonly learner: string; readonly parameters: Readonly<Record<string, unknown>> } | null;
  readonly candidates: readonly PlannedCandidate[];
  /** Wall clock. */
  readonly startedAt: number;
}

export interface PlannedCandidate {
  readonly recipe: Recipe;
  readonly recipeId: string;
  readonly kind: 'refresh' | 'challenger';
}

/** What became of a candidate. */
export interface CandidateResult {
  readonly recipeId: string;
  readonly learner: string;
  readonly kind: PlannedCandidate['kind'];
  readonly outcome: 'passed' | 'refused' | 'failed';
  /** Codes of the rules that refused it; why it failed. */
  readonly because: readonly string[];
  /** Of the model that it became; null: none. */
  readonly modelId: string | null;
  /** What the registry did with that model; null: none. */
  readonly change: string | null;
}
