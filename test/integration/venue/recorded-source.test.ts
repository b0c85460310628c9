import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempFolder, testVenue } from './support.ts';

const START = Date.UTC(2023, 0, 1);
const HOUR = 3_600_000;

/** 60 candles that rise by one a candle; ETH is listed ten candles later. */
function recording(): string {
  const folder = tempFolder();
  const write = (name: string, first: number, price: number): void => {
    const rows = Array.from({ length: 60 - first }, (_unused, i) => {
      const open = price + first + i;
      return `${START + (first + i) * HOUR},${open}.00,${open + 3}.00,${open - 2}.25,${open + 1}.00,1000`;
    });
    writeFileSync(join(folder, `${name}-USDT-PERP.1h.csv`), `timestamp,open,high,low,close,volume\n${rows.join('\n')}\n`);
  };
  write('BTC', 0, 20_000);
  write('ETH', 10, 1_000);
  return folder;
}

it('replays candles from a date, with those before it as history', async () => {
  const venue = await testVenue({ source: { kind: 'recorded', folder: recording(), from: START + 40 * HOUR, to: START + 50 * HOUR } });
  expect(await venue.state()).toMatchObject({ marketTime: START + 40 * HOUR, candleIndex: 39, length: 50 });
  const before = (await venue.open('/fapi/v1/klines?symbol=BTCUSDT&interval=1h&limit=2')).body as unknown as unknown[][];
  expect(before[0]?.slice(0, 6)).toEqual([START + 39 * HOUR, '20039.00', '20042.00', '20037.25', '20040.00', '1000.000']);
  expect((await venue.control('POST', '/advance', { requestId: 'all', candles: 100 })).body).toMatchObject({ stoppedAt: 'end', closedCandles: 10 });
  const after = (await venue.open('/fapi/v1/klines?symbol=BTCUSDT&interval=1h&limit=1')).body as unknown as unknown[][];
  expect(after[0]?.slice(0, 5)).toEqual([START + 49 * HOUR, '20049.00', '20052.00', '20047.25', '20050.00']);
});

it('takes its tick from the finest decimal, and fills within the candle', async () => {
  const venue = await testVenue({ source: { kind: 'recorded', folder: recording(), symbols: ['BTC'], from: START + 40 * HOUR } });
  const { symbols } = (await venue.open('/fapi/v1/exchangeInfo')).body as { symbols: { filters: Record<string, unknown>[] }[] };
  expect(symbols[0]?.filters[0]).toMatchObject({ tickSize: '0.01' });
  await venue.market();
  await venue.stop('20039.00', { clientAlgoId: 'stop' });
  await venue.acknowledgeAll();
  expect((await venue.control('POST', '/advance', { requestId: 'a' })).body).toMatchObject({ stoppedAt: 'accountEvent' });
  for (let i = 0; i < 3; i += 1) {
    await venue.acknowledgeAll();
    await venue.control('POST', '/advance', { requestId: `b${i}` });
  }
  const { fills } = (await venue.control('GET', '/book')).body as { fills: { side: string; price: string; time: number }[] };
  const exit = fills.find((fill) => fill.side === 'SELL');
  expect(Number(exit?.price)).toBeLessThanOrEqual(20_039);
  expect(exit?.time).toBeGreaterThan(START + 40 * HOUR);
  expect(exit?.time).toBeLessThan(START + 41 * HOUR);
});

it('names what a recording lacks', async () => {
  const folder = recording();
  await expect(testVenue({ source: { kind: 'recorded', folder, symbols: ['SOL'] } })).rejects.toMatchObject({ code: 'CANDLES_INVALID' });
  await expect(testVenue({ source: { kind: 'recorded', folder, from: START + 100 * HOUR } })).rejects.toMatchObject({ code: 'CANDLES_INVALID' });
});

it.each([
  ['as many candles as history', { history: 60 }, 'KEEL_HISTORY_CANDLES takes the first 60'],
  ['fewer', { history: 500 }, 'KEEL_HISTORY_CANDLES takes the first 500'],
  ['one more', { history: 59 }, '--from'],
  ['a beginning at the last candle', { from: START + 59 * HOUR }, '--from 2023-01-03T11:00:00.000Z leaves 1'],
  ['a beginning after it', { from: START + 61 * HOUR }, '--from 2023-01-03T13:00:00.000Z leaves 0'],
])('refuses a recording with nothing to walk: %s', async (_name, { history = 50, from }: { history?: number; from?: number }, told) => {
  const source = { kind: 'recorded' as const, folder: recording(), ...(from === undefined ? {} : { from }) };
  await expect(testVenue({ history, source })).rejects.toMatchObject({ code: 'CANDLES_INVALID', message: expect.stringContaining(told) as string });
});

it('walks two candles, the least', async () => {
  const venue = await testVenue({ history: 58, source: { kind: 'recorded', folder: recording() } });
  expect((await venue.control('POST', '/advance', { requestId: 'all', candles: 100 })).body).toMatchObject({ stoppedAt: 'end', closedCandles: 2 });
});
