/** One recipe in one fold: everything that is learned is learned inside it. Daily retraining and the study fit through here. */
import type { Method } from '../domain/learning/calibration.ts';
import type { Model } from '../domain/learning/learner.ts';
import { pickRows } from '../domain/learning/dataset.ts';
import { withBand } from '../domain/predictions/label.ts';
import type { Recipe } from '../domain/retraining/recipe.ts';
import { calibrationMethodOf } from '../domain/validation/calibration-checks.ts';
import { CLASSES, datasetOf, fittedBand } from '../domain/validation/classes.ts';
import type { Fold } from '../domain/validation/folds.ts';
import type { LabelledRows } from '../domain/validation/rows.ts';
import type { FoldPredictions } from '../domain/validation/tested.ts';
import { runFitJob } from './fit-job.ts';

export interface FoldTerms {
  /** c of the hold band, fitted on the rows that are learned from, as a label's name can hold it. */
  readonly holdBand: number;
  readonly method: Method;
}

export function foldTermsOf(rows: LabelledRows, fold: Fold): FoldTerms {
  const { holdBand } = withBand(rows.label, fittedBand(rows, fold.fit));
  return { holdBand, method: calibrationMethodOf(fold.calibration.reduce((sum, row) => sum + (rows.uniqueness[row] as number), 0)) };
}

/** @param seed of the recipe and the fold. @returns the artefact. @throws {RangeError} not retried: a learner or parameters that are not known. */
export function fitFold(rows: LabelledRows, fold: Fold, { learner, parameters }: Pick<Recipe, 'learner' | 'parameters'>, seed: string): Uint8Array {
  const { holdBand, method } = foldTermsOf(rows, fold);
  return runFitJob(datasetOf(rows, holdBand), { learner, parameters, task: { kind: 'classes', count: CLASSES.length }, seed, train: fold.fit, stopping: fold.stopping, calibration: { rows: fold.calibration, method } });
}

export function foretold(rows: LabelledRows, fold: Fold, model: Model): FoldPredictions & { readonly method: Method } {
  const { holdBand, method } = foldTermsOf(rows, fold);
  return { fold, holdBand, method, probabilities: model.predict(pickRows(datasetOf(rows, holdBand), fold.test)) };
}
