import { randomUUID } from 'node:crypto';
import { createModelStore } from '../db/model-store.ts';
import { createTrialStore } from '../db/trial-store.ts';
import type { ModelRow, RunRow, StepRow, TrialRow } from '../db/model-views.ts';
import { marketTimeOf, modelRows, runRows, stepsOf, trialsOf } from '../db/model-views.ts';
import type { Pool } from '../db/pool.ts';
import { KeelError } from '../domain/errors.ts';
import type { ModelRecord } from '../domain/ports/model-store.ts';
import type { NotAllowed } from '../domain/promotion/by-hand.ts';
import { answeredByHand, promotedByHand, retiredByHand } from '../domain/promotion/by-hand.ts';
import { isKnownLabel, labelDefinitionOf } from '../domain/predictions/label.ts';
import { abstentionOf } from '../domain/promotion/model-votes.ts';
import { trialText, watchText } from '../domain/promotion/progress.ts';
import { servedModelOf } from '../domain/promotion/served-model.ts';
import type { StandingStep } from '../domain/promotion/standing.ts';
import { afterRollBack } from '../domain/promotion/registry.ts';
import type { Registry, RegistryStep } from '../domain/promotion/registry.ts';
import { retrainIntervalMs } from '../config/retraining.ts';
import type { Settings } from '../config/settings.ts';
import { chooseDeployment, withLedger } from './deployment-parts.ts';

/** Who asks, and why: written to the audit. */
export interface Asked {
  readonly deployment: string | undefined;
  readonly by: string;
  readonly because: string;
}

export type ModelStep = StandingStep['change'] & { readonly deployment: string };

export interface ModelReport extends ModelRow {
  readonly deployment: string;
  readonly description: ModelRecord['description'];
  /** The retrain that made it; null: it was imported. */
  readonly run: RunRow | null;
  readonly trial: TrialRow | null;
  /** Of its life, the oldest first. */
  readonly steps: readonly StepRow[];
  /** How far its trial is, or the watch over it; null: neither. */
  readonly progress: string | null;
}

const LISTED_MAX = 1_000;

export interface Shelf {
  readonly pool: Pool;
  readonly settings: Settings;
  readonly portfolioId: string;
  readonly deployment: string;
  readonly retrainIntervalMs: number;
}

/** The models of a deployment. @throws {KeelError} as `withLedger` */
export async function withShelf<T>(name: string | undefined, work: (shelf: Shelf) => Promise<T>): Promise<T> {
  const chosen = await chooseDeployment(name);
  const { deployment, settings } = chosen;
  return await withLedger(chosen, (pool) => work({ pool, settings, portfolioId: deployment.portfolioId, deployment: deployment.name, retrainIntervalMs: retrainIntervalMs(settings) }));
}

/** @param limit newest first, ≥ 1 */
export async function listModels(deployment: string | undefined, limit: number): Promise<readonly ModelRow[]> {
  return await withShelf(deployment, ({ pool, portfolioId }) => modelRows(pool, { portfolioId, prefix: '', limit }));
}

/** @param name the beginning of its id, or its place: champion, predecessor, onTrial. @throws {KeelError} NOT_FOUND, USAGE where several begin so */
export async function showModel(deployment: string | undefined, name: string): Promise<ModelReport> {
  return await withShelf(deployment, async (shelf) => {
    const row = await findModel(shelf, name);
    const { pool, portfolioId } = shelf;
    const [record, [run], [trial], steps, progress] = await Promise.all([createModelStore(pool).model(portfolioId, row.modelId), runRows(pool, { portfolioId, prefix: row.runId, limit: 1 }), trialsOf(pool, { trialId: row.trialId }), stepsOf(pool, portfolioId, row.modelId), progressOf(shelf, row)]);
    return { deployment: shelf.deployment, ...row, description: record.description, run: run ?? null, trial: trial ?? null, steps, progress };
  });
}

async function progressOf({ pool, portfolioId }: Shelf, { modelId, place }: ModelRow): Promise<string | null> {
  const trials = createTrialStore(pool);
  const [{ trial, watch }, at, { description }] = await Promise.all([trials.standing(portfolioId), marketTimeOf(pool, portfolioId), createModelStore(pool).model(portfolioId, modelId)]);
  if (place === 'champion') return watch === null ? 'the watch over it begins with the next candle' : watchText(watch, at);
  if (place !== 'onTrial') return null;
  if (trial === null) return 'its trial begins with the next candle';
  const described = servedModelOf(description);
  if (!isKnownLabel(described.label)) return trialText(trial, null, at); // of a user's file, which is not loaded here
  const { horizonCandles } = labelDefinitionOf(described.label);
  const counts = await trials.counts({ portfolioId, since: trial.startedAt, until: at, ...abstentionOf({ modelId, described }, '') });
  return trialText(trial, { ...counts, horizonCandles }, at);
}

/** By the beginning of its id, or its place. @throws {KeelError} NOT_FOUND, USAGE where several begin so */
export async function findModel({ pool, portfolioId, deployment }: Pick<Shelf, 'pool' | 'portfolioId' | 'deployment'>, name: string): Promise<ModelRow> {
  const isPlace = ['champion', 'predecessor', 'onTrial'].includes(name);
  const rows = (await modelRows(pool, { portfolioId, prefix: isPlace ? '' : name, limit: LISTED_MAX })).filter((it) => !isPlace || it.place === name);
  const [found, second] = rows;
  if (found === undefined) throw new KeelError('NOT_FOUND', isPlace ? `${deployment} has no ${name}${name === 'champion' ? ': the rules act' : ''}; \`keel models\` lists what there is` : `${deployment} has no model ${name}…; \`keel models\` lists them`);
  if (second !== undefined) throw new KeelError('USAGE', `several models begin with ${name}: ${rows.slice(0, 5).map((it) => it.modelId.slice(0, 16)).join(', ')}; give more of the id`);
  return found;
}

type Signed = Pick<Asked, 'by' | 'because'>;

/** Acts from the next cycle on; of one that won its trial and waits for an answer the canary begins. @throws {KeelError} NOT_FOUND, USAGE */
export async function promoteModel(name: string, asked: Asked): Promise<ModelStep> {
  return await withShelf(asked.deployment, (shelf) => takePromotion(shelf, name, asked));
}

export async function takePromotion(shelf: Shelf, name: string, asked: Signed): Promise<ModelStep> {
  const [{ modelId, recipeId, validatedAt, gate }, at] = await Promise.all([findModel(shelf, name), marketTimeOf(shelf.pool, shelf.portfolioId)]);
  return await takeAnswer(shelf, { modelId, isAgreed: true, asked })
    ?? await takeStep(shelf, asked.by, (registry) => promotedByHand(registry, { modelId, recipeId, validatedAt }, { why: asked.because, hasPassed: gate === 'passed', at }));
}

/** Who acted before the champion acts again, or the rules. @throws {KeelError} USAGE: there is no champion */
export async function rollBackModel({ deployment, by, because }: Asked): Promise<ModelStep> {
  return await withShelf(deployment, async (shelf) => {
    const now = await marketTimeOf(shelf.pool, shelf.portfolioId);
    return await takeStep(shelf, by, (registry) => (registry.champion === null ? { problem: 'there is no champion: the rules act' } : afterRollBack(registry, because, { now, retrainIntervalMs: shelf.retrainIntervalMs })));
  });
}

/** Takes it out of its place; to one that won its trial it is the answer no. @throws {KeelError} NOT_FOUND, USAGE */
export async function retireModel(name: string, asked: Asked): Promise<ModelStep> {
  return await withShelf(asked.deployment, (shelf) => takeRetirement(shelf, name, asked));
}

export async function takeRetirement(shelf: Shelf, name: string, asked: Signed): Promise<ModelStep> {
  const { modelId } = await findModel(shelf, name);
  return await takeAnswer(shelf, { modelId, isAgreed: false, asked }) ?? await takeStep(shelf, asked.by, (registry) => retiredByHand(registry, modelId, asked.because));
}

/** A person's answer about a model that won its trial: a step of that trial. @returns null: nobody waits for one about it */
export async function takeAnswer({ pool, portfolioId, deployment }: Shelf, { modelId, isAgreed, asked: { by, because } }: { readonly modelId: string; readonly isAgreed: boolean; readonly asked: Signed }): Promise<ModelStep | null> {
  const at = await marketTimeOf(pool, portfolioId);
  const step = await createTrialStore(pool).take({ portfolioId, stepId: `byHand/${randomUUID()}`, actor: by, at, decide: (standing) => answeredByHand(standing, modelId, { isAgreed, why: because, at }) });
  return step === null ? null : { deployment, kind: step.kind, modelId: step.modelId, why: isAgreed ? `its canary begins: ${step.why}` : step.why };
}

/** @throws {KeelError} USAGE: the step is not allowed, with why */
export async function takeStep({ pool, portfolioId, deployment }: Shelf, by: string, decide: (registry: Registry) => RegistryStep | NotAllowed): Promise<ModelStep> {
  const change = await createModelStore(pool).step({
    portfolioId, actor: by, stepId: `byHand/${randomUUID()}`,
    decide: (registry) => {
      const step = decide(registry);
      if ('problem' in step) throw new KeelError('USAGE', step.problem);
      return step;
    },
  });
  if (change === null) throw new Error('a step by hand is always one');
  return { deployment, ...change };
}
