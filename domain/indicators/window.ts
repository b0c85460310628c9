/** The last `length` values, oldest first. Sums are taken anew at each candle, so no rounding error is carried along. */
export class SlidingWindow {
  readonly #values: number[] = [];
  readonly #length: number;

  /** @param length ≥ 1, whole. @throws {RangeError} not retried: anything else. */
  constructor(length: number) {
    this.#length = assertPeriod(length);
  }

  get isFull(): boolean {
    return this.#values.length === this.#length;
  }

  push(value: number): void {
    this.#values.push(value);
    if (this.#values.length > this.#length) this.#values.shift();
  }

  mean(): number {
    let sum = 0;
    for (const value of this.#values) sum += value;
    return sum / this.#values.length;
  }

  /** Population standard deviation around a mean. */
  deviation(mean: number): number {
    let squares = 0;
    for (const value of this.#values) squares += (value - mean) ** 2;
    return Math.sqrt(squares / this.#values.length);
  }

  highest(): number {
    let highest = -Infinity;
    for (const value of this.#values) if (value > highest) highest = value;
    return highest;
  }

  lowest(): number {
    let lowest = Infinity;
    for (const value of this.#values) if (value < lowest) lowest = value;
    return lowest;
  }
}

/** @throws {RangeError} not retried: a period that is not a whole number ≥ 1. */
export function assertPeriod(period: number): number {
  if (!Number.isInteger(period) || period < 1) throw new RangeError(`an indicator's period must be a whole number of candles, at least 1, not ${String(period)}`);
  return period;
}
