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

/** The last one that was read: jobs of one retrain follow each other. */
let last: { readonly path: string; readonly snapshot: Snapshot } | null = null;

async function snapshotOf(folder: string, dataHash: string): Promise<Snapshot> {
  const path = snapshotPath(folder, dataHash);
  if (last?.path !== path) {
    try {
      last = { path, snapshot: await readSnapshot(path, dataHash) };
    } catch (error) {
      rmSync(path, { force: true }); // what is damaged is made again
      throw error;
    }
  }
  return last.snapshot;
}

async function rowsOf(folder: string, { dataHash, recipe }: Pick<FitRequest, 'dataHash' | 'recipe'>): Promise<LabelledRows> {
  const { rows } = await snapshotOf(folder, dataHash);
  return recipe.instruments === null ? rows : rowsOfInstruments(rows, recipe.instruments);
}

const foldsOf = (rows: LabelledRows, { folds }: Pick<FitRequest, 'folds'>): readonly Fold[] => walkForward(rows, folds);
const seedOf = (recipe: Recipe, fold: FitRequest['fold']): string => `${recipeIdOf(recipe)}|${fold}`;

/** The artefact, from its file, or fitted now and kept. */
export async function fitted(folder: string, request: FitRequest): Promise<Uint8Array> {
  const { dataHash, recipe, fold } = request;
  const path = join(folderOf(folder, dataHash), `${recipeIdOf(recipe)}-${fold}.model`);
  const kept = readIfWhole(path);
  if (kept !== null) return kept;
  const rows = await rowsOf(folder, request);
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

export async function judged(folder: string, request: JudgeRequest): Promise<Judgement> {
  const { kind, recipe, predecessor, earlierTrials, featureFaults, liveVectors } = request;
  const { rows: market } = await snapshotOf(folder, request.dataHash);
  const rows = await rowsOf(folder, request);
  const folds = await foldPredictions(folder, request, rows);
  const tested = testedOf(rows, folds);
  const rules = await rulesForetold(folder, request, tested);
  const before = predecessor === 'rules' ? rules : await champions(folder, request, { ...recipe, ...predecessor }, rows);
  return judgementOf({ kind, rows, folds, featureFaults, skew: skewOf(rows, ofSameMarket(liveVectors, market.instruments, knownIn(market))), earlierTrials, predecessor: kind === 'refresh' ? null : before, seed: seedOf(recipe, 'whole') }, rules);
}

function knownIn({ rows, instruments, instrument, decidedAt }: LabelledRows): (instrumentId: string, at: number) => boolean {
  const known = new Set(Array.from({ length: rows }, (_, row) => `${instruments[instrument[row] as number] ?? ''} ${decidedAt[row] ?? 0}`));
  return (instrumentId, at) => known.has(`${instrumentId} ${at}`);
}

async function foldPredictions(folder: string, request: Omit<FitRequest, 'fold'>, rows: LabelledRows): Promise<readonly ReturnType<typeof foretold>[]> {
  const predictions: ReturnType<typeof foretold>[] = [];
  for (const [fold, part] of foldsOf(rows, request).entries()) predictions.push(foretold(rows, part, loadAnyModel(await fitted(folder, { ...request, fold }))));
  return predictions;
}

async function champions(folder: string, request: JudgeRequest, recipe: Recipe, rows: LabelledRows): Promise<Foretold> {
  const { probabilities } = testedOf(rows, await foldPredictions(folder, { ...request, recipe }, rows));
  return { probabilities, actions: actionsOf(probabilities) };
}

/** Their actions, and as probabilities what anybody knows: the class priors. */
async function rulesForetold(folder: string, { dataHash }: Pick<FitRequest, 'dataHash'>, { rows, row, priors }: Tested): Promise<Foretold | null> {
  const snapshot = await snapshotOf(folder, dataHash);
  const { rules } = snapshot;
  if (rules === null) return null;
  const keyOf = (from: LabelledRows, at: number): string => `${from.instruments[from.instrument[at] as number] ?? ''} ${from.decidedAt[at] ?? 0}`;
  const said = rows === snapshot.rows ? null : new Map(Array.from(rules, (action, at) => [keyOf(snapshot.rows, at), action]));
  return { probabilities: priors, actions: Uint8Array.from(row, (at) => (said === null ? rules[at] : said.get(keyOf(rows, at))) as number) };
}

/** What acts if it passes: fitted on everything, and described. @param set that the rows were made with. */
export async function trained(folder: string, request: Omit<FitRequest, 'fold'>, set: FeatureSet): Promise<Trained> {
  const { recipe } = request;
  const artefact = await fitted(folder, { ...request, fold: 'whole' });
  const rows = await rowsOf(folder, request);
  const part = wholeFold(rows, request.folds);
  const { holdBand } = foldTermsOf(rows, part);
  const model = loadAnyModel(artefact);
  const importances = notableOf(model.importances());
  const seed = seedOf(recipe, 'whole');
  const calendar = set.features.filter((it) => it.family === 'time').map((it) => it.name); // other from week to week by what they are
  const compared = importances.map((it) => it.feature).filter((name) => !calendar.includes(name));
  return {
    modelId: artefactHash(artefact), artefact,
    served: { learner: recipe.learner, parameters: recipe.parameters, seed, label: withBand(rows.label, holdBand).version, instruments: recipe.instruments === null ? null : [...recipe.instruments], known: knownSpaceOf(pickRows(datasetOf(rows, holdBand), part.fit), importances, seed), input: learnedInputOf(rows, compared), importances: [...importances] },
  };
}
