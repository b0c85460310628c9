import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { ACCOUNT, KEY, SECRET, signedRequest, testVenue } from './support.ts';

const PATH = '/fapi/v3/balance';

it('answers a request that is signed well, by query and by body', async () => {
  const venue = await testVenue();
  expect((await venue.signed('GET', PATH)).status).toBe(200);
  expect((await venue.signed('POST', '/fapi/v1/leverage', { symbol: 'BTCUSDT', leverage: 5 }, { inBody: true })).body).toMatchObject({ leverage: 5 });
});

it('covers the query followed by the body with one signature', async () => {
  const venue = await testVenue();
  const query = 'symbol=BTCUSDT';
  const body = `leverage=7&timestamp=${Date.now()}`;
  const signature = createHmac('sha256', SECRET).update(query + body).digest('hex');
  const response = await fetch(`${venue.venue.url}/fapi/v1/leverage?${query}`, { method: 'POST', headers: { 'X-MBX-APIKEY': KEY }, body: `${body}&signature=${signature}` });
  expect(await response.json()).toMatchObject({ leverage: 7 });
});

// A well-signed request; each row changes one thing.
it.each([
  ['no key', { key: null }, {}, 401, -2014],
  ['an unknown key', { key: 'other' }, {}, 401, -2015],
  ['no timestamp', { timestamp: null }, {}, 400, -1102],
  ['no signature', { signature: null }, {}, 400, -1102],
  ['another secret', { secret: 'other' }, {}, 400, -1022],
  ['a signature that is no hex', { signature: 'zz' }, {}, 400, -1022],
  ['a recvWindow beyond a minute', {}, { recvWindow: 60_001 }, 400, -1130],
] as const)('%s', async (_name, options, params, status, code) => {
  const venue = await testVenue();
  const answer = await venue.signed('GET', PATH, params, options);
  expect([answer.status, answer.body['code']]).toEqual([status, code]);
});

// The venue's clock stands at `NOW`.
const NOW = 1_700_000_000_000;
it.each([
  ['now', 0, undefined, 200],
  ['a second ahead', 1_000, undefined, 200],
  ['more than a second ahead', 1_001, undefined, -1021],
  ['as old as the window', -5_000, undefined, 200],
  ['older than the window', -5_001, undefined, -1021],
  ['older than a window of its own', -2_001, 2_000, -1021],
  ['within a wide window', -60_000, 60_000, 200],
])('a timestamp %s', async (_name, offsetMs, recvWindow, expected) => {
  const venue = await testVenue({}, { wallClock: () => NOW });
  const answer = await venue.signed('GET', PATH, { recvWindow }, { timestamp: NOW + offsetMs });
  expect(answer.body['code'] ?? answer.status).toBe(expected);
});

it('gives its own clock, with its skew', async () => {
  const venue = await testVenue({ skewMs: 5_000 }, { wallClock: () => NOW });
  expect((await venue.open('/fapi/v1/time')).body).toEqual({ serverTime: NOW + 5_000 });
});

it('refuses what reached the matching engine after its window', async () => {
  const venue = await testVenue();
  await venue.fault({ kind: 'processingDelayed', delayMs: 2_100 });
  const answer = await venue.signed('POST', '/fapi/v1/order', { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01', recvWindow: 2_000 });
  expect(answer.body['code']).toBe(-5028);
  expect((await venue.control('GET', '/book')).body['orders']).toEqual([]);
});

it('keeps accounts apart by their keys', async () => {
  const other = { accountId: 'other', apiKey: 'other-key', secret: 'other-secret', wallet: '50' };
  const venue = await testVenue({ accounts: [ACCOUNT, other] });
  await venue.market();
  const answer = await signedRequest(venue.venue.url, 'GET', '/fapi/v3/account', {}, { key: other.apiKey, secret: other.secret });
  expect(answer.body).toMatchObject({ totalWalletBalance: '50.00000000', positions: [] });
});

it('tells what a key may do, and refuses orders of one that may not trade', async () => {
  const venue = await testVenue({ accounts: [{ ...ACCOUNT, permissions: { trade: false, withdraw: true } }] });
  expect((await venue.signed('GET', '/sapi/v1/account/apiRestrictions')).body).toMatchObject({ enableWithdrawals: true, enableFutures: false });
  expect((await venue.market()).body['code']).toBe(-2015);
});
