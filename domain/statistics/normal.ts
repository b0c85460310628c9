/** Chance that a standard normal is at most x. Error below 1.2e-7. @source Press et al., Numerical Recipes, 3rd edition 2007, 6.2.2, erfc by a Chebyshev fit. */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * z);
  const tail = t * Math.exp(-z * z - 1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))))));
  return x >= 0 ? 1 - tail / 2 : tail / 2;
}

const HALVINGS = 60;
const FARTHEST = 9;

/** The x that a standard normal stays at or below with this chance. @param chance 0 < chance < 1. @throws {RangeError} not retried: anything else. */
export function normalQuantile(chance: number): number {
  if (!(chance > 0 && chance < 1)) throw new RangeError(`a quantile needs a chance between 0 and 1, given was ${chance}`);
  let [low, high] = [-FARTHEST, FARTHEST];
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < chance) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
