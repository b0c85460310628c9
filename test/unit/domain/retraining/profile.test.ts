import { expect, test } from 'vitest';
import { candidatesOf, PROFILES, testDaysOf } from '../../../../domain/retraining/profile.ts';
import type { Recipe } from '../../../../domain/retraining/recipe.ts';
import { USUAL_FOLDS } from '../../../../domain/validation/folds.ts';

const base = { featureSet: 'standard/1', label: 'horizon4/1' };
const profile = PROFILES.usual;
const [linear] = profile.learners;
const champion: Recipe = { learner: 'linear', parameters: linear?.parameters ?? {}, ...base, instruments: null };

test('without a champion every recipe is a challenger', () => {
  const candidates = candidatesOf(profile, base, null);
  expect(candidates.map((it) => [it.kind, it.recipe.learner])).toEqual([['challenger', 'linear'], ['challenger', 'boosting'], ['challenger', 'boosting']]);
});

test('the champion\'s recipe is refreshed first, and is no challenger of its own', () => {
  const candidates = candidatesOf(profile, base, champion);
  expect(candidates[0]).toEqual({ kind: 'refresh', recipe: champion });
  expect(candidates.slice(1).map((it) => [it.kind, it.recipe.learner])).toEqual([['challenger', 'boosting'], ['challenger', 'boosting']]);
});

test('a champion of another feature set or label cannot be refreshed', () => {
  for (const other of [{ ...champion, featureSet: 'standard/2' }, { ...champion, label: 'barrier4/1' }]) expect(candidatesOf(profile, base, other).map((it) => it.kind)).toEqual(['challenger', 'challenger', 'challenger']);
});

test('the test days of a history are its share that is tested', () => {
  expect(testDaysOf({ folds: USUAL_FOLDS }, 500 * 86_400_000)).toBe(250);
  expect(testDaysOf(PROFILES.replay, PROFILES.replay.lookbackMs)).toBeGreaterThanOrEqual(250);
});
