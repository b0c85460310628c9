/** What a test that looks after every value says so far: nothing yet, as promised, or worse. */
export type SequentialVerdict = 'open' | 'asPromised' | 'worse';

export interface Errors {
  /** Chance that what is as promised is called worse. */
  readonly alpha: number;
  /** Chance that what is worse is called as promised. */
  readonly beta: number;
}

/**
 * @param logRatio log likelihood of the values if worse, less that if as promised.
 * @source Wald, Sequential Analysis, 1947.
 */
export function verdictOf(logRatio: number, { alpha, beta }: Errors): SequentialVerdict {
  if (logRatio >= Math.log((1 - beta) / alpha)) return 'worse';
  return logRatio <= Math.log(beta / (1 - alpha)) ? 'asPromised' : 'open';
}

/** Of one win or loss. @param promised, worse 0 < chance < 1 of a win. */
export function logRatioOfTrial(hasWon: boolean, promised: number, worse: number): number {
  return hasWon ? Math.log(worse / promised) : Math.log((1 - worse) / (1 - promised));
}

/** Of one normal value of known deviation > 0. */
export function logRatioOfValue(value: number, { promised, worse, deviation }: { readonly promised: number; readonly worse: number; readonly deviation: number }): number {
  return ((worse - promised) * (value - (promised + worse) / 2)) / (deviation * deviation);
}
