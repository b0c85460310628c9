/** What a size may be multiplied with. @source learning.md, "Learned sizing". */

/** Tenths, so that sums of them are exact: 0, 0.2, 0.4 … 1.8. */
export const ACTIONS: readonly number[] = Array.from({ length: 10 }, (_, index) => (2 * index) / 10);
export const NEUTRAL = 1;
/** Where nothing sure is known and the market is in high volatility. */
export const HIGH_VOLATILITY = 0.3;

/** Every multiplier that a signal is priced at, ascending: the actions, and what is taken in high volatility. */
export const PRICED: readonly number[] = [...ACTIONS, HIGH_VOLATILITY].sort((a, b) => a - b);

export const SIZING_MODES = ['off', 'shadow', 'advise', 'primary'] as const;
export type SizingMode = (typeof SIZING_MODES)[number];

/** So many signals count as much as the belief that neutral is right. */
const SHRINK = 200;

/** Drawn to neutral by n / (n + 200), then the nearest action, of two the one nearer to neutral. @param samples ≥ 0 */
export function shrunk(action: number, samples: number): number {
  const wanted = NEUTRAL + (action - NEUTRAL) * (samples / (samples + SHRINK));
  const steps = (wanted - NEUTRAL) / 0.2;
  const whole = Math.sign(steps) * Math.ceil(Math.abs(steps) - 0.5 - 1e-9);
  return ACTIONS[5 + whole] ?? NEUTRAL;
}

/** What is taken without knowledge. */
export function withoutKnowledge(isHighVolatility: boolean): number {
  return isHighVolatility ? HIGH_VOLATILITY : NEUTRAL;
}
