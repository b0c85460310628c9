export interface LabelSpans {
  /** Whose label it is. */
  readonly instrument: ArrayLike<number>;
  /** Where it begins, market clock; it is `horizonCandles` long. */
  readonly decidedAt: ArrayLike<number>;
  readonly candleMs: number;
  readonly horizonCandles: number;
}

/**
 * How much of each label is its own: the mean over its candles of one over the number of its symbol's labels that cover them.
 * @returns per row, 0 < share ≤ 1; summed, how many labels the rows are worth.
 * @source López de Prado, Advances in Financial Machine Learning, 2018, chapter 4.
 */
export function uniquenessOf({ instrument, decidedAt, candleMs, horizonCandles }: LabelSpans): Float64Array {
  const covering = new Map<number, Map<number, number>>();
  const eachCandle = (row: number, visit: (counts: Map<number, number>, candle: number) => void): void => {
    const owner = instrument[row] as number;
    const counts = covering.get(owner) ?? new Map<number, number>();
    covering.set(owner, counts);
    const first = Math.round((decidedAt[row] as number) / candleMs);
    for (let candle = first; candle < first + horizonCandles; candle += 1) visit(counts, candle);
  };
  for (let row = 0; row < decidedAt.length; row += 1) eachCandle(row, (counts, candle) => counts.set(candle, (counts.get(candle) ?? 0) + 1));
  return Float64Array.from({ length: decidedAt.length }, (_, row) => {
    let sum = 0;
    eachCandle(row, (counts, candle) => { sum += 1 / (counts.get(candle) ?? 1); });
    return sum / horizonCandles;
  });
}

/** What is so old weighs so much, 0..1. @param halfLifeMs > 0 */
export function recencyOf(ageMs: number, halfLifeMs: number): number {
  return 0.5 ** (Math.max(0, ageMs) / halfLifeMs);
}
