import { momentsOf } from './moments.ts';
import { normalCdf } from './normal.ts';

/**
 * Whether the mean of differences of losses is above 0, when neighbours up to a lag depend on each other.
 * @param differences in order of time, of the old loss less the new one: positive is better.
 * @param lag ≥ 0: horizon - 1.
 * @returns one-sided p, 0..1: the chance of so high a mean, or a higher one, were there no difference. 1 where nothing can be said.
 * @source Diebold and Mariano 1995; weights that keep the variance positive: Newey and West 1987; correction for few values: Harvey, Leybourne and Newbold 1997.
 */
export function dieboldMariano(differences: ArrayLike<number>, lag: number): number {
  const { count, mean } = momentsOf(differences);
  if (count <= lag + 1) return 1;
  const autocovariance = (by: number): number => {
    let sum = 0;
    for (let index = by; index < count; index += 1) sum += ((differences[index] as number) - mean) * ((differences[index - by] as number) - mean);
    return sum / count;
  };
  let variance = autocovariance(0);
  for (let by = 1; by <= lag; by += 1) variance += 2 * (1 - by / (lag + 1)) * autocovariance(by);
  if (!(variance > 0)) return 1;
  const horizon = lag + 1;
  const correction = Math.sqrt(Math.max(0, (count + 1 - 2 * horizon + (horizon * (horizon - 1)) / count) / count));
  return 1 - normalCdf((correction * mean) / Math.sqrt(variance / count));
}
