import { expect, test } from 'vitest';
import type { TrialState } from '../../../../domain/promotion/shadow-trial.ts';
import { agreedByHand, promotedByHand, retiredByHand } from '../../../../domain/promotion/by-hand.ts';
import type { Registry } from '../../../../domain/promotion/registry.ts';

const model = (modelId: string) => ({ modelId, recipeId: 'r', validatedAt: 0 });
const [A, B, C] = [model('a'), model('b'), model('c')] as const;
const registry: Registry = { champion: A, predecessor: B, onTrial: C };
const passed = { why: 'ada: better', hasPassed: true, at: 9 };

test('who is promoted by hand acts, and knows whom it followed; its own trial ends, another one goes on', () => {
  expect(promotedByHand(registry, C, passed)).toEqual({ registry: { champion: { ...C, validatedAt: 9 }, predecessor: A, onTrial: null }, change: { kind: 'promoted', modelId: 'c', why: 'ada: better' } });
  expect(promotedByHand(registry, B, passed)).toMatchObject({ registry: { champion: { ...B, validatedAt: 9 }, predecessor: A, onTrial: C } });
});

test('who acts already, or never passed the gate, is not', () => {
  expect(promotedByHand(registry, A, passed)).toEqual({ problem: 'it acts already' });
  expect(promotedByHand(registry, C, { ...passed, hasPassed: false })).toMatchObject({ problem: expect.stringContaining('never passed the gate') as string });
});

test('whoever has a place can be retired from it', () => {
  expect(retiredByHand(registry, 'a', 'w')).toEqual({ registry: { champion: null, predecessor: null, onTrial: C }, change: { kind: 'retired', modelId: 'a', why: 'w' } });
  expect(retiredByHand(registry, 'b', 'w')).toMatchObject({ registry: { champion: A, predecessor: null, onTrial: C } });
  expect(retiredByHand(registry, 'c', 'w')).toMatchObject({ registry: { champion: A, predecessor: B, onTrial: null } });
  expect(retiredByHand(registry, 'd', 'w')).toMatchObject({ problem: expect.stringContaining('nothing to retire') as string });
});

test.each<[string, TrialState, string, TrialState | null]>([
  ['who is asked about it', { phase: 'acknowledgement' }, 'c', { phase: 'canary', stage: 0, since: 9 }],
  ['of whom nobody was asked', { phase: 'superiority', looks: 1 }, 'c', null],
  ['another one', { phase: 'acknowledgement' }, 'b', null],
])('a person agrees to %s', (_name, state, modelId, expected) => {
  const trial = { id: 't', modelId: 'c', startedAt: 0, number: 1, state, since: 0, steps: 3, canarySince: null };
  expect(agreedByHand({ registry, trial, watch: null }, modelId, { why: 'ada: fine', at: 9 })?.trial?.state ?? null).toEqual(expected);
});
