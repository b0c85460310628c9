import { expect, test } from 'vitest';
import { confidenceOf, servedModelOf } from '../../../../domain/promotion/served-model.ts';

const edges = Array.from({ length: 101 }, (_, percent) => percent / 200);

test('confidence is the rank of an edge among the model\'s own, whichever way it points', () => {
  expect([0, 0.25, -0.25, 0.5, 0.9].map((edge) => confidenceOf({ edges }, edge))).toEqual([0, 0.5, 0.5, 1, 1]);
  expect(confidenceOf({ edges }, 0.2525)).toBeCloseTo(0.505, 9);
  expect(confidenceOf({ edges: edges.map((edge) => edge + 0.1) }, 0.05)).toBe(0);
});

test('a description that lacks something is refused with its name', () => {
  const whole = { learner: 'linear', parameters: {}, seed: 's', featureSet: 'standard/2', timeframe: '1h', label: 'horizon4/1@0.5', instruments: null, edges, known: null, promised: null, metrics: { brier: 0.6 }, importances: [] };
  expect(servedModelOf(whole)).toEqual(whole);
  expect(() => servedModelOf({ ...whole, edges: [1] })).toThrow(/MODEL_INVALID|edges/);
});
