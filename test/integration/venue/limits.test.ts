import { expect, it } from 'vitest';
import { testVenue } from './support.ts';

const MINUTE = 1_700_000_040_000;

it('counts weight per minute in a header, and forgets it with the minute', async () => {
  let now = MINUTE;
  const venue = await testVenue({ mode: 'paused' }, { wallClock: () => now });
  expect((await venue.open('/fapi/v1/ping')).headers.get('x-mbx-used-weight-1m')).toBe('1');
  expect((await venue.open('/fapi/v1/ticker/24hr')).headers.get('x-mbx-used-weight-1m')).toBe('41');
  now += 60_000;
  expect((await venue.open('/fapi/v1/ping')).headers.get('x-mbx-used-weight-1m')).toBe('1');
});

it.each([
  ['/fapi/v1/klines?symbol=BTCUSDT&interval=1h&limit=99', '1'],
  ['/fapi/v1/klines?symbol=BTCUSDT&interval=1h&limit=100', '2'],
  ['/fapi/v1/klines?symbol=BTCUSDT&interval=1h', '5'],
  ['/fapi/v1/klines?symbol=BTCUSDT&interval=1h&limit=1500', '10'],
  ['/fapi/v1/depth?symbol=BTCUSDT&limit=50', '2'],
  ['/fapi/v1/depth?symbol=BTCUSDT&limit=1000', '20'],
  ['/fapi/v1/ticker/bookTicker', '5'],
])('%s weighs %s', async (path, weight) => {
  expect((await (await testVenue()).open(path)).headers.get('x-mbx-used-weight-1m')).toBe(weight);
});

it('answers 429 over the limit, then 418 until the ban is over', async () => {
  let now = MINUTE;
  const venue = await testVenue({ mode: 'paused', limits: { weightPerMinute: 10, banAfterRefusals: 3, banMs: 90_000 } }, { wallClock: () => now });
  const statuses: number[] = [];
  for (let i = 0; i < 14; i += 1) statuses.push((await venue.open('/fapi/v1/ping')).status);
  expect(statuses).toEqual([...Array<number>(10).fill(200), 429, 429, 418, 418]);
  const banned = await venue.open('/fapi/v1/ping');
  expect([banned.body['code'], banned.headers.get('retry-after')]).toEqual([-1003, '90']);
  now += 60_000;
  expect((await venue.open('/fapi/v1/ping')).status).toBe(418);
  now += 30_001;
  expect((await venue.open('/fapi/v1/ping')).status).toBe(200);
});

it('says when to come back', async () => {
  const venue = await testVenue({ mode: 'paused', limits: { weightPerMinute: 1 } }, { wallClock: () => MINUTE + 15_000 });
  await venue.open('/fapi/v1/ping');
  expect((await venue.open('/fapi/v1/ping')).headers.get('retry-after')).toBe('45');
});

it('counts new orders per account in two windows', async () => {
  let now = MINUTE;
  const venue = await testVenue({ mode: 'paused', limits: { ordersPer10Seconds: 2, ordersPerMinute: 3 } }, { wallClock: () => now });
  const order = () => venue.signed('POST', '/fapi/v1/order', { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01' }, { timestamp: now });
  const first = await order();
  expect([first.headers.get('x-mbx-order-count-10s'), first.headers.get('x-mbx-order-count-1m')]).toEqual(['1', '1']);
  await order();
  const third = await order();
  expect([third.status, third.body['code'], third.body['msg']]).toEqual([429, -1015, 'Too many new orders; current limit is 2 orders per 10 SECOND.']);
  now += 10_000;
  expect((await order()).status).toBe(200);
  expect((await order()).body['msg']).toBe('Too many new orders; current limit is 3 orders per 1 MINUTE.');
  now += 50_000;
  expect((await order()).status).toBe(200);
});

it('in lockstep a new market minute begins a new count', async () => {
  const venue = await testVenue({ limits: { weightPerMinute: 3 } }, { wallClock: () => MINUTE });
  for (let i = 0; i < 3; i += 1) await venue.open('/fapi/v1/ping');
  expect((await venue.open('/fapi/v1/ping')).status).toBe(429);
  await venue.control('POST', '/advance', { requestId: 'one' });
  expect((await venue.open('/fapi/v1/ping')).status).toBe(200);
});

it('a lower limit is told in exchange information', async () => {
  const venue = await testVenue({ limits: { ordersPer10Seconds: 20 } });
  expect((await venue.open('/fapi/v1/exchangeInfo')).body['rateLimits']).toContainEqual({ rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 20 });
});
