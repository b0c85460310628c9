/** Candles as text: a column each, bodies and wicks, prices at the right, volume below. */
import type { Candle } from '../domain/market/candle.ts';

const BARS = ' ▁▂▃▄▅▆▇█';
const [WICK, RISE, FALL] = ['│', '█', '░'];

/**
 * @param candles oldest first, at least one.
 * @param rows of the prices, ≥ 2.
 * @returns lines: a rise is full, a fall is hatched.
 */
export function candleChart(candles: readonly Candle[], rows: number): readonly string[] {
  const [lowest, highest] = [Math.min(...candles.map((it) => it.low)), Math.max(...candles.map((it) => it.high))];
  const step = (highest - lowest) / (rows - 1);
  const rowOf = (price: number): number => (step === 0 ? 0 : Math.round((highest - price) / step));
  const digits = digitsOf(step > 0 ? step : highest);
  const lines = Array.from({ length: rows }, (_, row) => `${candles.map((candle) => cellOf(candle, row, rowOf)).join('')} ${row % 4 === 0 || row === rows - 1 ? (highest - row * step).toFixed(digits) : ''}`.trimEnd());
  const most = Math.max(...candles.map((it) => it.volume));
  return [...lines, `${candles.map((it) => BARS[most > 0 ? Math.ceil((it.volume / most) * (BARS.length - 1)) : 0] ?? ' ').join('')} volume`];
}

function cellOf({ open, high, low, close }: Candle, row: number, rowOf: (price: number) => number): string {
  if (row >= rowOf(Math.max(open, close)) && row <= rowOf(Math.min(open, close))) return close >= open ? RISE : FALL;
  return row >= rowOf(high) && row <= rowOf(low) ? WICK : ' ';
}

/** Decimals that tell two neighbouring rows apart. */
function digitsOf(step: number): number {
  return Math.min(10, Math.max(0, 1 - Math.floor(Math.log10(step))));
}
