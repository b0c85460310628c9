import type { MarketCandle } from '../domain/market/candle-source.ts';
import { KeelError } from '../domain/errors.ts';

const FIRST_CAPACITY = 32_768;
export const CANDLE_FIELDS = ['timestamp', 'open', 'high', 'low', 'close', 'volume'] as const;
export type CandleField = (typeof CANDLE_FIELDS)[number];
const PRICE_FIELDS = ['open', 'high', 'low', 'close'] as const;
const WIDTH = 5;

/** One row before it is checked. Numbers may be NaN. */
export type CandleRow = Readonly<Record<CandleField, number>>;

/** Candles of one file: one after the other in time, without a gap, checked as they come in. */
export class CandleColumns {
  readonly file: string;
  readonly #lengthMs: number;
  #values = new Float64Array(FIRST_CAPACITY * WIDTH);
  #length = 0;
  #firstTime = 0;
  #priceDecimals = 0;

  constructor(file: string, lengthMs: number) {
    this.file = file;
    this.#lengthMs = lengthMs;
  }

  get length(): number {
    return this.#length;
  }
  /** Open time of the first candle. */
  get firstTime(): number {
    return this.#firstTime;
  }
  /** Most decimals of any price. */
  get priceDecimals(): number {
    return this.#priceDecimals;
  }

  noteDecimals(decimals: number): void {
    if (decimals > this.#priceDecimals) this.#priceDecimals = decimals;
  }

  /** @param line where the row stands, from 1. @throws {KeelError} CANDLES_INVALID: names file, line and field. */
  append(row: CandleRow, line: number): void {
    const bad = this.#problemOf(row);
    if (bad !== null) throw this.error(line, bad.field, bad.problem);
    if (this.#length === 0) this.#firstTime = row.timestamp;
    if ((this.#length + 1) * WIDTH > this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values.set([row.open, row.high, row.low, row.close, row.volume], this.#length * WIDTH);
    this.#length += 1;
  }

  error(line: number, field: string, problem: string): KeelError {
    return new KeelError('CANDLES_INVALID', `${this.file}, line ${line}, field ${field}: ${problem}`);
  }

  #problemOf(row: CandleRow): { field: CandleField; problem: string } | null {
    const { timestamp } = row;
    if (!Number.isSafeInteger(timestamp) || timestamp < 0) return { field: 'timestamp', problem: `not epoch milliseconds: ${timestamp}` };
    if (timestamp % this.#lengthMs !== 0) return { field: 'timestamp', problem: `${timestamp} is not the open time of a candle of ${this.#lengthMs} ms` };
    const time = this.#timeProblem(timestamp);
    if (time !== null) return { field: 'timestamp', problem: time };
    for (const field of PRICE_FIELDS) {
      if (!(row[field] > 0 && row[field] < Number.MAX_SAFE_INTEGER)) return { field, problem: `not a price above 0: ${row[field]}` };
    }
    if (row.high < Math.max(row.open, row.close, row.low)) return { field: 'high', problem: `${row.high} is below open, close or low` };
    if (row.low > Math.min(row.open, row.close)) return { field: 'low', problem: `${row.low} is above open or close` };
    if (!(row.volume >= 0 && Number.isFinite(row.volume))) return { field: 'volume', problem: `not a volume of at least 0: ${row.volume}` };
    return null;
  }

  #timeProblem(timestamp: number): string | null {
    if (this.#length === 0) return null;
    const expected = this.#firstTime + this.#length * this.#lengthMs;
    if (timestamp === expected) return null;
    if (timestamp === expected - this.#lengthMs) return `${timestamp} is a duplicate of the row before`;
    if (timestamp < expected) return `${timestamp} is out of order (expected ${expected})`;
    return `${(timestamp - expected) / this.#lengthMs} candles are missing before ${timestamp} (expected ${expected})`;
  }

  at(index: number): MarketCandle | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    const i = index * WIDTH;
    const value = (offset: number): number => this.#values[i + offset] ?? Number.NaN;
    return {
      openTime: this.#firstTime + index * this.#lengthMs,
      open: value(0), high: value(1), low: value(2), close: value(3), volume: value(4), markBasis: 0,
    };
  }

  /** The part with from ≤ open time < to; shares the numbers. */
  between(from: number, to: number): CandleColumns {
    const first = Math.min(this.#length, Math.max(0, Math.ceil((from - this.#firstTime) / this.#lengthMs)));
    const end = Math.max(first, Math.min(this.#length, Math.ceil((to - this.#firstTime) / this.#lengthMs)));
    const part = new CandleColumns(this.file, this.#lengthMs);
    part.#values = this.#values.subarray(first * WIDTH, end * WIDTH);
    part.#length = end - first;
    part.#firstTime = this.#firstTime + first * this.#lengthMs;
    part.#priceDecimals = this.#priceDecimals;
    return part;
  }
}
