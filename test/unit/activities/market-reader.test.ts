import { expect, it } from 'vitest';
import { createMarketReader } from '../../../activities/market-reader.ts';
import { KeelError } from '../../../domain/errors.ts';
import type { Candle } from '../../../domain/market/candle.ts';
import type { Instrument } from '../../../domain/market/instrument.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { Venue } from '../../../domain/ports/venue.ts';
import { portOf } from '../../support/ports.ts';
import { INSTRUMENT } from '../domain/cycle/plan.fixture.ts';

const HOUR_MS = 3_600_000;
const INSTRUMENTS: readonly Instrument[] = [INSTRUMENT];
const candleAt = (hour: number): Candle => ({ openTime: hour * HOUR_MS, open: 1, high: 1, low: 1, close: 1, volume: 1 });

/** The window of hours 1 to 5. @param shown null: the venue does not list it. @returns hours that came, and since when the venue was asked */
async function read({ stored, shown }: { readonly stored: readonly number[]; readonly shown: readonly number[] | null }): Promise<{ hours: number[]; askedSince: number[] }> {
  const known = new Set(stored);
  const askedSince: number[] = [];
  const ledger = portOf<Ledger>({
    candles: ({ instrumentIds, timeframe, limit }) => Promise.resolve(instrumentIds.map((instrumentId) => ({ instrumentId, timeframe, candles: [...known].sort((a, b) => a - b).slice(-limit).map(candleAt) }))),
    writeCandles: (series) => { for (const { openTime } of series.flatMap((it) => it.candles)) known.add(openTime / HOUR_MS); return Promise.resolve(); },
  });
  const venue = portOf<Venue>({
    candles: async ({ since, limit }) => {
      askedSince.push(since / HOUR_MS);
      if (shown === null) throw new KeelError('VENUE_REFUSED', 'Invalid symbol.');
      return shown.map(candleAt).filter((it) => it.openTime >= since).slice(0, limit);
    },
  });
  const [series] = await createMarketReader({ ledger, venue, warn: () => undefined }, 5).candlesOf({ portfolioId: 'sim', strategy: 's', timeframe: '1h', closeTime: 6 * HOUR_MS }, INSTRUMENTS);
  return { hours: series?.candles.map((it) => it.openTime / HOUR_MS) ?? [], askedSince };
}

it.each<[string, number[], number[] | null, number[], number[]]>([
  ['nothing of a whole window', [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5], []],
  ['what is missing at its end', [1, 2, 3], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5], [3]],
  ['what is missing in its middle', [1, 3, 4, 5], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [1]],
  ['all of it where there is none', [], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [0]],
  ['what a symbol lacks that it does not list any more, and refuses: the ledger\'s are all there are', [1, 2, 3], null, [1, 2, 3], [3]],
  ['what it does not show either stays a gap', [1, 3, 4, 5], [1, 3, 4, 5], [1, 3, 4, 5], [1]],
])('the venue is asked for %s', async (_name, stored, shown, hours, askedSince) => {
  expect(await read({ stored, shown })).toEqual({ hours, askedSince });
});
