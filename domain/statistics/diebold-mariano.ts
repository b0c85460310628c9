import { momentsOf } from './moments.ts';
import { normalCdf } from './normal.ts';

/**
 * Whether the mean of differences of losses is above 0, when neighbours up to a lag depend on each other.
 * @param differences in order of time, of the old loss less the new one: positive is better.
 * @param lag ≥ 0: horizon - 1.
 * @returns one-sided p, 0..1: the chance of so high a mean, or a higher one, were there no difference. 1 where nothing can be said.
 * @source Diebold and Mariano 1995; where that variance is not positive, with weights that keep it so: Newey and West 1987; correction for few values: Harvey, Leybourne and Newbold 1997.
 */
export function dieboldMariano(differences: ArrayLike<number>, lag: number): number {
  const { count, mean } = momentsOf(differences);
  if (count <= lag + 1) return 1;
  const autocovariance = (by: number): number => {
    let sum = 0;
    for (let index = by; index < count; index += 1) sum += ((differences[index] as number) - mean) * ((differences[index - by] as number) - mean);
    return sum / count;
  };
  const covariances = Array.from({ length: lag + 1 }, (_, by) => autocovariance(by));
  const varianceBy = (weightOf: (by: number) => number): number => covariances.reduce((sum, covariance, by) => sum + (by === 0 ? 1 : 2 * weightOf(by)) * covariance, 0);
  const plain = varianceBy(() => 1); // labels of h candles depend on each other up to h - 1, fully
  const variance = plain > 0 ? plain : varianceBy((by) => 1 - by / (lag + 1));
  if (!(variance > 0)) return 1;
  const horizon = lag + 1;
  const correction = Math.sqrt(Math.max(0, (count + 1 - 2 * horizon + (horizon * (horizon - 1)) / count) / count));
  return 1 - normalCdf((correction * mean) / Math.sqrt(variance / count));
}
