import type { Candle } from '../../../../domain/market/candle.ts';
import { normal, prngOf } from '../../../../domain/market/seeded/prng.ts';
import type { LabelDefinition } from '../../../../domain/predictions/label.ts';
import type { AssemblyOptions, InstrumentHistory, LabelledRows } from '../../../../domain/validation/rows.ts';
import { assembleRows } from '../../../../domain/validation/rows.ts';

export const HOUR_MS = 3_600_000;
export const LABEL: LabelDefinition = { version: 'test4/1', horizonCandles: 4, holdBand: 0.43, barriers: null };

/** A random walk of 1 % an hour, with two features that know nothing. */
export function history(instrumentId: string, count: number, change: Partial<InstrumentHistory> = {}): InstrumentHistory {
  const random = prngOf(instrumentId);
  let close = 100;
  const candles = Array.from({ length: count }, (_, index): Candle => {
    const open = close;
    close = open * Math.exp(0.01 * normal(random));
    return { openTime: index * HOUR_MS, open, high: Math.max(open, close), low: Math.min(open, close), close, volume: 1 };
  });
  return { instrumentId, listedFrom: 0, listedUntil: null, candles, features: [candles.map(() => normal(random)), candles.map(() => normal(random))], costBps: 10, ...change };
}

export const OPTIONS: Omit<AssemblyOptions, 'asOf'> = { timeframe: '1h', featureNames: ['a', 'b'], label: LABEL, halfLifeMs: 1_000 * HOUR_MS };

export function rowsOf(histories: readonly InstrumentHistory[], change: Partial<AssemblyOptions> = {}): LabelledRows {
  return assembleRows(histories, { ...OPTIONS, asOf: 1e6 * HOUR_MS, ...change }).rows;
}

/** As if these rows had stood in the data in this order. */
export function picked(rows: LabelledRows, places: readonly number[]): LabelledRows {
  const pick = <A extends Float64Array | Float32Array | Int32Array>(from: A): A => from.constructor === Int32Array ? Int32Array.from(places, (at) => from[at] as number) as A : from.constructor === Float32Array ? Float32Array.from(places, (at) => from[at] as number) as A : Float64Array.from(places, (at) => from[at] as number) as A;
  return {
    ...rows, rows: places.length, columns: rows.columns.map(pick), gapMovesBps: rows.gapMovesBps.map(pick), instrument: pick(rows.instrument), decidedAt: pick(rows.decidedAt), labelUntil: pick(rows.labelUntil),
    sigma: pick(rows.sigma), costBps: pick(rows.costBps), lastMoveBps: pick(rows.lastMoveBps), moveBps: pick(rows.moveBps), longBps: pick(rows.longBps), shortBps: pick(rows.shortBps), longExit: pick(rows.longExit), shortExit: pick(rows.shortExit),
    uniqueness: pick(rows.uniqueness), weights: pick(rows.weights),
  };
}
