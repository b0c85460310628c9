import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trainingPartsOf } from '../config/retraining.ts';
import { createLedger } from '../db/ledger.ts';
import { createModelStore } from '../db/model-store.ts';
import { createPolicyStore } from '../db/policy-store.ts';
import type { Pool } from '../db/pool.ts';
import { KeelError } from '../domain/errors.ts';
import { TIMEFRAMES } from '../domain/market/timeframe.ts';
import type { Timeframe } from '../domain/market/timeframe.ts';
import type { Policy } from '../domain/policy/policy.ts';
import { validPolicyOf } from '../domain/policy/schema.ts';
import type { SnapshotRequest, Trainer } from '../domain/ports/trainer.ts';
import { baseLabelOf } from '../domain/predictions/label.ts';
import { servedModelOf } from '../domain/promotion/served-model.ts';
import type { DataTerms } from '../domain/retraining/data-terms.ts';
import { dataTermsOf, snapshotRequestOf } from '../domain/retraining/data-terms.ts';
import type { FoldOptions } from '../domain/validation/folds.ts';
import { createTrainer } from '../models/trainer.ts';
import type { Desk } from './deployment-parts.ts';
import { withDesk } from './deployment-parts.ts';
import { findModel } from './models.ts';

export interface Reproduced {
  readonly deployment: string;
  readonly modelId: string;
  readonly dataHash: string;
  readonly rows: number;
  /** Made now, from the ledger's candles. */
  readonly made: { readonly dataHash: string; /** Null: the data set is another one, so nothing was trained on it. */ readonly modelId: string | null };
  readonly isSame: boolean;
}

/**
 * Makes a model's data set again from the ledger's candles, trains on it again, in a folder of its own, and compares.
 * @param name as `showModel`
 * @throws {KeelError} NOT_FOUND, USAGE; MODEL_INVALID: it was not trained here, or with other features; TRAINING_FAILED
 */
export async function reproduceModel(deployment: string | undefined, name: string): Promise<Reproduced> {
  return await withDesk(deployment, (desk) => reproduced(desk, name));
}

export async function reproduced(desk: Desk, name: string): Promise<Reproduced> {
  const { pool, portfolioId, deployment, settings } = desk;
  const { modelId } = await findModel(desk, name);
  const { dataHash, description } = await createModelStore(pool).model(portfolioId, modelId);
  const { learner, parameters, featureSet, label, timeframe, instruments } = servedModelOf(description);
  const terms = dataTermsOf(description['dataset']); // an imported one has none: it was not trained here
  const folds = description['folds'] as FoldOptions;
  const request = await requestOf(pool, portfolioId, { terms, label: baseLabelOf(label), timeframe: timeframeOf(timeframe), folds });
  return await inFolderOfItsOwn(trainingPartsOf(settings), async (trainer) => {
    const { id } = await trainer.featureSet(request.timeframe);
    if (id !== featureSet) throw new KeelError('MODEL_INVALID', `the model was trained with the feature set ${featureSet}, and ${id} is what KEEL_FEATURES names now`);
    const again = await trainer.snapshot(request);
    const common = { deployment, modelId, dataHash, rows: again.rows };
    if (again.dataHash !== dataHash) return { ...common, made: { dataHash: again.dataHash, modelId: null }, isSame: false };
    const fit = { dataHash, folds, recipe: { learner, parameters, featureSet, label: request.label, instruments } };
    await trainer.fit({ ...fit, fold: 'whole' });
    const trained = await trainer.trained(fit);
    return { ...common, made: { dataHash, modelId: trained.modelId }, isSame: trained.modelId === modelId };
  });
}

async function requestOf(pool: Pool, portfolioId: string, { terms, label, timeframe, folds: { testShare } }: { readonly terms: DataTerms; readonly label: string; readonly timeframe: Timeframe; readonly folds: FoldOptions }): Promise<SnapshotRequest> {
  const ledger = createLedger(pool);
  const policies = createPolicyStore(pool);
  const policyOf = async (): Promise<Policy> => validPolicyOf(terms.policyVersion === undefined ? await policies.active(portfolioId) : await policies.version(portfolioId, terms.policyVersion));
  const [instruments, series, policy] = await Promise.all([
    ledger.instruments(terms.universe),
    ledger.candlesBetween({ instrumentIds: terms.universe, timeframe, from: terms.candlesFrom, to: terms.asOf }),
    terms.rules ? policyOf() : null,
  ]);
  return snapshotRequestOf(terms, { timeframe, label, testShare, instruments, series: terms.universe.map((id) => series.find((it) => it.instrumentId === id) ?? { instrumentId: id, timeframe, candles: [] }), policy });
}

function timeframeOf(name: string): Timeframe {
  const found = TIMEFRAMES.find((it) => it === name);
  if (found === undefined) throw new KeelError('MODEL_INVALID', `the model's timeframe is ${name}; known are ${TIMEFRAMES.join(', ')}`);
  return found;
}

async function inFolderOfItsOwn<T>(parts: Readonly<Record<string, string>>, work: (trainer: Trainer) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'keel-reproduce-'));
  const trainer = createTrainer({ thread: new URL('../workers/training-thread.ts', import.meta.url), parts, folder, threads: 1 });
  try {
    return await work(trainer);
  } finally {
    await trainer.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
