/** How far a trial is, and the watch over whoever acts, beside the registry that they change. Pure: every step with its reason. */
import type { Timeframe } from '../market/timeframe.ts';
import { candleOpenTime } from '../market/timeframe.ts';
import { afterRollBack, afterTrial } from './registry.ts';
import type { Registry, RegistryChange, RegistryStep, TrialMove } from './registry.ts';
import type { TrialState, TrialStep } from './shadow-trial.ts';
import { TRIAL_BEGUN } from './shadow-trial.ts';
import type { WatchStep } from './watch.ts';

/** Of the model on trial. Times are of the market clock. */
export interface TrialRecord {
  /** Of this trial alone: a model may stand several. */
  readonly id: string;
  readonly modelId: string;
  readonly startedAt: number;
  /** Its place among the trials of 365 days, from 1. */
  readonly number: number;
  readonly state: TrialState;
  /** When it came to this state. */
  readonly since: number;
  /** Steps so far, the first included: each has a name of its own. */
  readonly steps: number;
  /** Since when it votes on some symbols; null: on none yet. */
  readonly canarySince: number | null;
}

/** Of the champion, from the moment on at which it came to act. */
export interface WatchRecord {
  readonly id: string;
  /** The champion, and whoever it refreshed since then: one after the other. */
  readonly modelIds: readonly string[];
  /** Market clock. */
  readonly since: number;
  readonly status: 'watching' | 'kept' | 'rolledBack';
}

export interface Standing {
  readonly registry: Registry;
  /** Null: nobody is on trial, or the trial has not begun to be looked at. */
  readonly trial: TrialRecord | null;
  /** Null: the rules act, or the champion is not watched yet. */
  readonly watch: WatchRecord | null;
}

/** Of a portfolio that has a trial or a watch. */
export interface AwaitedLook {
  /** The close (market clock) up to which both were looked at; null: never. */
  readonly lookedTo: number | null;
  readonly timeframe: Timeframe;
  /** Its own driver has it looked at: the market waits for that. */
  readonly isReplay: boolean;
}

export interface StandingStep {
  readonly standing: Standing;
  readonly change: Omit<RegistryChange, 'kind'> & { readonly kind: RegistryChange['kind'] | TrialMove };
  /** What the step made of the trial and of the watch, also where they ended by it; null: it was not about that one. */
  readonly trial: TrialRecord | null;
  readonly watch: WatchRecord | null;
}

/** Nobody is on trial and nobody is watched: there is nothing to look at. */
export function isTrialIdle({ registry: { champion, onTrial }, watch }: Standing): boolean {
  return onTrial === null && (champion === null || (watch !== null && watch.status !== 'watching'));
}

/** Whether a candle closed since the last look. @param awaited null: there is nothing to look at. @param marketTime market clock */
export function isLookAwaited(awaited: AwaitedLook | null, marketTime: number): boolean {
  return awaited !== null && (awaited.lookedTo === null || awaited.lookedTo < candleOpenTime(marketTime, awaited.timeframe));
}

/** What a step of the registry leaves of both: a refresh goes on under the watch of the model that it follows, and is watched anew where that watch is over. */
export function carriedOver({ registry: before, trial, watch }: Standing, { registry, change }: RegistryStep): Standing {
  const isSameTrial = registry.onTrial !== null && registry.onTrial.modelId === before.onTrial?.modelId;
  return { registry, trial: isSameTrial ? trial : null, watch: watchAfter(watch, before, { registry, change }) };
}

function watchAfter(watch: WatchRecord | null, before: Registry, { registry: { champion }, change }: RegistryStep): WatchRecord | null {
  if (watch === null || champion === null || champion.modelId === before.champion?.modelId) return champion === null ? null : watch;
  return change.kind === 'refreshed' && watch.status === 'watching' ? { ...watch, modelIds: [...watch.modelIds, champion.modelId] } : null;
}

/** @param number of the trial. @throws {RangeError} not retried: nobody is on trial. */
export function trialBegun(standing: Standing, { id, at, number }: { readonly id: string; readonly at: number; readonly number: number }): StandingStep {
  const { onTrial } = standing.registry;
  if (onTrial === null) throw new RangeError('a trial begins and nobody is on trial');
  const trial: TrialRecord = { id, modelId: onTrial.modelId, startedAt: at, number, state: TRIAL_BEGUN, since: at, steps: 1, canarySince: null };
  return { standing: { ...standing, trial }, change: { kind: 'trialAdvanced', modelId: onTrial.modelId, why: `trial ${number} of this year begins: a day and a hundred predictions of operations` }, trial, watch: null };
}

/** @returns null: nothing changed. @throws {RangeError} not retried: the trial has not begun. */
export function trialAdvanced(standing: Standing, { state, why }: TrialStep, at: number): StandingStep | null {
  const before = standing.trial;
  if (before === null) throw new RangeError('a trial goes on that has not begun');
  if (why === null) return null;
  const { modelId } = before;
  const trial: TrialRecord = { ...before, state, since: at, steps: before.steps + 1, canarySince: before.canarySince ?? (state.phase === 'canary' ? at : null) };
  if (state.phase !== 'promoted' && state.phase !== 'retired') return { standing: { ...standing, trial }, change: { kind: 'trialAdvanced', modelId, why }, trial, watch: null };
  const step = afterTrial(standing.registry, state.phase, { why, at });
  const after = carriedOver(standing, step);
  if (state.phase === 'retired') return { standing: after, change: step.change, trial, watch: null };
  const watch: WatchRecord = { id: before.id, modelIds: [modelId], since: at, status: 'watching' };
  return { standing: { ...after, watch }, change: step.change, trial, watch };
}

/** Whoever came to act without a trial is watched from now on. @throws {RangeError} not retried: there is no champion. */
export function watchBegun(standing: Standing, { id, at }: { readonly id: string; readonly at: number }): StandingStep {
  const { champion } = standing.registry;
  if (champion === null) throw new RangeError('a watch begins and there is no champion');
  const watch: WatchRecord = { id, modelIds: [champion.modelId], since: at, status: 'watching' };
  return { standing: { ...standing, watch }, change: { kind: 'watchBegun', modelId: champion.modelId, why: 'it acts: for fourteen days it is held to what its validation promised' }, trial: null, watch };
}

/**
 * A roll-back leaves the whole line of those that were watched: a refresh of a bad champion is no way back.
 * @returns null: nothing changed. @throws {RangeError} not retried: nobody is watched.
 */
export function watchAdvanced(standing: Standing, { state: { status }, why }: WatchStep, { at, retrainIntervalMs }: { readonly at: number; readonly retrainIntervalMs: number }): StandingStep | null {
  const { registry, watch } = standing;
  if (watch === null || registry.champion === null) throw new RangeError('a watch goes on and nobody is watched');
  if (why === null || status === 'watching') return null;
  if (status === 'kept') {
    const kept: WatchRecord = { ...watch, status };
    return { standing: { ...standing, watch: kept }, change: { kind: 'watchKept', modelId: registry.champion.modelId, why }, trial: null, watch: kept };
  }
  const isOfLine = registry.predecessor !== null && watch.modelIds.includes(registry.predecessor.modelId);
  const step = afterRollBack(isOfLine ? { ...registry, predecessor: null } : registry, why, { now: at, retrainIntervalMs });
  return { standing: carriedOver(standing, step), change: step.change, trial: null, watch: { ...watch, status: 'rolledBack' } };
}
