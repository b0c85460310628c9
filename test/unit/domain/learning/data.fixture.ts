import type { Dataset } from '../../../../domain/learning/dataset.ts';
import { matrixOf } from '../../../../domain/learning/dataset.ts';
import { normal, prngOf, uniform } from '../../../../domain/market/seeded/prng.ts';

/** One feature per array. */
export function dataOf(columns: Readonly<Record<string, readonly number[]>>, labels: readonly number[], weights?: readonly number[]): Dataset {
  return { ...matrixOf(Object.keys(columns), Object.values(columns)), labels: Float64Array.from(labels), weights: weights === undefined ? undefined : Float64Array.from(weights) };
}

/** Rows whose chance of class 1 rises with `a`, falls with `b`, and knows nothing of `noise`; a tenth of all values is missing. */
export function drawnData(rows: number, seed: string): Dataset {
  const random = prngOf(seed);
  const values = Array.from({ length: rows }, () => [normal(random), normal(random), normal(random)] as const);
  const labels = values.map(([a, b]) => (uniform(random) < 1 / (1 + Math.exp(b - 2 * a)) ? 1 : 0));
  const column = (place: 0 | 1 | 2): number[] => values.map((row) => (uniform(random) < 0.1 ? NaN : row[place]));
  return dataOf({ a: column(0), b: column(1), noise: column(2) }, labels);
}
