import { expect, it } from 'vitest';
import { tempFolder, testVenue } from './support.ts';
import type { TestVenue } from './support.ts';

const HOUR = 3_600_000;

let sequence = 0;
async function advance(venue: TestVenue, more: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  sequence += 1;
  return (await venue.control('POST', '/advance', { requestId: `request-${sequence}`, ...more })).body;
}

it('stands still until it is asked to go on, one candle at a time', async () => {
  const venue = await testVenue();
  const before = await venue.state();
  const result = await advance(venue);
  expect(result).toMatchObject({ stoppedAt: 'candleClose', closedCandles: 1, candleIndex: 50, marketTime: Number(before['marketTime']) + HOUR });
  expect((await venue.state())['marketTime']).toBe(result['marketTime']);
});

it('closes as many candles as are asked for', async () => {
  const venue = await testVenue();
  expect(await advance(venue, { candles: 7 })).toMatchObject({ stoppedAt: 'candleClose', closedCandles: 7, candleIndex: 56 });
});

it('stops at a market time within a candle', async () => {
  const venue = await testVenue();
  const time = Number((await venue.state())['marketTime']) + 2.5 * HOUR;
  expect(await advance(venue, { untilMarketTime: time })).toMatchObject({ stoppedAt: 'until', closedCandles: 2, marketTime: time });
  expect(await advance(venue)).toMatchObject({ stoppedAt: 'candleClose', closedCandles: 1 });
});

it('refuses to go on while an event is not answered for', async () => {
  const venue = await testVenue();
  await venue.market();
  const refused = await venue.control('POST', '/advance', { requestId: 'x' });
  expect([refused.status, refused.body['code'], refused.body['lastEventId']]).toEqual([409, 'EVENTS_UNACKNOWLEDGED', 4]);
  await venue.control('POST', '/acknowledge', { eventId: 3 });
  expect((await venue.control('POST', '/advance', { requestId: 'x' })).status).toBe(409);
  await venue.control('POST', '/acknowledge', { eventId: 4 });
  expect((await venue.control('POST', '/advance', { requestId: 'x' })).status).toBe(200);
});

it('stops where a stop triggers, with the market at that moment', async () => {
  const venue = await testVenue();
  await venue.market();
  await venue.stop(((await venue.price()) * 0.999).toFixed(1), { clientAlgoId: 'stop' });
  let result: Record<string, unknown> = {};
  do {
    await venue.acknowledgeAll();
    result = await advance(venue);
  } while (result['stoppedAt'] === 'candleClose');
  expect(result['stoppedAt']).toBe('accountEvent');
  const states: unknown[] = [];
  while (result['stoppedAt'] === 'accountEvent') {
    states.push((await venue.signed('GET', '/fapi/v1/algoOrder', { clientAlgoId: 'stop' })).body['algoStatus']);
    await venue.acknowledgeAll();
    result = await advance(venue);
  }
  expect(states.at(-1)).toBe('FINISHED');
  expect((await venue.signed('GET', '/fapi/v3/positionRisk')).body).toEqual([]);
});

it('gives a repeated request the same answer, also after a restart', async () => {
  const state = tempFolder();
  const venue = await testVenue({ state });
  const first = await venue.control('POST', '/advance', { requestId: 'same' });
  expect((await venue.control('POST', '/advance', { requestId: 'same' })).body).toEqual(first.body);
  await venue.close();
  const again = await testVenue({ state });
  expect((await again.control('POST', '/advance', { requestId: 'same' })).body).toEqual(first.body);
  expect((await again.state())['candleIndex']).toBe(50);
});

it('ends with its source', async () => {
  const venue = await testVenue({ source: { kind: 'seeded', seed: '7', symbols: 1, length: 52 }, history: 50 });
  expect(await advance(venue, { candles: 5 })).toMatchObject({ stoppedAt: 'end', closedCandles: 2 });
  expect(await advance(venue)).toMatchObject({ stoppedAt: 'end', closedCandles: 0 });
  expect((await venue.state())['ended']).toBe(true);
});

it('only advances in lockstep', async () => {
  const venue = await testVenue({ mode: 'paused' });
  expect((await venue.control('POST', '/advance', { requestId: 'x' })).body['code']).toBe('USAGE');
});

it('draws the same market from the same seed', async () => {
  const [one, two] = await Promise.all([testVenue(), testVenue()]);
  await advance(one, { candles: 20 });
  for (let i = 0; i < 20; i += 1) await advance(two);
  const path = '/fapi/v1/klines?symbol=ETHUSDT&interval=1h&limit=60';
  expect((await one.open(path)).body).toEqual((await two.open(path)).body);
});

it('shows candles as closed as soon as they are, and adds them up to longer ones', async () => {
  const venue = await testVenue();
  await advance(venue, { candles: 9 });
  const { marketTime } = await venue.state();
  const hours = (await venue.open('/fapi/v1/klines?symbol=BTCUSDT&interval=1h&limit=8')).body as unknown as (readonly [number, string, string, string, string, string, number])[];
  expect(hours.at(-1)?.[6]).toBe(Number(marketTime) - 1);
  const four = (await venue.open('/fapi/v1/klines?symbol=BTCUSDT&interval=4h&limit=2')).body as unknown as (readonly [number, string, string, string, string])[];
  const newest = four.at(-1);
  const inside = hours.filter((row) => newest !== undefined && row[0] >= newest[0]);
  expect(newest?.[1]).toBe(inside[0]?.[1]);
  expect(Number(newest?.[2])).toBe(Math.max(...inside.map((row) => Number(row[2]))));
  expect(newest?.[4]).toBe(inside.at(-1)?.[4]);
});

it('paces the market by wall time, and can be paused', async () => {
  const venue = await testVenue({ mode: 'paused' });
  const before = Number((await venue.state())['marketTime']);
  await venue.control('POST', '/clock', { mode: 'paced', paceMs: 20 });
  while (Number((await venue.state())['candleIndex']) < 60) await new Promise((resolve) => { setTimeout(resolve, 5); });
  await venue.control('POST', '/clock', { mode: 'paused' });
  const paused = Number((await venue.state())['marketTime']);
  expect(paused).toBeGreaterThan(before + 10 * HOUR);
  await new Promise((resolve) => { setTimeout(resolve, 60); });
  expect((await venue.state())['marketTime']).toBe(paused);
});

it('a shock moves one symbol at once, and its later candles with it', async () => {
  const [venue, calm] = await Promise.all([testVenue(), testVenue()]);
  const before = await venue.price('ETHUSDT');
  await venue.control('POST', '/shock', { symbol: 'ETHUSDT', percent: -10 });
  expect((await venue.price('ETHUSDT')) / before).toBeCloseTo(0.9, 3);
  for (const one of [venue, calm]) await advance(one, { candles: 3 });
  expect((await venue.price('ETHUSDT')) / (await calm.price('ETHUSDT'))).toBeCloseTo(0.9, 3);
  expect(await venue.price('BTCUSDT')).toBe(await calm.price('BTCUSDT'));
  const path = '/fapi/v1/klines?symbol=ETHUSDT&interval=1h&limit=3';
  const [shocked] = (await venue.open(path)).body as unknown as (readonly string[])[];
  expect(Number(shocked?.[2])).toBeGreaterThanOrEqual(before);
});

it('income of any kind moves the wallet, and is told as what it is', async () => {
  const venue = await testVenue();
  await venue.control('POST', '/income', { type: 'TRANSFER', amount: '250.5' });
  await venue.control('POST', '/income', { type: 'CONTEST_REWARD', amount: '-0.5', info: 'odd' });
  expect((await venue.signed('GET', '/fapi/v3/account')).body['totalWalletBalance']).toBe('10250.00000000');
  const rows = (await venue.signed('GET', '/fapi/v1/income', { incomeType: 'TRANSFER' })).body as unknown as Record<string, unknown>[];
  expect(rows.map((row) => row['income'])).toEqual(['10000.00000000', '250.50000000']);
});

it('says what is wrong with a request', async () => {
  const venue = await testVenue();
  for (const [path, body] of [['/advance', {}], ['/acknowledge', { eventId: 99 }], ['/shock', { symbol: 'BTCUSDT', percent: -100 }], ['/clock', { mode: 'fast' }], ['/fault', { kind: 'gremlin' }]] as const) {
    expect((await venue.control('POST', path, body)).body['code']).toBe('USAGE');
  }
  expect((await venue.control('POST', '/shock', { symbol: 'NOPE', percent: 1 })).status).toBe(404);
  expect((await venue.control('GET', '/nothing')).status).toBe(404);
});
