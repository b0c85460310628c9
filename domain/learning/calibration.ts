import { z } from 'zod';
import type { Artefact } from './artefact.ts';
import { arrayOf, refuse, writeArtefact } from './artefact.ts';
import type { Dataset } from './dataset.ts';
import { checkDataset, outputsOf } from './dataset.ts';
import type { Model } from './learner.ts';
import { META } from './learner.ts';
import { minimise } from './minimise.ts';
import { sigmoid } from './objective.ts';

export const CALIBRATED = 'calibrated';
const METHODS = ['platt', 'isotonic'] as const;
export type Method = (typeof METHODS)[number];

/** From a score to a probability: straight lines between knots, flat beyond them. Platt's is a curve of the log-odds instead. */
export interface Curve {
  /** Scores, each above the one before; for Platt slope and offset of the log-odds. */
  readonly knots: Float64Array;
  /** Their probabilities, never falling; for Platt nothing. */
  readonly values: Float64Array;
}

const logOdds = (probability: number): number => {
  const within = Math.min(1 - 1e-12, Math.max(1e-12, probability));
  return Math.log(within / (1 - within));
};

/**
 * A sigmoid through the scores' log-odds, fitted to targets that stay off 0 and 1.
 * @param scores 0..1 @param hits 1 where the event came, else 0
 * @source Platt 1999; targets and convergence as Lin, Lin and Weng, "A note on Platt's probabilistic outputs", 2007.
 */
export function plattOf(scores: ArrayLike<number>, hits: ArrayLike<number>, weights?: ArrayLike<number>): Curve {
  const odds = Float64Array.from(scores, logOdds);
  const weightOf = (row: number): number => weights?.[row] ?? 1;
  let [came, not] = [0, 0];
  for (let row = 0; row < odds.length; row += 1) { if (hits[row] === 1) came += weightOf(row); else not += weightOf(row); }
  const [high, low, total] = [(came + 1) / (came + 2), 1 / (not + 2), came + not];
  const knots = minimise(([slope = 0, offset = 0], gradient) => {
    gradient.fill(0);
    let loss = 0;
    for (let row = 0; row < odds.length; row += 1) {
      const [x, target, weight] = [odds[row] as number, hits[row] === 1 ? high : low, weightOf(row) / total];
      const margin = slope * x + offset;
      loss += weight * (Math.log1p(Math.exp(-Math.abs(margin))) + Math.max(margin, 0) - target * margin);
      const error = weight * (sigmoid(margin) - target);
      gradient[0] = (gradient[0] as number) + error * x;
      gradient[1] = (gradient[1] as number) + error;
    }
    return loss;
  }, Float64Array.of(1, 0));
  return { knots, values: new Float64Array(0) };
}

/**
 * The never-falling curve nearest to the hits by squares: neighbours that fall are pooled. Each pool has its first and its
 * last score as knots.
 * @source Ayer et al. 1955, pool adjacent violators; as scikit-learn's IsotonicRegression between the knots.
 */
export function isotonicOf(scores: ArrayLike<number>, hits: ArrayLike<number>, weights?: ArrayLike<number>): Curve {
  const order = Uint32Array.from({ length: scores.length }, (_, row) => row).sort((a, b) => (scores[a] as number) - (scores[b] as number) || a - b);
  const pools: { from: number; to: number; sum: number; weight: number }[] = [];
  for (const row of order) {
    const [score, weight] = [scores[row] as number, weights?.[row] ?? 1];
    if (weight === 0) continue;
    pools.push({ from: score, to: score, sum: weight * (hits[row] as number), weight });
    for (let [before, last] = pools.slice(-2); before !== undefined && last !== undefined && (before.to === last.from || before.sum / before.weight >= last.sum / last.weight); [before, last] = pools.slice(-2)) {
      before.to = last.to; before.sum += last.sum; before.weight += last.weight;
      pools.pop();
    }
  }
  const ends = pools.flatMap(({ from, to, sum, weight }) => (from === to ? [[from, sum / weight]] : [[from, sum / weight], [to, sum / weight]]));
  return { knots: Float64Array.from(ends, (end) => end[0] as number), values: Float64Array.from(ends, (end) => end[1] as number) };
}

/** A score's probability, 0..1. */
export function onCurve(method: Method, { knots, values }: Curve, score: number): number {
  if (method === 'platt') return sigmoid((knots[0] as number) * logOdds(score) + (knots[1] as number));
  let [low, high] = [0, knots.length - 1];
  if (score <= (knots[low] as number)) return values[low] as number;
  if (score >= (knots[high] as number)) return values[high] as number;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((knots[middle] as number) <= score) low = middle;
    else high = middle;
  }
  const part = (score - (knots[low] as number)) / ((knots[high] as number) - (knots[low] as number));
  return (values[low] as number) + part * ((values[high] as number) - (values[low] as number));
}

/**
 * A classifier whose probabilities are what happened at them, on rows that it was not fitted on. Of several classes each is
 * calibrated against the rest, and the sum brought back to 1.
 * @throws {RangeError} not retried: a regression, or labels that do not fit.
 * @source Zadrozny and Elkan, "Transforming classifier scores into accurate multiclass probability estimates", KDD 2002.
 */
export function calibrate(model: Model, data: Dataset, method: Method): Model {
  if (model.task.kind === 'regression') throw new RangeError('only classifiers have probabilities to calibrate; this model is a regression');
  checkDataset(data, model.task);
  const outputs = outputsOf(model.task);
  const given = model.predict(data);
  const curves = Array.from({ length: outputs }, (_, output) => {
    const scores = Float64Array.from({ length: data.rows }, (__, row) => given[row * outputs + output] as number);
    const hits = data.labels.map((label) => (label === (outputs === 1 ? 1 : output) ? 1 : 0));
    return method === 'platt' ? plattOf(scores, hits, data.weights) : isotonicOf(scores, hits, data.weights);
  });
  return calibrated(model, method, curves);
}

function calibrated(model: Model, method: Method, curves: readonly Curve[]): Model {
  const outputs = curves.length;
  const { task, features } = model;
  return {
    task, features,
    predict(matrix) {
      const given = model.predict(matrix);
      for (let from = 0; from < given.length; from += outputs) {
        let sum = 0;
        for (let output = 0; output < outputs; output += 1) sum += given[from + output] = onCurve(method, curves[output] as Curve, given[from + output] as number);
        if (outputs > 1) for (let output = 0; output < outputs; output += 1) given[from + output] = sum > 0 ? (given[from + output] as number) / sum : 1 / outputs;
      }
      return given;
    },
    importances: () => model.importances(),
    describe() {
      const inner = model.describe();
      return { ...inner, kind: CALIBRATED, result: { method, model: inner.kind, ...inner.result } };
    },
    save: () => writeArtefact({
      kind: CALIBRATED, meta: { task, features, seed: model.describe().seed, method },
      arrays: { model: model.save(), ...Object.fromEntries(curves.flatMap(({ knots, values }, output) => [[`knots${output}`, knots], [`values${output}`, values]])) },
    }),
  };
}

const CALIBRATED_META = META.extend({ method: z.enum(METHODS) });

/** @param load reads the model inside. @throws {KeelError} MODEL_INVALID, not retried: what does not fit together. */
export function calibratedFrom(artefact: Artefact, load: (bytes: Uint8Array) => Model): Model {
  const meta = CALIBRATED_META.safeParse(artefact.meta);
  if (!meta.success) throw refuse(meta.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  const { method, task } = meta.data;
  const model = load(arrayOf(artefact, 'model', 'u8'));
  const curves = Array.from({ length: outputsOf(task) }, (_, output) => ({ knots: arrayOf(artefact, `knots${output}`, 'f64'), values: arrayOf(artefact, `values${output}`, 'f64') }));
  const isWhole = ({ knots, values }: Curve): boolean => knots.every(Number.isFinite) && (method === 'platt' ? knots.length === 2 : knots.length > 0 && knots.length === values.length && knots.every((knot, index) => index === 0 || knot > (knots[index - 1] as number)) && values.every((value) => value >= 0 && value <= 1));
  if (JSON.stringify(model.task) !== JSON.stringify(task) || !curves.every(isWhole)) throw refuse('its calibration does not fit the model inside');
  return calibrated(model, method, curves);
}
