import { calibrate } from '../domain/learning/calibration.ts';
import type { Method } from '../domain/learning/calibration.ts';
import type { Dataset, Task } from '../domain/learning/dataset.ts';
import { pickRows } from '../domain/learning/dataset.ts';
import { anyLearnerOf } from './learners.ts';

/** One model to fit on some rows of a data set: which rows do what is the caller's to say, once. */
export interface FitJob {
  readonly learner: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly task: Task;
  /** hash(recipe, fold): whatever is drawn is drawn from it. */
  readonly seed: string;
  /** Rows that are learned from. */
  readonly train: Int32Array;
  /** Rows that decide when to stop; none: all rounds. */
  readonly stopping?: Int32Array | undefined;
  /** Rows that the probabilities are brought in line with; none: they stay as they come. */
  readonly calibration?: { readonly rows: Int32Array; readonly method: Method } | undefined;
}

/** @returns the artefact. @throws {RangeError} not retried: a job that does not fit its data. */
export function runFitJob(data: Dataset, { learner, parameters, task, seed, train, stopping, calibration }: FitJob): Uint8Array {
  const model = anyLearnerOf(learner, parameters).fit(pickRows(data, train), { task, seed, stopping: stopping === undefined ? undefined : pickRows(data, stopping) });
  return (calibration === undefined ? model : calibrate(model, pickRows(data, calibration.rows), calibration.method)).save();
}
