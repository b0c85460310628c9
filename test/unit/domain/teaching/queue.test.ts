import { describe, expect, it } from 'vitest';
import type { VoteAction } from '../../../../domain/cycle/types.ts';
import type { Evaluated } from '../../../../domain/teaching/queue.ts';
import { disagreementOf, isExpired, priorityOf, QUEUE_MAX, queueOf } from '../../../../domain/teaching/queue.ts';

const DAY_MS = 86_400_000;
const NOW = 100 * DAY_MS;
const row = (predictionId: number, changes: Partial<Evaluated> = {}): Evaluated => ({ predictionId, instrumentId: 'BTC-USDT-PERP', madeAt: NOW - DAY_MS, confidence: 0.9, votes: ['buy', 'buy'], ...changes });

it.each([[0.5, 3], [0.52, 3], [0.48, 3], [0.5201, 2], [0.54, 2], [0.46, 2], [0.5401, 1], [0.4599, 1], [0, 1], [1, 1]])('confidence %d has priority %d', (confidence, priority) => expect(priorityOf(confidence)).toBe(priority));

it.each<[readonly VoteAction[], number]>([
  [[], 0], [['abstain'], 0], [['buy', 'buy', 'abstain'], 0], [['buy', 'sell'], 0.5], [['buy', 'buy', 'hold'], 1 / 3], [['buy', 'sell', 'hold'], 2 / 3],
])('%j disagree by %d', (votes, share) => expect(disagreementOf(votes)).toBeCloseTo(share, 12));

describe('the queue', () => {
  it('goes by priority, then by disagreement, then the newest first', () => {
    const rows = [
      row(1), row(2, { votes: ['buy', 'sell'] }), row(3, { confidence: 0.54 }), row(4, { confidence: 0.5 }), row(5, { confidence: 0.5, madeAt: NOW }), row(6, { confidence: 0.51, votes: ['buy', 'hold', 'hold'] }),
    ];
    expect(queueOf(rows, NOW).map((it) => [it.predictionId, it.priority])).toEqual([[6, 3], [5, 3], [4, 3], [3, 2], [2, 1], [1, 1]]);
  });

  it.each([[30 * DAY_MS - 1, 1], [30 * DAY_MS, 0]])('made %d ms ago: %d wait', (age, count) => {
    expect(queueOf([row(1, { madeAt: NOW - age })], NOW)).toHaveLength(count);
    expect(isExpired(NOW - age, NOW)).toBe(count === 0);
  });

  it('holds a thousand: whoever is least sure stays', () => {
    const rows = Array.from({ length: QUEUE_MAX + 5 }, (_, index) => row(index, { confidence: index < 5 ? 0.9 : 0.5 }));
    const queue = queueOf(rows, NOW);
    expect(queue).toHaveLength(1_000);
    expect(queue.every((it) => it.priority === 3)).toBe(true);
  });
});
