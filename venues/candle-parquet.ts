import { KeelError, messageOf } from '../domain/errors.ts';
import { CANDLE_FIELDS } from './candle-columns.ts';
import type { CandleColumns } from './candle-columns.ts';
import { decimalsOf } from './candle-csv.ts';

/**
 * Reads a Parquet file with the columns of a candle; `timestamp` is epoch milliseconds or a timestamp. DuckDB is loaded only here.
 * @throws {KeelError} CANDLES_INVALID, not retried: names file, row and field.
 */
export async function readParquetCandles(path: string, columns: CandleColumns): Promise<void> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const source = `read_parquet('${path.replaceAll("'", "''")}')`;
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`);
    const types = new Map(described.getRows().map((row) => [String(row[0]), String(row[1])]));
    for (const field of CANDLE_FIELDS) {
      if (!types.has(field)) throw columns.error(1, field, `is no column (allowed: ${CANDLE_FIELDS.join(',')}; there is: ${[...types.keys()].join(',')})`);
    }
    const time = types.get('timestamp')?.startsWith('TIMESTAMP') === true ? 'epoch_ms("timestamp")' : '"timestamp"';
    const result = await connection.stream(
      `SELECT CAST(${time} AS DOUBLE), CAST("open" AS DOUBLE), CAST("high" AS DOUBLE), CAST("low" AS DOUBLE), CAST("close" AS DOUBLE), CAST("volume" AS DOUBLE) FROM ${source}`,
    );
    let line = 0;
    for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      const values = CANDLE_FIELDS.map((_field, i) => chunk.getColumnValues(i));
      for (let row = 0; row < chunk.rowCount; row += 1) {
        line += 1;
        appendRow(columns, values.map((column) => column[row]), line);
      }
    }
  } catch (cause) {
    if (cause instanceof KeelError) throw cause;
    throw new KeelError('CANDLES_INVALID', `${columns.file}: cannot be read as Parquet: ${messageOf(cause)}`, { cause });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function appendRow(columns: CandleColumns, cells: readonly unknown[], line: number): void {
  const numbers = cells.map((cell) => (typeof cell === 'number' ? cell : Number.NaN));
  const [timestamp = Number.NaN, open = Number.NaN, high = Number.NaN, low = Number.NaN, close = Number.NaN, volume = Number.NaN] = numbers;
  for (const price of [open, high, low, close]) columns.noteDecimals(decimalsOf(String(price)));
  columns.append({ timestamp, open, high, low, close, volume }, line);
}
