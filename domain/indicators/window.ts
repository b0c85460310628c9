/** The last `length` values, oldest first. Sums are taken anew at each candle, so no rounding error is carried along. */
export class SlidingWindow {
  readonly #values: Float64Array;
  readonly #length: number;
  #count = 0;
  /** Place of the oldest value once the window is full; of the next one before. */
  #oldest = 0;

  /** @param length ≥ 1, whole. @throws {RangeError} not retried: anything else. */
  constructor(length: number) {
    this.#length = assertPeriod(length);
    this.#values = new Float64Array(length);
  }

  get isFull(): boolean {
    return this.#count === this.#length;
  }

  push(value: number): void {
    this.#values[this.#oldest] = value;
    this.#oldest = this.#oldest + 1 === this.#length ? 0 : this.#oldest + 1;
    if (this.#count < this.#length) this.#count += 1;
  }

  /** Sum over the values, the oldest first, whatever place of the ring it has. */
  #sum(term: (value: number) => number): number {
    let sum = 0;
    const start = this.isFull ? this.#oldest : 0;
    for (let index = start; index < this.#count; index += 1) sum += term(this.#values[index] as number);
    for (let index = 0; index < start; index += 1) sum += term(this.#values[index] as number);
    return sum;
  }

  mean(): number {
    return this.#sum((value) => value) / this.#count;
  }

  /** Population standard deviation around a mean; 0 of values that are all the same. */
  deviation(mean: number): number {
    return unlessRounding(Math.sqrt(this.#sum((value) => (value - mean) ** 2) / this.#count), mean);
  }

  /** Mean distance from a mean; 0 of values that are all the same. */
  absoluteDeviation(mean: number): number {
    return unlessRounding(this.#sum((value) => Math.abs(value - mean)) / this.#count, mean);
  }

  highest(): number {
    let highest = -Infinity;
    for (let index = 0; index < this.#count; index += 1) if ((this.#values[index] as number) > highest) highest = this.#values[index] as number;
    return highest;
  }

  lowest(): number {
    let lowest = Infinity;
    for (let index = 0; index < this.#count; index += 1) if ((this.#values[index] as number) < lowest) lowest = this.#values[index] as number;
    return lowest;
  }
}

/** Of its mean: what lies closer together differs by the rounding of the sum alone. A double has 16 digits, a price at most 10. */
const ROUNDING = 1e-12;

/** The deviation, or 0 where it is nothing but rounding: a price that stands still would deviate by chance, as its digits fall. */
export function unlessRounding(deviation: number, mean: number): number {
  return deviation <= ROUNDING * Math.abs(mean) ? 0 : deviation;
}

/** @throws {RangeError} not retried: a period that is not a whole number ≥ 1. */
export function assertPeriod(period: number): number {
  if (!Number.isInteger(period) || period < 1) throw new RangeError(`an indicator's period must be a whole number of candles, at least 1, not ${String(period)}`);
  return period;
}
