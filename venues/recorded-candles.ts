import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CandleSource, MarketCandle } from '../domain/market/candle-source.ts';
import { drawnFundingRate, isFundingTime, nextFundingTime } from '../domain/market/funding.ts';
import { instrumentIdOf, venueSymbolOf } from '../domain/market/instrument.ts';
import type { Instrument, InstrumentId } from '../domain/market/instrument.ts';
import { ShockLog } from '../domain/market/shocks.ts';
import { TIMEFRAMES, timeframeMs } from '../domain/market/timeframe.ts';
import type { Timeframe } from '../domain/market/timeframe.ts';
import { KeelError } from '../domain/errors.ts';
import { CandleColumns } from './candle-columns.ts';
import { readCsvCandles } from './candle-csv.ts';
import { readParquetCandles } from './candle-parquet.ts';

const FILE_PATTERN = /^([A-Z0-9]+-[A-Z0-9]+-PERP)\.(\w+)\.(csv|csv\.gz|parquet)$/;
/** A unit is worth at least so much, USDT; the step is a thousandth of it. */
const UNIT_WORTH = 5;
const MAX_STEPS = 1_000_000;
const MAX_MARKET_STEPS = 200_000;

export interface RecordedCandlesOptions {
  /** Holds files named `BTC-USDT-PERP.1h.csv`, `.csv.gz` or `.parquet`. */
  readonly folder: string;
  /** By base (`BTC`) or full name; default: all files. */
  readonly symbols?: readonly string[];
  /** Default: the one that the files have. */
  readonly timeframe?: Timeframe;
  /** Market time bounds of what is kept: from ≤ open time < to. */
  readonly from?: number;
  readonly to?: number;
  /** Draws the funding rates. Default "recorded". */
  readonly seed?: string;
  readonly makerFeeRate?: string;
  readonly takerFeeRate?: string;
}

/**
 * Recorded candles as a market. A symbol's tick is the finest decimal in its file; its step is 0.001 of a unit, the
 * smallest power of ten (from 1 up) of base currency that is worth at least 5 USDT at the file's first close (BTC: 0.001, DOGE at 0.004:
 * 10); least notional 5 USDT.
 * @throws {KeelError} CANDLES_INVALID, not retried: names file, line and field, or what the folder lacks.
 */
export async function recordedCandles(options: RecordedCandlesOptions): Promise<CandleSource> {
  const files = await chooseFiles(options);
  const timeframe = files[0]?.timeframe;
  if (timeframe === undefined) throw new KeelError('CANDLES_INVALID', `no candle files in ${options.folder} (wanted: BTC-USDT-PERP.1h.csv, .csv.gz or .parquet)`);
  const loaded = await Promise.all(files.map(async (file) => ({ ...file, columns: await readColumns(file) })));
  const series = new Map(loaded.map(({ id, columns }) => [id, { all: columns, kept: columns.between(options.from ?? 0, options.to ?? Number.MAX_SAFE_INTEGER) }]));
  const kept = [...series.values()].map((one) => one.kept).filter((columns) => columns.length > 0);
  if (kept.length === 0) throw new KeelError('CANDLES_INVALID', `no candle of ${files.map((file) => file.id).join(', ')} lies between ${options.from ?? 'the beginning'} and ${options.to ?? 'the end'}`);
  const lengthMs = timeframeMs(timeframe);
  const startTime = Math.min(...kept.map((columns) => columns.firstTime));
  const endTime = Math.max(...kept.map((columns) => columns.firstTime + columns.length * lengthMs));
  return sourceOf({
    timeframe, startTime, length: (endTime - startTime) / lengthMs, seed: options.seed ?? 'recorded',
    series: new Map([...series].map(([id, one]) => [id, one.kept])),
    instruments: loaded.map(({ id, columns }) => recordedInstrument(id, columns, options)),
  });
}

interface RecordedMarket {
  readonly timeframe: Timeframe;
  readonly startTime: number;
  readonly length: number;
  readonly seed: string;
  readonly series: ReadonlyMap<InstrumentId, CandleColumns>;
  readonly instruments: readonly Instrument[];
}

function sourceOf(market: RecordedMarket): CandleSource {
  const lengthMs = timeframeMs(market.timeframe);
  const shocks = new ShockLog();
  const digits = new Map(market.instruments.map((instrument) => [instrument.id, instrument.tickSize.split('.')[1]?.length ?? 0]));
  const candleAt = (id: InstrumentId, index: number): MarketCandle | undefined => {
    const columns = market.series.get(id);
    if (columns === undefined || columns.length === 0) return undefined;
    const candle = columns.at(index - (columns.firstTime - market.startTime) / lengthMs);
    const factor = shocks.factorAt(id, index);
    if (candle === undefined || factor === 1) return candle;
    const scaled = (price: number): number => Number(Math.max(price * factor, 10 ** -(digits.get(id) ?? 0)).toFixed(digits.get(id) ?? 0));
    return { ...candle, open: scaled(candle.open), high: scaled(candle.high), low: scaled(candle.low), close: scaled(candle.close) };
  };
  return {
    timeframe: market.timeframe,
    instruments: market.instruments,
    startTime: market.startTime,
    length: market.length,
    candleAt,
    history: (id, beforeIndex, count) => {
      const candles: MarketCandle[] = [];
      for (let index = Math.max(0, beforeIndex - count); index < beforeIndex; index += 1) {
        const candle = candleAt(id, index);
        if (candle !== undefined) candles.push(candle);
      }
      return candles;
    },
    fundingRateAt: (id, timeMs) => (isFundingTime(timeMs) ? drawnFundingRate(market.seed, id, timeMs) : null),
    nextFunding: (id, timeMs) => ({ rate: drawnFundingRate(market.seed, id, nextFundingTime(timeMs)), timeMs: nextFundingTime(timeMs) }),
    shock: (instrumentId, index, factor) => shocks.add({ instrumentId, index, factor }),
    shocks: () => shocks.all(),
  };
}

interface CandleFile {
  readonly path: string;
  readonly id: InstrumentId;
  readonly timeframe: Timeframe;
  readonly parquet: boolean;
}

async function chooseFiles(options: RecordedCandlesOptions): Promise<readonly CandleFile[]> {
  const names = await readdir(options.folder).catch((cause: unknown) => {
    throw new KeelError('CANDLES_INVALID', `cannot read the candle folder ${options.folder} (give a folder of candle files)`, { cause });
  });
  const wanted = options.symbols?.map(instrumentIdOf);
  const files = names.sort().map((name) => fileOf(options.folder, name)).filter((file) => file !== undefined)
    .filter((file) => (wanted === undefined || wanted.includes(file.id)) && (options.timeframe === undefined || file.timeframe === options.timeframe));
  const missing = wanted?.filter((id) => !files.some((file) => file.id === id)) ?? [];
  if (missing.length > 0) {
    throw new KeelError('CANDLES_INVALID', `no candle file of ${missing.join(', ')} in ${options.folder} (there are: ${names.join(', ')})`);
  }
  const twice = files.find((file, i) => files.findIndex((other) => other.id === file.id) !== i);
  if (twice !== undefined) throw new KeelError('CANDLES_INVALID', `two candle files of ${twice.id} in ${options.folder} (keep one, or name the timeframe)`);
  const other = files.find((file) => file.timeframe !== files[0]?.timeframe);
  if (other !== undefined) throw new KeelError('CANDLES_INVALID', `candle files of different timeframes: ${basename(files[0]?.path ?? '')} and ${basename(other.path)} (name one)`);
  return wanted === undefined ? files : wanted.flatMap((id) => files.filter((file) => file.id === id));
}

function fileOf(folder: string, name: string): CandleFile | undefined {
  const match = FILE_PATTERN.exec(name);
  const timeframe = TIMEFRAMES.find((one) => one === match?.[2]);
  const id = match?.[1];
  if (match === null || timeframe === undefined || id === undefined) return undefined;
  return { path: join(folder, name), id, timeframe, parquet: match[3] === 'parquet' };
}

async function readColumns(file: CandleFile): Promise<CandleColumns> {
  const columns = new CandleColumns(basename(file.path), timeframeMs(file.timeframe));
  await (file.parquet ? readParquetCandles(file.path, columns) : readCsvCandles(file.path, columns));
  if (columns.length === 0) throw new KeelError('CANDLES_INVALID', `${basename(file.path)}: no candles`);
  return columns;
}

function recordedInstrument(id: InstrumentId, columns: CandleColumns, options: RecordedCandlesOptions): Instrument {
  const [base = '', quote = ''] = id.split('-');
  const firstClose = columns.at(0)?.close ?? 1;
  let unitPower = 0;
  while (firstClose * 10 ** unitPower < UNIT_WORTH) unitPower += 1;
  const steps = (count: number): string => decimalOf(count, unitPower - 3);
  return {
    id, venueSymbol: venueSymbolOf(id), base, quote, kind: 'perpetual',
    tickSize: decimalOf(1, -columns.priceDecimals), stepSize: steps(1), minQuantity: steps(1),
    maxQuantity: steps(MAX_STEPS), maxMarketQuantity: steps(MAX_MARKET_STEPS), minNotional: '5', maxNotional: null,
    makerFeeRate: options.makerFeeRate ?? '0.0002', takerFeeRate: options.takerFeeRate ?? '0.0005',
  };
}

/** count × 10^power as decimal text. */
function decimalOf(count: number, power: number): string {
  return power >= 0 ? String(count * 10 ** power) : (count / 10 ** -power).toFixed(-power).replace(/\.?0+$/, '');
}
