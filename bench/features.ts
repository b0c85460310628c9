import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FeatureStream, computeColumns } from '../domain/features/feature-set.ts';
import type { FeatureRow, FeatureSet } from '../domain/features/feature-set.ts';
import { rowsOf } from '../domain/features/rows.ts';
import { STANDARD_FEATURES } from '../domain/features/standard/index.ts';
import { seededMarket } from '../domain/market/seeded/seeded-market.ts';
import type { BenchOptions, Row } from './support/measurement.ts';
import { atMost, atMostMs, formatted, plainRow } from './support/measurement.ts';
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

/** A Python that can import talib; without it there is nothing to compare with. */
const PYTHON = process.env['KEEL_BENCH_PYTHON'];
/** What bench/features/talib_subset.py computes. */
const TEXTBOOK = [
  'return24', 'atrShare14', 'realised24', 'emaDistance20', 'emaDistance50', 'adx14', 'directionSpread14', 'macd', 'macdHistogram', 'slope24', 'rsi7', 'rsi14', 'stochasticK14', 'stochasticD14',
  'moneyFlow14', 'commodityChannel20', 'bandPlace20', 'bandWidth20', 'onBalance20', 'moneyFlow20', 'channelPlace20', 'btcCorrelation72',
];

/** Times over the rows, ms. */
function columnTimes(set: FeatureSet, rows: readonly FeatureRow[]): readonly number[] {
  return Array.from({ length: 3 }, () => {
    const startedMs = performance.now();
    computeColumns(set, '1h', rows);
    return performance.now() - startedMs;
  });
}

function textbookRows(rows: readonly FeatureRow[]): readonly Row[] {
  const named = `features, the ${TEXTBOOK.length} textbook ones × ${rows.length} candles`;
  const ms = median(columnTimes({ ...STANDARD_FEATURES, features: STANDARD_FEATURES.features.filter((it) => TEXTBOOK.includes(it.name)) }, rows));
  if (PYTHON === undefined) return [plainRow(named, `${Math.round(ms)} ms; TA-Lib not measured: KEEL_BENCH_PYTHON names no Python with it`)];
  const folder = mkdtempSync(join(tmpdir(), 'keel-bench-'));
  try {
    const path = join(folder, 'candles.f64');
    const column = (read: (row: FeatureRow) => number): Buffer => Buffer.from(Float64Array.from(rows, read).buffer);
    writeFileSync(path, Buffer.concat([column((it) => it.candle.open), column((it) => it.candle.high), column((it) => it.candle.low), column((it) => it.candle.close), column((it) => it.candle.volume), column((it) => it.btcClose?.value ?? NaN)]));
    const peer = JSON.parse(execFileSync(PYTHON, [new URL('features/talib_subset.py', import.meta.url).pathname, path, String(rows.length)], { encoding: 'utf8' })) as { version: string; columns: number; ms: number };
    return [{ what: named, measured: `${Math.round(ms)} ms (TA-Lib ${peer.version}, ${peer.columns} columns: ${formatted(peer.ms)} ms)`, goal: '≤ 2 × TA-Lib', isMet: ms <= 2 * peer.ms, ratio: ms / peer.ms }];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The standard set over a long history, and one more candle at a time. */
export function benchFeatures({ isQuick }: BenchOptions): Promise<readonly Row[]> {
  const rows = longRows(isQuick ? CANDLES / 10 : CANDLES);
  const times = columnTimes(STANDARD_FEATURES, rows);
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
    ...textbookRows(rows),
  ]);
}
