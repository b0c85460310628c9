import type { Dataset } from '../learning/dataset.ts';
import type { LabelAction } from '../predictions/label.ts';
import { bandBpsOf, expectedMoveBps, sideOf } from '../predictions/label.ts';
import type { LabelledRows } from './rows.ts';

/** The classes that models foretell, in the order of their outputs. */
export const CLASSES = ['buy', 'sell', 'hold'] as const satisfies readonly LabelAction[];
export const HOLD = 2;
/** Of the rows that a band is fitted on. */
const HOLD_SHARE = 1 / 3;

/**
 * c, such that a third of the given rows are holds: of what a side has to move, in σ × √horizon, the third's largest.
 * @param part rows that are learned from, never those that judge. At least one.
 */
export function fittedBand({ longBps, shortBps, costBps, sigma, label, uniqueness }: LabelledRows, part: Int32Array): number {
  const reaches = [...part].map((row) => {
    const best = Math.max(longBps[row] as number, shortBps[row] as number) + (costBps[row] as number);
    const scale = expectedMoveBps(sigma[row] as number, label.horizonCandles);
    return { reach: scale > 0 ? Math.max(0, best) / scale : 0, weight: uniqueness[row] as number };
  }).sort((a, b) => a.reach - b.reach);
  const wanted = HOLD_SHARE * reaches.reduce((sum, it) => sum + it.weight, 0);
  let sum = 0;
  for (const { reach, weight } of reaches) {
    sum += weight;
    if (sum >= wanted) return reach;
  }
  return reaches.at(-1)?.reach ?? 0;
}

/** The class of a row under a band. */
export function classOf({ longBps, shortBps, longExit, shortExit, costBps, sigma, label }: LabelledRows, row: number, holdBand: number): number {
  const cost = costBps[row] as number;
  const bandBps = bandBpsOf({ ...label, holdBand }, { sigma: sigma[row] as number, costBps: cost });
  const action = sideOf({ netBps: longBps[row] as number, exitIndex: longExit[row] as number }, { netBps: shortBps[row] as number, exitIndex: shortExit[row] as number }, { bandBps, costBps: cost });
  return CLASSES.indexOf(action);
}

/** All rows as learners take them, labelled under a band. */
export function datasetOf(rows: LabelledRows, holdBand: number): Dataset {
  const { names, columns, weights } = rows;
  return { names, columns, rows: rows.rows, weights, labels: Float64Array.from({ length: rows.rows }, (_, row) => classOf(rows, row, holdBand)) };
}
