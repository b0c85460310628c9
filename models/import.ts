import { KeelError } from '../domain/errors.ts';
import { artefactHash, readArtefact } from '../domain/learning/artefact.ts';
import type { Importance } from '../domain/learning/learner.ts';
import { xgboostFrom } from './xgboost/learner.ts';
import { importXgboost } from './xgboost/import.ts';
import { importOnnx } from './onnx/predictor.ts';
import type { SideCar } from './side-car.ts';
import { SIDE_CAR } from './side-car.ts';

export interface Imported {
  readonly learner: 'onnx' | 'xgboost';
  readonly artefact: Uint8Array;
  /** Of the file that it was made from. */
  readonly fileHash: string;
  /** Equal shares where the file does not tell. */
  readonly importances: readonly Importance[];
}

/** @throws {KeelError} MODEL_INVALID, not retried: what does not fit, and what is allowed. */
export function sideCarOf(json: unknown): SideCar {
  const parsed = SIDE_CAR.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new KeelError('MODEL_INVALID', `the file beside the model is not understood: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}; allowed: {"features": [names], "task": {"kind": "classes", "count": 3}, "label": version}`);
}

/** XGBoost's JSON and binary JSON both begin so; an ONNX file never does. */
const BRACE = 0x7b;

/**
 * A model that another tool saved, as an artefact of ours: XGBoost's JSON or binary JSON, or ONNX. It was tried out.
 * @param known names of the features that there are.
 * @throws {KeelError} MODEL_INVALID, LEARNER_UNAVAILABLE, not retried: says what was found, and what is allowed.
 */
export async function importFile(bytes: Uint8Array, sideCar: SideCar, known: readonly string[]): Promise<Imported> {
  const fileHash = artefactHash(bytes);
  if (bytes[0] === BRACE) {
    const artefact = importXgboost(bytes, sideCar, known);
    return { learner: 'xgboost', artefact, fileHash, importances: xgboostFrom(readArtefact(artefact)).importances() };
  }
  const artefact = await importOnnx(bytes, sideCar, known);
  const { features } = readArtefact(artefact).meta as { readonly features: readonly string[] };
  return { learner: 'onnx', artefact, fileHash, importances: features.map((feature) => ({ feature, share: 1 / features.length })) };
}
