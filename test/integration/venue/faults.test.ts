import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { testVenue, until } from './support.ts';
import type { TestVenue } from './support.ts';

interface UserMessage {
  readonly e: string;
  readonly eventId: number;
  readonly o?: { readonly x?: string; readonly X?: string; readonly i?: number; readonly eventId: number; readonly transportTime: number };
}

interface UserStream {
  readonly socket: WebSocket;
  readonly messages: UserMessage[];
  readonly pongs: number[];
}

async function userStream(venue: TestVenue): Promise<UserStream> {
  const { listenKey } = (await venue.signed('POST', '/fapi/v1/listenKey')).body;
  const socket = new WebSocket(`${venue.venue.wsUrl}/private/ws?listenKey=${String(listenKey)}`);
  const stream: UserStream = { socket, messages: [], pongs: [] };
  socket.on('message', (data: Buffer) => stream.messages.push(JSON.parse(data.toString('utf8')) as UserMessage));
  socket.on('pong', () => stream.pongs.push(Date.now()));
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  await until(async () => ((await venue.state())['streams'] === 1 ? true : undefined));
  return stream;
}

async function orders(venue: TestVenue): Promise<Record<string, unknown>[]> {
  return (await venue.control('GET', '/book')).body['orders'] as Record<string, unknown>[];
}

it('accepted, no answer: the connection dies, the order lives', async () => {
  const venue = await testVenue();
  await venue.fault({ kind: 'acceptedNoAnswer' });
  await expect(venue.market({ newClientOrderId: 'lost' })).rejects.toThrow();
  expect((await venue.signed('GET', '/fapi/v1/order', { symbol: 'BTCUSDT', origClientOrderId: 'lost' })).body['status']).toBe('FILLED');
  expect((await venue.market()).status).toBe(200);
});

it('accepted, no answer: the connection hangs', async () => {
  const venue = await testVenue();
  await venue.fault({ kind: 'acceptedNoAnswer', how: 'hang' });
  const hanging = venue.market({ newClientOrderId: 'hangs' }).then(() => 'answered', () => 'broken');
  await until(async () => ((await orders(venue)).length === 1 ? true : undefined));
  expect(await Promise.race([hanging, new Promise((resolve) => { setTimeout(resolve, 50, 'hanging'); })])).toBe('hanging');
});

it('a late answer', async () => {
  const venue = await testVenue();
  await venue.fault({ kind: 'answerDelayed', delayMs: 80, match: { path: 'order', method: 'POST' } });
  const began = performance.now();
  expect((await venue.market()).body['status']).toBe('FILLED');
  expect(performance.now() - began).toBeGreaterThanOrEqual(79);
});

it('a connection that dies before anything is done', async () => {
  const venue = await testVenue();
  await venue.fault({ kind: 'dropConnection', match: { method: 'POST', path: '/order' } });
  await expect(venue.market()).rejects.toThrow();
  expect(await orders(venue)).toEqual([]);
});

it.each([
  ['http429', { delayMs: 3_000 }, 429, -1003],
  ['http418', {}, 418, -1003],
  ['http5xx', {}, 503, -1008],
  ['http5xx', { status: 502, code: -1001, message: 'Internal error' }, 502, -1001],
  ['rejectOrder', { code: -2019, message: 'Margin is insufficient.' }, 400, -2019],
])('%s before anything is done', async (kind, more, status, code) => {
  const venue = await testVenue();
  await venue.fault({ kind, match: { method: 'POST', path: '/order' }, ...more });
  const answer = await venue.market();
  expect([answer.status, answer.body['code']]).toEqual([status, code]);
  expect(await orders(venue)).toEqual([]);
});

it('418 stays until its time is over', async () => {
  let now = 1_700_000_000_000;
  const venue = await testVenue({}, { wallClock: () => now });
  await venue.fault({ kind: 'http418', durationMs: 5_000 });
  expect((await venue.open('/fapi/v1/ping')).headers.get('retry-after')).toBe('5');
  expect((await venue.open('/fapi/v1/ping')).status).toBe(418);
  expect((await venue.state())['lastBan']).toEqual({ startedAt: now, refused: 1, lastRefusedAt: now });
  now += 5_000;
  expect((await venue.open('/fapi/v1/ping')).status).toBe(200);
});

it('a server error although the order was taken', async () => {
  const venue = await testVenue();
  await venue.fault({ kind: 'http5xx', accepted: true, match: { method: 'POST', path: '/order' } });
  const answer = await venue.market();
  expect([answer.status, answer.body['code']]).toEqual([503, -1007]);
  expect((await orders(venue)).map((order) => order['status'])).toEqual(['FILLED']);
});

it('a part is filled, then the venue cancels', async () => {
  const venue = await testVenue();
  await venue.fault({ kind: 'partialFillThenCancel', share: 0.3 });
  expect((await venue.market({ quantity: '0.1' })).body).toMatchObject({ status: 'CANCELED', origQty: '0.100', executedQty: '0.030' });
  expect((await venue.market({ quantity: '0.1' })).body['status']).toBe('FILLED');
});

it('a cancel that is refused, and one that is confirmed but lost', async () => {
  const venue = await testVenue();
  await venue.limit(((await venue.price()) * 0.9).toFixed(1), { newClientOrderId: 'rests', timeInForce: 'GTC' });
  const cancel = () => venue.signed('DELETE', '/fapi/v1/order', { symbol: 'BTCUSDT', origClientOrderId: 'rests' });
  const status = async () => (await venue.signed('GET', '/fapi/v1/order', { symbol: 'BTCUSDT', origClientOrderId: 'rests' })).body['status'];
  await venue.fault({ kind: 'cancelRefused' });
  expect((await cancel()).body['code']).toBe(-2011);
  expect(await status()).toBe('NEW');
  await venue.fault({ kind: 'cancelLost' });
  expect((await cancel()).body['status']).toBe('CANCELED');
  expect(await status()).toBe('NEW');
  expect((await cancel()).body['status']).toBe('CANCELED');
  expect(await status()).toBe('CANCELED');
  await venue.stop(((await venue.price()) * 0.9).toFixed(1), { clientAlgoId: 'waits', reduceOnly: false });
  await venue.fault({ kind: 'cancelLost' });
  expect((await venue.signed('DELETE', '/fapi/v1/algoOrder', { clientAlgoId: 'waits' })).body['msg']).toBe('success');
  expect((await venue.signed('GET', '/fapi/v1/algoOrder', { clientAlgoId: 'waits' })).body['algoStatus']).toBe('NEW');
});

it.each([
  ['all orders', '/fapi/v1/allOpenOrders', {}],
  ['all conditional orders', '/fapi/v1/algoOpenOrders', {}],
  ['a batch', '/fapi/v1/batchOrders', { origClientOrderIdList: '["rests"]' }],
])('a cancel of %s that is confirmed but lost', async (_name, path, more) => {
  const venue = await testVenue();
  await venue.limit(((await venue.price()) * 0.97).toFixed(1), { newClientOrderId: 'rests' });
  await venue.stop(((await venue.price()) * 0.9).toFixed(1), { clientAlgoId: 'waits', reduceOnly: false });
  const open = async () => [(await venue.signed('GET', '/fapi/v1/openOrders')).body, (await venue.signed('GET', '/fapi/v1/openAlgoOrders')).body];
  const before = await open();
  await venue.fault({ kind: 'cancelLost', match: { method: 'DELETE', path } });
  expect((await venue.signed('DELETE', path, { symbol: 'BTCUSDT', ...more })).status).toBe(200);
  expect(await open()).toEqual(before);
  await venue.signed('DELETE', path, { symbol: 'BTCUSDT', ...more });
  expect(await open()).not.toEqual(before);
});

it.each([
  [{ symbol: 'BTCUSDT' }, -2010], [{ side: 'SELL' }, -2010], [{ clientOrderId: 'two' }, -2010], [{ type: 'LIMIT' }, -2010], [{ symbol: 'ETHUSDT' }, undefined],
])('an order is found within a batch by %j', async (match, code) => {
  const venue = await testVenue();
  const price = await venue.price();
  const order = { symbol: 'BTCUSDT', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.01' };
  await venue.fault({ kind: 'rejectOrder', match });
  const batchOrders = JSON.stringify([
    { ...order, side: 'BUY', price: (price * 0.97).toFixed(1), newClientOrderId: 'one' }, { ...order, side: 'SELL', price: (price * 1.03).toFixed(1), newClientOrderId: 'two' },
  ]);
  expect((await venue.signed('POST', '/fapi/v1/batchOrders', { batchOrders })).body['code']).toBe(code);
  expect(await orders(venue)).toHaveLength(code === undefined ? 2 : 0);
});

it('look-ups that lag see neither an order nor its fills in any list', async () => {
  let now = 1_700_000_000_000;
  const venue = await testVenue({}, { wallClock: () => now });
  const get = (path: string, params: Record<string, string> = {}) => venue.signed('GET', path, { symbol: 'BTCUSDT', ...params }, { timestamp: now });
  const rest = ((await venue.price()) * 0.97).toFixed(1);
  await venue.fault({ kind: 'lookupLag', lagMs: 2_000 });
  await venue.signed('POST', '/fapi/v1/order', { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01', newClientOrderId: 'young' }, { timestamp: now });
  await venue.signed('POST', '/fapi/v1/order', { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: rest, quantity: '0.01' }, { timestamp: now });
  await venue.signed('POST', '/fapi/v1/algoOrder', { algoType: 'CONDITIONAL', symbol: 'BTCUSDT', side: 'SELL', type: 'STOP_MARKET', quantity: '0.01', triggerPrice: rest, clientAlgoId: 'stop' }, { timestamp: now });
  const lists = ['/fapi/v1/openOrders', '/fapi/v1/allOrders', '/fapi/v1/userTrades', '/fapi/v1/openAlgoOrders', '/fapi/v1/allAlgoOrders'];
  const counts = async () => Promise.all(lists.map(async (path) => ((await get(path)).body as unknown as unknown[]).length));
  now += 1_999;
  expect(await counts()).toEqual([0, 0, 0, 0, 0]);
  expect((await get('/fapi/v1/order', { origClientOrderId: 'young' })).body['code']).toBe(-2013);
  expect((await get('/fapi/v1/algoOrder', { clientAlgoId: 'stop' })).body['code']).toBe(-2013);
  now += 1;
  expect(await counts()).toEqual([1, 2, 1, 1, 1]);
  expect((await get('/fapi/v1/order', { origClientOrderId: 'young' })).body['status']).toBe('FILLED');
});

it('an event twice', async () => {
  const venue = await testVenue();
  const { messages } = await userStream(venue);
  await venue.fault({ kind: 'duplicateEvent', match: { type: 'ORDER_TRADE_UPDATE' }, at: 2 });
  await venue.market();
  await until(() => (messages.length === 4 ? true : undefined));
  expect(messages.map((message) => message.eventId)).toEqual([2, 3, 4, 4]);
});

it('events out of order, and none lost', async () => {
  const venue = await testVenue();
  const { messages } = await userStream(venue);
  await venue.fault({ kind: 'outOfOrderEvents', at: 1 });
  await venue.market();
  await until(() => (messages.length === 3 ? true : undefined));
  expect(messages.map((message) => message.eventId)).toEqual([3, 2, 4]);
  await venue.fault({ kind: 'outOfOrderEvents' });
  await venue.control('POST', '/income', { type: 'TRANSFER', amount: '1' });
  await until(() => (messages.length === 4 ? true : undefined));
});

it.each([
  ['silentStream', 0],
  ['zombieStream', 1],
])('%s: open, no events; a new connection is well', async (kind, pongs) => {
  const venue = await testVenue();
  const broken = await userStream(venue);
  await venue.fault({ kind });
  broken.socket.ping();
  await venue.market();
  const listenKey = (await venue.signed('POST', '/fapi/v1/listenKey')).body['listenKey'];
  const well = new WebSocket(`${venue.venue.wsUrl}/ws/${String(listenKey)}`);
  const received: unknown[] = [];
  well.on('message', (data: Buffer) => received.push((JSON.parse(data.toString()) as { eventId: unknown }).eventId));
  await new Promise((resolve) => well.once('open', resolve));
  await venue.market();
  // In lockstep a new connection first hears what nobody has answered for.
  await until(() => (received.length === 6 ? true : undefined));
  expect(received).toEqual([2, 3, 4, 5, 6, 7]);
  await until(() => (broken.pongs.length >= pongs ? true : undefined));
  expect([broken.messages.length, broken.pongs.length, broken.socket.readyState]).toEqual([0, pongs, WebSocket.OPEN]);
});

it('a listen key that expires, by fault and by time', async () => {
  let now = 1_700_000_000_000;
  const venue = await testVenue({ listenKeyMs: 10_000 }, { wallClock: () => now });
  const { messages } = await userStream(venue);
  await venue.fault({ kind: 'listenKeyExpired' });
  await until(() => (messages.at(-1)?.e === 'listenKeyExpired' ? true : undefined));
  await venue.control('POST', '/income', { type: 'TRANSFER', amount: '1' });
  expect(messages).toHaveLength(1);
  const first = (await venue.signed('POST', '/fapi/v1/listenKey')).body['listenKey'];
  now += 9_000;
  await venue.signed('PUT', '/fapi/v1/listenKey');
  now += 9_000;
  expect((await venue.signed('POST', '/fapi/v1/listenKey')).body['listenKey']).toBe(first);
  now += 10_000;
  expect((await venue.signed('PUT', '/fapi/v1/listenKey')).body['code']).toBe(-1125);
});

it('a skewed clock', async () => {
  const venue = await testVenue();
  await venue.fault({ kind: 'clockSkew', skewMs: -10_000 });
  expect((await venue.market()).body['code']).toBe(-1021);
  await venue.control('DELETE', '/faults');
  expect((await venue.market()).status).toBe(200);
});

it.each(['outsideClose', 'liquidation'])('%s at a chosen request', async (kind) => {
  const venue = await testVenue();
  await venue.market();
  await venue.fault({ kind, symbol: 'BTCUSDT', match: { path: 'positionRisk' }, at: 2 });
  expect((await venue.signed('GET', '/fapi/v3/positionRisk')).body).toHaveLength(1);
  expect((await venue.signed('GET', '/fapi/v3/positionRisk')).body).toHaveLength(0);
  expect((await orders(venue)).at(-1)?.['type']).toBe(kind === 'liquidation' ? 'LIQUIDATION' : 'MARKET');
});

it('outside close and liquidation by their own routes; nothing to close is said', async () => {
  const venue = await testVenue();
  expect((await venue.control('POST', '/outside-close', { symbol: 'BTCUSDT' })).body['code']).toBe('NOT_FOUND');
  await venue.market();
  expect((await venue.control('POST', '/outside-close', { symbol: 'BTCUSDT' })).status).toBe(200);
  await venue.market();
  expect((await venue.control('POST', '/liquidate', { symbol: 'BTCUSDT' })).status).toBe(200);
  expect((await venue.signed('GET', '/fapi/v3/positionRisk')).body).toEqual([]);
  expect((await venue.signed('GET', '/fapi/v1/forceOrders')).body).toHaveLength(1);
});

it('income by fault', async () => {
  const venue = await testVenue();
  await venue.fault({ kind: 'income', incomeType: 'INSURANCE_CLEAR', amount: '-7' });
  expect((await venue.signed('GET', '/fapi/v3/account')).body['totalWalletBalance']).toBe('9993.00000000');
});

it('happens at the nth match, as often as told, or by chance from a seed', async () => {
  const venue = await testVenue({ limits: { weightPerMinute: 100_000 } });
  const codes = async (count: number) => {
    const found: unknown[] = [];
    for (let i = 0; i < count; i += 1) found.push((await venue.open('/fapi/v1/ping')).status);
    return found;
  };
  await venue.fault({ kind: 'http5xx', at: 3, count: 2, match: { path: 'ping' } });
  expect(await codes(6)).toEqual([200, 200, 503, 503, 200, 200]);
  expect((await venue.control('DELETE', '/faults')).body).toEqual({ removed: 1 });
  const draws: unknown[][] = [];
  for (let i = 0; i < 2; i += 1) {
    await venue.fault({ kind: 'http5xx', probability: 0.3, seed: 5, count: null });
    draws.push(await codes(40));
    await venue.control('DELETE', '/faults');
  }
  expect(draws[0]).toEqual(draws[1]);
  const failures = draws[0]?.filter((status) => status === 503).length ?? 0;
  expect(failures).toBeGreaterThan(4);
  expect(failures).toBeLessThan(22);
});

it('only happens to what fits', async () => {
  const venue = await testVenue();
  await venue.fault({ kind: 'rejectOrder', code: -2010, match: { symbol: 'ETHUSDT', side: 'SELL', clientOrderId: 'kl' } });
  expect((await venue.market()).status).toBe(200);
  expect((await venue.market({ symbol: 'ETHUSDT', quantity: '0.1', newClientOrderId: 'kl-1' })).status).toBe(200);
  expect((await venue.market({ symbol: 'ETHUSDT', quantity: '0.1', side: 'SELL', newClientOrderId: 'x-1' })).status).toBe(200);
  expect((await venue.market({ symbol: 'ETHUSDT', quantity: '0.1', side: 'SELL', newClientOrderId: 'kl-2' })).body['code']).toBe(-2010);
  expect(((await venue.control('GET', '/faults')).body as unknown as Record<string, unknown>[])[0]).toMatchObject({ kind: 'rejectOrder', fired: 1, hits: ['kl-2'] });
});
