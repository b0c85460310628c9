import { z } from 'zod';
import type { Artefact } from '../../domain/learning/artefact.ts';
import { arrayOf, refuse, writeArtefact } from '../../domain/learning/artefact.ts';
import type { BoostingParameters } from '../../domain/learning/boosting.ts';
import { boostingParametersOf } from '../../domain/learning/boosting.ts';
import type { Dataset, Task } from '../../domain/learning/dataset.ts';
import { checkDataset } from '../../domain/learning/dataset.ts';
import type { FitOptions, Learner, Model } from '../../domain/learning/learner.ts';
import { META, assertColumns, sharesOf } from '../../domain/learning/learner.ts';
import { lossOf } from '../../domain/learning/metrics.ts';
import { prngOf, uniform } from '../../domain/market/seeded/prng.ts';
import { messageOf } from '../../domain/errors.ts';
import { Booster, XgboostMatrix } from './booster.ts';
import { xgboostLibrary } from './library.ts';

export const XGBOOST = 'xgboost';

/**
 * XGBoost's own boosting, `hist` on one thread, under the names of our parameters and with our rule of stopping. Depth is at
 * least 1: there it would mean none.
 * @throws {RangeError} not retried: a parameter out of its range, by name.
 * @throws {KeelError} LEARNER_UNAVAILABLE, not retried, from `fit`: the library is not on this machine; says what to do.
 */
export function xgboost(given: Partial<BoostingParameters> = {}): Learner {
  const parameters = boostingParametersOf(XGBOOST, given);
  if (parameters.depthMax < 1) throw new RangeError(`${XGBOOST}: depthMax: 1 to 12 are allowed, given was ${parameters.depthMax}`);
  return { name: XGBOOST, parameters: { ...parameters }, fit: (data, options) => fit(data, options, parameters) };
}

/** Ours to theirs. */
function nativeOf(parameters: BoostingParameters, task: Task, features: readonly string[], seed: string): Record<string, string> {
  const { learningRate, depthMax, lambda, gainMin, childWeightMin, rowShare, columnShare, binsMax, monotone } = parameters;
  const objective = { binary: 'binary:logistic', classes: 'multi:softprob', regression: 'reg:squarederror' }[task.kind];
  const isMonotone = Object.keys(monotone).length > 0;
  const numbers = {
    eta: learningRate, max_depth: depthMax, reg_lambda: lambda, gamma: gainMin, min_child_weight: childWeightMin, subsample: rowShare, colsample_bytree: columnShare, max_bin: binsMax,
    seed: Math.floor(uniform(prngOf(seed)) * 2 ** 31), ...(task.kind === 'classes' ? { num_class: task.count } : {}),
  };
  return {
    objective, tree_method: 'hist', verbosity: '0', ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)])),
    ...(isMonotone ? { monotone_constraints: `(${features.map((name) => monotone[name] ?? 0).join(',')})` } : {}),
  };
}

interface Fitted {
  readonly task: Task;
  readonly features: readonly string[];
  readonly seed: string;
  readonly parameters: BoostingParameters;
  /** Of the library that fitted it. */
  readonly version: string;
  /** On the rows that decided when to stop; null without any. */
  readonly stoppingLoss: number | null;
  readonly booster: Booster;
}

function fit(data: Dataset, { task, seed, stopping }: FitOptions, parameters: BoostingParameters): Model {
  checkDataset(data, task);
  if (stopping !== undefined) { checkDataset(stopping, task); assertColumns(data.names, stopping); }
  const library = xgboostLibrary();
  const matrices = [data, ...(stopping === undefined ? [] : [stopping])].map((set) => new XgboostMatrix(library, set));
  const [training, watched] = matrices as [XgboostMatrix, XgboostMatrix?];
  try {
    const booster = Booster.create(library, nativeOf(parameters, task, data.names, seed), matrices);
    let best: { loss: number; rounds: number } | null = null;
    for (let round = 0; round < parameters.rounds && (best === null || round - best.rounds < parameters.patience); round += 1) {
      booster.update(round, training);
      if (stopping === undefined || watched === undefined) continue;
      const loss = lossOf(task, stopping, booster.predictMatrix(watched, task));
      if (best === null || loss < best.loss) best = { loss, rounds: round + 1 };
    }
    return modelOf({ task, features: data.names, seed, parameters, version: library.version, stoppingLoss: best?.loss ?? null, booster: best === null ? booster : booster.first(best.rounds) });
  } finally {
    for (const matrix of matrices) matrix.free();
  }
}

function modelOf({ task, features, seed, parameters, version, stoppingLoss, booster }: Fitted): Model {
  return {
    task, features,
    predict(matrix) {
      assertColumns(features, matrix);
      return booster.predict(matrix, task);
    },
    importances: () => sharesOf(features, booster.gains(features.length)),
    describe: () => ({ kind: XGBOOST, task, features, seed, parameters: { ...parameters }, result: { rounds: booster.rounds, stoppingLoss, version } }),
    save: () => writeArtefact({ kind: XGBOOST, meta: { task, features: [...features], seed, parameters, version, stoppingLoss }, arrays: { booster: booster.save() } }),
  };
}

const XGBOOST_META = META.extend({ parameters: z.record(z.string(), z.unknown()), version: z.string(), stoppingLoss: z.number().nullable() });

/**
 * @throws {KeelError} MODEL_INVALID, not retried: what does not fit together.
 * @throws {KeelError} LEARNER_UNAVAILABLE, not retried: the library is not on this machine; says what to do.
 */
export function xgboostFrom(artefact: Artefact): Model {
  const meta = XGBOOST_META.safeParse(artefact.meta);
  if (!meta.success) throw refuse(z.prettifyError(meta.error));
  const { features, task } = meta.data;
  const bytes = arrayOf(artefact, 'booster', 'u8');
  const library = xgboostLibrary();
  try {
    const parameters = boostingParametersOf(XGBOOST, meta.data.parameters);
    const booster = Booster.load(library, bytes);
    if (booster.features !== features.length) throw new RangeError(`its booster reads ${booster.features} features, it names ${features.length}`);
    const model = modelOf({ ...meta.data, parameters, booster });
    model.predict({ names: features, columns: features.map(() => Float32Array.of(NaN)), rows: 1 }); // has it as many outputs as its task?
    return model;
  } catch (error) {
    throw refuse(`${messageOf(error)}, task ${task.kind}`);
  }
}
