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
import type { Desk } from './deployment-parts.ts';
import { withDesk } from './deployment-parts.ts';

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

/** @param limit newest first, ≥ 1 */
export async function listModels(deployment: string | undefined, limit: number): Promise<readonly ModelRow[]> {
  return await withDesk(deployment, ({ pool, portfolioId }) => modelRows(pool, { portfolioId, prefix: '', limit }));
}

/** @param name the beginning of its id, or its place: champion, predecessor, onTrial. @throws {KeelError} NOT_FOUND, USAGE where several begin so */
export async function showModel(deployment: string | undefined, name: string): Promise<ModelReport> {
  return await withDesk(deployment, async (desk) => {
    const row = await findModel(desk, name);
    const { pool, portfolioId } = desk;
    const [record, [run], [trial], steps, progress] = await Promise.all([createModelStore(pool).model(portfolioId, row.modelId), runRows(pool, { portfolioId, prefix: row.runId, limit: 1 }), trialsOf(pool, { trialId: row.trialId }), stepsOf(pool, portfolioId, row.modelId), progressOf(desk, row)]);
    return { deployment: desk.deployment, ...row, description: record.description, run: run ?? null, trial: trial ?? null, steps, progress };
  });
}

async function progressOf({ pool, portfolioId }: Desk, { modelId, place }: ModelRow): Promise<string | null> {
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
export async function findModel({ pool, portfolioId, deployment }: Desk, name: string): Promise<ModelRow> {
  const isPlace = ['champion', 'predecessor', 'onTrial'].includes(name);
  const rows = (await modelRows(pool, { portfolioId, prefix: isPlace ? '' : name, limit: LISTED_MAX })).filter((it) => (isPlace ? it.place === name : name !== '' && it.modelId.startsWith(name)));
  const [found, second] = rows;
  if (found === undefined) throw new KeelError('NOT_FOUND', isPlace ? `${deployment} has no ${name}${name === 'champion' ? ': the rules act' : ''}; \`keel models\` lists what there is` : `${deployment} has no model ${name}…; \`keel models\` lists them`);
  if (second !== undefined) throw new KeelError('USAGE', `several models begin with ${name}: ${rows.slice(0, 5).map((it) => it.modelId.slice(0, 16)).join(', ')}; give more of the id`);
  return found;
}

type Signed = Pick<Asked, 'by' | 'because'>;

/** Acts from the next cycle on; of one that won its trial and waits for an answer the canary begins. @throws {KeelError} NOT_FOUND, USAGE; MODEL_INVALID, LEARNER_UNAVAILABLE: it cannot be asked here */
export async function promoteModel(name: string, asked: Asked): Promise<ModelStep> {
  return await withDesk(asked.deployment, (desk) => takePromotion(desk, name, asked), 'change');
}

export async function takePromotion(desk: Desk, name: string, asked: Signed): Promise<ModelStep> {
  const row = await findModel(desk, name);
  const { modelId } = row;
  return await takeAnswer(desk, { modelId, isAgreed: true, asked })
    ?? await takeStep(desk, asked.by, await promotionOf(desk, row, asked.because));
}

/** @throws {KeelError} MODEL_INVALID, LEARNER_UNAVAILABLE: it could not be asked in a cycle, and whoever acts now can */
async function promotionOf(desk: Desk, { modelId, recipeId, validatedAt, gate, place }: ModelRow, why: string): Promise<Parameters<typeof takeStep>[2]> {
  const { pool, portfolioId, settings } = desk;
  const store = createModelStore(pool);
  const [now, { description }, artefact] = await Promise.all([marketTimeOf(pool, portfolioId), store.model(portfolioId, modelId), store.artefact(portfolioId, modelId)]);
  if (gate === 'passed' && place !== 'champion') await (await import('./servable-models.ts')).assertServable(desk, { modelId, description, artefact });
  return (registry) => promotedByHand(registry, { modelId, recipeId, validatedAt }, { why, hasPassed: gate === 'passed', now, retrainIntervalMs: retrainIntervalMs(settings) });
}

/** Who acted before the champion acts again, or the rules. @throws {KeelError} USAGE: there is no champion */
export async function rollBackModel({ deployment, by, because }: Asked): Promise<ModelStep> {
  return await withDesk(deployment, async (desk) => {
    const now = await marketTimeOf(desk.pool, desk.portfolioId);
    return await takeStep(desk, by, (registry) => (registry.champion === null ? { problem: 'there is no champion: the rules act' } : afterRollBack(registry, because, { now, retrainIntervalMs: retrainIntervalMs(desk.settings) })));
  }, 'change');
}

/** Takes it out of its place; to one that won its trial it is the answer no. @throws {KeelError} NOT_FOUND, USAGE */
export async function retireModel(name: string, asked: Asked): Promise<ModelStep> {
  return await withDesk(asked.deployment, (desk) => takeRetirement(desk, name, asked), 'change');
}

export async function takeRetirement(desk: Desk, name: string, asked: Signed): Promise<ModelStep> {
  const { modelId } = await findModel(desk, name);
  return await takeAnswer(desk, { modelId, isAgreed: false, asked }) ?? await takeStep(desk, asked.by, (registry) => retiredByHand(registry, modelId, asked.because));
}

/** A person's answer about a model that won its trial: a step of that trial. @returns null: nobody waits for one about it */
export async function takeAnswer({ pool, portfolioId, deployment }: Desk, { modelId, isAgreed, asked: { by, because } }: { readonly modelId: string; readonly isAgreed: boolean; readonly asked: Signed }): Promise<ModelStep | null> {
  const at = await marketTimeOf(pool, portfolioId);
  const step = await createTrialStore(pool).take({ portfolioId, stepId: `byHand/${randomUUID()}`, actor: by, at, decide: (standing) => answeredByHand(standing, modelId, { isAgreed, why: because, at }) });
  return step === null ? null : { deployment, kind: step.kind, modelId: step.modelId, why: isAgreed ? `its canary begins: ${step.why}` : step.why };
}

/** @throws {KeelError} USAGE: the step is not allowed, with why */
export async function takeStep({ pool, portfolioId, deployment }: Desk, by: string, decide: (registry: Registry) => RegistryStep | NotAllowed): Promise<ModelStep> {
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
