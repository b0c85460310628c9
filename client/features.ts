import { KeelError } from '../domain/errors.ts';
import type { Family } from '../domain/features/feature-set.ts';
import { FeatureStream, warmupCandlesOf, warmupOf } from '../domain/features/feature-set.ts';
import { rowsOf } from '../domain/features/rows.ts';
import { instrumentIdOf } from '../domain/market/instrument.ts';
import { timeframeMs } from '../domain/market/timeframe.ts';
import { loadFeatures } from '../strategies/load.ts';
import { recordedCandles } from '../venues/recorded-candles.ts';

export interface FeatureFlags {
  readonly data: string;
  readonly symbol: string;
  readonly set: string;
  /** ISO 8601. */
  readonly at?: string;
}

interface FeatureVector {
  readonly instrumentId: string;
  readonly timeframe: string;
  /** ISO 8601: the moment of the decision. */
  readonly closedAt: string;
  readonly set: string;
  readonly version: string;
  readonly values: readonly { readonly name: string; readonly value: number | null; readonly family: Family; readonly warmupCandles: number; readonly about: string }[];
}

/**
 * A symbol's features at one closed candle, from just as many candles as the set needs.
 * @throws {KeelError} USAGE, CANDLES_INVALID, FEATURES_INVALID, not retried.
 */
export async function featuresOf({ data, symbol, set: setName, at }: FeatureFlags): Promise<FeatureVector> {
  const set = await loadFeatures(setName);
  const source = await recordedCandles({ folder: data });
  const id = instrumentIdOf(symbol);
  if (!source.instruments.some((it) => it.id === id)) throw new KeelError('CANDLES_INVALID', `no candle file of ${id} in ${data} (there are: ${source.instruments.map((it) => it.id).join(', ')})`);
  const lengthMs = timeframeMs(source.timeframe);
  const closeTime = at === undefined ? null : Date.parse(at);
  if (Number.isNaN(closeTime)) throw new KeelError('USAGE', `--at ${at ?? ''} is no time; allowed: a close time such as 2023-01-31T12:00Z`);
  const to = closeTime === null ? source.length ?? 0 : (closeTime - source.startTime) / lengthMs;
  const rows = Number.isInteger(to) ? rowsOf(source, id, { from: Math.max(0, to - warmupCandlesOf(set, source.timeframe)), to }) : [];
  const last = rows.at(-1)?.candle;
  if (last === undefined || (closeTime !== null && last.openTime + lengthMs !== closeTime)) throw new KeelError('CANDLES_INVALID', `${id} has no ${source.timeframe} candle that closes at ${at ?? 'the end of the data'} in ${data}`);
  const stream = new FeatureStream(set, source.timeframe);
  const vector = new Float64Array(set.features.length);
  for (const row of rows) stream.next(row, vector);
  return {
    instrumentId: id, timeframe: source.timeframe, closedAt: new Date(last.openTime + lengthMs).toISOString(), set: set.name, version: set.version,
    values: set.features.map((feature, index) => ({
      name: feature.name, value: Number.isNaN(vector[index] ?? NaN) ? null : vector[index] ?? null, family: feature.family, warmupCandles: warmupOf(feature, source.timeframe), about: feature.about,
    })),
  };
}
