/** What a training thread does, one job after the other. Each job goes by files and its request alone, so any thread may do it, and again. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { learnedInputOf } from '../domain/drift/input.ts';
import { checkFeatures, rowsToCheck } from '../domain/features/check.ts';
import { computeColumns } from '../domain/features/feature-set.ts';
import type { FeatureSet } from '../domain/features/feature-set.ts';
import { marketRowsOf } from '../domain/features/rows.ts';
import { artefactHash } from '../domain/learning/artefact.ts';
import { pickRows } from '../domain/learning/dataset.ts';
import { permutationImportances } from '../domain/learning/permutation.ts';
import type { CandleSeries } from '../domain/market/candle.ts';
import { timeframeMs } from '../domain/market/timeframe.ts';
import type { FitRequest, JudgeRequest, SnapshotRequest, SnapshotSummary, Trained } from '../domain/ports/trainer.ts';
import { labelDefinitionOf, withBand } from '../domain/predictions/label.ts';
import { knownSpaceOf } from '../domain/promotion/novelty.ts';
import type { Judgement } from '../domain/retraining/judge.ts';
import { judgementOf, notableOf } from '../domain/retraining/judge.ts';
import type { Recipe } from '../domain/retraining/recipe.ts';
import { recipeIdOf } from '../domain/retraining/recipe.ts';
import type { Rules } from '../domain/retraining/rule-actions.ts';
import { ruleActionsOf } from '../domain/retraining/rule-actions.ts';
import { ofSameMarket, skewOf } from '../domain/retraining/skew.ts';
import { datasetOf } from '../domain/validation/classes.ts';
import type { Fold } from '../domain/validation/folds.ts';
import { walkForward, wholeFold } from '../domain/validation/folds.ts';
import type { LabelledRows } from '../domain/validation/rows.ts';
import { assembleRows, rowsOfInstruments } from '../domain/validation/rows.ts';
import { actionsOf, testedOf } from '../domain/validation/tested.ts';
import type { Foretold, Tested } from '../domain/validation/tested.ts';
import { fitFold, foldTermsOf, foretold } from './fold.ts';
import { loadAnyModel } from './learners.ts';
import { readSnapshot, snapshotHash, writeSnapshot } from './snapshot.ts';
import type { SharedSnapshot } from './shared-snapshot.ts';
import { shared } from './shared-snapshot.ts';
import type { Snapshot } from './snapshot.ts';

/** Of a round trip beside both fees: half a spread each way. */
const SPREAD_BPS = 1;

export const folderOf = (folder: string, dataHash: string): string => join(folder, dataHash);
const snapshotPath = (folder: string, dataHash: string): string => join(folderOf(folder, dataHash), 'rows.parquet');
export const hasSnapshot = (folder: string, dataHash: string): boolean => existsSync(snapshotPath(folder, dataHash));

/** @param parts what a user's files define: features, and the strategy's rules. */
export async function makeSnapshot(folder: string, request: SnapshotRequest, { set, strategy }: { readonly set: FeatureSet; readonly strategy: Rules['strategy'] }): Promise<SnapshotSummary> {
  const { asOf, from, timeframe, instruments, series } = request;
  const known = series.map((it): CandleSeries => ({ ...it, candles: it.candles.filter((candle) => candle.openTime + timeframeMs(timeframe) <= asOf) }));
  const featureRows = marketRowsOf(known, timeframe);
  const histories = known.map(({ instrumentId, candles }) => {
    const instrument = instruments.find((it) => it.id === instrumentId);
    if (instrument === undefined) throw new RangeError(`candles of ${instrumentId}, which is not traded`);
    const features = computeColumns(set, timeframe, featureRows.get(instrumentId) ?? []);
    return { instrument, instrumentId, candles, features, listedFrom: from, listedUntil: null, costBps: 20_000 * Number(instrument.takerFeeRate) + SPREAD_BPS };
  });
  const excluded = (request.excluded ?? []).filter((it) => it.decidedAt >= from && it.decidedAt <= asOf); // what was never a row changes no name
  const bad = new Set(excluded.map(({ instrumentId, decidedAt }) => `${instrumentId} ${decidedAt}`));
  const { rows, omitted } = assembleRows(histories, {
    asOf, timeframe, featureNames: set.features.map((it) => it.name), label: labelDefinitionOf(request.label), halfLifeMs: request.halfLifeMs, isBad: (instrumentId, decidedAt) => bad.has(`${instrumentId} ${decidedAt}`),
  });
  const asked = request.rules;
  const rules = asked === null ? null : rulesOf(rows, histories.map(({ instrument, candles }) => ({ candles, actions: ruleActionsOf({ strategy, policy: asked.policy }, instrument, { candles, timeframe, from: asked.from }) })));
  const dataHash = snapshotHash({ rows, rules, excluded });
  await writeSnapshot(snapshotPath(folder, dataHash), { rows, rules, excluded });
  return { dataHash, rows: rows.rows, omitted, featureFaults: faultsOf(set, request, featureRows) };
}

/** On the longest history: what look-ahead and warm-up do to a feature is the same on every symbol. */
function faultsOf(set: FeatureSet, { timeframe }: SnapshotRequest, featureRows: ReturnType<typeof marketRowsOf>): SnapshotSummary['featureFaults'] {
  const longest = [...featureRows.values()].reduce((most, rows) => (rows.length > most.length ? rows : most), []);
  const needed = rowsToCheck(set, timeframe);
  return longest.length < needed ? [] : checkFeatures(set, timeframe, longest.slice(-needed)); // so short a history gives too few test days anyway
}

function rulesOf({ instrument, decidedAt, candleMs }: LabelledRows, said: readonly { readonly candles: CandleSeries['candles']; readonly actions: Uint8Array }[]): Uint8Array {
  const places = said.map(({ candles }) => new Map(candles.map((candle, index) => [candle.openTime + candleMs, index])));
  return Uint8Array.from(decidedAt, (at, row) => {
    const symbol = instrument[row] as number;
    return said[symbol]?.actions[places[symbol]?.get(at) ?? -1] as number;
  });
}

/** For all threads. @throws {KeelError} SNAPSHOT_INVALID, not retried: lost or damaged; what is damaged is made again */
export async function sharedSnapshot(folder: string, dataHash: string): Promise<SharedSnapshot> {
  const path = snapshotPath(folder, dataHash);
  try {
    return shared(await readSnapshot(path, dataHash));
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

const rowsOf = ({ rows }: Snapshot, { instruments }: Recipe): LabelledRows => (instruments === null ? rows : rowsOfInstruments(rows, instruments));

const foldsOf = (rows: LabelledRows, { folds }: Pick<FitRequest, 'folds'>): readonly Fold[] => walkForward(rows, folds);
const seedOf = (recipe: Recipe, fold: FitRequest['fold']): string => `${recipeIdOf(recipe)}|${fold}`;

/** The data set that a job is about, and where what was fitted on it is kept. */
export interface Kept {
  readonly folder: string;
  readonly snapshot: Snapshot;
}

/** The artefact, from its file, or fitted now and kept. */
export function fitted({ folder, snapshot }: Kept, request: FitRequest): Uint8Array {
  const { dataHash, recipe, fold } = request;
  const path = join(folderOf(folder, dataHash), `${recipeIdOf(recipe)}-${fold}.model`);
  const kept = readIfWhole(path);
  if (kept !== null) return kept;
  const rows = rowsOf(snapshot, recipe);
  const part = fold === 'whole' ? wholeFold(rows, request.folds) : foldsOf(rows, request)[fold];
  if (part === undefined) throw new RangeError(`there is no fold ${fold}; there are ${request.folds.folds}, from 0`);
  const bytes = fitFold(rows, part, recipe, seedOf(recipe, fold));
  const fresh = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`; // two threads may fit the same
  mkdirSync(folderOf(folder, dataHash), { recursive: true });
  writeFileSync(fresh, bytes);
  renameSync(fresh, path);
  return bytes;
}

/** Of a file that was cut off or altered nothing is taken: it is made anew. */
function readIfWhole(path: string): Uint8Array | null {
  if (!existsSync(path)) return null;
  const bytes = new Uint8Array(readFileSync(path));
  try {
    loadAnyModel(bytes);
    return bytes;
  } catch {
    return null;
  }
}

export function judged(kept: Kept, request: JudgeRequest): Judgement {
  const { kind, recipe, predecessor, earlierTrials, featureFaults, liveVectors } = request;
  const { rows: market } = kept.snapshot;
  const rows = rowsOf(kept.snapshot, recipe);
  const folds = foldPredictions(kept, request, rows);
  const tested = testedOf(rows, folds);
  const rules = rulesForetold(kept.snapshot, tested);
  const before = predecessor === 'rules' ? rules : champions(kept, request, { ...recipe, ...predecessor }, rows);
  return judgementOf({ kind, rows, folds, featureFaults, skew: skewOf(rows, ofSameMarket(liveVectors, market.instruments, knownIn(market))), earlierTrials, predecessor: kind === 'refresh' ? null : before, seed: seedOf(recipe, 'whole') }, rules);
}

function knownIn({ rows, instruments, instrument, decidedAt }: LabelledRows): (instrumentId: string, at: number) => boolean {
  const known = new Set(Array.from({ length: rows }, (_, row) => `${instruments[instrument[row] as number] ?? ''} ${decidedAt[row] ?? 0}`));
  return (instrumentId, at) => known.has(`${instrumentId} ${at}`);
}

function foldPredictions(kept: Kept, request: Omit<FitRequest, 'fold'>, rows: LabelledRows): readonly ReturnType<typeof foretold>[] {
  return foldsOf(rows, request).map((part, fold) => foretold(rows, part, loadAnyModel(fitted(kept, { ...request, fold }))));
}

function champions(kept: Kept, request: JudgeRequest, recipe: Recipe, rows: LabelledRows): Foretold {
  const { probabilities } = testedOf(rows, foldPredictions(kept, { ...request, recipe }, rows));
  return { probabilities, actions: actionsOf(probabilities) };
}

/** Their actions, and as probabilities what anybody knows: the class priors. */
function rulesForetold(snapshot: Snapshot, { rows, row, priors }: Tested): Foretold | null {
  const { rules } = snapshot;
  if (rules === null) return null;
  const keyOf = (from: LabelledRows, at: number): string => `${from.instruments[from.instrument[at] as number] ?? ''} ${from.decidedAt[at] ?? 0}`;
  const said = rows === snapshot.rows ? null : new Map(Array.from(rules, (action, at) => [keyOf(snapshot.rows, at), action]));
  return { probabilities: priors, actions: Uint8Array.from(row, (at) => (said === null ? rules[at] : said.get(keyOf(rows, at))) as number) };
}

/** Enough to tell what counts; every feature asks the model for each of them once more. */
const PERMUTED_ROWS = 1_000;

/** At most so many, from all over the list. */
function thinned(rows: ArrayLike<number>, most: number): readonly number[] {
  const count = Math.min(most, rows.length);
  return Array.from({ length: count }, (_, index) => rows[Math.floor((index * rows.length) / count)] as number);
}

/** What acts if it passes: fitted on everything, and described. @param set that the rows were made with. */
export function trained(kept: Kept, request: Omit<FitRequest, 'fold'>, set: FeatureSet): Trained {
  const { recipe } = request;
  const artefact = fitted(kept, { ...request, fold: 'whole' });
  const rows = rowsOf(kept.snapshot, recipe);
  const part = wholeFold(rows, request.folds);
  const { holdBand } = foldTermsOf(rows, part);
  const model = loadAnyModel(artefact);
  const importances = notableOf(model.importances());
  const seed = seedOf(recipe, 'whole');
  const calendar = set.features.filter((it) => it.family === 'time').map((it) => it.name); // other from week to week by what they are
  const compared = importances.map((it) => it.feature).filter((name) => !calendar.includes(name));
  const data = datasetOf(rows, holdBand);
  return {
    modelId: artefactHash(artefact), artefact,
    served: { learner: recipe.learner, parameters: recipe.parameters, seed, label: withBand(rows.label, holdBand).version, instruments: recipe.instruments === null ? null : [...recipe.instruments], known: knownSpaceOf(pickRows(data, part.fit), importances, seed), input: learnedInputOf(rows, compared), importances: [...importances],
      permuted: permutationImportances(model, pickRows(data, thinned(part.calibration, PERMUTED_ROWS)), seed, importances.map((it) => it.feature)).map(({ feature, lossIncrease }) => ({ feature, lossIncrease: Number(lossIncrease.toPrecision(6)) })),
    },
  };
}
