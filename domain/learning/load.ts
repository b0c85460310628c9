import { readArtefact, refuse } from './artefact.ts';
import { BOOSTING, boostingFrom } from './boosting.ts';
import { CALIBRATED, calibratedFrom } from './calibration.ts';
import type { Model } from './learner.ts';
import { LINEAR, linearFrom } from './linear.ts';

/**
 * A model from its artefact: it predicts what it did when it was saved, to the last bit, and saves to the same bytes.
 * @throws {KeelError} MODEL_INVALID, not retried: foreign, corrupt, of a kind that is not known, or in itself wrong.
 */
export function loadModel(bytes: Uint8Array): Model {
  const artefact = readArtefact(bytes);
  switch (artefact.kind) {
    case BOOSTING: return boostingFrom(artefact);
    case LINEAR: return linearFrom(artefact);
    case CALIBRATED: return calibratedFrom(artefact, loadModel);
    default: throw refuse(`its kind is ${JSON.stringify(artefact.kind)}; known are ${[BOOSTING, LINEAR, CALIBRATED].join(', ')}`);
  }
}
