/** What a registered model says of the symbols of one cycle. @source learning.md, "Prediction" and "Drift". */
import type { Vote } from '../cycle/types.ts';
import { KeelError } from '../errors.ts';
import type { FeatureSet } from '../features/feature-set.ts';
import type { InstrumentId } from '../market/instrument.ts';
import type { Timeframe } from '../market/timeframe.ts';
import type { Predictor } from '../ports/predictor.ts';
import { labelDefinitionOf } from '../predictions/label.ts';
import { CLASSES } from '../validation/classes.ts';
import { dissimilarityOf } from './novelty.ts';
import type { ServedModel } from './served-model.ts';
import { confidenceOf, servedModelOf } from './served-model.ts';

/** A model that can be asked. */
export interface ServingModel {
  readonly modelId: string;
  readonly described: ServedModel;
  readonly model: Predictor;
  /** By the model's features, sum 1. */
  readonly shares: readonly number[];
}

/** Features of more importance than this are known, or it abstains. */
const MISSING_MAX = 0.5;
const VERSION_LENGTH = 12;
/** So far probabilities may lie outside of 0..1, and their sum beside 1: a foreign model's float32. */
const TOLERANCE = 1e-4;

/**
 * @param description as it was registered.
 * @throws {KeelError} MODEL_INVALID, not retried: bytes and description do not fit together, or not this version of Keel.
 */
export function servingModelOf(modelId: string, description: Readonly<Record<string, unknown>>, model: Predictor): ServingModel {
  const described = servedModelOf(description);
  const refuse = (why: string): KeelError => new KeelError('MODEL_INVALID', `model ${modelId}: ${why}`);
  if (model.task.kind !== 'classes' || model.task.count !== CLASSES.length) throw refuse(`it foretells ${JSON.stringify(model.task)}, not the classes ${CLASSES.join(', ')}`);
  try {
    labelDefinitionOf(described.label);
  } catch (error) {
    throw refuse(String(error));
  }
  const known = new Map(described.importances.map(({ feature, share }) => [feature, share]));
  const shares = model.features.map((feature) => known.get(feature) ?? 0);
  return { modelId, described, model, shares: shares.some((share) => share > 0) ? shares : shares.map(() => 1 / shares.length) };
}

/** Why a model cannot be asked about what runs; null: it can. */
export function unfitFor({ described: { featureSet, timeframe }, model }: ServingModel, running: { readonly set: FeatureSet; readonly timeframe: Timeframe }): string | null {
  const set = `${running.set.name}/${running.set.version}`;
  if (featureSet !== set) return `it learned from feature set ${featureSet}, and ${set} runs`;
  if (timeframe !== running.timeframe) return `it learned from ${timeframe} candles, and ${running.timeframe} ones run`;
  const unknown = model.features.find((name) => running.set.features.every((it) => it.name !== name));
  return unknown === undefined ? null : `feature ${unknown} is not in the set that runs`;
}

/**
 * @param vectors by symbol, in the set's order, NaN where missing; a symbol without one gets an abstention.
 * @throws what `Predictor.predict` throws; {KeelError} MODEL_INVALID, not retried: what it says of a symbol is no probabilities.
 */
export async function modelVotesOf(asked: ServingModel, set: FeatureSet, vectors: ReadonlyMap<InstrumentId, Float32Array | undefined>): Promise<ReadonlyMap<InstrumentId, Vote>> {
  const places = new Map(set.features.map((feature, index) => [feature.name, index]));
  const votes = new Map<InstrumentId, Vote>();
  const speaking: { readonly instrumentId: InstrumentId; readonly vector: Float32Array }[] = [];
  for (const [instrumentId, vector] of vectors) {
    const why = silenceOf(asked, instrumentId, vector, places);
    if (why !== null) votes.set(instrumentId, abstentionOf(asked, why));
    else if (vector !== undefined) speaking.push({ instrumentId, vector });
  }
  if (speaking.length === 0) return votes;
  const columns = asked.model.features.map((name) => Float32Array.from(speaking, ({ vector }) => valueAt(vector, places.get(name))));
  const outputs = await asked.model.predict({ names: asked.model.features, columns, rows: speaking.length });
  speaking.forEach(({ instrumentId }, row) => votes.set(instrumentId, voteOf(asked, probabilitiesOf(asked, instrumentId, outputs.subarray(row * CLASSES.length, (row + 1) * CLASSES.length)))));
  return votes;
}

/** A hair outside of 0..1 is rounding, and is taken for the end that it passed; whatever else is no probability would spoil what is stored. */
function probabilitiesOf({ modelId }: ServingModel, instrumentId: InstrumentId, outputs: Float64Array): Float64Array {
  const isOne = (value: number): boolean => value >= -TOLERANCE && value <= 1 + TOLERANCE;
  const sum = outputs.reduce((total, value) => total + value, 0);
  if (outputs.length !== CLASSES.length || !outputs.every(isOne) || Math.abs(sum - 1) > TOLERANCE) throw new KeelError('MODEL_INVALID', `model ${modelId}: of ${instrumentId} it says ${[...outputs].join(', ')}; allowed: probabilities of ${CLASSES.join(', ')} that sum to 1`);
  return outputs.map((value) => Math.min(1, Math.max(0, value)));
}

/** A model that is known and cannot be asked. */
export function abstentionOf({ modelId, described: { learner, label } }: Pick<ServingModel, 'modelId' | 'described'>, because: string): Vote {
  return { voter: `model/${learner}`, version: modelId.slice(0, VERSION_LENGTH), action: 'abstain', confidence: 0, probabilities: null, because, model: { modelId, label } };
}

/** Why it has nothing to say of a symbol; null: it has. */
function silenceOf({ described: { instruments, known }, model, shares }: ServingModel, instrumentId: InstrumentId, vector: Float32Array | undefined, places: ReadonlyMap<string, number>): string | null {
  if (instruments !== null && !instruments.includes(instrumentId)) return `it learned from ${instruments.join(', ')} alone`;
  if (vector === undefined) return 'the candle is missing';
  const missing = model.features.reduce((sum, name, index) => sum + (Number.isNaN(valueAt(vector, places.get(name))) ? shares[index] ?? 0 : 0), 0);
  if (missing > MISSING_MAX) return `${(100 * missing).toFixed(0)} % of what it goes by is missing`;
  if (known === null) return null;
  const index = dissimilarityOf(known, (name) => valueAt(vector, places.get(name)));
  return index > known.limit ? `novel: dissimilarity ${index.toFixed(3)}, learned up to ${known.limit.toFixed(3)}` : null;
}

function valueAt(vector: Float32Array, place: number | undefined): number {
  return place === undefined ? NaN : vector[place] ?? NaN;
}

function voteOf({ modelId, described }: ServingModel, outputs: Float64Array): Vote {
  const [buy = 0, sell = 0, hold = 0] = outputs;
  const action = buy > sell && buy > hold ? 'buy' : sell > buy && sell > hold ? 'sell' : 'hold';
  return {
    voter: `model/${described.learner}`, version: modelId.slice(0, VERSION_LENGTH), action, confidence: action === 'hold' ? hold : confidenceOf(described, buy - sell), probabilities: { buy, sell, hold },
    because: `buy ${buy.toFixed(3)}, sell ${sell.toFixed(3)}, hold ${hold.toFixed(3)}`, model: { modelId, label: described.label },
  };
}
