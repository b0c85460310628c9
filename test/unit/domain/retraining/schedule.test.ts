import { expect, test } from 'vitest';
import { isRetrainDue, retrainDueAt } from '../../../../domain/retraining/schedule.ts';

const at = (text: string): number => Date.parse(text);
const daily = { everyMs: 86_400_000, offsetMs: 20 * 60_000 };
const weekly = { everyMs: 7 * 86_400_000, offsetMs: 0 };

test.each([
  [daily, '2023-01-05T00:20Z', '2023-01-05T00:20Z'],
  [daily, '2023-01-05T00:19Z', '2023-01-04T00:20Z'],
  [weekly, '2023-01-08T23:00Z', '2023-01-02T00:00Z'], // a Sunday, and the Monday before
  [weekly, '2023-01-09T00:00Z', '2023-01-09T00:00Z'],
])('%j is due at %s since %s', (rhythm, time, due) => expect(retrainDueAt(rhythm, at(time))).toBe(at(due)));

test('each is due at one candle, however long the candles are', () => {
  for (const hours of [1, 4, 24]) {
    const closes = Array.from({ length: (10 * 24) / hours }, (_, index) => at('2023-01-01T00:00Z') + index * hours * 3_600_000);
    expect(closes.filter((close) => isRetrainDue(daily, close - hours * 3_600_000, close))).toHaveLength(10);
  }
});
