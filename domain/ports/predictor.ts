import type { Matrix, Task } from '../learning/dataset.ts';
import type { ModelDescription } from '../learning/learner.ts';

/** A model as whoever asks it sees it, whichever runtime it runs in. Implemented in `models/`. */
export interface Predictor {
  readonly task: Task;
  /** The columns that `predict` takes, in this order. */
  readonly features: readonly string[];
  /**
   * @param matrix its columns are `features`, NaN where missing
   * @returns as `Model.predict`: per row the probability of class 1, those of all classes, or the number
   * @throws {RangeError} not retried: other columns.
   * @throws {KeelError} MODEL_INVALID, not retried: its runtime failed on the rows, or what it said is no probability, or no number.
   */
  predict(matrix: Matrix): Promise<Float64Array>;
  describe(): ModelDescription;
  /** Gives its runtime's memory back; nothing may be asked of it afterwards. */
  close(): Promise<void>;
}
