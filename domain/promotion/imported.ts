/** What a model that another tool made says of itself here: nothing about it was validated. Pure. */
import type { Importance } from '../learning/learner.ts';
import { labelDefinitionOf, RULE_LABEL } from '../predictions/label.ts';
import { CLASSES } from '../validation/classes.ts';
import { KeelError } from '../errors.ts';
import type { ServedModel } from './served-model.ts';
import { edgePercentilesOf } from './served-model.ts';

/** With fewer edges than this, an edge is its own rank. */
const EDGES_MIN = 100;

export interface ImportFacts {
  readonly learner: string;
  readonly fileHash: string;
  readonly featureSet: string;
  readonly timeframe: string;
  /** Version of the label that its classes were made under; null: nobody said. */
  readonly label: string | null;
  readonly importances: readonly Importance[];
  /** Probabilities that it gives rows of this market, by class; they say how usual an edge is. */
  readonly said: Float64Array;
}

/**
 * Its recipe names its file, so that no two files are taken for one recipe. Confidence ranks an edge among those of the
 * given rows; where these are too few, among all that there can be. Novelty, drift and a promise cannot be told.
 * @throws {KeelError} MODEL_INVALID, not retried: a label that there is not.
 */
export function importedModelOf({ learner, fileHash, featureSet, timeframe, label, importances, said }: ImportFacts): ServedModel {
  const rows = said.length / CLASSES.length;
  const edges = Float64Array.from({ length: rows }, (_, row) => Math.abs((said[CLASSES.length * row] as number) - (said[CLASSES.length * row + 1] as number)));
  return {
    learner, parameters: { importedFile: fileHash }, seed: '', featureSet, timeframe, label: knownLabel(label ?? RULE_LABEL.version), instruments: null,
    edges: rows < EDGES_MIN ? Array.from({ length: 101 }, (_, percent) => percent / 100) : edgePercentilesOf(edges), known: null, input: null, loss: null, promised: null, metrics: {}, importances: [...importances],
  };
}

/** Nobody here can fit it anew: it cannot be refreshed, and no challenger can be compared with it on the same rows. */
export function isRefittable({ parameters }: Pick<ServedModel, 'parameters'>): boolean {
  return !Object.hasOwn(parameters, 'importedFile');
}

function knownLabel(version: string): string {
  try {
    return labelDefinitionOf(version).version;
  } catch (error) {
    throw new KeelError('MODEL_INVALID', `its classes cannot be evaluated: ${String(error)}`, { cause: error });
  }
}
