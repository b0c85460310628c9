import { expect, test } from 'vitest';
import type { Recipe } from '../../../../domain/retraining/recipe.ts';
import { recipeIdOf } from '../../../../domain/retraining/recipe.ts';

const recipe: Recipe = { learner: 'boosting', parameters: { rounds: 100, depthMax: 3 }, featureSet: 'standard/1', label: 'horizon4/1', instruments: null };

test('a recipe has one name, whatever order it was written in, and any change another', () => {
  const id = recipeIdOf(recipe);
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(recipeIdOf({ instruments: null, label: 'horizon4/1', featureSet: 'standard/1', parameters: { depthMax: 3, rounds: 100 }, learner: 'boosting' })).toBe(id);
  for (const other of [{ ...recipe, learner: 'linear' }, { ...recipe, parameters: { rounds: 101, depthMax: 3 } }, { ...recipe, featureSet: 'standard/2' }, { ...recipe, label: 'barrier4/1' }, { ...recipe, instruments: ['BTC-USDT-PERP'] }]) expect(recipeIdOf(other)).not.toBe(id);
});
