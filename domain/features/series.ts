/** The newest values of one input, and windows over them. Sums are taken anew each time, oldest first: no rounding error is carried along. */
import { assertPeriod, unlessRounding } from '../indicators/window.ts';

/** A ring that is as long as its longest window. Values that were never pushed are NaN. */
export class Series {
  #values = new Float64Array(0);
  #mask = 0;
  #next = 0;

  /** Makes room for windows of so many values. Only before the first value. */
  reserve(length: number): void {
    if (length <= this.#values.length) return;
    if (this.#next > 0) throw new RangeError('a window must be asked for when a feature is created, not while it runs');
    this.#values = new Float64Array(2 ** Math.ceil(Math.log2(length))).fill(NaN);
    this.#mask = this.#values.length - 1;
  }

  push(value: number): void {
    this.#values[this.#next & this.#mask] = value;
    this.#next += 1;
  }

  /** @param back 0 is the newest; less than the reserved length. */
  at(back: number): number {
    return this.#values[(this.#next - 1 - back) & this.#mask] as number;
  }

  /** Of the `length` values that ended `skip` values ago, the oldest first. */
  sum(length: number, skip: number): number {
    const values = this.#values;
    const mask = this.#mask;
    const end = this.#next - skip;
    let sum = 0;
    for (let place = end - length; place < end; place += 1) sum += values[place & mask] as number;
    return sum;
  }

  /** Sum of the products of their distances from the means, with another series value by value. */
  products(other: Series, { length, skip, mean, otherMean }: { readonly length: number; readonly skip: number; readonly mean: number; readonly otherMean: number }): number {
    const values = this.#values;
    const mask = this.#mask;
    const end = this.#next - skip;
    const others = other.#values;
    const otherMask = other.#mask;
    const shift = other.#next - this.#next;
    let sum = 0;
    for (let place = end - length; place < end; place += 1) sum += ((values[place & mask] as number) - mean) * ((others[(place + shift) & otherMask] as number) - otherMean);
    return sum;
  }

  /** How many values were pushed: the place of the next one. */
  get end(): number {
    return this.#next;
  }

  /**
   * The place, from ≤ place < to, whose value is the highest (`sign` 1) or the lowest (-1), or `best` when none is beyond it.
   * Missing values do not count.
   */
  extreme(sign: 1 | -1, { from, to, best }: { readonly from: number; readonly to: number; readonly best: number }): number {
    const values = this.#values;
    const mask = this.#mask;
    let found = best;
    let value = best < 0 ? -Infinity : sign * (values[best & mask] as number);
    for (let place = from; place < to; place += 1) {
      const other = sign * (values[place & mask] as number);
      if (other >= value) { value = other; found = place; }
    }
    return found;
  }

  /** How many of the `length` newest values, `skip` values ago, were at most so much. */
  countAtMost(limit: number, length: number, skip: number): number {
    const values = this.#values;
    const mask = this.#mask;
    const end = this.#next - skip;
    let count = 0;
    for (let place = end - length; place < end; place += 1) if ((values[place & mask] as number) <= limit) count += 1;
    return count;
  }

  /** The value at a place that still lies in the ring; NaN for -1. */
  atPlace(place: number): number {
    return place < 0 ? NaN : this.#values[place & this.#mask] as number;
  }
}

/** The place of a window's extreme: looked for anew only when it has left. */
class Extreme {
  readonly #sign: 1 | -1;
  #place = -1;
  #seen = 0;

  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }

  of(series: Series, from: number, to: number): number {
    const isThere = this.#place >= from;
    this.#place = series.extreme(this.#sign, isThere ? { from: this.#seen, to, best: this.#place } : { from: Math.max(0, from), to, best: -1 });
    this.#seen = to;
    return series.atPlace(this.#place);
  }
}

/** The newest `length` values of a series, this candle's included; or, `skip` candles ago, those that were the newest then. */
export class Window {
  readonly length: number;
  readonly #series: Series;
  readonly #skip: number;
  readonly #highest = new Extreme(1);
  readonly #lowest = new Extreme(-1);

  /** @param length ≥ 1, whole. @throws {RangeError} not retried: anything else. */
  constructor(series: Series, length: number, skip = 0) {
    this.length = assertPeriod(length);
    this.#series = series;
    this.#skip = skip;
    series.reserve(length + skip);
  }

  /** @param index 0 is the oldest, `length - 1` the newest. */
  at(index: number): number {
    return this.#series.at(this.#skip + this.length - 1 - index);
  }

  sum(): number {
    return this.#series.sum(this.length, this.#skip);
  }

  mean(): number {
    return this.sum() / this.length;
  }

  /** Population variance. */
  variance(): number {
    return this.deviation() ** 2;
  }

  /** Population standard deviation; 0 of values that are all the same. */
  deviation(): number {
    const mean = this.mean();
    return unlessRounding(Math.sqrt(this.#products(this, mean, mean)), mean);
  }

  /** Population covariance with a window of the same length and skip. */
  covariance(other: Window): number {
    return this.#products(other, this.mean(), other.mean());
  }

  #products(other: Window, mean: number, otherMean: number): number {
    return this.#series.products(other.#series, { length: this.length, skip: this.#skip, mean, otherMean }) / this.length;
  }

  /** Of the values that are known. */
  highest(): number {
    const end = this.#series.end - this.#skip;
    return this.#highest.of(this.#series, end - this.length, end);
  }

  lowest(): number {
    const end = this.#series.end - this.#skip;
    return this.#lowest.of(this.#series, end - this.length, end);
  }

  /** 0..1: share of the window's values that are at most the newest. */
  rankOfNewest(): number {
    const newest = this.#series.at(this.#skip);
    return Number.isNaN(newest) ? NaN : this.#series.countAtMost(newest, this.length, this.#skip) / this.length;
  }
}
