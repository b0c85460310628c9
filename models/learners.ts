/** Learners and models of every runtime: ours, and XGBoost's where its library is. */
import { readArtefact } from '../domain/learning/artefact.ts';
import type { BoostingParameters } from '../domain/learning/boosting.ts';
import { CALIBRATED, calibratedFrom } from '../domain/learning/calibration.ts';
import { KeelError, messageOf } from '../domain/errors.ts';
import type { Learner, Model } from '../domain/learning/learner.ts';
import { LEARNER_NAMES, learnerOf } from '../domain/learning/learners.ts';
import { loadModel } from '../domain/learning/load.ts';
import type { OwnLearner } from '../domain/learning/own.ts';
import { isOwnKind, ownKindOf, ownLearner, ownModelFrom } from '../domain/learning/own.ts';
import { XGBOOST, xgboost, xgboostFrom } from './xgboost/learner.ts';
import { xgboostLibrary } from './xgboost/library.ts';

export interface OfferedLearner {
  readonly name: string;
  /** Null: it can be used. Else why not, and what to do. */
  readonly missing: string | null;
}

/** Those of users' files that this process has loaded, by kind. */
const own = new Map<string, OwnLearner>();

/** Makes a user's learner known in this process, and the models that it made. */
export function addLearner(learner: OwnLearner): void {
  own.set(ownKindOf(learner), learner);
}

/** Every learner that a recipe may name. Looks for XGBoost's library, and loads it where it is. */
export function offeredLearners(): readonly OfferedLearner[] {
  return [...[...LEARNER_NAMES, ...own.keys()].map((name) => ({ name, missing: null })), { name: XGBOOST, missing: reasonAgainst(xgboostLibrary) }];
}

function reasonAgainst(attempt: () => unknown): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * A learner by its name and parameters, as a recipe holds them.
 * @throws {RangeError} not retried: a name that is not known, a parameter out of its range.
 * @throws {KeelError} LEARNER_UNAVAILABLE, not retried: a user's own whose file is not loaded.
 */
export function anyLearnerOf(name: string, parameters: Readonly<Record<string, unknown>>): Learner {
  if (name === XGBOOST) return xgboost(parameters as Partial<BoostingParameters>);
  const definition = own.get(name);
  if (definition !== undefined) return ownLearner(definition, parameters);
  if (isOwnKind(name)) throw unknownOwn(name);
  return learnerOf(name, parameters);
}

const unknownOwn = (kind: string): KeelError => new KeelError('LEARNER_UNAVAILABLE', `${kind} is a learner of a user's own, and its file is not loaded: KEEL_LEARNER must name it (${[...own.keys()].join(', ') || 'none'} is)`);

/**
 * A model from its artefact, where it answers at once. Imported ones do not: `openPredictor` opens those, too.
 * @throws {KeelError} MODEL_INVALID, not retried: foreign, corrupt, of a kind that is not known, or in itself wrong.
 * @throws {KeelError} LEARNER_UNAVAILABLE, not retried: the library that it needs is not on this machine; says what to do.
 */
export function loadAnyModel(bytes: Uint8Array): Model {
  const artefact = readArtefact(bytes);
  if (artefact.kind === XGBOOST) return xgboostFrom(artefact);
  if (artefact.kind === CALIBRATED) return calibratedFrom(artefact, loadAnyModel);
  const definition = own.get(artefact.kind);
  if (definition !== undefined) return ownModelFrom(definition, artefact);
  if (isOwnKind(artefact.kind)) throw unknownOwn(artefact.kind);
  return loadModel(bytes);
}
