/** Where learned sizing is kept: priced signals, models, acknowledgements. Implemented in `db/`. */
import type { Observation } from '../cycle/types.ts';
import type { NotCompared, SizingComparison } from '../learned-sizing/compare.ts';
import type { SizingSample } from '../learned-sizing/model.ts';
import type { PricedSignal } from '../learned-sizing/reward.ts';
import type { SizingFacts } from '../learned-sizing/sight.ts';
import type { CandleRef } from '../market/candle.ts';

export interface StoredSizing {
  readonly portfolioId: string;
  /** The hash of its bytes. */
  readonly modelId: string;
  /** Of the rewards that it learned from. */
  readonly version: string;
  /** Market clock: nothing later was known. */
  readonly asOf: number;
  readonly samples: number;
  /** With neutral, where it did not learn, or why there is none; null: from before that was told. */
  readonly comparison: SizingComparison | NotCompared | null;
  readonly artefact: Uint8Array;
}

export type SizingRecord = Omit<StoredSizing, 'artefact'>;

export interface Acknowledgement {
  readonly modelId: string;
  readonly by: string;
  readonly because: string;
  /** Wall clock. */
  readonly at: number;
}

/** Recorded cycles whose votes wanted a position. */
export interface SignalCycle {
  readonly cycleId: string;
  readonly observation: Observation;
}

/** What came of learning sizes. */
export interface SizingTrained {
  readonly outcome: 'off' | 'untrained' | 'trained';
  /** Signals that it could learn from. */
  readonly samples: number;
  readonly modelId: string | null;
  /** Lower 95 % bound of its gain over neutral, basis points of equity a signal; null: not compared. */
  readonly boundBps: number | null;
  /** Why there is no model; null: there is. */
  readonly reason: string | null;
}

/** All throw {KeelError} DATABASE_UNREACHABLE, DATABASE_FAILED. What is recorded again stays as it was first. */
export interface SizingStore {
  /** What a cycle asks. @param query.closeTime market clock: trades that closed later are not counted */
  facts(query: { readonly portfolioId: string; readonly version: string; readonly closeTime: number }): Promise<SizingFacts>;
  /** @throws {KeelError} NOT_FOUND */
  artefact(portfolioId: string, modelId: string): Promise<Uint8Array>;
  /** Market clock: signals of cycles up to it were priced; 0 before any. */
  pricedUntil(portfolioId: string, version: string): Promise<number>;
  /** In order of time. @param query.after exclusive; `until` inclusive; market clock. @param query.limit ≥ 1 */
  signalCycles(query: Pick<CandleRef, 'portfolioId' | 'strategy' | 'timeframe'> & { readonly after: number; readonly until: number; readonly limit: number }): Promise<readonly SignalCycle[]>;
  /** One transaction: the signals of these cycles, and how far it is now. */
  recordPriced(priced: { readonly portfolioId: string; readonly version: string; readonly until: number; readonly signals: readonly (PricedSignal & { readonly cycleId: string })[] }): Promise<void>;
  /** The newest ones that were known at a moment, in order of decision. @param query.limit ≥ 1 */
  samples(query: { readonly portfolioId: string; readonly version: string; readonly asOf: number; readonly limit: number }): Promise<readonly SizingSample[]>;
  /** The database refuses bytes that do not have their name as hash. */
  recordModel(model: StoredSizing): Promise<void>;
  /** Null: none. */
  newest(portfolioId: string, version: string): Promise<SizingRecord | null>;
  /** The newest; null: none. */
  acknowledgement(portfolioId: string): Promise<Acknowledgement | null>;
  /** One transaction with its event and audit record. */
  acknowledge(request: { readonly portfolioId: string; readonly modelId: string; readonly boundBps: number; readonly by: string; readonly because: string }): Promise<void>;
}
