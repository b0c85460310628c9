/** What a trial is judged by, out of priced predictions: the model on trial beside whoever acts, on the same moments. Pure. */
import type { Judged } from '../predictions/metrics.ts';
import { brierOf } from '../predictions/metrics.ts';
import type { TrialFacts } from './shadow-trial.ts';

/** A row of either. Each is judged by the class that its own label makes of the move. */
export type TrialRow = Pick<Judged, 'instrumentId' | 'regime' | 'madeAt' | 'probabilities' | 'actual'>;

export interface TrialRows {
  readonly challenger: readonly TrialRow[];
  /** The champion's, or those of the rules together. */
  readonly acting: readonly TrialRow[];
}

/**
 * @param since market clock: rows from before do not count.
 * @returns differences in Brier per moment, in order of time: the acting one's less the challenger's, so that above 0 is better.
 *   A symbol that one of them was silent on says nothing; coverage tells how often the challenger was.
 */
export function trialFactsOf({ challenger, acting }: TrialRows, since: number): Pick<TrialFacts, 'predictions' | 'beside' | 'coverage' | 'differences' | 'cells'> {
  const keyOf = ({ instrumentId, madeAt }: TrialRow): string => `${madeAt} ${instrumentId}`;
  const own = new Map(challenger.filter((it) => it.madeAt >= since).map((it) => [keyOf(it), it]));
  const theirs = acting.filter((it) => it.madeAt >= since);
  const pairs = theirs.flatMap((before) => {
    const after = own.get(keyOf(before));
    return after === undefined ? [] : [{ at: before.madeAt, instrumentId: before.instrumentId, regime: before.regime, gained: brierOf(before) - brierOf(after) }];
  }).sort((a, b) => a.at - b.at);
  const cellsBy = (of: (pair: (typeof pairs)[number]) => string) => [...Map.groupBy(pairs, of)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, part]) => ({ name, differences: meansOf(part) }));
  return { predictions: own.size, beside: theirs.length, coverage: theirs.length === 0 ? 1 : pairs.length / theirs.length, differences: meansOf(pairs), cells: [...cellsBy((it) => it.instrumentId), ...cellsBy((it) => it.regime)] };
}

/** One number a moment: rows of one moment are one observation. */
function meansOf(pairs: readonly { readonly at: number; readonly gained: number }[]): readonly number[] {
  return [...Map.groupBy(pairs, (it) => it.at).values()].map((moment) => moment.reduce((sum, it) => sum + it.gained, 0) / moment.length);
}
