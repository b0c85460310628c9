import { FeatureStream, computeColumns } from '../domain/features/feature-set.ts';
import type { FeatureRow } from '../domain/features/feature-set.ts';
import { rowsOf } from '../domain/features/rows.ts';
import { STANDARD_FEATURES } from '../domain/features/standard/index.ts';
import { seededMarket } from '../domain/market/seeded/seeded-market.ts';
import type { BenchOptions, Row } from './support/measurement.ts';
import { atMost, atMostMs, plainRow } from './support/measurement.ts';
import { median, quantile } from './support/statistics.ts';

const CANDLES = 100_000;
const COLUMNS = 60;
/** Drawn candles, repeated as often as it takes: drawing them all takes longer than what is measured. */
const DRAWN = 20_000;

function longRows(count: number): readonly FeatureRow[] {
  const rows = rowsOf(seededMarket({ seed: 'bench', timeframe: '1h', startTime: 0 }), 'ETH-USDT-PERP', { from: 24, to: 24 + Math.min(count, DRAWN) });
  const first = rows[0]?.candle.openTime ?? 0;
  return Array.from({ length: count }, (_, index) => {
    const row = rows[index % rows.length] as FeatureRow;
    const laterMs = first + index * 3_600_000 - row.candle.openTime;
    const later = (name: 'btcClose' | 'breadth' | 'marketReturn' | 'fundingRate'): Partial<FeatureRow> => (row[name] === undefined ? {} : { [name]: { ...row[name], knownAt: row[name].knownAt + laterMs } });
    return { candle: { ...row.candle, openTime: row.candle.openTime + laterMs }, ...later('btcClose'), ...later('breadth'), ...later('marketReturn'), ...later('fundingRate') };
  });
}

/** The standard set over a long history, and one more candle at a time. */
export function benchFeatures({ isQuick }: BenchOptions): Promise<readonly Row[]> {
  const rows = longRows(isQuick ? CANDLES / 10 : CANDLES);
  const times = Array.from({ length: 3 }, () => {
    const startedMs = performance.now();
    computeColumns(STANDARD_FEATURES, '1h', rows);
    return performance.now() - startedMs;
  });
  const stream = new FeatureStream(STANDARD_FEATURES, '1h');
  const live = rows.slice(0, 10_000).map((row) => {
    const startedMs = performance.now();
    stream.next(row);
    return (performance.now() - startedMs) * 1_000;
  }).slice(2_000); // its warm-up
  const count = STANDARD_FEATURES.features.length;
  return Promise.resolve([
    plainRow(`features, ${count} columns × ${rows.length} candles, median of 3`, `${Math.round(median(times))} ms`),
    atMostMs(`features, the same per ${COLUMNS} columns and ${CANDLES} candles`, (median(times) * COLUMNS * CANDLES) / (count * rows.length), 1_000),
    atMost(`features, one more candle, ${count} of them, p50`, quantile(live, 0.5), { goal: 100, unit: 'µs' }),
    atMost(`features, one more candle, ${count} of them, p99`, quantile(live, 0.99), { goal: 100, unit: 'µs' }),
  ]);
}
