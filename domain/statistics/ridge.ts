/** Linear regression with a penalty, of several outcomes on the same rows, and how far it hangs on any part of them. */

export interface Regressed {
  /** Row by row, `width` numbers each; the last of them is 1, for the intercept. */
  readonly rows: Float64Array;
  readonly width: number;
  /** Row by row, one number per outcome. */
  readonly outcomes: Float64Array;
  readonly outcomeCount: number;
  /** Squared coefficients count as much as so many rows, > 0; the intercept is free. */
  readonly penalty: number;
}

/**
 * The coefficients from all rows, then those without each part of neighbouring rows (a jackknife over blocks, whose spread
 * tells how far the first are to be trusted although neighbours resemble each other).
 * @param parts ≥ 2, at most as many as there are rows.
 * @returns `parts + 1` sets: `outcome × width + column`.
 * @throws {RangeError} not retried: too few rows for the parts.
 * @source Hoerl and Kennard, "Ridge Regression", Technometrics 1970; Künsch, "The jackknife and the bootstrap for general stationary observations", Annals of Statistics 1989.
 */
export function ridgeByParts(data: Regressed, parts: number): readonly Float64Array[] {
  const count = data.rows.length / data.width;
  if (!(parts >= 2 && parts <= count)) throw new RangeError(`${count} rows do not give ${parts} parts`);
  const starts = partStarts(count, parts);
  const sums = starts.map((from, part) => sumsOf(data, from, starts[part + 1] ?? count));
  const whole = added(sums);
  return [whole, ...sums.map((part) => whole.map((sum, index) => sum - (part[index] as number)))].map((it) => solved(it, data));
}

/** Where each of `parts` parts of neighbouring rows begins: as many rows in each, give or take one. */
export function partStarts(count: number, parts: number): readonly number[] {
  return Array.from({ length: parts }, (_, part) => Math.floor((part * count) / parts));
}

/** X'X, then X'Y. */
function sumsOf({ rows, width, outcomes, outcomeCount }: Regressed, from: number, to: number): Float64Array {
  const sums = new Float64Array(width * (width + outcomeCount));
  for (let row = from; row < to; row += 1) {
    for (let i = 0; i < width; i += 1) {
      const value = rows[row * width + i] as number;
      const at = i * (width + outcomeCount);
      for (let j = 0; j < width; j += 1) sums[at + j] = (sums[at + j] as number) + value * (rows[row * width + j] as number);
      for (let k = 0; k < outcomeCount; k += 1) sums[at + width + k] = (sums[at + width + k] as number) + value * (outcomes[row * outcomeCount + k] as number);
    }
  }
  return sums;
}

function added(all: readonly Float64Array[]): Float64Array {
  const total = new Float64Array(all[0]?.length ?? 0);
  for (const sums of all) sums.forEach((value, index) => { total[index] = (total[index] as number) + value; });
  return total;
}

/** (X'X + penalty) β = X'Y by Gauss and Jordan: with the penalty the matrix is positive definite, so no pivot is sought. */
function solved(sums: Float64Array, { width, outcomeCount, penalty }: Regressed): Float64Array {
  const across = width + outcomeCount;
  const rest = sums.slice();
  for (let i = 0; i < width - 1; i += 1) rest[i * across + i] = (rest[i * across + i] as number) + penalty;
  for (let pivot = 0; pivot < width; pivot += 1) {
    const divisor = rest[pivot * across + pivot] as number;
    for (let j = pivot; j < across; j += 1) rest[pivot * across + j] = (rest[pivot * across + j] as number) / divisor;
    for (let i = 0; i < width; i += 1) {
      const factor = i === pivot ? 0 : rest[i * across + pivot] as number;
      if (factor !== 0) for (let j = pivot; j < across; j += 1) rest[i * across + j] = (rest[i * across + j] as number) - factor * (rest[pivot * across + j] as number);
    }
  }
  return Float64Array.from({ length: outcomeCount * width }, (_, index) => rest[(index % width) * across + width + Math.floor(index / width)] as number);
}
