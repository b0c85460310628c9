import { z } from 'zod';
import type { Artefact } from './artefact.ts';
import { arrayOf, refuse, writeArtefact } from './artefact.ts';
import type { Dataset, Matrix, Task } from './dataset.ts';
import { checkDataset, outputsOf } from './dataset.ts';
import type { FitOptions, Learner, Model } from './learner.ts';
import { META, assertColumns, sharesOf } from './learner.ts';
import { minimise } from './minimise.ts';
import { fillGradients, toOutputs } from './objective.ts';
import { lossOf } from './metrics.ts';

export const LINEAR = 'linear';

const PARAMETERS = z.strictObject({ lambda: z.number().min(0) });
type LinearParameters = z.infer<typeof PARAMETERS>;

/**
 * Logistic regression (two or more classes) or linear regression, with an L2 penalty: the baseline. Features are
 * standardised on the training rows; what is missing stands at their mean.
 * @param given `lambda` ≥ 0: weight of half the squared coefficients beside the mean loss; intercepts are free. Default 0.001.
 * @throws {RangeError} not retried: a parameter out of its range, by name.
 */
export function linear(given: Partial<LinearParameters> = {}): Learner {
  const parsed = PARAMETERS.safeParse({ lambda: 0.001, ...given });
  if (!parsed.success) throw new RangeError(`linear: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`);
  return { name: LINEAR, parameters: parsed.data, fit: (data, options) => fit(data, options, parsed.data) };
}

interface Fitted {
  readonly task: Task;
  readonly features: readonly string[];
  readonly seed: string;
  readonly parameters: LinearParameters;
  /** Of the training rows, per feature. */
  readonly mean: Float64Array;
  readonly scale: Float64Array;
  /** `output × (features + 1) + feature`, of standardised features; the intercept last. */
  readonly coefficients: Float64Array;
}

function fit(data: Dataset, { task, seed }: FitOptions, parameters: LinearParameters): Model {
  checkDataset(data, task);
  const { mean, scale } = standardOf(data);
  const outputs = outputsOf(task);
  const width = data.names.length + 1;
  const values = standardised(data, mean, scale);
  const total = data.weights?.reduce((sum, weight) => sum + weight, 0) ?? data.rows;
  const gradients = new Float64Array(2 * data.rows);
  const coefficients = minimise((at, slope) => {
    const margins = marginsOf(values, at, { rows: data.rows, outputs });
    slope.fill(0);
    let penalty = 0;
    for (let output = 0; output < outputs; output += 1) {
      fillGradients({ task, margins, labels: data.labels, weights: data.weights, output, into: gradients });
      for (let row = 0; row < data.rows; row += 1) {
        const gradient = (gradients[2 * row] as number) / total;
        for (let place = 0; place < width; place += 1) slope[output * width + place] = (slope[output * width + place] as number) + gradient * (values[row * width + place] as number);
      }
      for (let place = output * width; place < (output + 1) * width - 1; place += 1) {
        penalty += (parameters.lambda / 2) * (at[place] as number) ** 2;
        slope[place] = (slope[place] as number) + parameters.lambda * (at[place] as number);
      }
    }
    const loss = lossOf(task, data, toOutputs(task, margins));
    return (task.kind === 'regression' ? loss / 2 : loss) + penalty;
  }, new Float64Array(outputs * width));
  return modelOf({ task, features: data.names, seed, parameters, mean, scale, coefficients });
}

/** Weighted mean and deviation of what is known; 0 and 1 where nothing moves. */
function standardOf({ columns, rows, weights }: Dataset): { readonly mean: Float64Array; readonly scale: Float64Array } {
  const moments = columns.map((column) => {
    let [total, sum, squares] = [0, 0, 0];
    const each = (visit: (value: number, weight: number) => void): void => { for (let row = 0; row < rows; row += 1) if (Number.isFinite(column[row])) visit(column[row] as number, weights?.[row] ?? 1); };
    each((value, weight) => { total += weight; sum += weight * value; });
    const mean = total > 0 ? sum / total : 0;
    each((value, weight) => { squares += weight * (value - mean) ** 2; });
    const scale = total > 0 ? Math.sqrt(squares / total) : 0;
    return { mean, scale: scale > 0 ? scale : 1 };
  });
  return { mean: Float64Array.from(moments, (it) => it.mean), scale: Float64Array.from(moments, (it) => it.scale) };
}

/** Row by row, with a 1 at the end for the intercept. */
function standardised({ columns, rows }: Matrix, mean: Float64Array, scale: Float64Array): Float64Array {
  const width = columns.length + 1;
  const values = new Float64Array(rows * width).fill(1);
  columns.forEach((column, feature) => {
    for (let row = 0; row < rows; row += 1) {
      const value = column[row] as number;
      values[row * width + feature] = Number.isFinite(value) ? (value - (mean[feature] as number)) / (scale[feature] as number) : 0;
    }
  });
  return values;
}

function marginsOf(values: Float64Array, coefficients: Float64Array, { rows, outputs }: { readonly rows: number; readonly outputs: number }): Float64Array {
  const width = coefficients.length / outputs;
  const margins = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row += 1) {
    for (let output = 0; output < outputs; output += 1) {
      let sum = 0;
      for (let place = 0; place < width; place += 1) sum += (values[row * width + place] as number) * (coefficients[output * width + place] as number);
      margins[row * outputs + output] = sum;
    }
  }
  return margins;
}

function modelOf(fitted: Fitted): Model {
  const { task, features, seed, parameters, mean, scale, coefficients } = fitted;
  const outputs = outputsOf(task);
  return {
    task, features,
    predict(matrix) {
      assertColumns(features, matrix);
      return toOutputs(task, marginsOf(standardised(matrix, mean, scale), coefficients, { rows: matrix.rows, outputs }));
    },
    importances: () => sharesOf(features, features.map((_, feature) => Array.from({ length: outputs }, (__, output) => Math.abs(coefficients[output * (features.length + 1) + feature] as number)).reduce((a, b) => a + b))),
    describe: () => ({ kind: LINEAR, task, features, seed, parameters: { ...parameters }, result: { coefficients: [...coefficients] } }),
    save: () => writeArtefact({ kind: LINEAR, meta: { task, features, seed, parameters }, arrays: { mean, scale, coefficients } }),
  };
}

const LINEAR_META = META.extend({ parameters: PARAMETERS });

/** @throws {KeelError} MODEL_INVALID, not retried: what does not fit together. */
export function linearFrom(artefact: Artefact): Model {
  const meta = LINEAR_META.safeParse(artefact.meta);
  if (!meta.success) throw refuse(meta.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  const [mean, scale, coefficients] = [arrayOf(artefact, 'mean', 'f64'), arrayOf(artefact, 'scale', 'f64'), arrayOf(artefact, 'coefficients', 'f64')];
  const count = meta.data.features.length;
  const isWhole = mean.length === count && scale.length === count && coefficients.length === (count + 1) * outputsOf(meta.data.task) && [mean, scale, coefficients].every((array) => array.every(Number.isFinite)) && scale.every((value) => value > 0);
  if (!isWhole) throw refuse(`its coefficients do not fit its ${count} features, or are not finite`);
  return modelOf({ ...meta.data, mean, scale, coefficients });
}
