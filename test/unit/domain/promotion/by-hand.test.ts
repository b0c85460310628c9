import { expect, test } from 'vitest';
import type { TrialState } from '../../../../domain/promotion/shadow-trial.ts';
import { answeredByHand, promotedByHand, retiredByHand } from '../../../../domain/promotion/by-hand.ts';
import type { Registry } from '../../../../domain/promotion/registry.ts';

const model = (modelId: string) => ({ modelId, recipeId: 'r', validatedAt: 0 });
const [A, B, C] = [model('a'), model('b'), model('c')] as const;
const registry: Registry = { champion: A, predecessor: B, onTrial: C };
const passed = { why: 'ada: better', hasPassed: true, now: 9, retrainIntervalMs: 3 };

test('who is promoted by hand acts, and knows whom it followed; its own trial ends, another one goes on', () => {
  expect(promotedByHand(registry, C, passed)).toEqual({ registry: { champion: { ...C, validatedAt: 9 }, predecessor: A, onTrial: null }, change: { kind: 'promoted', modelId: 'c', why: 'ada: better' } });
  expect(promotedByHand(registry, B, passed)).toMatchObject({ registry: { champion: B, predecessor: A, onTrial: C } }); // a person's word makes it no younger
});

test('who acts already, or never passed the gate, is not', () => {
  expect(promotedByHand(registry, A, passed)).toEqual({ problem: 'it acts already' });
  expect(promotedByHand(registry, C, { ...passed, hasPassed: false })).toMatchObject({ problem: expect.stringContaining('never passed the gate') as string });
});

test('who passed the gate too long ago is not, unless it stands trial', () => {
  const late = { ...passed, now: 10 };
  expect(promotedByHand(registry, B, late)).toMatchObject({ problem: expect.stringMatching(/passed the gate 0\.0 days ago.*keel retrain/) as string });
  expect(promotedByHand(registry, C, late)).toMatchObject({ registry: { champion: { ...C, validatedAt: 10 } } });
});

test('whoever has a place can be retired from it', () => {
  expect(retiredByHand(registry, 'a', 'w')).toEqual({ registry: { champion: null, predecessor: null, onTrial: C }, change: { kind: 'retired', modelId: 'a', why: 'w' } });
  expect(retiredByHand(registry, 'b', 'w')).toMatchObject({ registry: { champion: A, predecessor: null, onTrial: C } });
  expect(retiredByHand(registry, 'c', 'w')).toMatchObject({ registry: { champion: A, predecessor: B, onTrial: null } });
  expect(retiredByHand(registry, 'd', 'w')).toMatchObject({ problem: expect.stringContaining('nothing to retire') as string });
});

test.each<[string, { state: TrialState; modelId: string; isAgreed: boolean }, TrialState | null]>([
  ['agrees: the canary begins', { state: { phase: 'acknowledgement' }, modelId: 'c', isAgreed: true }, { phase: 'canary', stage: 0, since: 9 }],
  ['does not: it is retired', { state: { phase: 'acknowledgement' }, modelId: 'c', isAgreed: false }, { phase: 'retired' }],
  ['agrees before anybody asked', { state: { phase: 'superiority', looks: 1 }, modelId: 'c', isAgreed: true }, null],
  ['agrees to another one', { state: { phase: 'acknowledgement' }, modelId: 'b', isAgreed: true }, null],
])('a person %s', (_name, { state, modelId, isAgreed }, expected) => {
  const trial = { id: 't', modelId: 'c', startedAt: 0, number: 1, state, since: 0, steps: 3, canarySince: null };
  const step = answeredByHand({ registry, trial, watch: null }, modelId, { isAgreed, why: 'ada: fine', at: 9 });
  expect(step?.trial?.state ?? null).toEqual(expected);
  if (expected !== null) expect(step?.standing.registry).toEqual(isAgreed ? registry : { ...registry, onTrial: null });
});

test('a canary begins no earlier than the question about it', () => {
  const trial = { id: 't', modelId: 'c', startedAt: 0, number: 1, state: { phase: 'acknowledgement' }, since: 10, steps: 3, canarySince: null } as const;
  expect(answeredByHand({ registry, trial, watch: null }, 'c', { isAgreed: true, why: 'fine', at: 9 })?.trial).toMatchObject({ since: 10, canarySince: 10, state: { since: 10 } });
});
