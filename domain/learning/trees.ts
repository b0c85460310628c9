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

/** Rows that are copied together, and rows that are walked side by side: a processor waits for four at once. */
const BLOCK = 256;
const ABREAST = 4;

/**
 * Trees in the shape that is fastest to walk, without a branch. Each node asks whether a value is below its threshold, and
 * goes to its first child on no, to the one after it on yes. A leaf asks what is never so and is its own first child. NaN
 * answers every question with no: where missing values go left, the question is asked of the negated value, which follows
 * the values themselves.
 */
export class Walker {
  readonly #features: number;
  readonly #starts: Int32Array;
  readonly #depths: Int32Array;
  /** Per node its first child, counted from its tree's root, above so many bits of which value it asks. */
  readonly #asks: Int32Array;
  readonly #bits: number;
  readonly #threshold: Float32Array;
  readonly #value: Float32Array;

  constructor(trees: Trees, features: number) {
    const nodes = trees.feature.length;
    this.#features = features;
    this.#bits = Math.ceil(Math.log2(2 * features));
    this.#starts = trees.starts;
    this.#depths = new Int32Array(trees.starts.length - 1);
    this.#asks = new Int32Array(nodes);
    this.#threshold = new Float32Array(nodes).fill(-Infinity);
    this.#value = new Float32Array(nodes);
    this.#place(trees);
  }

  /** Two children may change places with each other. */
  #place({ starts, feature, threshold, left, missingLeft, value }: Trees): void {
    const place = Int32Array.from({ length: feature.length }, (_, node) => node);
    const depth = new Int32Array(place.length);
    for (let tree = 0; tree + 1 < starts.length; tree += 1) {
      const root = starts[tree] as number;
      for (let node = root; node < (starts[tree + 1] as number); node += 1) {
        const [at, own, child] = [place[node] as number, feature[node] as number, left[node] as number];
        this.#value[at] = value[node] as number;
        this.#asks[at] = (at - root) << this.#bits;
        this.#depths[tree] = Math.max(this.#depths[tree] as number, depth[node] as number);
        if (own < 0) continue;
        const asksNegated = missingLeft[node] === 1;
        this.#asks[at] = ((child - root) << this.#bits) | (asksNegated ? own + this.#features : own);
        this.#threshold[at] = asksNegated ? nextFloat32(-(threshold[node] as number)) : threshold[node] as number; // x ≥ t is -x ≤ -t, is -x < the next above -t
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
    const size = rows === 1 ? 1 : Math.min(BLOCK, ABREAST * Math.ceil(rows / ABREAST));
    const width = 2 * this.#features;
    const values = new Float32Array(size * width);
    const leaves = new Float32Array(size);
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
      for (let tree = 0; tree < this.#depths.length; tree += 1) {
        if (size === 1) this.#walkRow(tree, values, leaves);
        else this.#walkRows(tree, values, count, leaves);
        const first = from * outputs + (tree % outputs);
        for (let row = 0; row < count; row += 1) margins[first + row * outputs] = (margins[first + row * outputs] as number) + (leaves[row] as number);
      }
    }
  }

  #walkRow(tree: number, values: Float32Array, leaves: Float32Array): void {
    const [asks, threshold, bits, root] = [this.#asks, this.#threshold, this.#bits, this.#starts[tree] as number];
    const mask = (1 << bits) - 1;
    let node = root;
    for (let depth = this.#depths[tree] as number; depth > 0; depth -= 1) {
      const ask = asks[node] as number;
      node = root + (ask >>> bits) + Number((values[ask & mask] as number) < (threshold[node] as number));
    }
    leaves[0] = this.#value[node] as number;
  }

  /** Rows beyond `count`, up to the next four, are walked for nothing. */
  #walkRows(tree: number, values: Float32Array, count: number, leaves: Float32Array): void {
    const [asks, threshold, value, bits, root, width] = [this.#asks, this.#threshold, this.#value, this.#bits, this.#starts[tree] as number, 2 * this.#features];
    const mask = (1 << bits) - 1;
    for (let row = 0; row < count; row += ABREAST) {
      const ofA = row * width;
      const ofB = ofA + width;
      const ofC = ofB + width;
      const ofD = ofC + width;
      let a = root; // one by one: in this loop a pattern that is taken apart costs more than the walk
      let b = root;
      let c = root;
      let d = root;
      for (let depth = this.#depths[tree] as number; depth > 0; depth -= 1) {
        const askA = asks[a] as number;
        const askB = asks[b] as number;
        const askC = asks[c] as number;
        const askD = asks[d] as number;
        a = root + (askA >>> bits) + Number((values[ofA + (askA & mask)] as number) < (threshold[a] as number));
        b = root + (askB >>> bits) + Number((values[ofB + (askB & mask)] as number) < (threshold[b] as number));
        c = root + (askC >>> bits) + Number((values[ofC + (askC & mask)] as number) < (threshold[c] as number));
        d = root + (askD >>> bits) + Number((values[ofD + (askD & mask)] as number) < (threshold[d] as number));
      }
      leaves[row] = value[a] as number; leaves[row + 1] = value[b] as number; leaves[row + 2] = value[c] as number; leaves[row + 3] = value[d] as number;
    }
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
