/** Whether probabilities are what happened at them, on rows that nothing was learned from. */
import { minimise } from '../learning/minimise.ts';
import type { Method } from '../learning/calibration.ts';
import { logLossOf } from '../predictions/metrics.ts';
import { CLASSES } from './classes.ts';
import type { Tested } from './tested.ts';

/** From so many effective rows on the curve is isotonic; with fewer it follows noise, and two numbers have to do. */
const ISOTONIC_ROWS_MIN = 5_000;
const BINS = 10;
const COUNT = CLASSES.length;
/** Of the loss's slope: a thousandth of the calibration slope is seen. */
const SLOPE_TOLERANCE = 1e-6;

/** How probabilities are brought in line with what came. @param effectiveRows sum of the uniqueness of the rows that calibrate. */
export function calibrationMethodOf(effectiveRows: number): Method {
  return effectiveRows >= ISOTONIC_ROWS_MIN ? 'isotonic' : 'platt';
}

type Judged = Pick<Tested, 'probabilities' | 'actual'>;

/**
 * The factor that the log probabilities need to fit what came best, each class free in its level: below 1 they are too
 * bold, above too timid.
 * @returns null where the probabilities do not vary: there is nothing to scale.
 * @source Van Hoorde et al., "Assessing calibration of multinomial risk prediction models", Statistics in Medicine 2014.
 */
export function calibrationSlopeOf({ probabilities, actual }: Judged): number | null {
  const logs = probabilities.map((probability) => -logLossOf(probability));
  if (logs.every((value, at) => Math.abs(value - (logs[at % COUNT] as number)) < 1e-9)) return null;
  const rows = actual.length;
  const found = minimise((at, slope) => {
    slope.fill(0);
    let loss = 0;
    const margins = new Float64Array(COUNT);
    for (let row = 0; row < rows; row += 1) {
      for (let output = 0; output < COUNT; output += 1) margins[output] = (at[0] as number) * (logs[row * COUNT + output] as number) + (output === 0 ? 0 : at[output] as number);
      const largest = Math.max(...margins);
      const total = margins.reduce((sum, margin) => sum + Math.exp(margin - largest), 0);
      loss += (Math.log(total) + largest - (margins[actual[row] as number] as number)) / rows;
      for (let output = 0; output < COUNT; output += 1) {
        const error = (Math.exp((margins[output] as number) - largest) / total - (output === actual[row] ? 1 : 0)) / rows;
        slope[0] = (slope[0] as number) + error * (logs[row * COUNT + output] as number);
        if (output > 0) slope[output] = (slope[output] as number) + error;
      }
    }
    return loss;
  }, Float64Array.of(1, 0, 0), { tolerance: SLOPE_TOLERANCE });
  return found[0] ?? null;
}

/**
 * Mean distance of what was foretold and what came, over ten bins of equal count for each class, less what it would be by
 * chance were every probability right. Below 0 by luck.
 * @param uniqueness mean of the rows, 0..1: labels that overlap err together.
 */
export function excessCalibrationError({ probabilities, actual }: Judged, uniqueness: number): number {
  let [error, expected] = [0, 0];
  for (let output = 0; output < COUNT; output += 1) {
    const order = Uint32Array.from(actual, (_, row) => row).sort((a, b) => (probabilities[a * COUNT + output] as number) - (probabilities[b * COUNT + output] as number) || a - b);
    for (let bin = 0; bin < BINS; bin += 1) {
      const rows = order.subarray(Math.round((bin * order.length) / BINS), Math.round(((bin + 1) * order.length) / BINS));
      let [difference, variance] = [0, 0];
      for (const row of rows) {
        const probability = probabilities[row * COUNT + output] as number;
        difference += probability - (actual[row] === output ? 1 : 0);
        variance += probability * (1 - probability);
      }
      error += Math.abs(difference);
      expected += Math.sqrt((2 / Math.PI) * (variance / uniqueness)); // E|x| of a normal x
    }
  }
  return (error - expected) / (COUNT * actual.length);
}
