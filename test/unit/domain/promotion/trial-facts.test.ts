import { expect, test } from 'vitest';
import type { TrialRow } from '../../../../domain/promotion/trial-facts.ts';
import { trialFactsOf } from '../../../../domain/promotion/trial-facts.ts';

const row = (madeAt: number, instrumentId: string, buy: number, actual: TrialRow['actual'] = 'buy', regime = 'range'): TrialRow => ({ madeAt, instrumentId, regime, actual, probabilities: { buy, sell: 1 - buy, hold: 0 } });

test('the Brier difference is taken on the same symbol and moment, its mean is one observation a moment', () => {
  const acting = [row(1, 'A', 0.5), row(1, 'B', 0.5), row(2, 'A', 0.5)];
  const challenger = [row(2, 'A', 0), row(1, 'A', 1), row(1, 'B', 0.5)];
  // Brier at 0.5 against a buy: 0.25 + 0.25; at 1: 0; at 0: 1 + 1.
  expect(trialFactsOf({ acting, challenger }, 0)).toMatchObject({ predictions: 3, beside: 3, coverage: 1, differences: [0.25, -1.5] });
});

test('rows from before do not count; where one was silent nothing is compared, and coverage says how often', () => {
  const facts = trialFactsOf({ acting: [row(1, 'A', 0.5), row(2, 'A', 0.5), row(3, 'A', 0.5)], challenger: [row(1, 'A', 1), row(2, 'A', 1)] }, 2);
  expect(facts).toMatchObject({ predictions: 1, coverage: 0.5, differences: [0.5] });
  expect(trialFactsOf({ acting: [], challenger: [] }, 0)).toEqual({ predictions: 0, beside: 0, coverage: 1, differences: [], cells: [] });
});

test('each is judged by the class of its own label, and each symbol and regime by itself', () => {
  const { differences, cells } = trialFactsOf({ acting: [row(1, 'A', 1, 'sell', 'trendUp'), row(2, 'B', 0.5)], challenger: [row(1, 'A', 1, 'buy', 'trendUp'), row(2, 'B', 0.5)] }, 0);
  expect(differences).toEqual([2, 0]);
  expect(cells).toEqual([{ name: 'A', differences: [2] }, { name: 'B', differences: [0] }, { name: 'range', differences: [0] }, { name: 'trendUp', differences: [2] }]);
});
