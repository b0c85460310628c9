import { prngOf, uniform } from '../market/seeded/prng.ts';

const DRAWS = 2_000;

export interface BootstrapOptions {
  /** Neighbours that stay together, ≥ 1: at least as many as hang together. */
  readonly block: number;
  readonly seed: string;
  /** One-sided: the mean lies above the bound with this confidence, 0..1. Default 0.95. */
  readonly confidence?: number;
}

/**
 * The lower bound of a mean of values in order of time that depend on their neighbours.
 * @returns NaN without values.
 * @source Politis and Romano, "A circular block-resampling procedure for stationary data", 1992; basic ("reverse percentile") bound.
 */
export function lowerBoundOfMean(values: ArrayLike<number>, { block, seed, confidence = 0.95 }: BootstrapOptions): number {
  const count = values.length;
  if (count === 0) return NaN;
  const length = Math.min(count, Math.max(1, Math.ceil(block)));
  const sums = new Float64Array(count + length + 1); // up to each place, going round at the end
  for (let index = 0; index < count + length; index += 1) sums[index + 1] = (sums[index] as number) + (values[index % count] as number);
  const random = prngOf(seed);
  const mean = (sums[count] as number) / count;
  const blocks = Math.ceil(count / length);
  const means = Float64Array.from({ length: DRAWS }, () => {
    let sum = 0;
    for (let drawn = 0; drawn < blocks; drawn += 1) {
      const from = Math.floor(uniform(random) * count);
      sum += (sums[from + length] as number) - (sums[from] as number);
    }
    return sum / (blocks * length);
  }).sort();
  return 2 * mean - (means[Math.min(DRAWS - 1, Math.floor(confidence * DRAWS))] as number);
}

/** How many values stay together: as many as a label reaches over, and more where there are more. @source Hall, Horowitz and Jing, "On blocking rules for the bootstrap with dependent data", Biometrika 1995: the cube root. */
export function blockOf(horizon: number, count: number): number {
  return Math.max(horizon, Math.ceil(Math.cbrt(count)));
}
