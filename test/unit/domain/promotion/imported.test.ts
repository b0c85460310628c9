import { expect, it } from 'vitest';
import { importedModelOf, isRefittable } from '../../../../domain/promotion/imported.ts';
import type { ImportFacts } from '../../../../domain/promotion/imported.ts';
import { confidenceOf, servedModelOf } from '../../../../domain/promotion/served-model.ts';

const FACTS: ImportFacts = { learner: 'onnx', fileHash: 'f', featureSet: 'standard/2', timeframe: '1h', label: null, importances: [{ feature: 'rsi14', share: 1 }], said: new Float64Array(0) };
/** Edges 0, 0.001, … 0.199. */
const SAID = Float64Array.from({ length: 600 }, (_, index) => [0.4 + index / 6_000, 0.4 - index / 6_000, 0.2][index % 3] ?? 0);

it('says all that serving needs, and of what nobody validated nothing', () => {
  const described = importedModelOf(FACTS);
  expect(servedModelOf({ ...described })).toEqual(described);
  expect(described).toMatchObject({ label: 'horizon4/1', known: null, promised: null, metrics: {}, parameters: { importedFile: 'f' } });
  expect(isRefittable(described)).toBe(false);
  expect(isRefittable({ parameters: { lambda: 1 } })).toBe(true);
});

it('an edge ranks among those that it has on this market; where these are too few it is its own rank', () => {
  expect(confidenceOf(importedModelOf(FACTS), 0.3)).toBeCloseTo(0.3, 9);
  const ranked = importedModelOf({ ...FACTS, said: SAID });
  expect(ranked.edges[0]).toBeCloseTo(0, 3);
  expect(confidenceOf(ranked, 0.1)).toBeCloseTo(0.5, 1);
  expect(confidenceOf(ranked, 0.9)).toBe(1);
});

it.each([['horizon4/1@0.61', 'horizon4/1@0.61'], ['nosuch/1', null]])('its label %s', (label, expected) => {
  if (expected === null) expect(() => importedModelOf({ ...FACTS, label })).toThrow(expect.objectContaining({ code: 'MODEL_INVALID' }) as Error);
  else expect(importedModelOf({ ...FACTS, label }).label).toBe(expected);
});
