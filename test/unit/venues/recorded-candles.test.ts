import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordedCandles } from '../../../venues/recorded-candles.ts';

const HOUR = 3_600_000;
const T0 = 1_577_836_800_000;
const HEADER = 'timestamp,open,high,low,close,volume';
const row = (i: number, rest = '7189.43,7190.52,7170.1,7171.55,2449.049'): string => `${T0 + i * HOUR},${rest}`;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'candles-'));
});
afterEach(() => rm(folder, { recursive: true }));
const write = (name: string, lines: readonly string[]): Promise<void> => writeFile(join(folder, name), `${lines.join('\n')}\n`);

describe('recorded candles', () => {
  it('are read as they stand, plain or gzipped, columns in any order', async () => {
    await write('BTC-USDT-PERP.1h.csv', [HEADER, row(0), row(1, '7171.55,7225.0,7171.1,7210.24,3865')]);
    const shuffled = ['volume,timestamp,close,open,high,low', `10,${T0 + HOUR},0.0041,0.004,0.0042,0.003989`].join('\r\n');
    await writeFile(join(folder, 'DOGE-USDT-PERP.1h.csv.gz'), gzipSync(shuffled));
    const source = await recordedCandles({ folder });
    expect([source.timeframe, source.startTime, source.length]).toEqual(['1h', T0, 2]);
    expect(source.candleAt('BTC-USDT-PERP', 0)).toEqual({ openTime: T0, open: 7189.43, high: 7190.52, low: 7170.1, close: 7171.55, volume: 2449.049, markBasis: 0 });
    expect(source.candleAt('DOGE-USDT-PERP', 0)).toBeUndefined();
    expect(source.candleAt('DOGE-USDT-PERP', 1)?.close).toBe(0.0041);
    expect(source.candleAt('BTC-USDT-PERP', 2)).toBeUndefined();
    expect(source.history('BTC-USDT-PERP', 2, 5).map((candle) => candle.close)).toEqual([7171.55, 7210.24]);
  });

  it('take the finest decimal as tick, and a thousandth of a unit of at least 5 USDT as step', async () => {
    await write('BTC-USDT-PERP.1h.csv', [HEADER, row(0)]);
    await write('SOL-USDT-PERP.1h.csv', [HEADER, row(0, '3.2002,4.91,3.20,3.3666,426044.0')]);
    await write('DOGE-USDT-PERP.1h.csv', [HEADER, row(0, '0.003989,0.003989,0.00334,0.003735,600365408.0')]);
    const source = await recordedCandles({ folder, symbols: ['BTC', 'SOL-USDT-PERP', 'doge'] });
    expect(source.instruments.map((one) => [one.venueSymbol, one.tickSize, one.stepSize, one.minQuantity, one.maxQuantity, one.minNotional])).toEqual([
      ['BTCUSDT', '0.01', '0.001', '0.001', '1000', '5'],
      ['SOLUSDT', '0.0001', '0.01', '0.01', '10000', '5'],
      ['DOGEUSDT', '0.000001', '10', '10', '10000000', '5'],
    ]);
  });

  it.each([
    ['not a number', row(1, '1,2,x,1,1'), 'line 3, field low'],
    ['an empty field', row(1, '1,2,1,,1'), 'line 3, field close'],
    ['a missing field', `${T0 + HOUR},1,2,1,1`, 'line 3, field volume'],
    ['a field too many', row(1, '1,3,1,3,1,7'), 'line 3, field 7: there are 7 fields; allowed: 6'],
    ['a decimal comma', row(1, '1,5,2,1,1,1'), 'line 3, field 7'],
    ['a price of 16 digits', row(1, '1,2,1,1.234567890123456,1'), 'line 3, field close: 1.234567890123456 has 16 significant digits; allowed: at most 15'],
    ['a volume of 17 digits', row(1, '1,2,1,1,0.30000000000000004'), 'line 3, field volume: 0.30000000000000004 has 17 significant digits'],
    ['a price of zero', row(1, '0,2,1,1,1'), 'line 3, field open'],
    ['a high below the close', row(1, '1,2,1,3,1'), 'line 3, field high'],
    ['a low above the open', row(1, '1,3,2,3,1'), 'line 3, field low'],
    ['a negative volume', row(1, '1,3,1,3,-1'), 'line 3, field volume'],
    ['a duplicate', row(0), 'line 3, field timestamp: 1577836800000 is a duplicate'],
    ['disorder', row(-1), 'line 3, field timestamp: 1577833200000 is out of order'],
    ['a gap', row(4), 'line 3, field timestamp: 3 candles are missing'],
    ['a time between two candles', `${T0 + 5},1,2,1,1,1`, 'line 3, field timestamp'],
    ['seconds instead of milliseconds', `1577840400.5,1,2,1,1,1`, 'line 3, field timestamp'],
  ])('name file, line and field of %s', async (_name, bad, where) => {
    await write('BTC-USDT-PERP.1h.csv', [HEADER, row(0), bad]);
    await expect(recordedCandles({ folder })).rejects.toMatchObject({ code: 'CANDLES_INVALID', message: expect.stringContaining(`BTC-USDT-PERP.1h.csv, ${where}`) as string });
  });

  it('may have 15 digits, and any zeros around them', async () => {
    await write('BTC-USDT-PERP.1h.csv', [HEADER, row(0, '1.23456789012345,2,1,1.50000000000000000000,0.000000000123456789012345')]);
    const source = await recordedCandles({ folder });
    expect(source.candleAt('BTC-USDT-PERP', 0)).toMatchObject({ open: 1.23456789012345, close: 1.5, volume: 1.23456789012345e-10 });
  });

  it('name a header that names a field twice', async () => {
    await write('BTC-USDT-PERP.1h.csv', ['timestamp,open,high,low,close,volume,close', row(0, '1,3,1,3,1,2')]);
    await expect(recordedCandles({ folder })).rejects.toMatchObject({ code: 'CANDLES_INVALID', message: expect.stringContaining('line 1, field close: stands twice') as string });
  });

  it('name what a folder lacks', async () => {
    await expect(recordedCandles({ folder })).rejects.toMatchObject({ code: 'CANDLES_INVALID' });
    await expect(recordedCandles({ folder: join(folder, 'absent') })).rejects.toMatchObject({ code: 'CANDLES_INVALID' });
    await write('BTC-USDT-PERP.1h.csv', ['time,open', '1,2']);
    await expect(recordedCandles({ folder, symbols: ['ETH'] })).rejects.toThrow(/no candle file of ETH-USDT-PERP/);
    await expect(recordedCandles({ folder })).rejects.toThrow(/line 1, field timestamp/);
    await writeFile(join(folder, 'BTC-USDT-PERP.1h.csv'), '');
    await expect(recordedCandles({ folder })).rejects.toThrow(/no candles/);
    await writeFile(join(folder, 'ETH-USDT-PERP.1h.csv.gz'), 'not gzip');
    await expect(recordedCandles({ folder, symbols: ['ETH'] })).rejects.toMatchObject({ code: 'CANDLES_INVALID', message: expect.stringContaining('ETH-USDT-PERP.1h.csv.gz') as string });
    await write('BTC-USDT-PERP.4h.csv', [HEADER]);
    await expect(recordedCandles({ folder, symbols: ['BTC'] })).rejects.toThrow(/two candle files/);
  });

  it('are cut to a span, and shocked from an index on', async () => {
    await write('BTC-USDT-PERP.1h.csv', [HEADER, ...Array.from({ length: 10 }, (_one, i) => row(i, '100,101.5,99,100,5'))]);
    const source = await recordedCandles({ folder, from: T0 + 2 * HOUR, to: T0 + 8 * HOUR });
    expect([source.startTime, source.length]).toEqual([T0 + 2 * HOUR, 6]);
    source.shock('BTC-USDT-PERP', 3, 0.8);
    expect([2, 3].map((i) => source.candleAt('BTC-USDT-PERP', i)?.high)).toEqual([101.5, 81.2]);
    expect(source.candleAt('BTC-USDT-PERP', 3)?.openTime).toBe(T0 + 5 * HOUR);
    await expect(recordedCandles({ folder, from: T0 + 50 * HOUR })).rejects.toThrow(/no candle of/);
  });
});
