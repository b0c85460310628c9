import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pageByNumber, pageByTime } from '../../../../venues/ccxt/pages.ts';

interface Item {
  readonly id: string;
  readonly time: number;
}
/** Items at given moments, numbered in order. */
const itemsAt = (times: readonly number[]): Item[] => times.toSorted((a, b) => a - b).map((time, index) => ({ id: String(index + 1), time }));
const shape = { idOf: (item: Item) => item.id, timeOf: (item: Item) => item.time };

describe('a history read page by page', () => {
  // At most two items share a moment, and a page holds three.
  const times = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 1 })), { maxLength: 40, selector: ([time, twin]) => `${time} ${twin}` }).map((pairs) => pairs.map(([time]) => time));

  it('by time: everything from the first moment on, once, oldest first', async () => {
    await fc.assert(fc.asyncProperty(times, fc.integer({ min: 0, max: 60 }), async (moments, since) => {
      const all = itemsAt(moments);
      const found = await pageByTime<Item>({ ...shape, since, limit: 3, readFrom: ({ startTime, limit }) => Promise.resolve(all.filter((item) => item.time >= startTime).slice(0, limit)) });
      expect(found).toEqual(all.filter((item) => item.time >= since));
    }));
  });

  it('by number: everything, once, oldest first', async () => {
    await fc.assert(fc.asyncProperty(times, async (moments) => {
      const all = itemsAt(moments);
      const found = await pageByNumber<Item>({ ...shape, limit: 3, numberOf: (item) => item.id, readFrom: ({ fromId, limit }) => Promise.resolve(all.filter((item) => Number(item.id) >= Number(fromId)).slice(0, limit)) });
      expect(found).toEqual(all);
    }));
  });

  it('more than a page in one moment is an error, not an endless loop', async () => {
    const all = itemsAt([5, 5, 5, 5]);
    await expect(pageByTime<Item>({ ...shape, since: 0, limit: 3, readFrom: ({ startTime, limit }) => Promise.resolve(all.filter((item) => item.time >= startTime).slice(0, limit)) }))
      .rejects.toMatchObject({ code: 'VENUE_ANSWER_INVALID' });
  });
});
