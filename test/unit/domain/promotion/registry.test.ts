import { describe, expect, it } from 'vitest';
import type { GatePassed, RegisteredModel, Registry } from '../../../../domain/promotion/registry.ts';
import { afterAgeing, afterFindings, afterGate, afterRollBack, afterTrial, EMPTY_REGISTRY, isUsable } from '../../../../domain/promotion/registry.ts';

const DAY_MS = 86_400_000;
const model = (modelId: string, recipeId = modelId[0] ?? '', validatedAt = 0): RegisteredModel => ({ modelId, recipeId, validatedAt });
const A1 = model('a1');
const A2 = model('a2');
const B1 = model('b1');
const registry = (change: Partial<Registry>): Registry => ({ ...EMPTY_REGISTRY, ...change });

describe('after the gate', () => {
  it.each<[string, Registry, GatePassed, Registry, string]>([
    ['the first one stands trial beside the rules', EMPTY_REGISTRY, { kind: 'challenger', model: A1 }, registry({ onTrial: A1 }), 'trialBegun'],
    ['a refresh of the champion acts at once', registry({ champion: A1 }), { kind: 'refresh', model: A2 }, registry({ champion: A2, predecessor: A1 }), 'refreshed'],
    ['also while another is on trial', registry({ champion: A1, onTrial: B1 }), { kind: 'refresh', model: A2 }, registry({ champion: A2, predecessor: A1, onTrial: B1 }), 'refreshed'],
    ['a refresh of another recipe does not', registry({ champion: A1 }), { kind: 'refresh', model: B1 }, registry({ champion: A1 }), 'refused'],
    ['a refresh of nobody does not', EMPTY_REGISTRY, { kind: 'refresh', model: A1 }, EMPTY_REGISTRY, 'refused'],
    ['a challenger stands trial, the champion acts on', registry({ champion: A1 }), { kind: 'challenger', model: B1 }, registry({ champion: A1, onTrial: B1 }), 'trialBegun'],
    ['the same bytes again change nothing', registry({ champion: A1 }), { kind: 'refresh', model: A1 }, registry({ champion: A1 }), 'refused'],
    ['nor beside themselves', registry({ champion: A1, onTrial: B1 }), { kind: 'challenger', model: B1 }, registry({ champion: A1, onTrial: B1 }), 'refused'],
    ['one trial at a time', registry({ champion: A1, onTrial: B1 }), { kind: 'challenger', model: A2 }, registry({ champion: A1, onTrial: B1 }), 'refused'],
  ])('%s', (_name, before, passed, after, kind) => {
    const step = afterGate(before, passed);
    expect(step.registry).toEqual(after);
    expect(step.change).toMatchObject({ kind, modelId: passed.model.modelId });
    expect(step.change.why).not.toBe('');
  });
});

describe('after the trial', () => {
  const onTrial = registry({ champion: A1, onTrial: B1 });
  it('who is promoted acts, and knows whom it followed', () => expect(afterTrial(onTrial, 'promoted', { why: 'better', at: 9 })).toEqual({ registry: registry({ champion: { ...B1, validatedAt: 9 }, predecessor: A1 }), change: { kind: 'promoted', modelId: 'b1', why: 'better' } }));
  it('who is retired leaves no trace', () => expect(afterTrial(onTrial, 'retired', { why: 'undecided', at: 9 }).registry).toEqual(registry({ champion: A1 })));
  it('there was one', () => expect(() => afterTrial(EMPTY_REGISTRY, 'promoted', { why: '', at: 9 })).toThrow(RangeError));
});

describe('a roll-back', () => {
  const now = { now: 3 * DAY_MS, retrainIntervalMs: DAY_MS };
  it.each([
    ['who acted before acts again', registry({ champion: B1, predecessor: A1 }), A1],
    ['or the rules', registry({ champion: B1 }), null],
    ['or the rules, when it is too old', registry({ champion: B1, predecessor: model('a0', 'a', -1) }), null],
  ])('%s', (_name, before, champion) => {
    const { registry: after, change } = afterRollBack(before, 'worse', now);
    expect(after).toEqual(registry({ champion }));
    expect(change).toMatchObject({ kind: 'rolledBack', modelId: 'b1', why: champion === null ? 'worse; the rules act' : 'worse; a1 acts again' });
  });
  it('there was a champion', () => expect(() => afterRollBack(EMPTY_REGISTRY, '', now)).toThrow(RangeError));
});

describe('findings of the supervisor', () => {
  const now = { now: 3 * DAY_MS, retrainIntervalMs: DAY_MS };
  it.each([
    ['it goes on as a shadow, who acted before acts again', registry({ champion: B1, predecessor: A1 }), registry({ champion: A1, onTrial: B1 }), 'unfit; a1 acts again; it goes on as a shadow'],
    ['or the rules', registry({ champion: B1 }), registry({ onTrial: B1 }), 'unfit; the rules act; it goes on as a shadow'],
    ['the same recipe on older data is no way back', registry({ champion: B1, predecessor: model('b0') }), registry({ onTrial: B1 }), 'unfit; the rules act; it goes on as a shadow'],
    ['beside nobody else', registry({ champion: B1, predecessor: A1, onTrial: A2 }), registry({ champion: A1, onTrial: A2 }), 'unfit; a1 acts again'],
  ])('%s', (_name, before, after, why) => {
    expect(afterFindings(before, 'unfit', now)).toEqual({ registry: after, change: { kind: 'rolledBack', modelId: 'b1', why } });
  });
  it('there was a champion', () => expect(() => afterFindings(EMPTY_REGISTRY, '', now)).toThrow(RangeError));
});

describe('age', () => {
  it.each([[3 * DAY_MS, true], [3 * DAY_MS + 1, false]])('%d ms after the last passed revalidation, daily: usable %s', (now, usable) => {
    expect(isUsable(A1, now, DAY_MS)).toBe(usable);
    expect(afterAgeing(registry({ champion: A1, predecessor: B1, onTrial: A2 }), now, DAY_MS)?.registry).toEqual(usable ? undefined : registry({ onTrial: A2 }));
  });
  it('the rules do not age', () => expect(afterAgeing(EMPTY_REGISTRY, 1e12, DAY_MS)).toBeNull());
});
