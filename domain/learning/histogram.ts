/** The inner loops of tree growth. Each feature's sums are taken in the order of the rows by one caller: threads that share the features out give the same bytes. */
import type { Binned } from './bins.ts';
import { BIN_STRIDE, MISSING_BIN } from './bins.ts';
import type { Gradients } from './objective.ts';

/** Per feature and bin the sums of gradients and hessians: `2 × (feature × 256 + bin)` and one beyond. */
export type Histogram = Float64Array;

/** Numbers of a histogram over so many features. */
export const histogramLength = (features: number): number => 2 * BIN_STRIDE * features;

/** Sums the rows at `order[from … to - 1]` into a histogram that was zero. */
export function fillHistogram({ bins, features }: Binned, gradients: Gradients, order: Int32Array, from: number, to: number, into: Histogram): void {
  for (let at = from; at < to; at += 1) {
    const row = order[at] as number;
    const gradient = gradients[2 * row] as number;
    const hessian = gradients[2 * row + 1] as number;
    const first = row * features;
    for (let feature = 0; feature < features; feature += 1) {
      const place = ((feature << 8) | (bins[first + feature] as number)) << 1;
      into[place] = (into[place] as number) + gradient;
      into[place + 1] = (into[place + 1] as number) + hessian;
    }
  }
}

/** A sibling is its parent less the other one. In place of the parent. */
export function subtractHistogram(parent: Histogram, other: Histogram): void {
  for (let place = 0; place < parent.length; place += 1) parent[place] = (parent[place] as number) - (other[place] as number);
}

export interface SplitRules {
  readonly lambda: number;
  readonly childWeightMin: number;
  /** Per feature: 1 rising, -1 falling, 0 free. */
  readonly monotone: Int8Array;
  /** Per feature: 1 when it may be used by this tree. */
  readonly isUsed: Uint8Array;
}

/** A node while it grows. */
export interface NodeSums {
  readonly gradient: number;
  readonly hessian: number;
  /** Bounds of its leaves' values, for monotone constraints. */
  readonly low: number;
  readonly high: number;
}

export interface Split {
  readonly feature: number;
  /** Bins up to this one go left; the last one: only what is missing goes right. */
  readonly bin: number;
  readonly missingLeft: boolean;
  /** By how much the loss falls, twice. */
  readonly gain: number;
  readonly leftGradient: number;
  readonly leftHessian: number;
}

/** A leaf's best value within its bounds, before shrinking. */
export function leafValue(gradient: number, hessian: number, lambda: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, -gradient / (hessian + lambda)));
}

/** What a leaf of that value takes off the loss, twice. */
function scoreAt(gradient: number, hessian: number, lambda: number, value: number): number {
  return -(2 * gradient * value + (hessian + lambda) * value * value);
}

/**
 * The split that lowers the loss most; of equals the first feature and the lowest bin, missing values to the right first.
 * @returns null when no split leaves enough weight on both sides and gains anything.
 */
export function bestSplit({ cuts, hasMissing, features }: Binned, histogram: Histogram, node: NodeSums, rules: SplitRules): Split | null {
  const best = { feature: -1, bin: 0, missingLeft: false, gain: 0, leftGradient: 0, leftHessian: 0 };
  const isFree = node.low === -Infinity && node.high === Infinity;
  const own = scoreAt(node.gradient, node.hessian, rules.lambda, leafValue(node.gradient, node.hessian, rules.lambda, node.low, node.high));
  for (let feature = 0; feature < features; feature += 1) {
    if (rules.isUsed[feature] === 0) continue;
    const count = (cuts[feature] as Float32Array).length;
    const constraint = rules.monotone[feature] as number;
    const scan = isFree && constraint === 0 ? scanFree : scanBounded;
    scan(histogram, feature, count + (hasMissing[feature] as number), node, rules, own, false, best); // one more: all that is known goes left
    if (hasMissing[feature] === 1) scan(histogram, feature, count, node, rules, own, true, best);
  }
  return best.feature < 0 ? null : best;
}

type Best = { -readonly [Key in keyof Split]: Split[Key] };

function scanFree(histogram: Histogram, feature: number, count: number, node: NodeSums, { lambda, childWeightMin }: SplitRules, own: number, missingLeft: boolean, best: Best): void {
  const first = 2 * BIN_STRIDE * feature;
  let gradient = missingLeft ? histogram[first + 2 * MISSING_BIN] as number : 0;
  let hessian = missingLeft ? histogram[first + 2 * MISSING_BIN + 1] as number : 0;
  let gain = best.gain;
  for (let bin = 0; bin < count; bin += 1) {
    gradient += histogram[first + 2 * bin] as number;
    hessian += histogram[first + 2 * bin + 1] as number;
    const rightHessian = node.hessian - hessian;
    if (hessian < childWeightMin) continue;
    if (rightHessian < childWeightMin) break;
    const rightGradient = node.gradient - gradient;
    const found = (gradient * gradient) / (hessian + lambda) + (rightGradient * rightGradient) / (rightHessian + lambda) - own;
    if (!(found > gain)) continue;
    gain = found;
    best.feature = feature; best.bin = bin; best.missingLeft = missingLeft; best.gain = found; best.leftGradient = gradient; best.leftHessian = hessian;
  }
}

function scanBounded(histogram: Histogram, feature: number, count: number, node: NodeSums, { lambda, childWeightMin, monotone }: SplitRules, own: number, missingLeft: boolean, best: Best): void {
  const first = 2 * BIN_STRIDE * feature;
  const direction = monotone[feature] as number;
  let gradient = missingLeft ? histogram[first + 2 * MISSING_BIN] as number : 0;
  let hessian = missingLeft ? histogram[first + 2 * MISSING_BIN + 1] as number : 0;
  for (let bin = 0; bin < count; bin += 1) {
    gradient += histogram[first + 2 * bin] as number;
    hessian += histogram[first + 2 * bin + 1] as number;
    const [rightGradient, rightHessian] = [node.gradient - gradient, node.hessian - hessian];
    if (hessian < childWeightMin) continue;
    if (rightHessian < childWeightMin) break;
    const left = leafValue(gradient, hessian, lambda, node.low, node.high);
    const right = leafValue(rightGradient, rightHessian, lambda, node.low, node.high);
    if ((right - left) * direction < 0) continue;
    const found = scoreAt(gradient, hessian, lambda, left) + scoreAt(rightGradient, rightHessian, lambda, right) - own;
    if (!(found > best.gain)) continue;
    best.feature = feature; best.bin = bin; best.missingLeft = missingLeft; best.gain = found; best.leftGradient = gradient; best.leftHessian = hessian;
  }
}
