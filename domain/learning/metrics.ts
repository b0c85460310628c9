import { ranksOf } from '../statistics/ranks.ts';
import type { Dataset, Task } from './dataset.ts';

const LEAST = 1e-15;

/**
 * The loss that a task's models are fitted to: mean log loss, or mean squared error. Weighted.
 * @param outputs as `predict` gives them.
 */
export function lossOf(task: Task, { labels, weights }: Pick<Dataset, 'labels' | 'weights'>, outputs: Float64Array): number {
  const count = task.kind === 'classes' ? task.count : 1;
  let [loss, total] = [0, 0];
  for (let row = 0; row < labels.length; row += 1) {
    const label = labels[row] as number;
    const weight = weights === undefined ? 1 : weights[row] as number;
    const given = outputs[row * count + (task.kind === 'classes' ? label : 0)] as number;
    const probability = task.kind === 'binary' && label === 0 ? 1 - given : given;
    loss += weight * (task.kind === 'regression' ? (given - label) ** 2 : -Math.log(Math.max(LEAST, probability)));
    total += weight;
  }
  return loss / total;
}

/**
 * Area under the ROC curve: the chance that a row of class 1 scores above one of class 0, ties counting half. 0..1; NaN
 * without both classes.
 * @source Mann and Whitney 1947.
 */
export function aucOf(labels: Float64Array, scores: Float64Array): number {
  const ofPositives = ranksOf(scores).filter((_rank, row) => labels[row] === 1);
  const positives = ofPositives.length;
  const negatives = scores.length - positives;
  const ranks = ofPositives.reduce((sum, rank) => sum + rank, 0);
  return positives === 0 || negatives === 0 ? NaN : (ranks - (positives * (positives - 1)) / 2) / (positives * negatives);
}
