import { z } from 'zod';
import { prngOf, uniform } from '../market/seeded/prng.ts';
import type { Artefact } from './artefact.ts';
import { arrayOf, refuse, writeArtefact } from './artefact.ts';
import { binRows, cutsOf } from './bins.ts';
import type { Dataset, Matrix, Task } from './dataset.ts';
import { checkDataset, outputsOf } from './dataset.ts';
import type { GrowRules } from './grow.ts';
import { TreeGrower } from './grow.ts';
import type { FitOptions, Learner, Model } from './learner.ts';
import { META, assertColumns, sharesOf } from './learner.ts';
import { lossOf } from './metrics.ts';
import { fillGradients, startMargins, toOutputs } from './objective.ts';
import { shuffled } from './shuffle.ts';
import type { Trees } from './trees.ts';
import { TreesBuilder, firstTrees } from './trees.ts';
import { Walker } from './walker.ts';

export const BOOSTING = 'boosting';

export interface BoostingParameters {
  /** Rounds at most, 1..5000; one tree each, or one per class. */
  readonly rounds: number;
  /** 0 < learningRate ≤ 1: how much of each tree counts. */
  readonly learningRate: number;
  /** 0..12: splits between root and leaf, at most. */
  readonly depthMax: number;
  /** ≥ 0: L2 penalty on leaves. */
  readonly lambda: number;
  /** ≥ 0: what a split must take off the loss, twice (XGBoost's gamma). */
  readonly gainMin: number;
  /** ≥ 0: sum of hessians that each side of a split must keep. */
  readonly childWeightMin: number;
  /** 0 < share ≤ 1 of rows, and of features, that each tree draws. */
  readonly rowShare: number;
  readonly columnShare: number;
  /** 2..255 bins per feature. */
  readonly binsMax: number;
  /** Rounds without a better loss on the stopping rows until training ends, ≥ 1. */
  readonly patience: number;
  /** By feature: 1, its prediction may only rise with it; -1, only fall. */
  readonly monotone: Readonly<Record<string, 1 | -1>>;
}

const DEFAULTS: BoostingParameters = {
  rounds: 300, learningRate: 0.05, depthMax: 6, lambda: 1, gainMin: 0, childWeightMin: 1, rowShare: 1, columnShare: 1, binsMax: 255, patience: 30, monotone: {},
};
/** A tree is walked in the shape of one that is full: twice the memory with each level. */
const DEPTH_MAX = 12;
const share = z.number().gt(0).max(1);
const PARAMETERS = z.strictObject({
  rounds: z.int().min(1).max(5_000), learningRate: share, depthMax: z.int().min(0).max(DEPTH_MAX), lambda: z.number().min(0), gainMin: z.number().min(0), childWeightMin: z.number().min(0),
  rowShare: share, columnShare: share, binsMax: z.int().min(2).max(255), patience: z.int().min(1), monotone: z.record(z.string(), z.union([z.literal(1), z.literal(-1)])),
});

/**
 * Gradient boosting of regression trees on histograms, second order, grown level by level; missing values go where the
 * training rows wanted them.
 * @throws {RangeError} not retried: a parameter out of its range, by name.
 * @source Chen and Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016.
 */
export function boosting(given: Partial<BoostingParameters> = {}): Learner {
  const parameters = boostingParametersOf(BOOSTING, given);
  return { name: BOOSTING, parameters: { ...parameters }, fit: (data, options) => fit(data, options, parameters) };
}

/**
 * With the defaults of what is not given. @param learner whose they are
 * @throws {RangeError} not retried: a parameter out of its range, by name.
 */
export function boostingParametersOf(learner: string, given: Readonly<Record<string, unknown>>): BoostingParameters {
  const parsed = PARAMETERS.safeParse({ ...DEFAULTS, ...given });
  if (!parsed.success) throw new RangeError(`${learner}: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`);
  return parsed.data;
}

interface Fitted {
  readonly task: Task;
  readonly features: readonly string[];
  readonly seed: string;
  readonly parameters: BoostingParameters;
  /** Before any tree, per output. */
  readonly start: Float64Array;
  readonly trees: Trees;
  /** Of the stopping rows at the last round kept; null without such rows. */
  readonly stoppingLoss: number | null;
}

function fit(data: Dataset, { task, seed, stopping }: FitOptions, parameters: BoostingParameters): Model {
  checkDataset(data, task);
  if (stopping !== undefined) { checkDataset(stopping, task); assertColumns(data.names, stopping); }
  const outputs = outputsOf(task);
  const start = startMargins(task, data.labels, data.weights);
  const margins = repeated(start, data.rows);
  const watch = stopping === undefined ? null : new Watch(task, stopping, start, parameters.patience);
  const grower = new TreeGrower(binRows(data, data.columns.map((column) => cutsOf(column, parameters.binsMax))));
  const gradients = new Float64Array(2 * data.rows);
  const builder = new TreesBuilder();
  for (let round = 0; round < parameters.rounds && watch?.isOver !== true; round += 1) {
    const frozen = outputs > 1 ? margins.slice() : margins; // the classes of a round do not see each other's trees
    for (let output = 0; output < outputs; output += 1) {
      const tree = round * outputs + output;
      fillGradients({ task, margins: frozen, labels: data.labels, weights: data.weights, output, into: gradients });
      const order = drawnRows(data.rows, parameters.rowShare, `${seed}|rows|${tree}`);
      grower.grow(gradients, order, rulesOf(data.names, parameters, `${seed}|columns|${tree}`), builder, (from, to, value) => {
        if (parameters.rowShare === 1) for (let at = from; at < to; at += 1) margins[(order[at] as number) * outputs + output] = (margins[(order[at] as number) * outputs + output] as number) + value;
      });
    }
    const grown = watch === null && parameters.rowShare === 1 ? null : builder.build(round * outputs);
    const walker = grown === null ? null : new Walker(grown);
    if (parameters.rowShare < 1) walker?.add(data, margins, outputs);
    if (walker !== null) watch?.add(walker);
  }
  const trees = builder.build();
  return modelOf({ task, features: data.names, seed, parameters, start, stoppingLoss: watch?.bestLoss ?? null, trees: watch === null ? trees : firstTrees(trees, watch.bestRounds * outputs) });
}

/** The loss on rows that nothing is learned from, round by round. */
class Watch {
  bestLoss: number;
  bestRounds = 0;
  #rounds = 0;
  readonly #task: Task;
  readonly #data: Dataset;
  readonly #margins: Float64Array;
  readonly #patience: number;

  constructor(task: Task, data: Dataset, start: Float64Array, patience: number) {
    this.#task = task;
    this.#data = data;
    this.#margins = repeated(start, data.rows);
    this.#patience = patience;
    this.bestLoss = lossOf(task, data, toOutputs(task, this.#margins.slice()));
  }

  get isOver(): boolean {
    return this.#rounds - this.bestRounds >= this.#patience;
  }

  /** @param trees of one round */
  add(trees: Walker): void {
    trees.add(this.#data, this.#margins, outputsOf(this.#task));
    this.#rounds += 1;
    const loss = lossOf(this.#task, this.#data, toOutputs(this.#task, this.#margins.slice()));
    if (loss < this.bestLoss) { this.bestLoss = loss; this.bestRounds = this.#rounds; }
  }
}

/** Start margins for so many rows. */
function repeated(start: Float64Array, rows: number): Float64Array {
  const margins = new Float64Array(start.length * rows);
  for (let row = 0; row < rows; row += 1) margins.set(start, row * start.length);
  return margins;
}

/** Ascending; never none. */
function drawnRows(rows: number, part: number, seed: string): Int32Array {
  if (part === 1) return Int32Array.from({ length: rows }, (_, row) => row);
  const random = prngOf(seed);
  const drawn: number[] = [];
  for (let row = 0; row < rows; row += 1) if (uniform(random) < part) drawn.push(row);
  return Int32Array.from(drawn.length > 0 ? drawn : [0]);
}

function rulesOf(names: readonly string[], parameters: BoostingParameters, seed: string): GrowRules {
  const { depthMax, gainMin, learningRate, lambda, childWeightMin, columnShare } = parameters;
  const isUsed = new Uint8Array(names.length).fill(columnShare === 1 ? 1 : 0);
  if (columnShare < 1) for (const feature of shuffled(names.length, seed).slice(0, Math.max(1, Math.round(columnShare * names.length)))) isUsed[feature] = 1;
  return { depthMax, gainMin, learningRate, lambda, childWeightMin, isUsed, monotone: Int8Array.from(names, (name) => parameters.monotone[name] ?? 0) };
}

function modelOf(fitted: Fitted): Model {
  const { task, features, seed, parameters, start, trees, stoppingLoss } = fitted;
  const outputs = outputsOf(task);
  const walker = new Walker(trees);
  return {
    task, features,
    predict(matrix: Matrix) {
      assertColumns(features, matrix);
      const margins = repeated(start, matrix.rows);
      walker.add(matrix, margins, outputs);
      return toOutputs(task, margins);
    },
    importances() {
      const gains = new Float64Array(features.length);
      trees.feature.forEach((feature, node) => { if (feature >= 0) gains[feature] = (gains[feature] as number) + (trees.gain[node] as number); });
      return sharesOf(features, gains);
    },
    describe: () => ({ kind: BOOSTING, task, features, seed, parameters: { ...parameters }, result: { rounds: (trees.starts.length - 1) / outputs, nodes: trees.feature.length, stoppingLoss } }),
    save: () => writeArtefact({ kind: BOOSTING, meta: { task, features, seed, parameters, stoppingLoss }, arrays: { start, ...trees } }),
  };
}

const BOOSTING_META = META.extend({ parameters: PARAMETERS, stoppingLoss: z.number().nullable() });

/** @throws {KeelError} MODEL_INVALID, not retried: what does not fit together. */
export function boostingFrom(artefact: Artefact): Model {
  const meta = BOOSTING_META.safeParse(artefact.meta);
  if (!meta.success) throw refuse(meta.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  const trees: Trees = {
    starts: arrayOf(artefact, 'starts', 'i32'), feature: arrayOf(artefact, 'feature', 'i32'), threshold: arrayOf(artefact, 'threshold', 'f32'), left: arrayOf(artefact, 'left', 'i32'),
    missingLeft: arrayOf(artefact, 'missingLeft', 'u8'), value: arrayOf(artefact, 'value', 'f32'), gain: arrayOf(artefact, 'gain', 'f32'),
  };
  const start = arrayOf(artefact, 'start', 'f64');
  if (start.length !== outputsOf(meta.data.task) || !start.every(Number.isFinite)) throw refuse(`it has ${start.length} start margins for ${outputsOf(meta.data.task)} outputs`);
  assertTrees(trees, meta.data.features.length, start.length);
  return modelOf({ ...meta.data, start, trees });
}

/** A walk through any tree ends, and reads only what is there. */
function assertTrees({ starts, feature, threshold, left, missingLeft, value, gain }: Trees, features: number, outputs: number): void {
  const nodes = feature.length;
  if ([threshold, left, missingLeft, value, gain].some((column) => column.length !== nodes)) throw refuse('its trees\' columns have different lengths');
  if (starts[0] !== 0 || starts.at(-1) !== nodes || (starts.length - 1) % outputs !== 0) throw refuse(`its ${starts.length - 1} trees do not cover its ${nodes} nodes, or are no multiple of its ${outputs} outputs`);
  const depth = new Uint8Array(nodes);
  for (let tree = 0; tree + 1 < starts.length; tree += 1) {
    const [from, to] = [starts[tree] as number, starts[tree + 1] as number];
    if (to <= from) throw refuse(`its tree ${tree} has no node`);
    for (let node = from; node < to; node += 1) {
      const [at, child] = [feature[node] as number, left[node] as number];
      const isLeaf = at === -1 && Number.isFinite(value[node]);
      const isInner = at >= 0 && at < features && child > node && child + 1 < to && !Number.isNaN(threshold[node]);
      if (!isLeaf && !isInner) throw refuse(`node ${node} of its trees is neither a leaf nor a split of one of its ${features} features with its children after it`);
      if (isInner && depth[node] === DEPTH_MAX) throw refuse(`its tree ${tree} is deeper than ${DEPTH_MAX} splits`);
      if (isInner) depth[child] = depth[child + 1] = Math.max(depth[child] as number, depth[child + 1] as number, (depth[node] as number) + 1);
    }
  }
}
