import { beforeEach, expect, it } from 'vitest';
import { createCandleWindows } from '../../../activities/candle-windows.ts';
import type { Candle } from '../../../domain/market/candle.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';

const HOUR_MS = 3_600_000;
const LIMIT = 4;
const IDS = ['A', 'B'];

let stored: Map<string, Set<number>>;
let asked: number[];

beforeEach(() => {
  stored = new Map(IDS.map((id) => [id, new Set([0, 1, 2, 3, 4, 5])]));
  asked = [];
});

const candleAt = (index: number): Candle => ({ openTime: index * HOUR_MS, open: index, high: index, low: index, close: index, volume: index });

const ledger: Pick<Ledger, 'candles'> = {
  candles: ({ instrumentIds, timeframe, until, limit }) => {
    asked.push(limit);
    return Promise.resolve(instrumentIds.map((instrumentId) => {
      const known = [...(stored.get(instrumentId) ?? [])].sort((a, b) => a - b).filter((index) => (index + 1) * HOUR_MS <= until);
      return { instrumentId, timeframe, candles: limit === 0 ? [] : known.slice(-limit).map(candleAt) };
    }));
  },
};

/** Reads with a closing candle each, and says which candles came of the last read and how many were asked for each time. */
async function reading(...lasts: readonly (number | (() => void))[]): Promise<{ seen: number[][]; asked: number[] }> {
  const windows = createCandleWindows(ledger, LIMIT);
  let seen: number[][] = [];
  for (const last of lasts) {
    if (typeof last === 'function') last();
    else seen = (await windows.read({ portfolioId: 'sim', strategy: 's', timeframe: '1h', closeTime: (last + 1) * HOUR_MS }, IDS)).map((it) => it.candles.map((candle) => candle.open));
  }
  return { seen, asked };
}

it.each<[string, (number | (() => void))[], number[], number[]]>([
  ['whole at first', [4], [1, 2, 3, 4], [4]],
  ['one more at the next candle', [4, 5], [2, 3, 4, 5], [4, 1]],
  ['two more when one was left out', [3, 5], [2, 3, 4, 5], [4, 2]],
  ['whole for an older candle', [5, 4], [1, 2, 3, 4], [4, 4]],
  ['whole again for the same candle', [5, 5], [2, 3, 4, 5], [4, 4]],
  ['one more where all that there is was shorter', [2, 3], [0, 1, 2, 3], [4, 1]],
  ['whole when the newest is not there yet', [5, 6], [2, 3, 4, 5], [4, 1, 4]],
  ['whole once that came', [5, 6, () => stored.forEach((it) => it.add(6)), 6], [3, 4, 5, 6], [4, 1, 4, 4]],
])('a window is read %s', async (_name, lasts, candles, limits) => {
  const result = await reading(...lasts);
  expect(result.seen).toEqual([candles, candles]);
  expect(result.asked).toEqual(limits);
});

it('a gap that is filled later is seen', async () => {
  stored.get('A')?.delete(3);
  const { seen } = await reading(4, () => stored.get('A')?.add(3), 5);
  expect(seen).toEqual([[2, 3, 4, 5], [2, 3, 4, 5]]);
});
