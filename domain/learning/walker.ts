import type { Matrix } from './dataset.ts';
import type { Trees } from './trees.ts';

/** Rows that are copied together: what the trees ask of them stays in the processor's nearest cache. A power of two. */
const BLOCK_BITS = 6;
const BLOCK = 2 ** BLOCK_BITS;
/** Rows that are walked side by side: a processor waits for eight at once. */
const ABREAST = 8;

/**
 * A tree filled up to its full depth: node `n` has its children at `2 × n` and `2 × n + 1`, the root is 1. Each asks whether
 * a value is below its limit and goes to the second child on yes; what stands below a leaf asks what is never so.
 */
interface FullTree {
  readonly depth: number;
  /** Of each node, where the column that it asks begins in a block. */
  readonly asks: Int32Array;
  readonly limits: Float32Array;
  /** Of each place at full depth. */
  readonly values: Float32Array;
}

/**
 * Trees in the shape that is fastest to walk, without a branch. NaN answers every question with no: where missing values go
 * left, the question is asked of the negated value, and its children change places.
 */
export class Walker {
  /** Columns of a block: twice a feature's number, and one more where it is negated. */
  readonly #columns: number[] = [];
  readonly #trees: readonly FullTree[];

  constructor(trees: Trees) {
    this.#trees = Array.from({ length: trees.starts.length - 1 }, (_, tree) => this.#fullTree(trees, trees.starts[tree] as number));
  }

  #fullTree(trees: Trees, root: number): FullTree {
    const depth = depthOf(trees, root);
    const size = 2 ** depth;
    const tree = { depth, asks: new Int32Array(size), limits: new Float32Array(size).fill(-Infinity), values: new Float32Array(size) };
    const place = (node: number, at: number, left: number): void => {
      const feature = trees.feature[node] as number;
      if (feature < 0) {
        tree.values[at * 2 ** left - size] = trees.value[node] as number; // who is never below goes to the first child
        return;
      }
      const [threshold, child, isNegated] = [trees.threshold[node] as number, trees.left[node] as number, trees.missingLeft[node] === 1];
      tree.asks[at] = this.#columnOf(2 * feature + (isNegated ? 1 : 0)) << BLOCK_BITS;
      tree.limits[at] = isNegated ? nextFloat32(-threshold) : threshold; // x ≥ t is -x ≤ -t, is -x < the next above -t
      place(isNegated ? child : child + 1, 2 * at, left - 1);
      place(isNegated ? child + 1 : child, 2 * at + 1, left - 1);
    };
    place(root, 1, depth);
    return tree;
  }

  #columnOf(column: number): number {
    const at = this.#columns.indexOf(column);
    return at >= 0 ? at : this.#columns.push(column) - 1;
  }

  /**
   * Adds what the trees say to margins: tree `t` to output `t mod outputs`. What is not finite is missing.
   * @param margins `row × outputs + output`
   */
  add({ columns, rows }: Matrix, margins: Float64Array, outputs: number): void {
    if (rows === 1) return this.#addRow(columns, margins, outputs);
    const values = new Float32Array(this.#columns.length << BLOCK_BITS);
    const sums = new Float64Array(outputs << BLOCK_BITS);
    for (let from = 0; from < rows; from += BLOCK) {
      const count = Math.min(BLOCK, rows - from);
      this.#columns.forEach((column, at) => { copyColumn(columns[column >> 1] as Float32Array, from, count, column % 2 === 1, values, at << BLOCK_BITS); });
      for (let output = 0; output < outputs; output += 1) for (let row = 0; row < count; row += 1) sums[(output << BLOCK_BITS) | row] = margins[(from + row) * outputs + output] as number;
      for (let tree = 0; tree < this.#trees.length; tree += 1) walkRows(this.#trees[tree] as FullTree, values, count, sums, (tree % outputs) << BLOCK_BITS);
      for (let output = 0; output < outputs; output += 1) for (let row = 0; row < count; row += 1) margins[(from + row) * outputs + output] = sums[(output << BLOCK_BITS) | row] as number;
    }
  }

  #addRow(columns: Matrix['columns'], margins: Float64Array, outputs: number): void {
    const values = new Float32Array(this.#columns.length);
    this.#columns.forEach((column, at) => { copyColumn(columns[column >> 1] as Float32Array, 0, 1, column % 2 === 1, values, at); });
    for (let tree = 0; tree < this.#trees.length; tree += 1) margins[tree % outputs] = (margins[tree % outputs] as number) + walkRow(this.#trees[tree] as FullTree, values);
  }
}

/** Levels of splits below a node. */
function depthOf(trees: Trees, node: number): number {
  const child = trees.left[node] as number;
  return (trees.feature[node] as number) < 0 ? 0 : 1 + Math.max(depthOf(trees, child), depthOf(trees, child + 1));
}

function copyColumn(column: Float32Array, from: number, count: number, isNegated: boolean, into: Float32Array, at: number): void {
  const sign = isNegated ? -1 : 1;
  for (let row = 0; row < count; row += 1) {
    const value = column[from + row] as number;
    into[at + row] = value - value === 0 ? sign * value : NaN;
  }
}

function walkRow({ asks, limits, values, depth }: FullTree, block: Float32Array): number {
  let node = 1;
  for (let level = depth; level > 0; level -= 1) node = node + node + Number((block[(asks[node] as number) >>> BLOCK_BITS] as number) < (limits[node] as number));
  return values[node - values.length] as number;
}

/**
 * Adds what a tree says of each row to `sums` from a place on. Rows beyond `count`, up to the next eight, are walked for nothing.
 */
function walkRows({ asks, limits, values, depth }: FullTree, block: Float32Array, count: number, sums: Float64Array, from: number): void {
  const size = values.length;
  if (depth === 0) {
    for (let row = 0; row < count; row += 1) sums[from | row] = (sums[from | row] as number) + (values[0] as number);
    return;
  }
  const asked = asks[1] as number;
  const limit = limits[1] as number;
  for (let row = 0; row < count; row += ABREAST) {
    let a = 2 + Number((block[asked | row] as number) < limit); // one by one: in this loop a pattern that is taken apart costs more than the walk
    let b = 2 + Number((block[asked | (row + 1)] as number) < limit);
    let c = 2 + Number((block[asked | (row + 2)] as number) < limit);
    let d = 2 + Number((block[asked | (row + 3)] as number) < limit);
    let e = 2 + Number((block[asked | (row + 4)] as number) < limit);
    let f = 2 + Number((block[asked | (row + 5)] as number) < limit);
    let g = 2 + Number((block[asked | (row + 6)] as number) < limit);
    let h = 2 + Number((block[asked | (row + 7)] as number) < limit);
    for (let level = depth - 1; level > 0; level -= 1) {
      a = a + a + Number((block[(asks[a] as number) | row] as number) < (limits[a] as number));
      b = b + b + Number((block[(asks[b] as number) | (row + 1)] as number) < (limits[b] as number));
      c = c + c + Number((block[(asks[c] as number) | (row + 2)] as number) < (limits[c] as number));
      d = d + d + Number((block[(asks[d] as number) | (row + 3)] as number) < (limits[d] as number));
      e = e + e + Number((block[(asks[e] as number) | (row + 4)] as number) < (limits[e] as number));
      f = f + f + Number((block[(asks[f] as number) | (row + 5)] as number) < (limits[f] as number));
      g = g + g + Number((block[(asks[g] as number) | (row + 6)] as number) < (limits[g] as number));
      h = h + h + Number((block[(asks[h] as number) | (row + 7)] as number) < (limits[h] as number));
    }
    const at = from | row;
    sums[at] = (sums[at] as number) + (values[a - size] as number);
    sums[at | 1] = (sums[at | 1] as number) + (values[b - size] as number);
    sums[at | 2] = (sums[at | 2] as number) + (values[c - size] as number);
    sums[at | 3] = (sums[at | 3] as number) + (values[d - size] as number);
    sums[at | 4] = (sums[at | 4] as number) + (values[e - size] as number);
    sums[at | 5] = (sums[at | 5] as number) + (values[f - size] as number);
    sums[at | 6] = (sums[at | 6] as number) + (values[g - size] as number);
    sums[at | 7] = (sums[at | 7] as number) + (values[h - size] as number);
  }
}

const WORD = new DataView(new ArrayBuffer(4));

/** The smallest float32 above. @param value a float32 */
function nextFloat32(value: number): number {
  if (value === Infinity) return Infinity;
  if (value === 0) return 2 ** -149;
  WORD.setFloat32(0, value);
  WORD.setInt32(0, WORD.getInt32(0) + (value > 0 ? 1 : -1));
  return WORD.getFloat32(0);
}
