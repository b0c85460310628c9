/**
 * Indicators over whole columns: one value per input, null during warm-up. Each is its streaming twin run over the
 * column, so that a backtest and a live cycle cannot disagree.
 */
import { createAdx, createAtr, createBollinger, createDonchian, createEma, createMacd, createRsi, createSma, createVolumeRatio } from './streaming.ts';
import type { Adx, Bands, Bar, Indicator, Macd } from './streaming.ts';

type Column<T> = (T | null)[];

function run<Input, Output>(indicator: Indicator<Input, Output>, inputs: readonly Input[]): Column<Output> {
  return inputs.map((input) => indicator.next(input));
}

export const sma = (values: readonly number[], period: number): Column<number> => run(createSma(period), values);
export const ema = (values: readonly number[], period: number): Column<number> => run(createEma(period), values);
export const rsi = (closes: readonly number[], period: number): Column<number> => run(createRsi(period), closes);
export const atr = (bars: readonly Bar[], period: number): Column<number> => run(createAtr(period), bars);
export const adx = (bars: readonly Bar[], period: number): Column<Adx> => run(createAdx(period), bars);
export const bollinger = (values: readonly number[], period: number, width?: number): Column<Bands> => run(createBollinger(period, width), values);
export const donchian = (bars: readonly Pick<Bar, 'high' | 'low'>[], period: number): Column<Bands> => run(createDonchian(period), bars);
export const macd = (values: readonly number[], fast?: number, slow?: number, signal?: number): Column<Macd> => run(createMacd(fast, slow, signal), values);
export const volumeRatio = (volumes: readonly number[], period: number): Column<number> => run(createVolumeRatio(period), volumes);
