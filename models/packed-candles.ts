/** Candles on their way to a thread: one buffer a symbol, handed over. As objects they would be copied one by one, and whatever else the process does would wait for that. */
import type { Candle, CandleSeries } from '../domain/market/candle.ts';
import type { SnapshotRequest } from '../domain/ports/trainer.ts';

const FIELDS = ['openTime', 'open', 'high', 'low', 'close', 'volume'] as const satisfies readonly (keyof Candle)[];

/** Six numbers a candle, in the order of `FIELDS`. */
interface PackedSeries extends Omit<CandleSeries, 'candles'> {
  readonly numbers: Float64Array<ArrayBuffer>;
}

export interface PackedRequest extends Omit<SnapshotRequest, 'series'> {
  readonly series: readonly PackedSeries[];
}

export function packed(request: SnapshotRequest): PackedRequest {
  return { ...request, series: request.series.map(({ candles, ...series }) => ({ ...series, numbers: numbersOf(candles) })) };
}

/** To be handed over with it. */
export const buffersOf = ({ series }: PackedRequest): ArrayBuffer[] => series.map(({ numbers }) => numbers.buffer);

export function unpacked(request: PackedRequest): SnapshotRequest {
  return { ...request, series: request.series.map(({ numbers, ...series }) => ({ ...series, candles: Array.from({ length: numbers.length / FIELDS.length }, (_, place) => candleAt(numbers, place * FIELDS.length)) })) };
}

function numbersOf(candles: readonly Candle[]): Float64Array<ArrayBuffer> {
  const numbers = new Float64Array(candles.length * FIELDS.length);
  let next = 0;
  for (const candle of candles) for (const field of FIELDS) numbers[next++] = candle[field];
  return numbers;
}

function candleAt(numbers: Float64Array, from: number): Candle {
  const [openTime, open, high, low, close, volume] = numbers.subarray(from, from + FIELDS.length) as unknown as readonly [number, number, number, number, number, number];
  return { openTime, open, high, low, close, volume };
}
