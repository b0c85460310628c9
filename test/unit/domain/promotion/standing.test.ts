/** What each step of a trial and of a watch makes of the registry, and what the registry's own steps leave of both. */
import { describe, expect, it } from 'vitest';
import { afterAgeing, afterFindings, afterGate, EMPTY_REGISTRY } from '../../../../domain/promotion/registry.ts';
import type { RegisteredModel, Registry } from '../../../../domain/promotion/registry.ts';
import type { TrialState } from '../../../../domain/promotion/shadow-trial.ts';
import type { Standing, StandingStep, TrialRecord, WatchRecord } from '../../../../domain/promotion/standing.ts';
import { carriedOver, isTrialIdle, trialAdvanced, trialBegun, watchAdvanced, watchBegun } from '../../../../domain/promotion/standing.ts';
import { watchFrom } from '../../../../domain/promotion/watch.ts';

const DAY_MS = 86_400_000;
const NOW = 100 * DAY_MS;
const CLOCK = { at: NOW, retrainIntervalMs: DAY_MS };
const model = (modelId: string, recipeId = modelId, validatedAt = NOW): RegisteredModel => ({ modelId, recipeId, validatedAt });
const [A, B, C] = [model('a'), model('b'), model('c')] as const;
const TRIAL: TrialRecord = { id: 't', modelId: 'b', startedAt: 5, number: 2, state: { phase: 'operations' }, since: 5, steps: 1, canarySince: null };
const WATCH: WatchRecord = { id: 'w', modelIds: ['a'], since: 7, status: 'watching' };
const standing = (registry: Partial<Registry>, rest: Partial<Standing> = {}): Standing => ({ registry: { ...EMPTY_REGISTRY, ...registry }, trial: null, watch: null, ...rest });
const ON_TRIAL = standing({ champion: A, onTrial: B }, { trial: TRIAL, watch: WATCH });
const CANARY: TrialState = { phase: 'canary', stage: 0, since: NOW };
const advanced = (state: TrialState, from: Standing = ON_TRIAL): StandingStep => trialAdvanced(from, { state, why: 'why' }, NOW) as StandingStep;
const watched = (status: 'watching' | 'kept' | 'rollBack', from: Standing): StandingStep | null => watchAdvanced(from, { state: { ...watchFrom(7), status }, why: status === 'watching' ? null : 'why' }, CLOCK);

describe('a trial', () => {
  it('begins with operations, under its number', () => {
    const { standing: after, change, trial } = trialBegun(standing({ onTrial: B }), { id: 't', at: 5, number: 2 });
    expect(after).toEqual(standing({ onTrial: B }, { trial: TRIAL }));
    expect([change.kind, change.modelId, trial]).toEqual(['trialAdvanced', 'b', TRIAL]);
  });
  it.each<[string, TrialState, Partial<TrialRecord>]>([
    ['to the looks', { phase: 'superiority', looks: 1 }, { canarySince: null }],
    ['to a person', { phase: 'acknowledgement' }, { canarySince: null }],
    ['to its first symbols: since when is kept', CANARY, { canarySince: NOW }],
  ])('goes on %s, and the registry stays', (_name, state, expected) => {
    const { standing: after, change, trial } = advanced(state);
    expect(after).toEqual({ ...ON_TRIAL, trial: { ...TRIAL, state, since: NOW, steps: 2, ...expected } });
    expect([change, trial]).toEqual([{ kind: 'trialAdvanced', modelId: 'b', why: 'why' }, after.trial]);
  });
  it('further symbols do not begin the canary anew', () => {
    const before = { ...ON_TRIAL, trial: { ...TRIAL, state: CANARY, canarySince: 3 } };
    expect(advanced({ phase: 'canary', stage: 1, since: NOW }, before).trial?.canarySince).toBe(3);
  });
  it('that is won makes a champion whose age begins now, and who is watched from now on', () => {
    const { standing: after, change, trial, watch } = advanced({ phase: 'promoted' });
    expect(after).toEqual(standing({ champion: { ...B, validatedAt: NOW }, predecessor: A }, { watch: { id: 't', modelIds: ['b'], since: NOW, status: 'watching' } }));
    expect([change.kind, trial?.state.phase, watch]).toEqual(['promoted', 'promoted', after.watch]);
  });
  it('that is lost leaves the champion and its watch', () => {
    const { standing: after, change, trial } = advanced({ phase: 'retired' });
    expect(after).toEqual(standing({ champion: A }, { watch: WATCH }));
    expect([change.kind, trial?.state.phase]).toEqual(['retired', 'retired']);
  });
  it('in which nothing happened has no step', () => expect(trialAdvanced(ON_TRIAL, { state: TRIAL.state, why: null }, NOW)).toBeNull());
  it('needs somebody on trial, and to have begun', () => {
    expect(() => trialBegun(standing({ champion: A }), { id: 't', at: 1, number: 1 })).toThrow(RangeError);
    expect(() => trialAdvanced(standing({ onTrial: B }), { state: TRIAL.state, why: 'w' }, NOW)).toThrow(RangeError);
  });
});

describe('a watch', () => {
  it('begins with whoever acts', () => {
    const { standing: after, change } = watchBegun(standing({ champion: A }), { id: 'w', at: 7 });
    expect([after, change.kind]).toEqual([standing({ champion: A }, { watch: WATCH }), 'watchBegun']);
    expect(() => watchBegun(standing({ onTrial: B }), { id: 'w', at: 7 })).toThrow(RangeError);
  });
  it('that is over is kept in mind: it does not begin anew', () => {
    const step = watched('kept', ON_TRIAL);
    expect([step?.standing, step?.change.kind]).toEqual([{ ...ON_TRIAL, watch: { ...WATCH, status: 'kept' } }, 'watchKept']);
  });
  it('rolls back to whoever acted before, and the trial of another goes on', () => {
    const step = watched('rollBack', standing({ champion: A, predecessor: C, onTrial: B }, { trial: TRIAL, watch: WATCH }));
    expect(step).toMatchObject({ standing: standing({ champion: C, onTrial: B }, { trial: TRIAL }), change: { kind: 'rolledBack', modelId: 'a', why: 'why; c acts again' }, watch: { status: 'rolledBack' } });
  });
  it('of a model and its refresh rolls back both: the rules act', () => {
    const step = watched('rollBack', standing({ champion: C, predecessor: A }, { watch: { ...WATCH, modelIds: ['a', 'c'] } }));
    expect(step).toMatchObject({ standing: standing({}), change: { why: 'why; the rules act' } });
  });
  it('in which nothing was decided has no step, and somebody is watched', () => {
    expect(watched('watching', ON_TRIAL)).toBeNull();
    expect(() => watched('kept', standing({ champion: A }))).toThrow(RangeError);
  });
});

describe('the registry\'s own steps', () => {
  it('a refresh goes on under the watch of the one that it follows', () => {
    const fresh = model('a2', 'a');
    const after = carriedOver(ON_TRIAL, afterGate(ON_TRIAL.registry, { kind: 'refresh', model: fresh }));
    expect(after).toEqual(standing({ champion: fresh, predecessor: A, onTrial: B }, { trial: TRIAL, watch: { ...WATCH, modelIds: ['a', 'a2'] } }));
  });
  it('a refresh of one whose watch is over is watched anew', () => {
    const fresh = model('a2', 'a');
    const kept = standing({ champion: A }, { watch: { ...WATCH, status: 'kept' } });
    const after = carriedOver(kept, afterGate(kept.registry, { kind: 'refresh', model: fresh }));
    expect(after).toEqual(standing({ champion: fresh, predecessor: A }));
    expect(isTrialIdle(after)).toBe(false);
  });
  it('another one that acts is watched anew, and none is not watched', () => {
    expect(carriedOver(ON_TRIAL, afterAgeing({ ...ON_TRIAL.registry, champion: { ...A, validatedAt: 0 } }, NOW, DAY_MS) as never)).toEqual(standing({ onTrial: B }, { trial: TRIAL }));
    const { watch } = carriedOver(ON_TRIAL, { registry: { ...ON_TRIAL.registry, champion: C }, change: { kind: 'promoted', modelId: 'c', why: '' } });
    expect(watch).toBeNull();
  });
  it('a champion that is found unfit begins a trial of its own', () => {
    const before = standing({ champion: A }, { watch: WATCH });
    expect(carriedOver(before, afterFindings(before.registry, 'why', { now: NOW, retrainIntervalMs: DAY_MS }))).toEqual(standing({ onTrial: A }));
  });
  it('a refusal changes neither', () => expect(carriedOver(ON_TRIAL, { registry: ON_TRIAL.registry, change: { kind: 'refused', modelId: 'x', why: '' } })).toEqual(ON_TRIAL));
});
