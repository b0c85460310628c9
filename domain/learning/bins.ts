import type { Matrix } from './dataset.ts';

/** The bin of what is missing; values have bins below it. */
export const MISSING_BIN = 255;
/** Room of a feature in a histogram: a byte's worth of bins. */
export const BIN_STRIDE = 256;

/** Where each feature may be split. A value's bin is the number of cuts that it is not below. */
export interface Cuts {
  /** Per feature, ascending, float32, at most 254. */
  readonly cuts: readonly Float32Array[];
}

export interface Binned extends Cuts {
  readonly rows: number;
  readonly features: number;
  /** Row by row: `row × features + feature`. */
  readonly bins: Uint8Array;
  /** Per feature: 1 when any value is missing. */
  readonly hasMissing: Uint8Array;
}

/**
 * Cuts between neighbouring values: all of them where there are few, else such that the bins hold equally many rows.
 * @param binsMax 2..255.
 */
export function cutsOf(column: Float32Array, binsMax: number): Float32Array {
  const sorted = column.filter(Number.isFinite).sort();
  const cuts: number[] = [];
  const distinct = countDistinct(sorted);
  const perBin = distinct <= binsMax ? 0 : sorted.length / binsMax;
  let inBin = 0;
  let filled = 0;
  for (let index = 1; index < sorted.length && cuts.length < binsMax - 1; index += 1) {
    inBin += 1;
    const [below, above] = [sorted[index - 1] as number, sorted[index] as number];
    if (below === above || filled + inBin < perBin * (cuts.length + 1)) continue;
    cuts.push(between(below, above));
    filled += inBin;
    inBin = 0;
  }
  return Float32Array.from(cuts);
}

function countDistinct(sorted: Float32Array): number {
  let count = sorted.length > 0 ? 1 : 0;
  for (let index = 1; index < sorted.length; index += 1) if (sorted[index] !== sorted[index - 1]) count += 1;
  return count;
}

/** A float32 c with below < c ≤ above. */
function between(below: number, above: number): number {
  const middle = Math.fround(below / 2 + above / 2);
  return middle > below && middle <= above ? middle : above;
}

/** @returns how many cuts lie at or below the value. */
export function binOf(cuts: Float32Array, value: number): number {
  if (!Number.isFinite(value)) return MISSING_BIN;
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value < (cuts[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function binRows({ columns, rows }: Matrix, cuts: readonly Float32Array[]): Binned {
  const features = columns.length;
  const bins = new Uint8Array(rows * features);
  const hasMissing = new Uint8Array(features);
  columns.forEach((column, feature) => {
    const own = cuts[feature] ?? new Float32Array(0);
    for (let row = 0; row < rows; row += 1) {
      const bin = binOf(own, column[row] as number);
      bins[row * features + feature] = bin;
      if (bin === MISSING_BIN) hasMissing[feature] = 1;
    }
  });
  return { cuts, rows, features, bins, hasMissing };
}
