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
 * Cuts between neighbouring values: all of them where there are few, else such that the bins hold equally many rows, but
 * for values that alone are more than that: each has a bin of its own, and takes none from the others.
 * @source the bins of LightGBM (Ke et al., 2017), which sets large values aside in the same way.
 * @param binsMax 2..255.
 */
export function cutsOf(column: Float32Array, binsMax: number): Float32Array {
  const { values, counts, rows } = countedValues(column);
  const share = values.length <= binsMax ? { perBin: 0, bins: binsMax } : fairShare(counts, rows, binsMax);
  const cuts: number[] = [];
  let [inBin, filled, closed] = [0, 0, 0]; // of the values that share bins
  for (let index = 0; index + 1 < values.length && cuts.length < binsMax - 1; index += 1) {
    const [count, next] = [counts[index] as number, counts[index + 1] as number];
    const isLarge = count > share.perBin;
    if (!isLarge) inBin += count;
    const isFull = filled + inBin >= share.perBin * (closed + 1);
    const isBeforeLarge = next > share.perBin && inBin >= share.perBin / 2 && closed < share.bins;
    if (!isLarge && !isFull && !isBeforeLarge) continue;
    cuts.push(between(values[index] as number, values[index + 1] as number));
    if (inBin > 0) closed += 1;
    filled += inBin;
    inBin = 0;
  }
  return Float32Array.from(cuts);
}

/** Rows a bin, and how many bins, once each value that has more rows than that has one of its own. */
function fairShare(counts: readonly number[], rows: number, binsMax: number): { readonly perBin: number; readonly bins: number } {
  let [perBin, bins] = [rows / binsMax, binsMax];
  for (;;) {
    const large = counts.filter((count) => count > perBin);
    const next = { perBin: (rows - large.reduce((sum, count) => sum + count, 0)) / (binsMax - large.length), bins: binsMax - large.length };
    if (next.bins === bins) return { perBin, bins };
    ({ perBin, bins } = next);
  }
}

/** Its distinct finite values, ascending, and how many rows each has. */
function countedValues(column: Float32Array): { readonly values: readonly number[]; readonly counts: readonly number[]; readonly rows: number } {
  const sorted = column.filter(Number.isFinite).sort();
  const [values, counts]: [number[], number[]] = [[], []];
  for (const value of sorted) {
    if (value === values.at(-1)) counts[counts.length - 1] = (counts.at(-1) ?? 0) + 1;
    else {
      values.push(value);
      counts.push(1);
    }
  }
  return { values, counts, rows: sorted.length };
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
