export interface Moments {
  readonly count: number;
  /** NaN without values. */
  readonly mean: number;
  /** Of the population: the sum of squares over the count. */
  readonly deviation: number;
  /** Third and fourth standardised moments; 0 and 3, a normal's, where nothing varies. */
  readonly skew: number;
  readonly kurtosis: number;
}

export function momentsOf(values: ArrayLike<number>): Moments {
  const count = values.length;
  const mean = sumOf(values, (value) => value) / count;
  const central = (power: number): number => sumOf(values, (value) => (value - mean) ** power) / count;
  const variance = central(2);
  const isFlat = !(variance > 0);
  return { count, mean, deviation: Math.sqrt(variance), skew: isFlat ? 0 : central(3) / variance ** 1.5, kurtosis: isFlat ? 3 : central(4) / variance ** 2 };
}

function sumOf(values: ArrayLike<number>, of: (value: number) => number): number {
  let sum = 0;
  for (let index = 0; index < values.length; index += 1) sum += of(values[index] as number);
  return sum;
}
