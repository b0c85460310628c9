import { createReadStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { CsvError, parse } from 'csv-parse';
import { KeelError, messageOf } from '../domain/errors.ts';
import { CANDLE_FIELDS } from './candle-columns.ts';
import type { CandleColumns, CandleField } from './candle-columns.ts';

const NUMBER_PATTERN = /^\d+(\.\d+)?(e[+-]?\d+)?$/i;
/** So many digits a double keeps, whichever they are. @source IEEE 754 binary64, DBL_DIG */
const DIGITS_MAX = 15;

/**
 * Reads a CSV file, gzipped or not, with the header `timestamp,open,high,low,close,volume` (in any order), as a stream.
 * @throws {KeelError} CANDLES_INVALID, not retried: names file, line and field.
 */
export async function readCsvCandles(path: string, columns: CandleColumns): Promise<void> {
  let header: Header | undefined;
  const parser = parse({
    bom: true,
    relax_column_count: true, // checked here, where the line's field can be named
    trim: true,
    on_record: (record: readonly string[], context) => {
      if (header === undefined) header = headerOf(record, columns);
      else appendRecord(record, header, columns, context.lines);
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

interface Header {
  readonly names: readonly string[];
  /** Where each candle field stands in a record. */
  readonly order: readonly number[];
}

function headerOf(names: readonly string[], columns: CandleColumns): Header {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw columns.error(1, twice, `stands twice in the header (${names.join(',')}); allowed: each name once`);
  const order = CANDLE_FIELDS.map((field) => {
    const at = names.indexOf(field);
    if (at < 0) throw columns.error(1, field, `is missing in the header (allowed: ${CANDLE_FIELDS.join(',')}; there is: ${names.join(',')})`);
    return at;
  });
  return { names, order };
}

function appendRecord(record: readonly string[], { names, order }: Header, columns: CandleColumns, line: number): void {
  if (record.length !== names.length) {
    const first = Math.min(record.length, names.length);
    throw columns.error(line, names[first] ?? String(first + 1), `there are ${record.length} fields; allowed: ${names.length}, as in the header (a decimal comma makes two of one)`);
  }
  const numbers = CANDLE_FIELDS.map((field, i) => {
    const text = record[order[i] ?? -1] ?? '';
    if (!NUMBER_PATTERN.test(text)) throw columns.error(line, field, `not a number: ${JSON.stringify(text)}`);
    if (text.length > DIGITS_MAX && significantDigitsOf(text) > DIGITS_MAX) {
      throw columns.error(line, field, `${text} has ${significantDigitsOf(text)} significant digits; allowed: at most ${DIGITS_MAX}, more would be cut silently (round it)`);
    }
    if (isPrice(field)) columns.noteDecimals(decimalsOf(text));
    return Number(text);
  });
  const [timestamp = Number.NaN, open = Number.NaN, high = Number.NaN, low = Number.NaN, close = Number.NaN, volume = Number.NaN] = numbers;
  columns.append({ timestamp, open, high, low, close, volume }, line);
}

function isPrice(field: CandleField): boolean {
  return field !== 'timestamp' && field !== 'volume';
}

/** Zeros before the first and after the last other digit do not count. */
function significantDigitsOf(text: string): number {
  return text.replace(/e.*$/i, '').replace('.', '').replace(/^0+/, '').replace(/0+$/, '').length;
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
