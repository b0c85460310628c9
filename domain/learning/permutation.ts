import type { Dataset } from './dataset.ts';
import type { Model } from './learner.ts';
import { lossOf } from './metrics.ts';
import { shuffled } from './shuffle.ts';

export interface PermutationImportance {
  readonly feature: string;
  /** Of the mean log loss (or squared error), per row. */
  readonly lossIncrease: number;
}

/**
 * By how much the loss rises on given rows when one feature's values are dealt out anew: what the model owes to it. Below 0
 * by chance where it owes nothing.
 * @param features absent: all.
 * @returns largest first
 * @source Breiman, "Random Forests", Machine Learning 2001.
 */
export function permutationImportances(model: Model, data: Dataset, seed: string, features: readonly string[] = data.names): readonly PermutationImportance[] {
  const loss = lossOf(model.task, data, model.predict(data));
  return features.map((feature) => {
    const place = data.names.indexOf(feature);
    const order = shuffled(data.rows, `${seed}|${feature}`);
    const dealt = data.columns.map((column, index) => (index === place ? column.map((_, row) => column[order[row] as number] as number) : column));
    return { feature, lossIncrease: lossOf(model.task, data, model.predict({ ...data, columns: dealt })) - loss };
  }).sort((a, b) => b.lossIncrease - a.lossIncrease);
}
