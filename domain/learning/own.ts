/** A learner that a user wrote, as one of ours: its model is an artefact like any other. */
import { z } from 'zod';
import type { Artefact } from './artefact.ts';
import { refuse, writeArtefact } from './artefact.ts';
import type { Dataset, Matrix, Task } from './dataset.ts';
import { checkDataset, outputsOf } from './dataset.ts';
import type { FitOptions, Learner, Model } from './learner.ts';
import { assertColumns, META, sharesOf } from './learner.ts';

/** What was learned: JSON, and numbers by name. */
export interface OwnFit {
  readonly meta: Readonly<Record<string, unknown>>;
  readonly arrays: Artefact['arrays'];
}

export interface OwnFitOptions extends FitOptions {
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface OwnLearner {
  /** Letters, digits, dashes: recipes and votes name it `own/<name>/<version>`. */
  readonly name: string;
  /** What learns or foretells otherwise needs another one. */
  readonly version: string;
  /** JSON. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Pure: the same rows and seed give the same. Missing values are NaN; weights are ≥ 0. */
  fit(data: Dataset, options: OwnFitOptions): OwnFit;
  /** @returns per row the probabilities of the classes, sum 1: `row × classes + class`. A row alone says what it says among others. */
  predict(fit: OwnFit, matrix: Matrix, task: Task): Float64Array;
  /** By feature how much it counts, ≥ 0; default: all the same. */
  importances?(fit: OwnFit, features: readonly string[]): ArrayLike<number>;
}

const PREFIX = 'own/';

export const ownKindOf = ({ name, version }: Pick<OwnLearner, 'name' | 'version'>): string => `${PREFIX}${name}/${version}`;
export const isOwnKind = (kind: string): boolean => kind.startsWith(PREFIX);

/** @param given parameters as a recipe holds them, over those of the definition. */
export function ownLearner(definition: OwnLearner, given: Readonly<Record<string, unknown>> = {}): Learner {
  const parameters = { ...definition.parameters, ...given };
  return {
    name: ownKindOf(definition), parameters,
    fit(data, options) {
      checkDataset(data, options.task);
      const { task, seed } = options;
      return modelOf(definition, { task, features: [...data.names], seed, parameters, fit: definition.fit(data, { ...options, parameters }) });
    },
  };
}

interface Learned {
  readonly task: Task;
  readonly features: readonly string[];
  readonly seed: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly fit: OwnFit;
}

function modelOf(definition: OwnLearner, { task, features, seed, parameters, fit }: Learned): Model {
  const kind = ownKindOf(definition);
  return {
    task, features,
    predict(matrix) {
      assertColumns(features, matrix);
      const said = definition.predict(fit, matrix, task);
      if (said.length !== matrix.rows * outputsOf(task)) throw new RangeError(`${kind} says ${said.length} numbers of ${matrix.rows} rows; ${outputsOf(task)} each are needed`);
      return said;
    },
    importances: () => sharesOf(features, definition.importances?.(fit, features) ?? features.map(() => 1)),
    describe: () => ({ kind, task, features, seed, parameters, result: fit.meta }),
    save: () => writeArtefact({ kind, meta: { task, features, seed, parameters, learned: fit.meta }, arrays: fit.arrays }),
  };
}

const OWN_META = META.extend({ parameters: z.record(z.string(), z.unknown()), learned: z.record(z.string(), z.unknown()) });

/** @throws {KeelError} MODEL_INVALID, not retried: what does not fit together. */
export function ownModelFrom(definition: OwnLearner, artefact: Artefact): Model {
  const parsed = OWN_META.safeParse(artefact.meta);
  if (!parsed.success) throw refuse(z.prettifyError(parsed.error));
  const { learned, ...meta } = parsed.data;
  return modelOf(definition, { ...meta, fit: { meta: learned, arrays: artefact.arrays } });
}
