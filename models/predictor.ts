import { readArtefact } from '../domain/learning/artefact.ts';
import type { Model } from '../domain/learning/learner.ts';
import type { Predictor } from '../domain/ports/predictor.ts';
import { loadAnyModel } from './learners.ts';
import { ONNX, onnxPredictor } from './onnx/predictor.ts';

/** One of our own models as whoever asks it sees it. */
export function predictorOf(model: Model): Predictor {
  return {
    task: model.task, features: model.features,
    predict: async (matrix) => model.predict(matrix),
    describe: () => model.describe(),
    close: () => Promise.resolve(),
  };
}

/**
 * A model from its artefact, in the runtime that its kind asks for; that runtime is loaded now, if it was not before.
 * @throws {KeelError} MODEL_INVALID, not retried: foreign, corrupt, of a kind that is not known, or in itself wrong.
 * @throws {KeelError} LEARNER_UNAVAILABLE, not retried: the library that it needs is not on this machine; says what to do.
 */
export async function openPredictor(artefact: Uint8Array): Promise<Predictor> {
  const read = readArtefact(artefact);
  return read.kind === ONNX ? onnxPredictor(read) : predictorOf(loadAnyModel(artefact));
}
