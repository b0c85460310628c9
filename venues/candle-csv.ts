import { createReadStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { CsvError, parse } from 'csv-parse';
import { KeelError, messageOf } from '../domain/errors.ts';
import { CANDLE_FIELDS } from './candle-columns.ts';
import type { CandleColumns, CandleField } from './candle-columns.ts';

const NUMBER_PATTERN = /^\d+(\.\d+)?(e[+-]?\d+)?$/i;

/**
 * Reads a CSV file, gzipped or not, with the header `timestamp,open,high,low,close,volume` (in any order), as a stream.
 * @throws {KeelError} CANDLES_INVALID, not retried: names file, line and field.
 */
export async function readCsvCandles(path: string, columns: CandleColumns): Promise<void> {
  let order: readonly number[] | undefined;
  const parser = parse({
    bom: true,
    relax_column_count: true,
    trim: true,
    on_record: (record: readonly string[], context) => {
      if (order === undefined) order = headerOrder(record, columns);
      else appendRecord(record, order, columns, context.lines);
      return null;
    },
  });
  const sink = new Writable({ objectMode: true, write: (_chunk, _encoding, done) => done() });
  const file = createReadStream(path);
  try {
    await (path.endsWith('.gz') ? pipeline(file, createGunzip(), parser, sink) : pipeline(file, parser, sink));
  } catch (cause) {
    if (cause instanceof KeelError) throw cause;
    const where = cause instanceof CsvError && typeof cause['lines'] === 'number' ? `, line ${cause['lines']}` : '';
    throw new KeelError('CANDLES_INVALID', `${columns.file}${where}: cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** Where each candle field stands in a record. */
function headerOrder(header: readonly string[], columns: CandleColumns): readonly number[] {
  return CANDLE_FIELDS.map((field) => {
    const at = header.indexOf(field);
    if (at < 0) throw columns.error(1, field, `is missing in the header (allowed: ${CANDLE_FIELDS.join(',')}; there is: ${header.join(',')})`);
    return at;
  });
}

function appendRecord(record: readonly string[], order: readonly number[], columns: CandleColumns, line: number): void {
  const numbers = CANDLE_FIELDS.map((field, i) => {
    const text = record[order[i] ?? -1];
    if (text === undefined || !NUMBER_PATTERN.test(text)) throw columns.error(line, field, `not a number: ${JSON.stringify(text ?? '')}`);
    if (isPrice(field)) columns.noteDecimals(decimalsOf(text));
    return Number(text);
  });
  const [timestamp = Number.NaN, open = Number.NaN, high = Number.NaN, low = Number.NaN, close = Number.NaN, volume = Number.NaN] = numbers;
  columns.append({ timestamp, open, high, low, close, volume }, line);
}

function isPrice(field: CandleField): boolean {
  return field !== 'timestamp' && field !== 'volume';
}

/** Decimals that count: trailing zeros do not. */
export function decimalsOf(text: string): number {
  const point = text.indexOf('.');
  const exponent = /e([+-]?\d+)$/i.exec(text);
  if (exponent !== null) {
    const digits = point < 0 ? 0 : exponent.index - point - 1;
    return Math.max(0, digits - Number(exponent[1]));
  }
  if (point < 0) return 0;
  let end = text.length;
  while (text.charCodeAt(end - 1) === 48) end -= 1;
  return Math.max(0, end - point - 1);
}
