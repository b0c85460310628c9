import { z } from 'zod';
import type { Dataset, Matrix, Task } from './dataset.ts';

export interface FitOptions {
  readonly task: Task;
  /** Whatever is drawn is drawn from it: hash(recipe, fold). The same data and seed give the same bytes. */
  readonly seed: string;
  /** Rows that decide when to stop; they are not learned from. Without them all rounds are used. */
  readonly stopping?: Dataset | undefined;
}

export interface Importance {
  readonly feature: string;
  /** ≥ 0; all of them sum to 1, or are 0 where nothing was learned. */
  readonly share: number;
}

/** What people and run records read of a model. JSON. */
export interface ModelDescription {
  readonly kind: string;
  readonly task: Task;
  readonly features: readonly string[];
  readonly seed: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** What came of it: rounds, losses, coefficients. */
  readonly result: Readonly<Record<string, unknown>>;
}

/** Something that was learned: immutable, and the same wherever its bytes are loaded. */
export interface Model {
  readonly task: Task;
  /** The columns that `predict` takes, in this order. */
  readonly features: readonly string[];
  /**
   * @param matrix its columns are `features`, NaN where missing
   * @returns per row the probability of class 1, those of all classes (sum 1), or the number: `row × outputs + output`
   * @throws {RangeError} not retried: other columns.
   */
  predict(matrix: Matrix): Float64Array;
  /** Largest first. */
  importances(): readonly Importance[];
  describe(): ModelDescription;
  /** The artefact: header, arrays and their hash; `loadModel` reads it. */
  save(): Uint8Array;
}

export interface Learner {
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** @throws {RangeError} not retried: labels, weights or columns that do not fit the task. */
  fit(data: Dataset, options: FitOptions): Model;
}

/** @throws {RangeError} not retried: the columns are not those that the model was fitted on. */
export function assertColumns(features: readonly string[], { names }: Matrix): void {
  const at = features.findIndex((name, index) => names[index] !== name);
  if (at >= 0 || names.length !== features.length) throw new RangeError(`the model reads ${features.length} features, ${features[at] ?? 'no other'} at place ${at}; given were ${names.length}, ${names[at] ?? 'none'} there`);
}

/** Amounts ≥ 0 per feature to shares, largest first; of equals the first feature first. */
export function sharesOf(features: readonly string[], amounts: ArrayLike<number>): readonly Importance[] {
  let total = 0;
  for (let index = 0; index < amounts.length; index += 1) total += amounts[index] as number;
  return features.map((feature, index) => ({ feature, share: total > 0 ? (amounts[index] as number) / total : 0 })).sort((a, b) => b.share - a.share);
}

/** A task, as artefacts hold it. */
export const TASK = z.union([z.object({ kind: z.literal('binary') }), z.object({ kind: z.literal('classes'), count: z.int().min(2) }), z.object({ kind: z.literal('regression') })]);
/** What every kind of artefact says of itself. */
export const META = z.object({ task: TASK, features: z.array(z.string()).min(1), seed: z.string() });
