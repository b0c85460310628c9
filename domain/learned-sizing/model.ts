/** The policy: which multiplier in which state, and how sure that is. */
import { z } from 'zod';
import { arrayOf, readArtefact, refuse, writeArtefact } from '../learning/artefact.ts';
import { partStarts, ridgeByParts } from '../statistics/ridge.ts';
import { ACTIONS, NEUTRAL, PRICED, shrunk, withoutKnowledge } from './multipliers.ts';
import type { SizingState } from './state.ts';
import { STATE_FEATURES, stateVectorOf } from './state.ts';

/** One signal that would have been opened at neutral size, priced at every multiplier. */
export interface SizingSample {
  readonly state: SizingState;
  /** Basis points of equity, in the order of `PRICED`. */
  readonly rewards: readonly number[];
  /** Market clock: the decision, and the end of the longest that its position might have been held. */
  readonly decidedAt: number;
  readonly knownAt: number;
}

/** Fewer signals teach nothing. */
export const SAMPLES_MIN = 100;
/** Squared coefficients count as much as so many signals. */
const PENALTY = 20;
const PARTS = 10;
/** Student's t, 97.5 %, of so many parts less one. */
const T = 2.262157;
/** Features are not followed beyond so many deviations from what was learned from. */
const REACH = 3;
const KIND = 'sizing';

const RISKED = ACTIONS.filter((it) => it !== NEUTRAL);
const HOUR_MS = 3_600_000;
const hoursOf = (durationMs: number): number => Math.round(durationMs / HOUR_MS);
const WIDTH = STATE_FEATURES.length + 1;

export interface SizingModel {
  readonly samples: number;
  /** Of the samples, per feature; deviation 1 where nothing varies. */
  readonly mean: Float64Array;
  readonly scale: Float64Array;
  /** Gain over neutral of each other action: from all samples, then without each part in turn. `part × action × width`. */
  readonly coefficients: Float64Array;
}

export interface SizingChoice {
  /** One of the actions, or what is taken without knowledge. */
  readonly multiplier: number;
  /** Expected gain over neutral of the action that it was drawn from, and its lower 97.5 % bound, basis points of equity; null: nothing sure. */
  readonly gainBps: number | null;
  readonly boundBps: number | null;
}

/** Why nothing is learned from these, for people; null: enough. @param samples in order of decision. */
export function missingToFit(samples: readonly SizingSample[]): string | null {
  if (samples.length < SAMPLES_MIN) return `${samples.length} of ${SAMPLES_MIN} signals`;
  const starts = partStarts(samples.length, PARTS).map((row) => (samples[row] as SizingSample).decidedAt);
  const shortest = Math.min(...starts.slice(1).map((at, part) => at - (starts[part] as number)));
  const hold = Math.max(...samples.map((it) => it.knownAt - it.decidedAt));
  if (shortest < hold) return `a tenth of ${samples.length} signals was decided within ${hoursOf(shortest)} h, less than one hold of ${hoursOf(hold)} h: the tenths share their luck`;
  return null;
}

/** @param samples in order of decision. @returns null: there is something missing (`missingToFit`). */
export function fitSizing(samples: readonly SizingSample[]): SizingModel | null {
  if (missingToFit(samples) !== null) return null;
  const vectors = samples.map(({ state }) => stateVectorOf(state));
  const moments = STATE_FEATURES.map((_, feature) => momentsOfKnown(vectors.map((it) => it[feature] ?? NaN)));
  const [mean, scale] = [Float64Array.from(moments, (it) => it.mean), Float64Array.from(moments, (it) => it.scale)];
  const rows = new Float64Array(samples.length * WIDTH);
  vectors.forEach((vector, row) => rows.set(standardised(vector, { mean, scale }), row * WIDTH));
  const outcomes = Float64Array.from(samples.flatMap(({ rewards }) => RISKED.map((action) => rewardAt(rewards, action) - rewardAt(rewards, NEUTRAL))));
  const parts = ridgeByParts({ rows, width: WIDTH, outcomes, outcomeCount: RISKED.length, penalty: PENALTY }, PARTS);
  return { samples: samples.length, mean, scale, coefficients: Float64Array.from(parts.flatMap((it) => [...it])) };
}

/** @throws {RangeError} not retried: a multiplier that is not priced. */
export function rewardAt(rewards: readonly number[], multiplier: number): number {
  const found = rewards[PRICED.indexOf(multiplier)];
  if (found === undefined) throw new RangeError(`× ${multiplier} is not priced: there are ${PRICED.join(', ')}`);
  return found;
}

/** The action whose gain over neutral is surest, if that of any is above zero. @param model null: untrained. */
export function chooseSize(model: SizingModel | null, state: SizingState): SizingChoice {
  const best = model === null ? null : surestOf(model, state);
  if (model === null || best === null) return { multiplier: withoutKnowledge(state.volatility.isHigh), gainBps: null, boundBps: null };
  return { multiplier: shrunk(best.action, model.samples), gainBps: best.gainBps, boundBps: best.boundBps };
}

interface Surest { readonly action: number; readonly gainBps: number; readonly boundBps: number }

function surestOf(model: SizingModel, state: SizingState): Surest | null {
  const vector = standardised(stateVectorOf(state), model);
  const without = new Float64Array(PARTS);
  return RISKED.reduce<Surest | null>((best, action, place) => {
    const gainBps = valueAt(model.coefficients, place * WIDTH, vector);
    for (let part = 0; part < PARTS; part += 1) without[part] = valueAt(model.coefficients, ((part + 1) * RISKED.length + place) * WIDTH, vector);
    const boundBps = gainBps - T * deviationOf(without);
    return boundBps > (best?.boundBps ?? 0) ? { action, gainBps, boundBps } : best;
  }, null);
}

function valueAt(coefficients: Float64Array, from: number, vector: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < WIDTH; index += 1) sum += (coefficients[from + index] as number) * (vector[index] as number);
  return sum;
}

/** Of the whole, from what is left without each part. @source Quenouille 1956, Tukey 1958 */
function deviationOf(without: Float64Array): number {
  let [mean, squares] = [0, 0];
  for (const value of without) mean += value / without.length;
  for (const value of without) squares += (value - mean) ** 2;
  return Math.sqrt(((without.length - 1) / without.length) * squares);
}

function momentsOfKnown(values: readonly number[]): { readonly mean: number; readonly scale: number } {
  const known = values.filter((it) => Number.isFinite(it));
  if (known.length === 0) return { mean: 0, scale: 1 };
  const mean = known.reduce((sum, it) => sum + it, 0) / known.length;
  const scale = Math.sqrt(known.reduce((sum, it) => sum + (it - mean) ** 2, 0) / known.length);
  return { mean, scale: scale > 1e-9 ? scale : 1 };
}

/** What is not known stands at its mean; a 1 for the intercept at the end. */
function standardised(vector: readonly number[], { mean, scale }: Pick<SizingModel, 'mean' | 'scale'>): Float64Array {
  const row = new Float64Array(WIDTH).fill(1);
  for (let index = 0; index < WIDTH - 1; index += 1) {
    const value = ((vector[index] ?? NaN) - (mean[index] as number)) / (scale[index] as number);
    row[index] = Number.isFinite(value) ? Math.min(REACH, Math.max(-REACH, value)) : 0;
  }
  return row;
}

const META = z.object({ features: z.array(z.string()), actions: z.array(z.number()), samples: z.int().min(SAMPLES_MIN), asOf: z.int() });

/** @param asOf market clock: nothing later was known. */
export function saveSizing({ samples, mean, scale, coefficients }: SizingModel, asOf: number): Uint8Array {
  return writeArtefact({ kind: KIND, meta: { features: STATE_FEATURES, actions: RISKED, samples, asOf }, arrays: { mean, scale, coefficients } });
}

/** @throws {KeelError} MODEL_INVALID, not retried: foreign, altered, or of another version of states or actions. */
export function loadSizing(bytes: Uint8Array): SizingModel {
  const artefact = readArtefact(bytes);
  const meta = META.safeParse(artefact.meta);
  if (artefact.kind !== KIND || !meta.success) throw refuse(`it is no sizing model (${artefact.kind})`);
  const { features, actions, samples } = meta.data;
  if (features.join() !== STATE_FEATURES.join() || actions.join() !== RISKED.join()) throw refuse('it knows other states or other multipliers');
  const [mean, scale, coefficients] = [arrayOf(artefact, 'mean', 'f64'), arrayOf(artefact, 'scale', 'f64'), arrayOf(artefact, 'coefficients', 'f64')];
  const isWhole = mean.length === WIDTH - 1 && scale.length === WIDTH - 1 && coefficients.length === (PARTS + 1) * RISKED.length * WIDTH;
  if (!isWhole || ![mean, scale, coefficients].every((it) => it.every(Number.isFinite))) throw refuse('its numbers are not all there');
  return { samples, mean, scale, coefficients };
}
