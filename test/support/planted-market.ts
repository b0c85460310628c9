/** Recorded candles with something to be learned from: the digits of each volume are carriers, and their sum drives the price. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Timeframe } from '../../domain/market/timeframe.ts';
import { timeframeMs } from '../../domain/market/timeframe.ts';
import { normal, prngOf, uniform } from '../../domain/market/seeded/prng.ts';

/** As many as a float holds digits: each alone is too weak to be taken for a leak. */
export const CARRIERS = 15;
const DEVIATION = 0.01;
/** From candle to candle. */
const PERSISTENCE = 0.8;
const START = Date.parse('2021-01-01T00:00:00Z');

export interface PlantedOptions {
  readonly folder: string;
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  readonly candles: number;
  readonly seed: string;
  /** Drift of a candle per unit of the carriers' sum, in its deviations; negative: the carriers say the contrary from a candle on. */
  readonly strengthAt: (index: number) => number;
}

/** What a digit stands for: about a normal deviate. */
export const valueOfDigit = (digit: number): number => (digit - 4.5) / 1.5;

export function writePlantedMarket({ folder, symbols, timeframe, candles, seed, strengthAt }: PlantedOptions): void {
  mkdirSync(folder, { recursive: true });
  for (const symbol of symbols) {
    const random = prngOf(`${seed} ${symbol}`);
    const carriers = Array.from({ length: CARRIERS }, () => normal(random));
    const lines = ['timestamp,open,high,low,close,volume'];
    let [close, drift] = [1_000, 0];
    for (let index = 0; index < candles; index += 1) {
      const open = close;
      close = Number((open * Math.exp(DEVIATION * (strengthAt(index) * drift + normal(random)))).toFixed(4));
      const reach = 1 + (DEVIATION / 2) * uniform(random);
      carriers.forEach((value, place) => { carriers[place] = PERSISTENCE * value + Math.sqrt(1 - PERSISTENCE ** 2) * normal(random); });
      const digits = carriers.map((value) => Math.min(9, Math.max(0, Math.round(1.5 * value + 4.5))));
      drift = digits.reduce((sum, digit) => sum + valueOfDigit(digit), 0) / Math.sqrt(CARRIERS);
      lines.push([START + index * timeframeMs(timeframe), open, (Math.max(open, close) * reach).toFixed(4), (Math.min(open, close) / reach).toFixed(4), close, digits.reduce((sum, digit, place) => sum + digit * 10 ** place, 0)].join(','));
    }
    writeFileSync(join(folder, `${symbol}-USDT-PERP.${timeframe}.csv`), `${lines.join('\n')}\n`);
  }
}
