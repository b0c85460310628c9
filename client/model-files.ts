/** Models as files: ours, and those that other tools made. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createLedger } from '../db/ledger.ts';
import { createModelStore } from '../db/model-store.ts';
import { marketTimeOf } from '../db/model-views.ts';
import { KeelError, messageOf } from '../domain/errors.ts';
import type { FeatureSet } from '../domain/features/feature-set.ts';
import { computeColumns, warmupCandlesOf } from '../domain/features/feature-set.ts';
import { marketRowsOf } from '../domain/features/rows.ts';
import { artefactHash, isArtefact } from '../domain/learning/artefact.ts';
import type { Matrix } from '../domain/learning/dataset.ts';
import type { Timeframe } from '../domain/market/timeframe.ts';
import type { StoredModel } from '../domain/ports/model-store.ts';
import { importedModelOf } from '../domain/promotion/imported.ts';
import { afterGate } from '../domain/promotion/registry.ts';
import { servedModelOf } from '../domain/promotion/served-model.ts';
import { recipeIdOf } from '../domain/retraining/recipe.ts';
import { loadFeatures } from '../strategies/load.ts';
import type { OfferedLearner } from '../models/learners.ts';
import { readSettings } from '../config/settings.ts';
import type { Desk } from './deployment-parts.ts';
import { withDesk } from './deployment-parts.ts';
import type { Asked, ModelStep } from './models.ts';
import { findModel, takeStep } from './models.ts';
import { assertServable, modelRuntimes } from './servable-models.ts';

/** Beside an exported artefact: what it says of itself, and where it comes from. */
type Exported = Pick<StoredModel, 'modelId' | 'recipeId' | 'validatedAt' | 'dataHash' | 'description'>;

export interface ExportedFile {
  readonly modelId: string;
  readonly file: string;
  readonly bytes: number;
}

/** Every learner, a user's own among them. @throws {KeelError} LEARNER_INVALID */
export async function learners(): Promise<readonly OfferedLearner[]> {
  return (await modelRuntimes(await readSettings())).offeredLearners();
}

/** Candles of each symbol beyond the warm-up that an imported model is asked about, to learn how usual its edges are. */
const ASKED_CANDLES = 500;

/**
 * The artefact, or ONNX, and beside it `<file>.json`: what `keel models import` needs to know of it.
 * @throws {KeelError} NOT_FOUND; USAGE: a file is there already, or cannot be written; MODEL_INVALID: a kind that has no form in ONNX
 */
export async function exportModel(deployment: string | undefined, name: string, { file, asOnnx }: { readonly file: string; readonly asOnnx: boolean }): Promise<ExportedFile> {
  for (const path of [file, `${file}.json`]) if (existsSync(path)) throw new KeelError('USAGE', `${path} is there already; name another file or remove it`);
  return await withDesk(deployment, (desk) => writeModelFile(desk, name, { file, asOnnx }));
}

export async function writeModelFile(desk: Desk, name: string, { file, asOnnx }: { readonly file: string; readonly asOnnx: boolean }): Promise<ExportedFile> {
  const { pool, portfolioId } = desk;
  const { modelId } = await findModel(desk, name);
  const store = createModelStore(pool);
  const [{ recipeId, validatedAt, dataHash, description }, artefact] = await Promise.all([store.model(portfolioId, modelId), store.artefact(portfolioId, modelId)]);
  const written = asOnnx ? await onnxFileOf(artefact, description) : { bytes: artefact, beside: { modelId, recipeId, validatedAt, dataHash, description } satisfies Exported };
  try {
    writeFileSync(file, written.bytes);
    writeFileSync(`${file}.json`, `${JSON.stringify(written.beside, null, 2)}\n`);
  } catch (error) {
    throw new KeelError('USAGE', `${file} cannot be written: ${messageOf(error)}; name one in a folder that there is, and that you may write to`, { cause: error });
  }
  return { modelId, file, bytes: written.bytes.length };
}

async function onnxFileOf(artefact: Uint8Array, description: StoredModel['description']): Promise<{ readonly bytes: Uint8Array; readonly beside: object }> {
  const [{ onnxOf }, { openPredictor }] = await Promise.all([import('../models/onnx/export.ts'), import('../models/predictor.ts')]);
  const bytes = onnxOf(artefact);
  const { features, task } = await openPredictor(artefact); // one of ours: nothing to close
  return { bytes, beside: { features, task, label: servedModelOf(description).label } };
}

/**
 * A model of another deployment or tool stands trial here, if nobody does: without having passed the gate here it cannot act.
 * @throws {KeelError} MODEL_INVALID: the file is no model that can foretell here, was altered, or is not what the JSON beside it says; LEARNER_UNAVAILABLE; USAGE
 */
export async function importModel(file: string, asked: Asked): Promise<ModelStep> {
  return await withDesk(asked.deployment, (desk) => takeModelFile(desk, file, asked), 'change');
}

export async function takeModelFile(desk: Desk, file: string, { by, because }: Pick<Asked, 'by' | 'because'>): Promise<ModelStep> {
  const { pool, portfolioId } = desk;
  const store = createModelStore(pool);
  const bytes = readModelFile(file);
  const validatedAt = await marketTimeOf(pool, portfolioId);
  const { artefact, modelId, recipeId, dataHash, description } = isArtefact(bytes) ? exportedBeside(file, bytes) : await foreignModel(desk, { file, bytes, until: validatedAt });
  await assertServable(desk, { modelId, description, artefact });
  const trialId = `${portfolioId}/import/${modelId}`;
  const { learner, parameters, featureSet, label, instruments } = servedModelOf(description);
  await store.recordTrial({ trialId, runId: trialId, portfolioId, recipeId, recipe: { learner, parameters, featureSet, label, instruments }, kind: 'challenger', outcome: 'failed', daily: null, rules: null, reason: `imported by ${by}: ${because}; never validated here` });
  await store.registerModel({ portfolioId, modelId, trialId, recipeId, validatedAt, dataHash, description, artefact });
  return await takeStep(desk, by, (registry) => {
    const step = afterGate(registry, { kind: 'challenger', model: { modelId, recipeId, validatedAt } });
    return step.change.kind === 'trialBegun' ? { ...step, change: { ...step.change, why: `imported: ${because}` } } : step;
  });
}

function readModelFile(file: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (error) {
    throw new KeelError('MODEL_INVALID', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

type ReadModel = Pick<StoredModel, 'artefact' | 'modelId' | 'recipeId' | 'dataHash' | 'description'>;

function exportedBeside(file: string, artefact: Uint8Array): ReadModel {
  const beside = besideOf(file) as Partial<Exported> | null;
  if (beside === null) throw new KeelError('MODEL_INVALID', `${file}.json, as \`keel models export\` writes it, is not there`);
  const hash = artefactHash(artefact);
  if (beside.modelId !== hash) throw new KeelError('MODEL_INVALID', `${file} has the hash ${hash.slice(0, 16)}…, and ${file}.json describes ${String(beside.modelId).slice(0, 16)}…: they do not belong together`);
  const { recipeId, dataHash, description } = beside;
  if (typeof recipeId !== 'string' || typeof dataHash !== 'string' || description === undefined) throw new KeelError('MODEL_INVALID', `${file}.json lacks recipeId, dataHash or description; \`keel models export\` writes them`);
  return { artefact, modelId: hash, recipeId, dataHash, description };
}

/** Null: it is not there. */
function besideOf(file: string): unknown {
  if (!existsSync(`${file}.json`)) return null;
  try {
    return JSON.parse(readFileSync(`${file}.json`, 'utf8'));
  } catch (error) {
    throw new KeelError('MODEL_INVALID', `${file}.json cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

async function foreignModel({ pool, portfolioId, settings }: Desk, { file, bytes, until }: { readonly file: string; readonly bytes: Uint8Array; readonly until: number }): Promise<ReadModel> {
  const [{ importFile, sideCarOf }, { openPredictor }, set] = await Promise.all([import('../models/import.ts'), modelRuntimes(settings), loadFeatures(settings.features)]);
  const sideCar = sideCarOf(besideOf(file) ?? {});
  const { learner, artefact, fileHash, importances } = await importFile(bytes, sideCar, set.features.map((it) => it.name));
  const ledger = createLedger(pool);
  const { timeframe, instrumentIds } = await ledger.portfolio(portfolioId);
  const predictor = await openPredictor(artefact);
  try {
    const series = await ledger.candles({ instrumentIds, timeframe, until, limit: warmupCandlesOf(set, timeframe) + ASKED_CANDLES });
    const features = [...marketRowsOf(series, timeframe).values()].map((rows) => computeColumns(set, timeframe, rows));
    const said = await predictor.predict(warmRowsOf(set, timeframe, { symbols: features, names: predictor.features }));
    const described = importedModelOf({ learner, fileHash, featureSet: `${set.name}/${set.version}`, timeframe, label: sideCar.label ?? null, importances, said });
    const { parameters, featureSet, label, instruments } = described;
    return { artefact, modelId: artefactHash(artefact), recipeId: recipeIdOf({ learner, parameters, featureSet, label, instruments }), dataHash: 'imported', description: { ...described } };
  } finally {
    await predictor.close();
  }
}

/** Rows after the warm-up, as cycles see them: what is missing there, such as funding, is missing here. */
function warmRowsOf(set: FeatureSet, timeframe: Timeframe, { symbols, names }: { readonly symbols: readonly (readonly ArrayLike<number>[])[]; readonly names: readonly string[] }): Matrix {
  const cold = warmupCandlesOf(set, timeframe) - 1;
  const columns = names.map((name) => {
    const place = set.features.findIndex((it) => it.name === name);
    return Float32Array.from(symbols.flatMap((of) => Array.from(of[place] ?? []).slice(cold)));
  });
  return { names, columns, rows: columns[0]?.length ?? 0 };
}
