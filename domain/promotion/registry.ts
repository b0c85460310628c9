/** Which model acts, which one it followed, and which one is on trial. Pure. @source learning.md, "Daily retrain", steps 4 to 6. */

export interface RegisteredModel {
  readonly modelId: string;
  /** Learner, features, label, pooled or not: what a refresh has in common with its predecessor. */
  readonly recipeId: string;
  /** Market clock: when it last passed the gate, or a trial after it. */
  readonly validatedAt: number;
}

export interface Registry {
  /** Null: the rules act. */
  readonly champion: RegisteredModel | null;
  /** Who acted before it, and does again when it is rolled back; null: the rules. */
  readonly predecessor: RegisteredModel | null;
  /** One at a time. */
  readonly onTrial: RegisteredModel | null;
}

export const EMPTY_REGISTRY: Registry = { champion: null, predecessor: null, onTrial: null };

/** `refused`: nothing changed. */
export const REGISTRY_CHANGES = ['refreshed', 'trialBegun', 'promoted', 'retired', 'rolledBack', 'expired', 'refused'] as const;

/** Steps of a trial or of a watch that leave the registry as it is. */
export const TRIAL_MOVES = ['trialAdvanced', 'watchBegun', 'watchKept'] as const;
export type TrialMove = (typeof TRIAL_MOVES)[number];

export interface RegistryChange {
  readonly kind: (typeof REGISTRY_CHANGES)[number];
  readonly modelId: string;
  readonly why: string;
}

export interface RegistryStep {
  readonly registry: Registry;
  readonly change: RegistryChange;
}

/** Retrain intervals that a model may act without passing the gate again. */
const INTERVALS_MAX = 3;

/** @param retrainIntervalMs > 0 */
export function isUsable({ validatedAt }: RegisteredModel, now: number, retrainIntervalMs: number): boolean {
  return now - validatedAt <= INTERVALS_MAX * retrainIntervalMs;
}

export interface GatePassed {
  readonly kind: 'refresh' | 'challenger';
  readonly model: RegisteredModel;
}

/** A refresh of the champion's recipe acts at once; a challenger stands trial, if nobody does. */
export function afterGate(registry: Registry, { kind, model }: GatePassed): RegistryStep {
  const { champion, onTrial } = registry;
  const { modelId } = model;
  const refused = (why: string): RegistryStep => ({ registry, change: { kind: 'refused', modelId, why } });
  if ([registry.champion, registry.predecessor, onTrial].some((it) => it?.modelId === modelId)) return refused('it came out as before: it is in the registry already'); // the same data, recipe and seed
  if (kind === 'refresh') {
    if (champion === null || champion.recipeId !== model.recipeId) return refused(`it refreshes recipe ${model.recipeId}, and the champion's is ${champion?.recipeId ?? 'none'}`);
    return { registry: { ...registry, champion: model, predecessor: champion }, change: { kind: 'refreshed', modelId, why: `the champion's recipe passed on newer data: it follows ${champion.modelId}` } };
  }
  if (onTrial !== null) return refused(`${onTrial.modelId} is on trial: one at a time`);
  return { registry: { ...registry, onTrial: model }, change: { kind: 'trialBegun', modelId, why: 'it passed the gate' } };
}

/** The trial's end: it validated whom it promotes. @param it.at market clock. @throws {RangeError} not retried: nobody is on trial. */
export function afterTrial(registry: Registry, outcome: 'promoted' | 'retired', { why, at }: { readonly why: string; readonly at: number }): RegistryStep {
  const { champion, onTrial } = registry;
  if (onTrial === null) throw new RangeError('a trial ended and nobody is on trial');
  const change = { kind: outcome, modelId: onTrial.modelId, why } as const;
  return { change, registry: outcome === 'promoted' ? { champion: { ...onTrial, validatedAt: at }, predecessor: champion, onTrial: null } : { ...registry, onTrial: null } };
}

/** The watch found the champion worse than promised: who acted before does again, or the rules. @throws {RangeError} not retried: there is no champion. */
export function afterRollBack(registry: Registry, why: string, { now, retrainIntervalMs }: { readonly now: number; readonly retrainIntervalMs: number }): RegistryStep {
  const { champion, predecessor } = registry;
  if (champion === null) throw new RangeError('there is no champion to roll back');
  const back = predecessor !== null && isUsable(predecessor, now, retrainIntervalMs) ? predecessor : null;
  return { registry: { ...registry, champion: back, predecessor: null }, change: { kind: 'rolledBack', modelId: champion.modelId, why: `${why}; ${back === null ? 'the rules act' : `${back.modelId} acts again`}` } };
}

/**
 * The supervisor found the champion unfit: it acts no more and goes on as a shadow, where nobody else is on trial; as one that
 * is tried it may come back. Who acted before and had the same recipe is the same model on older data, and no way back.
 * @throws {RangeError} not retried: there is no champion.
 */
export function afterFindings(registry: Registry, why: string, clock: { readonly now: number; readonly retrainIntervalMs: number }): RegistryStep {
  const { champion, predecessor, onTrial } = registry;
  const isRefresh = predecessor?.recipeId === champion?.recipeId;
  const step = afterRollBack(isRefresh ? { ...registry, predecessor: null } : registry, why, clock);
  return onTrial === null ? { registry: { ...step.registry, onTrial: champion }, change: { ...step.change, why: `${step.change.why}; it goes on as a shadow` } } : step;
}

/** A champion that did not pass the gate for too long acts no more. @returns null: nothing to do. */
export function afterAgeing(registry: Registry, now: number, retrainIntervalMs: number): RegistryStep | null {
  const { champion } = registry;
  if (champion === null || isUsable(champion, now, retrainIntervalMs)) return null;
  const days = (now - champion.validatedAt) / 86_400_000;
  return { registry: { ...registry, champion: null, predecessor: null }, change: { kind: 'expired', modelId: champion.modelId, why: `${days.toFixed(1)} days without a passed revalidation: the rules act` } };
}
