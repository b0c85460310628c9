import type { Dataset } from '../../domain/learning/dataset.ts';
import { normal, prngOf, uniform } from '../../domain/market/seeded/prng.ts';

export const FEATURES = 40;

/**
 * Rows of 40 features, a twentieth of the values missing, of which five say something: alone, in a product, in a wave. A
 * perfect model reaches an AUC of about 0.8.
 */
export function plantedData(rows: number, seed: string): Dataset {
  const random = prngOf(seed);
  const columns = Array.from({ length: FEATURES }, () => new Float32Array(rows));
  const labels = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    for (const column of columns) column[row] = uniform(random) < 0.05 ? NaN : normal(random);
    const [a, b, c, d, e] = columns.map((column) => (Number.isNaN(column[row]) ? 0.5 : column[row] as number)) as [number, number, number, number, number];
    labels[row] = uniform(random) < 1 / (1 + Math.exp(-(a + 0.8 * b * c + Math.sin(2 * d) + 0.6 * e))) ? 1 : 0;
  }
  return { names: columns.map((_, index) => `f${index}`), columns, rows, labels };
}
