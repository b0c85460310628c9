import { describe, expect, it } from 'vitest';
import { computeColumns, warmupCandlesOf } from '../../../../domain/features/feature-set.ts';
import { LiveFeatures } from '../../../../domain/features/live.ts';
import { marketRowsOf } from '../../../../domain/features/rows.ts';
import { STANDARD_FEATURES } from '../../../../domain/features/standard/index.ts';
import type { Candle, CandleSeries } from '../../../../domain/market/candle.ts';
import { DEFAULT_ASSETS } from '../../../../domain/market/seeded/assets.ts';
import { seededMarket } from '../../../../domain/market/seeded/seeded-market.ts';

const HOUR_MS = 3_600_000;
const COUNT = 1_800;
const source = seededMarket({ seed: 'live', timeframe: '1h', startTime: 0, assets: DEFAULT_ASSETS.slice(0, 2) });
const plain = ({ openTime, open, high, low, close, volume }: Candle): Candle => ({ openTime, open, high, low, close, volume });
const MARKET = source.instruments.map(({ id }): CandleSeries => ({ instrumentId: id, timeframe: '1h', candles: source.history(id, COUNT, COUNT).map(plain) }));
const [BTC, OTHER] = MARKET as [CandleSeries, CandleSeries];

/** What a cycle sees whose candle is the n-th, from 1. */
const seen = (market: readonly CandleSeries[], n: number, most = 2_160): CandleSeries[] => market.map((it) => ({ ...it, candles: it.candles.filter((candle) => candle.openTime < n * HOUR_MS).slice(-most) }));
const columnsOf = (market: readonly CandleSeries[], id: string) => computeColumns(STANDARD_FEATURES, '1h', marketRowsOf(market, '1h').get(id) ?? []);
const DEVIATIONS = columnsOf(MARKET, OTHER.instrumentId).map((column) => deviation(column.filter((value) => !Number.isNaN(value))));

function deviation(values: ArrayLike<number>): number {
  const all = Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length);
}

/** Float32 of what a batch over all that is known says. */
function expectBatch(vector: Float32Array | undefined, market: readonly CandleSeries[], n: number): void {
  const columns = columnsOf(seen(market, n, COUNT), OTHER.instrumentId);
  expect(vector).toHaveLength(columns.length);
  columns.forEach((column, index) => {
    const [live, batch] = [vector?.[index] ?? Infinity, Math.fround(column.at(-1) ?? Infinity)];
    if (Number.isNaN(batch) || Number.isNaN(live)) expect(live, STANDARD_FEATURES.features[index]?.name).toBe(batch);
    else expect(Math.abs(live - batch), STANDARD_FEATURES.features[index]?.name).toBeLessThanOrEqual(1e-9 * (DEVIATIONS[index] ?? 0) + 2 ** -24 * Math.abs(batch));
  });
}

describe('live features', () => {
  it('are those of a batch over the whole history, candle by candle and after a restart', () => {
    const live = new LiveFeatures(STANDARD_FEATURES, '1h');
    for (let n = 1_500; n <= 1_530; n += 1) live.at(seen(MARKET, n), n * HOUR_MS);
    const restarted = new LiveFeatures(STANDARD_FEATURES, '1h');
    const n = 1_531;
    expectBatch(live.at(seen(MARKET, n), n * HOUR_MS).get(OTHER.instrumentId), MARKET, n);
    expectBatch(restarted.at(seen(MARKET, n), n * HOUR_MS).get(OTHER.instrumentId), MARKET, n);
  });

  it('a later beginning gives the same vector, as far as the warm-up says', () => {
    const n = 1_700;
    const live = new LiveFeatures(STANDARD_FEATURES, '1h');
    expect(live.historyCandles).toBe(warmupCandlesOf(STANDARD_FEATURES, '1h') + 24);
    expectBatch(live.at(seen(MARKET, n, live.historyCandles), n * HOUR_MS).get(OTHER.instrumentId), MARKET, n);
  });

  it('go on from candle to candle, and say when they need more', () => {
    const live = new LiveFeatures(STANDARD_FEATURES, '1h');
    expect(live.isBehind(seen(MARKET, 1_500), 1_500 * HOUR_MS)).toBe(true);
    live.at(seen(MARKET, 1_500), 1_500 * HOUR_MS);
    expect(live.isBehind(seen(MARKET, 1_501), 1_501 * HOUR_MS)).toBe(false);
    expect(live.isBehind(seen(MARKET, 1_500 + 25), (1_500 + 25) * HOUR_MS)).toBe(true); // too far
    const vector = live.at(seen(MARKET, 1_503), 1_503 * HOUR_MS).get(OTHER.instrumentId); // two were missed
    expectBatch(vector, MARKET, 1_503);
  });

  it('of a small set go on with the larger windows of a cycle', () => {
    const small = { name: 'small', version: '1', features: STANDARD_FEATURES.features.filter((it) => it.name.startsWith('return')).slice(0, 1) };
    expect(small.features).toHaveLength(1);
    const live = new LiveFeatures(small, '1h');
    live.at(seen(MARKET, 1_500, live.historyCandles), 1_500 * HOUR_MS);
    expect(live.isBehind(seen(MARKET, 1_501), 1_501 * HOUR_MS)).toBe(false);
  });

  it('asked again for the same candle say the same; for an earlier one they compute it beside', () => {
    const live = new LiveFeatures(STANDARD_FEATURES, '1h');
    const first = live.at(seen(MARKET, 1_500), 1_500 * HOUR_MS).get(OTHER.instrumentId);
    expect(live.at(seen(MARKET, 1_500), 1_500 * HOUR_MS).get(OTHER.instrumentId)).toBe(first);
    expectBatch(live.at(seen(MARKET, 1_480), 1_480 * HOUR_MS).get(OTHER.instrumentId), MARKET, 1_480);
    expect(live.isBehind(seen(MARKET, 1_501), 1_501 * HOUR_MS)).toBe(false);
  });

  it('a gap that was filled later begins anew; a candle that is not there has no vector', () => {
    const holed = [BTC, { ...OTHER, candles: OTHER.candles.filter((_, index) => index !== 1_498) }];
    const live = new LiveFeatures(STANDARD_FEATURES, '1h');
    live.at(seen(holed, 1_498), 1_498 * HOUR_MS);
    expect(live.at(seen(holed, 1_499), 1_499 * HOUR_MS).get(OTHER.instrumentId)).toBeUndefined();
    expectBatch(live.at(seen(holed, 1_500), 1_500 * HOUR_MS).get(OTHER.instrumentId), holed, 1_500);
    expect(live.isBehind(seen(MARKET, 1_501), 1_501 * HOUR_MS)).toBe(true);
    expectBatch(live.at(seen(MARKET, 1_501), 1_501 * HOUR_MS).get(OTHER.instrumentId), MARKET, 1_501);
  });

  it('with too little history what needs more is missing, and a day later it is asked for again', () => {
    const live = new LiveFeatures(STANDARD_FEATURES, '1h');
    const vector = live.at(seen(MARKET, 100), 100 * HOUR_MS).get(OTHER.instrumentId);
    expect(vector?.some((value) => Number.isNaN(value))).toBe(true);
    expect(vector?.some((value) => !Number.isNaN(value))).toBe(true);
    for (let n = 101; n <= 124; n += 1) live.at(seen(MARKET, n), n * HOUR_MS);
    expect(live.isBehind(seen(MARKET, 125), 125 * HOUR_MS)).toBe(true);
  });
});
