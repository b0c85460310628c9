import { expect, test } from 'vitest';
import { marketRowsOf, rowsOf } from '../../../../domain/features/rows.ts';
import type { Candle, CandleSeries } from '../../../../domain/market/candle.ts';
import { DEFAULT_ASSETS } from '../../../../domain/market/seeded/assets.ts';
import { seededMarket } from '../../../../domain/market/seeded/seeded-market.ts';

const COUNT = 120;
const source = seededMarket({ seed: 'rows', timeframe: '1h', startTime: 0, assets: DEFAULT_ASSETS.slice(0, 3) });
const plain = ({ openTime, open, high, low, close, volume }: Candle): Candle => ({ openTime, open, high, low, close, volume });
const series = source.instruments.map(({ id }): CandleSeries => ({ instrumentId: id, timeframe: '1h', candles: source.history(id, COUNT, COUNT).map(plain) }));

test('rows from the ledger\'s candles are those of the market they came from, but for funding', () => {
  const rows = marketRowsOf(series, '1h');
  for (const { id } of source.instruments) {
    const expected = rowsOf(source, id, { from: 0, to: COUNT }).map(({ fundingRate: _, ...row }) => row);
    expect(rows.get(id)).toEqual(expected);
  }
});

test('a candle that is missing is no row, and not counted into the others\' market', () => {
  const [first, second, third] = series as [CandleSeries, CandleSeries, CandleSeries];
  const rows = marketRowsOf([first, { ...second, candles: second.candles.filter((_, index) => index !== 60) }, third], '1h');
  const second60 = rows.get(second.instrumentId)?.map((row) => row.candle.openTime / 3_600_000).slice(58, 62);
  expect(second60).toEqual([58, 59, 61, 62]);
  const at = (id: string, index: number) => rows.get(id)?.find((row) => row.candle.openTime === index * 3_600_000);
  const returns = [first, third].map(({ candles }) => Math.log((candles[60]?.close ?? NaN) / (candles[59]?.close ?? NaN)));
  expect(at(first.instrumentId, 60)?.marketReturn?.value).toBeCloseTo(((returns[0] ?? NaN) + (returns[1] ?? NaN)) / 2, 12);
});

test('no series, no rows', () => {
  expect(marketRowsOf([], '1h').size).toBe(0);
});
