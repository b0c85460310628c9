import { expect, test } from 'vitest';
import { LiveFeatures } from '../../../../domain/features/live.ts';
import { STANDARD_FEATURES } from '../../../../domain/features/standard/index.ts';
import { matrixOf } from '../../../../domain/learning/dataset.ts';
import type { CandleSeries } from '../../../../domain/market/candle.ts';
import { DEFAULT_ASSETS } from '../../../../domain/market/seeded/assets.ts';
import { seededMarket } from '../../../../domain/market/seeded/seeded-market.ts';
import { seriesOf } from '../../../support/fitted-model.ts';
import { ofSameMarket, skewOf, skewOfSymbol } from '../../../../domain/retraining/skew.ts';

const rows = { ...matrixOf(['a', 'b'], [[1, 2, 3, 4], [NaN, 0.1, 0.2, 0.3]]), instruments: ['BTC', 'ETH'], instrument: Int32Array.from([0, 1, 0, 1]), decidedAt: Float64Array.from([10, 10, 20, 20]) };

test('vectors that computing anew gives are no skew, to the noise of a float', () => {
  expect(skewOf(rows, [{ instrumentId: 'BTC', decidedAt: 10, values: [1, null] }, { instrumentId: 'ETH', decidedAt: 20, values: [4.000_001, Math.fround(0.3)] }])).toEqual([]);
});

test('a value that differs, or that one side lacks, is named with both', () => {
  expect(skewOf(rows, [{ instrumentId: 'BTC', decidedAt: 10, values: [1.01, null] }, { instrumentId: 'ETH', decidedAt: 10, values: [2, null] }])).toEqual([
    'a of BTC at 1970-01-01T00:00:00.010Z: 1.01 live, 1 now (1 of 2)', 'b of ETH at 1970-01-01T00:00:00.010Z: missing live, 0.10000000149011612 now (1 of 2)',
  ]);
  expect(skewOf(rows, [{ instrumentId: 'BTC', decidedAt: 10, values: [1, 0] }])).toHaveLength(1);
});

test('a moment that has no row says nothing', () => {
  expect(skewOf(rows, [{ instrumentId: 'BTC', decidedAt: 30, values: [9, 9] }, { instrumentId: 'XRP', decidedAt: 10, values: [9, 9] }])).toEqual([]);
});

test('a symbol that was added since, or whose candle came late, is no skew of the others; what differs at other moments is', () => {
  const [HOUR_MS, COUNT] = [3_600_000, 1_700];
  const now = seriesOf(seededMarket({ seed: 'skew', timeframe: '1h', startTime: 0, assets: DEFAULT_ASSETS.slice(0, 3) }), COUNT);
  const ids = now.map((it) => it.instrumentId);
  const [btc = '', , third = ''] = ids;
  const seenAt = (n: number, market: readonly CandleSeries[]) => [...new LiveFeatures(STANDARD_FEATURES, '1h').at(market.map((it) => ({ ...it, candles: it.candles.slice(0, n) })), n * HOUR_MS)]
    .map(([instrumentId, vector]) => ({ instrumentId, decidedAt: n * HOUR_MS, values: Array.from(vector, (value) => (Number.isNaN(value) ? null : value)) }));
  const late = now.map((it) => (it.instrumentId === third ? { ...it, candles: it.candles.filter((candle) => candle.openTime !== 1_659 * HOUR_MS) } : it));
  const before = [...seenAt(1_600, now.slice(0, 2)), ...seenAt(1_660, late)];
  const after = seenAt(1_690, now);
  const skew = (live: typeof after) => skewOfSymbol(btc, { set: STANDARD_FEATURES, timeframe: '1h', series: now }, live.filter((it) => it.instrumentId === btc));
  const comparable = (live: typeof after) => ofSameMarket(live, ids, (_id, decidedAt) => decidedAt <= COUNT * HOUR_MS) as typeof after;
  expect(skew(before).join()).toMatch(/breadth/);
  expect(comparable([...before, ...after])).toEqual(after);
  expect(ofSameMarket(after, ids.slice(0, 2), () => true)).toEqual([]); // one was removed
  const altered = after.map((it) => (it.instrumentId === btc ? { ...it, values: it.values.map(() => 9) } : it));
  expect(skew(comparable([...before, ...altered]))).toHaveLength(STANDARD_FEATURES.features.length);
});
