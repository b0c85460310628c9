import type { Matrix } from './dataset.ts';

/**
 * Trees as flat columns, one after the other. A node whose `feature` is -1 is a leaf; the children of another stand side
 * by side at `left` and `left + 1`, after their parent.
 */
export interface Trees {
  /** First node of each tree, and the end of the last one. */
  readonly starts: Int32Array;
  readonly feature: Int32Array;
  /** A value below it goes left. */
  readonly threshold: Float32Array;
  readonly left: Int32Array;
  /** 1: what is missing goes left. */
  readonly missingLeft: Uint8Array;
  /** Of leaves: what they add to the margin; float32, summed in float64. */
  readonly value: Float32Array;
  /** Of inner nodes: by how much the split lowered the loss. */
  readonly gain: Float32Array;
}

/** Rows that are walked together. */
const BLOCK = 256;

/**
 * Trees in the shape that is fastest to walk: without a branch, all rows of a block one level down at a time. Each node asks
 * whether a value is below its threshold, and goes to its first child on no, to the one after it on yes. A leaf asks what
 * is never so and is its own first child. NaN answers every question with no: where missing values go left, the question
 * is asked of the negated value, which follows the values themselves.
 */
export class Walker {
  readonly #features: number;
  readonly #starts: Int32Array;
  readonly #depths: Int32Array;
  readonly #feature: Int32Array;
  readonly #threshold: Float32Array;
  readonly #first: Int32Array;
  readonly #value: Float32Array;

  constructor(trees: Trees, features: number) {
    const nodes = trees.feature.length;
    this.#features = features;
    this.#starts = trees.starts;
    this.#depths = new Int32Array(trees.starts.length - 1);
    this.#feature = new Int32Array(nodes);
    this.#threshold = new Float32Array(nodes).fill(-Infinity);
    this.#first = Int32Array.from({ length: nodes }, (_, node) => node);
    this.#value = new Float32Array(nodes);
    this.#place(trees);
  }

  /** Two children may change places with each other. */
  #place({ starts, feature, threshold, left, missingLeft, value }: Trees): void {
    const place = this.#first.slice();
    const depth = new Int32Array(place.length);
    for (let tree = 0; tree + 1 < starts.length; tree += 1) {
      for (let node = starts[tree] as number; node < (starts[tree + 1] as number); node += 1) {
        const [at, own, child] = [place[node] as number, feature[node] as number, left[node] as number];
        this.#value[at] = value[node] as number;
        this.#depths[tree] = Math.max(this.#depths[tree] as number, depth[node] as number);
        if (own < 0) continue;
        const asksNegated = missingLeft[node] === 1;
        this.#feature[at] = asksNegated ? own + this.#features : own;
        this.#threshold[at] = asksNegated ? nextFloat32(-(threshold[node] as number)) : threshold[node] as number; // x ≥ t is -x ≤ -t, is -x < the next above -t
        this.#first[at] = child;
        [place[child], place[child + 1]] = asksNegated ? [child, child + 1] : [child + 1, child];
        depth[child] = depth[child + 1] = (depth[node] as number) + 1;
      }
    }
  }

  /**
   * Adds what the trees say to margins: tree `t` to output `t mod outputs`. What is not finite is missing.
   * @param margins `row × outputs + output`
   */
  add({ columns, rows }: Matrix, margins: Float64Array, outputs: number): void {
    const size = Math.min(BLOCK, rows);
    const width = 2 * this.#features;
    const values = new Float32Array(size * width);
    const at = new Int32Array(size);
    for (let from = 0; from < rows; from += size) {
      const count = Math.min(size, rows - from);
      for (let feature = 0; feature < this.#features; feature += 1) {
        const column = columns[feature] as Float32Array;
        for (let row = 0; row < count; row += 1) {
          const value = column[from + row] as number;
          const known = value - value === 0 ? value : NaN;
          values[row * width + feature] = known;
          values[row * width + this.#features + feature] = -known;
        }
      }
      if (count === 1) this.#addToRow(values, margins, from * outputs, outputs);
      else for (let tree = 0; tree < this.#depths.length; tree += 1) this.#addTree(tree, { values, at, count }, margins, from * outputs + (tree % outputs), outputs);
    }
  }

  #addToRow(values: Float32Array, margins: Float64Array, place: number, outputs: number): void {
    const [starts, depths, feature, threshold, first, value] = [this.#starts, this.#depths, this.#feature, this.#threshold, this.#first, this.#value];
    for (let tree = 0; tree < depths.length; tree += 1) {
      let node = starts[tree] as number;
      for (let depth = depths[tree] as number; depth > 0; depth -= 1) node = (first[node] as number) + Number((values[feature[node] as number] as number) < (threshold[node] as number));
      margins[place + (tree % outputs)] = (margins[place + (tree % outputs)] as number) + (value[node] as number);
    }
  }

  #addTree(tree: number, { values, at, count }: { readonly values: Float32Array; readonly at: Int32Array; readonly count: number }, margins: Float64Array, place: number, outputs: number): void {
    const [width, feature, threshold, first, value] = [2 * this.#features, this.#feature, this.#threshold, this.#first, this.#value];
    at.fill(this.#starts[tree] as number);
    for (let depth = this.#depths[tree] as number; depth > 0; depth -= 1) {
      for (let row = 0; row < count; row += 1) {
        const node = at[row] as number;
        at[row] = (first[node] as number) + Number((values[row * width + (feature[node] as number)] as number) < (threshold[node] as number));
      }
    }
    for (let row = 0; row < count; row += 1) margins[place + row * outputs] = (margins[place + row * outputs] as number) + (value[at[row] as number] as number);
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

/** The first `count` trees. */
export function firstTrees(trees: Trees, count: number): Trees {
  const starts = trees.starts.slice(0, count + 1);
  const end = starts[count] as number;
  return {
    starts, feature: trees.feature.slice(0, end), threshold: trees.threshold.slice(0, end), left: trees.left.slice(0, end),
    missingLeft: trees.missingLeft.slice(0, end), value: trees.value.slice(0, end), gain: trees.gain.slice(0, end),
  };
}

/** Trees while they grow. */
export class TreesBuilder {
  readonly #starts: number[] = [0];
  readonly #feature: number[] = [];
  readonly #threshold: number[] = [];
  readonly #left: number[] = [];
  readonly #missingLeft: number[] = [];
  readonly #value: number[] = [];
  readonly #gain: number[] = [];

  /** A leaf that says nothing yet. @returns its place. */
  addLeaf(): number {
    this.#feature.push(-1); this.#threshold.push(0); this.#left.push(0); this.#missingLeft.push(0); this.#gain.push(0);
    return this.#value.push(0) - 1;
  }

  setValue(leaf: number, value: number): void {
    this.#value[leaf] = value;
  }

  split(node: number, split: { readonly feature: number; readonly threshold: number; readonly missingLeft: boolean; readonly gain: number; readonly left: number }): void {
    this.#feature[node] = split.feature; this.#threshold[node] = split.threshold; this.#left[node] = split.left;
    this.#missingLeft[node] = split.missingLeft ? 1 : 0; this.#value[node] = 0; this.#gain[node] = split.gain;
  }

  endTree(): void {
    this.#starts.push(this.#feature.length);
  }

  /** All trees so far; or those from one tree on, as trees of their own. */
  build(fromTree = 0): Trees {
    const from = this.#starts[fromTree] as number;
    return {
      starts: Int32Array.from(this.#starts.slice(fromTree), (start) => start - from), feature: Int32Array.from(this.#feature.slice(from)), threshold: Float32Array.from(this.#threshold.slice(from)),
      left: Int32Array.from(this.#left.slice(from), (left) => (left === 0 ? 0 : left - from)), missingLeft: Uint8Array.from(this.#missingLeft.slice(from)), value: Float32Array.from(this.#value.slice(from)), gain: Float32Array.from(this.#gain.slice(from)),
    };
  }
}
