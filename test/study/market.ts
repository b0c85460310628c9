/** Markets whose truth is known: a random walk, or one whose drift is carried by features that show it. */
import type { Candle } from '../../domain/market/candle.ts';
import { normal, prngOf, uniform } from '../../domain/market/seeded/prng.ts';
import type { LabelDefinition } from '../../domain/predictions/label.ts';
import type { InstrumentHistory, LabelledRows } from '../../domain/validation/rows.ts';
import { assembleRows } from '../../domain/validation/rows.ts';
import { HOLD } from '../../domain/validation/classes.ts';
import { dailyReturnsOf, sharpeOf } from '../../domain/validation/net-returns.ts';

const DAY_MS = 86_400_000;
/** Study profile: one symbol, daily candles, labels of two days, so that 2,000 rows are 1,000 effective labels and years of tests. */
export const STUDY_LABEL: LabelDefinition = { version: 'study1/1', horizonCandles: 1, holdBand: 0.43, barriers: null };
export const STUDY_ROWS = 2_000;
const DEVIATION = 0.025;
/**
 * How many features carry the drift, its sum: the stronger it is the more, so that each is equally weak, and none by itself
 * is what the gate takes for a leak (an AUC of about 0.55).
 */
export function carriersOf(sharpe: number): number {
  return Math.max(16, Math.round(0.64 * sharpe * sharpe));
}
/** From candle to candle. */
const PERSISTENCE = 0.8;
/** Candles before the first row: of volatility. */
const WARMUP = 30;

export interface MarketOptions {
  readonly seed: string;
  readonly rows: number;
  /** Drift of a candle per unit of what the carriers say, in deviations of a candle; 0: a random walk. */
  readonly strength: number;
  readonly carriers: number;
  readonly costBps: number;
}

export interface StudyMarket {
  readonly names: readonly string[];
  readonly history: InstrumentHistory;
  /** Sum of the carriers at each candle, of unit variance. */
  readonly truth: Float64Array;
}

export function studyMarket({ seed, rows, strength, carriers: count, costBps }: MarketOptions): StudyMarket {
  const random = prngOf(seed);
  const length = rows + WARMUP + STUDY_LABEL.horizonCandles;
  const carriers = Array.from({ length: count }, () => normal(random));
  const names = [...carriers.map((_, index) => `carrier${index}`), 'range', 'volume'];
  const columns = names.map(() => new Float64Array(length));
  const truth = new Float64Array(length);
  const candles: Candle[] = [];
  let [close, drift] = [100, 0];
  for (let index = 0; index < length; index += 1) {
    const open = close;
    close = open * Math.exp(DEVIATION * (strength * drift + normal(random)));
    const reach = 1 + (DEVIATION / 2) * Math.abs(normal(random));
    candles.push({ openTime: index * DAY_MS, open, high: Math.max(open, close) * reach, low: Math.min(open, close) / reach, close, volume: 1 + uniform(random) });
    carriers.forEach((value, place) => { carriers[place] = PERSISTENCE * value + Math.sqrt(1 - PERSISTENCE ** 2) * normal(random); });
    drift = carriers.reduce((sum, value) => sum + value, 0) / Math.sqrt(count);
    truth[index] = drift;
    const newest = candles[index];
    [...carriers, Math.log((newest?.high ?? 1) / (newest?.low ?? 1)), newest?.volume ?? 0].forEach((value, column) => { (columns[column] as Float64Array)[index] = value; });
  }
  return { names, history: { instrumentId: 'BTC-USDT-PERP', listedFrom: 0, listedUntil: null, candles, features: columns, costBps }, truth };
}

/** The newest rows as of a moment, in candles from the beginning of the first row. */
export function studyRows({ names, history }: StudyMarket, { asOf, rows }: { readonly asOf: number; readonly rows: number }): LabelledRows {
  const last = WARMUP + asOf;
  const first = Math.max(0, last - rows - WARMUP);
  const part = <T>(values: ArrayLike<T>): T[] => Array.from({ length: last - first + STUDY_LABEL.horizonCandles }, (_, index) => values[first + index] as T);
  const found = assembleRows([{ ...history, listedFrom: (first + WARMUP) * DAY_MS + DAY_MS, candles: part(history.candles), features: history.features.map((column) => part(column)) }], {
    asOf: (last + STUDY_LABEL.horizonCandles) * DAY_MS, timeframe: '1d', featureNames: names, label: STUDY_LABEL, halfLifeMs: Infinity,
  });
  return found.rows;
}

/** The annual Sharpe ratio, after costs, of somebody who knows the drift and trades when it is expected to pay. */
export function oracleSharpe(strength: number, costBps: number): number {
  const rows = 20_000;
  const market = studyMarket({ seed: 'oracle', rows, strength, carriers: 1, costBps });
  const labelled = studyRows(market, { asOf: rows, rows });
  const actions = Uint8Array.from({ length: labelled.rows }, (_, row) => {
    const index = Math.round((labelled.decidedAt[row] as number) / DAY_MS) - 1;
    const expectedBps = 10_000 * DEVIATION * strength * (market.truth[index] as number);
    return expectedBps > costBps ? 0 : expectedBps < -costBps ? 1 : HOLD;
  });
  const { returns } = dailyReturnsOf({ rows: labelled, row: Int32Array.from({ length: labelled.rows }, (_, row) => row), actions });
  return sharpeOf(returns) * Math.sqrt(365);
}

/** The strength at which an oracle has this annual net Sharpe ratio. */
export function strengthOf(sharpe: number, costBps: number): number {
  if (sharpe === 0) return 0;
  let [low, high] = [0, 3];
  for (let halving = 0; halving < 16; halving += 1) {
    const middle = (low + high) / 2;
    if (oracleSharpe(middle, costBps) < sharpe) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
