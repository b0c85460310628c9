/** Models opened outside of a worker: can they be asked here? */
import type { Settings } from '../config/settings.ts';
import { createLedger } from '../db/ledger.ts';
import { KeelError } from '../domain/errors.ts';
import type { StoredModel } from '../domain/ports/model-store.ts';
import type { Predictor } from '../domain/ports/predictor.ts';
import { servingModelOf, unfitFor } from '../domain/promotion/model-votes.ts';
import type { OfferedLearner } from '../models/learners.ts';
import { loadFeatures, loadLabel, loadLearner } from '../strategies/load.ts';
import type { Desk } from './deployment-parts.ts';

/** With the user's own learner, where there is one: models of its making open then. */
export async function modelRuntimes({ learner, label }: Pick<Settings, 'learner' | 'label'>): Promise<{ readonly offeredLearners: () => readonly OfferedLearner[]; readonly openPredictor: (artefact: Uint8Array) => Promise<Predictor> }> {
  const [{ addLearner, offeredLearners }, { openPredictor }] = await Promise.all([import('../models/learners.ts'), import('../models/predictor.ts')]);
  await loadLabel(label);
  if (learner !== undefined) addLearner(await loadLearner(learner));
  return { offeredLearners, openPredictor };
}

/** @throws {KeelError} MODEL_INVALID: bytes and description do not make a model that can be asked in a cycle of this portfolio: it would say nothing, and keep the place of another. LEARNER_UNAVAILABLE */
export async function assertServable({ pool, portfolioId, settings }: Desk, { modelId, description, artefact }: Pick<StoredModel, 'modelId' | 'description' | 'artefact'>): Promise<void> {
  const [{ openPredictor }, set, { timeframe }] = await Promise.all([modelRuntimes(settings), loadFeatures(settings.features), createLedger(pool).portfolio(portfolioId)]);
  const predictor = await openPredictor(artefact);
  try {
    const unfit = unfitFor(servingModelOf(modelId, description, predictor), { set, timeframe });
    if (unfit !== null) throw new KeelError('MODEL_INVALID', `the model cannot be asked here: ${unfit}`);
  } finally {
    await predictor.close();
  }
}
