import type { Candle } from './candle.ts';

/** Candles that follow each other: the open time of the first, and how many. */
export interface Span {
  readonly from: number;
  readonly count: number;
}

/** What is missing of from ≤ open time < to. @param candles oldest first, each time once. */
export function missingSpans(candles: readonly Pick<Candle, 'openTime'>[], { from, to, lengthMs }: { readonly from: number; readonly to: number; readonly lengthMs: number }): readonly Span[] {
  const spans: Span[] = [];
  let next = from;
  for (const { openTime } of [...candles, { openTime: to }]) {
    if (openTime < from || openTime > to) continue;
    const count = Math.round((openTime - next) / lengthMs);
    if (count > 0) spans.push({ from: next, count });
    next = openTime + lengthMs;
  }
  return spans;
}
