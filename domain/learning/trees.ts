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
