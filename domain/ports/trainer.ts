/** Where models are trained: away from whatever trades, at the machine's leisure. Implemented in `models/`. */
import type { FeatureFault } from '../features/check.ts';
import type { CandleSeries } from '../market/candle.ts';
import type { Instrument, InstrumentId } from '../market/instrument.ts';
import type { Timeframe } from '../market/timeframe.ts';
import type { Policy } from '../policy/policy.ts';
import type { ServedModel } from '../promotion/served-model.ts';
import type { Judgement } from '../retraining/judge.ts';
import type { Recipe } from '../retraining/recipe.ts';
import type { FoldOptions } from '../validation/folds.ts';
import type { Omitted } from '../validation/rows.ts';
import type { Trial } from '../validation/trials.ts';

/** What users define, or the built-in ones in its place. */
export interface FeatureSetView {
  /** Name and version, `standard/2`. */
  readonly id: string;
  readonly names: readonly string[];
  readonly warmupCandles: number;
  /** Version of the label that models are trained by. */
  readonly label: string;
  /** A user's own, tried beside the others; null: none. */
  readonly learner: Pick<Recipe, 'learner' | 'parameters'> | null;
}

/** A decision that people marked as bad data: nothing is learned from it. */
export interface ExcludedRow {
  readonly instrumentId: InstrumentId;
  /** Market clock. */
  readonly decidedAt: number;
}

export interface SnapshotRequest {
  /** Market clock: nothing later is looked at. Rows decide from `from` on; candles before it warm up. */
  readonly asOf: number;
  readonly from: number;
  readonly timeframe: Timeframe;
  /** Version of a label definition. */
  readonly label: string;
  readonly halfLifeMs: number;
  readonly instruments: readonly Instrument[];
  readonly series: readonly CandleSeries[];
  /** Rows that are left out; absent: none. */
  readonly excluded?: readonly ExcludedRow[];
  /** The rules' own actions are told under that policy from that moment on; null: they are not asked for. */
  readonly rules: { readonly policy: Policy; readonly from: number } | null;
}

export interface SnapshotSummary {
  readonly dataHash: string;
  readonly rows: number;
  readonly omitted: Readonly<Omitted>;
  /** Faults of the feature set on these candles. */
  readonly featureFaults: readonly FeatureFault[];
}

/** One fit: `fold` is a place in the walk forward, or `whole`, which is what acts. */
export interface FitRequest {
  readonly dataHash: string;
  readonly recipe: Recipe;
  readonly folds: FoldOptions;
  readonly fold: number | 'whole';
}

/** A vector as a cycle saw it. */
export interface LiveVector {
  readonly instrumentId: InstrumentId;
  readonly decidedAt: number;
  /** In the order of the set's features; null: missing. */
  readonly values: readonly (number | null)[];
}

export interface JudgeRequest extends Omit<FitRequest, 'fold'> {
  readonly kind: 'refresh' | 'challenger';
  /** Whom a challenger has to beat: the champion's learner on the same rows, or the rules. */
  readonly predecessor: Pick<Recipe, 'learner' | 'parameters'> | 'rules';
  readonly earlierTrials: readonly Trial[];
  readonly featureFaults: readonly FeatureFault[];
  readonly liveVectors: readonly LiveVector[];
}

export interface Trained {
  readonly modelId: string;
  readonly artefact: Uint8Array;
  readonly served: Omit<ServedModel, 'edges' | 'promised' | 'loss' | 'metrics' | 'featureSet' | 'timeframe'>;
}

/**
 * The same request gives the same bytes. What was done is kept as a file; where that is lost it is done again.
 * All throw {KeelError}: FEATURES_INVALID, LABEL_INVALID, LEARNER_INVALID, STRATEGY_INVALID; SNAPSHOT_INVALID: make the snapshot again, then go on;
 * TRAINING_FAILED, not retried: the request does not fit its data; PROCESS_FAILED: a thread was lost, ask again.
 */
export interface Trainer {
  featureSet(timeframe: Timeframe): Promise<FeatureSetView>;
  snapshot(request: SnapshotRequest): Promise<SnapshotSummary>;
  hasSnapshot(dataHash: string): boolean;
  /** Fits, unless it was done before, and keeps it. */
  fit(request: FitRequest): Promise<void>;
  judge(request: JudgeRequest): Promise<Judgement>;
  /** What `fit` made of `whole`, and what it says of itself. */
  trained(request: Omit<FitRequest, 'fold'>): Promise<Trained>;
  /** Deletes the files of every data set but these and those of the last day. */
  keepOnly(dataHashes: readonly string[]): void;
  close(): Promise<void>;
}
