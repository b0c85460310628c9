import { z } from 'zod';
import { KeelError, messageOf } from '../../domain/errors.ts';
import { readArtefact, writeArtefact } from '../../domain/learning/artefact.ts';
import type { Task } from '../../domain/learning/dataset.ts';
import type { SideCar } from '../side-car.ts';
import { assertKnown, BYTES_MAX } from '../side-car.ts';
import { Booster } from './booster.ts';
import { XGBOOST, xgboostFrom } from './learner.ts';
import { xgboostLibrary } from './library.ts';

/** The part of XGBoost's own JSON that says what a model is. @source XGBoost, "Introduction to Model IO". */
const NATIVE = z.object({
  learner: z.object({
    feature_names: z.array(z.string()).default([]),
    feature_types: z.array(z.string()).default([]),
    learner_model_param: z.object({ num_class: z.string() }),
    objective: z.object({ name: z.string() }),
    gradient_booster: z.object({ name: z.string() }),
  }),
});

const THREE: Task = { kind: 'classes', count: 3 };
const BOOSTERS: readonly string[] = ['gbtree', 'dart'];

const refuse = (found: string, cause?: unknown): KeelError => new KeelError('MODEL_INVALID', `this XGBoost model cannot be used: ${found}`, { cause });

/**
 * A model that XGBoost saved, as JSON or universal binary JSON, as an artefact of ours, tried out once: trees that foretell
 * buy, sell, hold. Its features' names are its own (fitted on a named table), or stand in the side-car.
 * @param known names of the features that there are
 * @throws {KeelError} MODEL_INVALID, not retried: corrupt, or of another shape; says what was found, and what is allowed.
 * @throws {KeelError} LEARNER_UNAVAILABLE, not retried: the library is not on this machine; says what to do.
 */
export function importXgboost(bytes: Uint8Array, sideCar: SideCar, known: readonly string[]): Uint8Array {
  if (bytes.length > BYTES_MAX) throw refuse(`it has ${bytes.length} bytes; at most ${BYTES_MAX} are allowed`);
  const library = xgboostLibrary();
  const booster = Booster.load(library, bytes);
  const native = nativeOf(booster);
  const { objective, gradient_booster: shape, learner_model_param: { num_class: classes }, feature_names: named, feature_types: types } = native.learner;
  if (objective.name !== 'multi:softprob' || classes !== '3') throw refuse(`its objective is ${objective.name} of ${classes} classes; allowed: multi:softprob of 3, buy, sell, hold`);
  if (!BOOSTERS.includes(shape.name)) throw refuse(`it is of kind ${shape.name}; allowed: ${BOOSTERS.join(', ')}`);
  if (sideCar.task !== undefined && (sideCar.task.kind !== 'classes' || sideCar.task.count !== 3)) throw refuse(`the file beside it says the task ${JSON.stringify(sideCar.task)}; allowed: ${JSON.stringify(THREE)}`);
  if (types.includes('c')) throw refuse('it splits by categories; allowed: numbers');
  const features = sideCar.features ?? (named.length > 0 ? named : null);
  if (features === null) throw refuse('nothing names its features: fit it on a table with named columns, or write them in order into a file beside it, as {"features": […]}');
  assertKnown(features, known, refuse);
  const artefact = writeArtefact({ kind: XGBOOST, meta: { task: THREE, features: [...features], seed: '', parameters: {}, version: library.version, stoppingLoss: null }, arrays: { booster: booster.save() } });
  xgboostFrom(readArtefact(artefact)); // has it as many features and outputs as it says?
  return artefact;
}

function nativeOf(booster: Booster): z.output<typeof NATIVE> {
  try {
    return NATIVE.parse(JSON.parse(new TextDecoder().decode(booster.save('json'))));
  } catch (error) {
    throw refuse(`what it says of itself cannot be read (${messageOf(error)})`, error);
  }
}
