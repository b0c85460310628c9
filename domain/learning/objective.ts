import type { Task } from './dataset.ts';

/** Gradient and hessian of each row, side by side: `2 × row` and `2 × row + 1`. */
export type Gradients = Float64Array;

/** Below it a hessian says nothing. */
const HESSIAN_MIN = 1e-16;

export const sigmoid = (margin: number): number => 1 / (1 + Math.exp(-margin));

/**
 * Where boosting starts: the best constant margin of each output. Log-odds of the share of class 1, logs of the classes'
 * shares, the mean.
 */
export function startMargins(task: Task, labels: Float64Array, weights: Float64Array | undefined): Float64Array {
  const classes = task.kind === 'classes' ? task.count : task.kind === 'binary' ? 2 : 0;
  const sums = new Float64Array(Math.max(1, classes));
  let total = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const weight = weights?.[row] ?? 1;
    total += weight;
    if (classes === 0) sums[0] = (sums[0] as number) + weight * (labels[row] as number);
    else sums[labels[row] as number] = (sums[labels[row] as number] as number) + weight;
  }
  const share = (index: number): number => Math.min(1 - 1e-6, Math.max(1e-6, (sums[index] as number) / total));
  if (task.kind === 'regression') return Float64Array.of((sums[0] as number) / total);
  if (task.kind === 'binary') return Float64Array.of(Math.log(share(1) / (1 - share(1))));
  return Float64Array.from({ length: task.count }, (_, index) => Math.log(share(index)));
}

/**
 * First and second derivatives of the loss by one output's margin: log loss for classes, half the squared error for
 * numbers. Of several classes the hessian is doubled.
 * @param margins `row × outputs + output`
 * @param output 0 … outputs - 1
 * @source Chen and Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016; the doubled hessian as in its softmax.
 */
export function fillGradients({ task, margins, labels, weights, output, into }: { readonly task: Task; readonly margins: Float64Array; readonly labels: Float64Array; readonly weights: Float64Array | undefined; readonly output: number; readonly into: Gradients }): void {
  const outputs = task.kind === 'classes' ? task.count : 1;
  for (let row = 0; row < labels.length; row += 1) {
    const weight = weights === undefined ? 1 : weights[row] as number;
    const label = labels[row] as number;
    let gradient = 0;
    let hessian = 1;
    if (task.kind === 'regression') gradient = (margins[row] as number) - label;
    else if (task.kind === 'binary') {
      const p = sigmoid(margins[row] as number);
      gradient = p - label;
      hessian = Math.max(p * (1 - p), HESSIAN_MIN);
    } else {
      const p = softmaxOf(margins, row * outputs, outputs, output);
      gradient = p - (label === output ? 1 : 0);
      hessian = Math.max(2 * p * (1 - p), HESSIAN_MIN);
    }
    into[2 * row] = gradient * weight;
    into[2 * row + 1] = hessian * weight;
  }
}

function softmaxOf(margins: Float64Array, from: number, outputs: number, output: number): number {
  let highest = -Infinity;
  for (let index = from; index < from + outputs; index += 1) highest = Math.max(highest, margins[index] as number);
  let sum = 0;
  for (let index = from; index < from + outputs; index += 1) sum += Math.exp((margins[index] as number) - highest);
  return Math.exp((margins[from + output] as number) - highest) / sum;
}

/** Margins to what people read: probabilities, or the number itself. In place. */
export function toOutputs(task: Task, margins: Float64Array): Float64Array {
  if (task.kind === 'regression') return margins;
  if (task.kind === 'binary') {
    for (let row = 0; row < margins.length; row += 1) margins[row] = sigmoid(margins[row] as number);
    return margins;
  }
  for (let from = 0; from < margins.length; from += task.count) {
    let [highest, sum] = [-Infinity, 0];
    for (let index = from; index < from + task.count; index += 1) highest = Math.max(highest, margins[index] as number);
    for (let index = from; index < from + task.count; index += 1) sum += margins[index] = Math.exp((margins[index] as number) - highest);
    for (let index = from; index < from + task.count; index += 1) margins[index] = (margins[index] as number) / sum;
  }
  return margins;
}
