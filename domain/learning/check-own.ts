/** Whether a user's learner can be relied on. Pure. */
import { messageOf } from '../errors.ts';
import { normal, prngOf, uniform } from '../market/seeded/prng.ts';
import { artefactHash, readArtefact } from './artefact.ts';
import type { Dataset, Matrix, Task } from './dataset.ts';
import type { FitOptions, Model } from './learner.ts';
import type { OwnLearner } from './own.ts';
import { ownLearner, ownModelFrom } from './own.ts';

const ROWS = 300;
const TASK: Task = { kind: 'classes', count: 3 };
const SEED = 'a learner is tried';
/** So far probabilities may be off a sum of 1. */
const SUM_TOLERANCE = 1e-6;
const ALONE_TOLERANCE = 1e-12;

/**
 * Holds a learner to its word on drawn rows, some values missing: the same seed gives the same bytes, a model that was saved
 * and loaded foretells the same, of any row probabilities that sum to 1, of a row alone what it says among others, and its
 * data stay as they were.
 * @returns the first fault, in words; null: all is well.
 */
export function checkOwnLearner(definition: OwnLearner): string | null {
  try {
    return faultOf(definition);
  } catch (error) {
    return `it failed on drawn rows: ${messageOf(error)}`;
  }
}

function faultOf(definition: OwnLearner): string | null {
  const data = drawnRows();
  const before = copyOf(data);
  const options = { task: TASK, seed: SEED, stopping: drawnRows('stopping') };
  const misshapen = misshapenIn(definition, data, options);
  if (misshapen !== null) return misshapen;
  const fit = (): Model => ownLearner(definition).fit(data, options);
  const model = fit();
  const bytes = model.save();
  if (JSON.stringify(copyOf(data)) !== JSON.stringify(before)) return 'it changes the rows that it is given';
  if (artefactHash(fit().save()) !== artefactHash(bytes)) return 'it gives other bytes for the same rows and seed: whatever it draws has to be drawn from the seed';
  const said = model.predict(data);
  const wrong = improbable(said);
  if (wrong !== null) return wrong;
  if (String(ownModelFrom(definition, readArtefact(bytes)).predict(data)) !== String(said)) return 'loaded from its bytes it foretells something else: what it learned has to stand in meta and arrays';
  const unknown = improbable(model.predict({ names: data.names, columns: data.columns.map(() => Float32Array.of(NaN)), rows: 1 }));
  if (unknown !== null) return `of a row without any value: ${unknown}`;
  for (const row of [0, 1, ROWS - 1]) {
    const alone = model.predict(rowOf(data, row));
    if (alone.some((value, output) => !(Math.abs(value - (said[3 * row + output] as number)) <= ALONE_TOLERANCE))) return `of row ${row} alone it says ${[...alone].join(', ')}, among others ${[...said.subarray(3 * row, 3 * row + 3)].join(', ')}`;
  }
  return null;
}

const ARRAYS = [Float32Array, Float64Array, Int32Array, Uint8Array];

/** What it gives back is of a type that its declaration does not allow: users write learners in JavaScript too. */
function misshapenIn(definition: OwnLearner, data: Dataset, options: FitOptions): string | null {
  const fitted = definition.fit(data, { ...options, parameters: definition.parameters });
  const { meta, arrays } = ((fitted as unknown) ?? {}) as { readonly meta?: unknown; readonly arrays?: unknown };
  if (typeof meta !== 'object' || meta === null || typeof arrays !== 'object' || arrays === null) return 'its fit gives back no { meta, arrays }';
  const other = Object.entries(arrays).find(([, array]) => !ARRAYS.some((it) => array instanceof it));
  if (other !== undefined) return `its array ${other[0]} is none of ${ARRAYS.map((it) => it.name).join(', ')}`;
  if (!((definition.predict(fitted, data, TASK) as unknown) instanceof Float64Array)) return 'its predict gives back no Float64Array';
  const importances = definition.importances === undefined ? data.names.map(() => 1) : Array.from(definition.importances(fitted, data.names));
  const isWhole = importances.length === data.names.length && importances.every((it) => Number.isFinite(it) && it >= 0);
  return isWhole ? null : `its importances are ${importances.join(', ')}; allowed: one number from 0 for each of ${data.names.length} features`;
}

function improbable(said: Float64Array): string | null {
  for (let from = 0; from < said.length; from += 3) {
    const row = [...said.subarray(from, from + 3)];
    if (!row.every((value) => value >= 0 && value <= 1) || Math.abs(row.reduce((sum, value) => sum + value, 0) - 1) > SUM_TOLERANCE) return `of row ${from / 3} it says ${row.join(', ')}; allowed: probabilities of 0 to 1 that sum to 1`;
  }
  return null;
}

/** Three classes that the first feature tells apart somewhat; of the second a fifth is missing. */
function drawnRows(seed = SEED): Dataset {
  const random = prngOf(seed);
  const labels = Float64Array.from({ length: ROWS }, (_, row) => row % 3);
  const columns = [labels.map((label) => label + normal(random)), labels.map(() => (uniform(random) < 0.2 ? NaN : normal(random))), labels.map(() => Math.floor(3 * uniform(random)))].map((values) => Float32Array.from(values));
  return { names: ['telling', 'holed', 'steps'], columns, rows: ROWS, labels, weights: labels.map(() => 0.5 + uniform(random)) };
}

const copyOf = ({ columns, labels, weights }: Dataset): unknown => [columns.map((it) => [...it]), [...labels], [...(weights ?? [])]];

const rowOf = ({ names, columns }: Matrix, row: number): Matrix => ({ names, columns: columns.map((column) => column.slice(row, row + 1)), rows: 1 });
