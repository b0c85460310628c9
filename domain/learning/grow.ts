import type { Binned } from './bins.ts';
import { MISSING_BIN } from './bins.ts';
import type { Histogram, NodeSums, Split, SplitRules } from './histogram.ts';
import { bestSplit, fillHistogram, histogramLength, leafValue, subtractHistogram } from './histogram.ts';
import type { Gradients } from './objective.ts';
import type { TreesBuilder } from './trees.ts';

export interface GrowRules extends SplitRules {
  readonly depthMax: number;
  /** A split must take so much off the loss, twice. */
  readonly gainMin: number;
  readonly learningRate: number;
}

/** A node that may still be split: its rows are `order[from … to - 1]`. */
interface OpenNode extends NodeSums {
  readonly place: number;
  readonly depth: number;
  readonly from: number;
  readonly to: number;
  /** Null at the greatest depth: it stays a leaf. */
  readonly histogram: Histogram | null;
}

/** Rounding alone is no gain. */
const GAIN_LEAST = 1e-6;

/** Grows trees on one set of binned rows, level by level; its buffers serve all of them. */
export class TreeGrower {
  readonly #binned: Binned;
  readonly #free: Histogram[] = [];
  readonly #aside: Int32Array;

  constructor(binned: Binned) {
    this.#binned = binned;
    this.#aside = new Int32Array(binned.rows);
  }

  /**
   * One tree.
   * @param order the rows to learn from, ascending; they are put in another order.
   * @param onLeaf is told the rows of each leaf, as a range of `order`, and its value.
   */
  grow(gradients: Gradients, order: Int32Array, rules: GrowRules, trees: TreesBuilder, onLeaf: (from: number, to: number, value: number) => void): void {
    let level: OpenNode[] = [this.#root(gradients, order, rules, trees)];
    while (level.length > 0) level = level.flatMap((node) => this.#splitOrEnd(node, { gradients, order, rules, trees, onLeaf }));
    trees.endTree();
  }

  #root(gradients: Gradients, order: Int32Array, rules: GrowRules, trees: TreesBuilder): OpenNode {
    let [gradient, hessian] = [0, 0];
    for (const row of order) { gradient += gradients[2 * row] as number; hessian += gradients[2 * row + 1] as number; }
    const histogram = rules.depthMax > 0 ? this.#filled(gradients, order, 0, order.length) : null;
    return { place: trees.addLeaf(), depth: 0, from: 0, to: order.length, gradient, hessian, low: -Infinity, high: Infinity, histogram };
  }

  /** @returns the children that may be split further. */
  #splitOrEnd(node: OpenNode, on: Growing): OpenNode[] {
    const split = node.histogram === null ? null : bestSplit(this.#binned, node.histogram, node, on.rules);
    if (split === null || split.gain <= Math.max(GAIN_LEAST, on.rules.gainMin)) {
      const value = Math.fround(on.rules.learningRate * leafValue(node.gradient, node.hessian, on.rules.lambda, node.low, node.high));
      on.trees.setValue(node.place, value);
      on.onLeaf(node.from, node.to, value);
      if (node.histogram !== null) this.#free.push(node.histogram);
      return [];
    }
    const middle = this.#partition(on.order, node.from, node.to, split);
    const left = on.trees.addLeaf();
    on.trees.addLeaf();
    const cuts = this.#binned.cuts[split.feature] as Float32Array;
    on.trees.split(node.place, { feature: split.feature, threshold: cuts[split.bin] ?? Infinity, missingLeft: split.missingLeft, gain: split.gain, left });
    return this.#children(node, split, { left, middle }, on);
  }

  #children(node: OpenNode, split: Split, { left, middle }: { readonly left: number; readonly middle: number }, on: Growing): OpenNode[] {
    const { lambda, monotone, depthMax } = on.rules;
    const [gradient, hessian] = [node.gradient - split.leftGradient, node.hessian - split.leftHessian];
    const bounds = { left: { low: node.low, high: node.high }, right: { low: node.low, high: node.high } };
    const direction = monotone[split.feature] as number;
    if (direction !== 0) {
      const border = (leafValue(split.leftGradient, split.leftHessian, lambda, node.low, node.high) + leafValue(gradient, hessian, lambda, node.low, node.high)) / 2;
      bounds.left[direction > 0 ? 'high' : 'low'] = border;
      bounds.right[direction > 0 ? 'low' : 'high'] = border;
    }
    const depth = node.depth + 1;
    const histograms = this.#childHistograms(node, middle, depth < depthMax, on);
    return [
      { place: left, depth, from: node.from, to: middle, gradient: split.leftGradient, hessian: split.leftHessian, ...bounds.left, histogram: histograms.left },
      { place: left + 1, depth, from: middle, to: node.to, gradient, hessian, ...bounds.right, histogram: histograms.right },
    ];
  }

  /** The smaller child's is summed, the other is what is left of the parent's. */
  #childHistograms(node: OpenNode, middle: number, isWanted: boolean, { gradients, order }: Growing): { readonly left: Histogram | null; readonly right: Histogram | null } {
    const parent = node.histogram as Histogram;
    if (!isWanted) {
      this.#free.push(parent);
      return { left: null, right: null };
    }
    const isLeftSmaller = middle - node.from <= node.to - middle;
    const smaller = isLeftSmaller ? this.#filled(gradients, order, node.from, middle) : this.#filled(gradients, order, middle, node.to);
    subtractHistogram(parent, smaller);
    return isLeftSmaller ? { left: smaller, right: parent } : { left: parent, right: smaller };
  }

  #filled(gradients: Gradients, order: Int32Array, from: number, to: number): Histogram {
    const histogram = this.#free.pop()?.fill(0) ?? new Float64Array(histogramLength(this.#binned.features));
    fillHistogram(this.#binned, gradients, order, from, to, histogram);
    return histogram;
  }

  /** Rows that go left first, both sides in the order that they had. @returns where the right side begins. */
  #partition(order: Int32Array, from: number, to: number, { feature, bin, missingLeft }: Split): number {
    const { bins, features } = this.#binned;
    const aside = this.#aside;
    let middle = from;
    let kept = 0;
    for (let at = from; at < to; at += 1) {
      const row = order[at] as number;
      const own = bins[row * features + feature] as number;
      const goesLeft = own === MISSING_BIN ? missingLeft : own <= bin;
      if (goesLeft) { order[middle] = row; middle += 1; }
      else { aside[kept] = row; kept += 1; }
    }
    for (let at = 0; at < kept; at += 1) order[middle + at] = aside[at] as number;
    return middle;
  }
}

interface Growing {
  readonly gradients: Gradients;
  readonly order: Int32Array;
  readonly rules: GrowRules;
  readonly trees: TreesBuilder;
  readonly onLeaf: (from: number, to: number, value: number) => void;
}
