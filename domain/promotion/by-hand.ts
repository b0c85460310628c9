/** Steps that a person takes. Pure: the person and the reason are in each. */
import type { Policy } from '../policy/policy.ts';
import type { Standing, StandingStep, TrialRecord } from './standing.ts';
import { trialAdvanced } from './standing.ts';
import type { Registry, RegistryStep, RegisteredModel } from './registry.ts';
import { isUsable } from './registry.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Why a step cannot be taken, in words for whoever asked. */
export interface NotAllowed {
  readonly problem: string;
}

/** Who acted follows behind, for a roll-back. A person's word makes nobody younger, but who stands trial is looked at each day, and its age counts anew as when it wins. @param it.hasPassed the gate, here; who has not stands trial first. @param it.now market clock */
export function promotedByHand(registry: Registry, model: RegisteredModel, { why, hasPassed, now, retrainIntervalMs }: { readonly why: string; readonly hasPassed: boolean; readonly now: number; readonly retrainIntervalMs: number }): RegistryStep | NotAllowed {
  const { champion, onTrial } = registry;
  if (champion?.modelId === model.modelId) return { problem: 'it acts already' };
  if (!hasPassed) return { problem: 'it never passed the gate here: it acts when it has won its trial and a person agrees then (`keel decisions`)' };
  const isOnTrial = onTrial?.modelId === model.modelId;
  if (!isOnTrial && !isUsable(model, now, retrainIntervalMs)) return { problem: `it passed the gate ${((now - model.validatedAt) / DAY_MS).toFixed(1)} days ago, and what was not validated for three retrain intervals does not act: train it anew (\`keel retrain\`)` };
  return { registry: { champion: isOnTrial ? { ...model, validatedAt: now } : model, predecessor: champion, onTrial: isOnTrial ? null : onTrial }, change: { kind: 'promoted', modelId: model.modelId, why } };
}

/** A person's answer about the model that won its trial: its canary begins, or it is retired. @param it.at market clock. @returns null: nobody was asked about it */
export function answeredByHand(standing: Standing, modelId: string, { isAgreed, why, at }: { readonly isAgreed: boolean; readonly why: string; readonly at: number }): StandingStep | null {
  const { trial } = standing;
  if (trial?.modelId !== modelId || trial.state.phase !== 'acknowledgement') return null;
  const since = Math.max(at, trial.since); // the newest cycle may lie behind the look
  return trialAdvanced(standing, { state: isAgreed ? { phase: 'canary', stage: 0, since } : { phase: 'retired' }, why }, since);
}

/** What stands for the answer of a person who gives none. */
export interface Unanswered {
  /** Market clock. */
  readonly dueAt: number;
  readonly outcome: 'promoted' | 'retired';
}

/** A model that never passed the gate here acts by a person's word alone. @param hasPassed the gate, here */
export function unansweredOf({ since }: Pick<TrialRecord, 'since'>, { promotionAnswerMin, promotionUnanswered }: Pick<Policy, 'promotionAnswerMin' | 'promotionUnanswered'>, hasPassed: boolean): Unanswered {
  return { dueAt: since + promotionAnswerMin * MINUTE_MS, outcome: promotionUnanswered === 'promote' && hasPassed ? 'promoted' : 'retired' };
}

/** The champion goes and the rules act, the predecessor is forgotten, or the trial ends. */
export function retiredByHand(registry: Registry, modelId: string, why: string): RegistryStep | NotAllowed {
  const change = { kind: 'retired', modelId, why } as const;
  if (registry.champion?.modelId === modelId) return { registry: { ...registry, champion: null, predecessor: null }, change };
  if (registry.onTrial?.modelId === modelId) return { registry: { ...registry, onTrial: null }, change };
  if (registry.predecessor?.modelId === modelId) return { registry: { ...registry, predecessor: null }, change };
  return { problem: 'it neither acts, nor stands trial, nor is the predecessor: there is nothing to retire it from' };
}
