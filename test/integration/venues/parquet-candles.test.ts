import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordedCandles } from '../../../venues/recorded-candles.ts';

const T0 = 1_577_836_800_000;
let folder: string;

async function writeParquet(name: string, select: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${join(folder, name)}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}

const CANDLES = 'SELECT %TIME% AS "timestamp", 100.0 + i AS "open", 101.25 + i AS high, 99.5 + i AS low, 100.5 + i AS "close", 7.5 AS volume FROM range(5000) t(i)';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parquet-'));
  await writeParquet('BTC-USDT-PERP.1h.parquet', CANDLES.replace('%TIME%', `${T0} + i * 3600000`));
  await writeParquet('ETH-USDT-PERP.1h.parquet', CANDLES.replace('%TIME%', `make_timestamp((${T0} + i * 3600000) * 1000)`));
  await writeParquet('SOL-USDT-PERP.1h.parquet', CANDLES.replace('%TIME%', `${T0} + i * 7200000`));
  await writeParquet('XRP-USDT-PERP.1h.parquet', 'SELECT 1 AS "timestamp", 2 AS "open"');
});
afterAll(() => rm(folder, { recursive: true }));

describe('candles recorded as Parquet', () => {
  it('are read with epoch milliseconds or timestamps', async () => {
    const source = await recordedCandles({ folder, symbols: ['BTC', 'ETH'] });
    const candle = { openTime: T0 + 4_999 * 3_600_000, open: 5_099, high: 5_100.25, low: 5_098.5, close: 5_099.5, volume: 7.5, markBasis: 0 };
    expect(source.candleAt('BTC-USDT-PERP', 4_999)).toEqual(candle);
    expect(source.candleAt('ETH-USDT-PERP', 4_999)).toEqual(candle);
    expect(source.instruments[0]?.tickSize).toBe('0.01');
  });

  it.each([
    ['a gap', 'SOL', /SOL-USDT-PERP.1h.parquet, line 2, field timestamp: 1 candles are missing/],
    ['a missing column', 'XRP', /XRP-USDT-PERP.1h.parquet, line 1, field high: is no column/],
  ])('name file, row and field of %s', async (_name, symbol, message) => {
    await expect(recordedCandles({ folder, symbols: [symbol] })).rejects.toThrow(message);
  });
});
