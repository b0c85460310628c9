import { describe, expect, it } from 'vitest';
import { testVenue } from './support.ts';
import type { TestVenue } from './support.ts';

type Params = Record<string, string | number | boolean | undefined>;
type Row = readonly [name: string, change: Params, code: number];

async function codeOf(answer: Promise<{ readonly status: number; readonly body: Record<string, unknown> }>): Promise<unknown> {
  const { status, body } = await answer;
  return body['code'] ?? status;
}

describe('a plain order', () => {
  // A limit buy of 0.01 BTC at 99 % of the market; each row changes one thing.
  const rows: readonly Row[] = [
    ['as it should be', {}, 200],
    ['an unknown symbol', { symbol: 'NOPEUSDT' }, -1121],
    ['no symbol', { symbol: undefined }, -1102],
    ['no side', { side: undefined }, -1102],
    ['an unknown side', { side: 'LONG' }, -1117],
    ['an unknown type', { type: 'ICEBERG' }, -1116],
    ['a conditional type', { type: 'STOP_MARKET', stopPrice: '1' }, -4120],
    ['no time in force', { timeInForce: undefined }, -1102],
    ['an unknown time in force', { timeInForce: 'DAY' }, -1115],
    ['a market order with a time in force', { type: 'MARKET' }, -1106],
    ['an unknown position side', { positionSide: 'UP' }, -4060],
    ['a hedge-mode side in one-way mode', { positionSide: 'LONG' }, -4061],
    ['an unknown response type', { newOrderRespType: 'FULL' }, -1136],
    ['a quantity with letters', { quantity: '1x' }, -1100],
    ['a quantity of zero', { quantity: '0' }, -4003],
    ['a quantity between two steps', { quantity: '0.0101' }, -1111],
    ['a quantity above the largest lot', { quantity: '1001' }, -4005],
    ['a price of zero', { price: '0' }, -4001],
    ['a price above the largest', { price: '5000000' }, -4002],
    ['a price with too many decimals', { price: '50000.12' }, -1111],
    ['a notional that is too small', { quantity: '0.001' }, -4164],
    ['more than the margin allows', { quantity: '100' }, -2019],
    ['reduce-only without a position', { reduceOnly: true }, -2022],
    ['a client id of 37 characters', { newClientOrderId: 'x'.repeat(37) }, -4015],
    ['a client id with a space', { newClientOrderId: 'a b' }, -1100],
    ['a good-till date without time', { timeInForce: 'GTD' }, -1102],
    ['a good-till date in the past', { timeInForce: 'GTD', goodTillDate: 1_600_000_000_000 }, -5040],
    ['closePosition, which is for conditional orders', { closePosition: true }, -4136],
  ];
  it.each(rows)('%s', async (_name, change, code) => {
    const venue = await testVenue();
    const price = ((await venue.price()) * 0.99).toFixed(1);
    expect(await codeOf(venue.limit(price, change))).toBe(code);
  });

  it('is tried without being placed: form is looked at, margin and book are not', async () => {
    const venue = await testVenue();
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01' };
    const tried = async (change: Params): Promise<unknown> => await codeOf(venue.signed('POST', '/fapi/v1/order/test', { ...order, ...change }));
    expect([await tried({}), await tried({ quantity: '100' }), await tried({ quantity: '0.0001' }), await tried({ quantity: '1001' }), await tried({ positionSide: 'LONG' })]).toEqual([200, 200, -1111, -4005, -4061]);
    expect((await venue.signed('GET', '/fapi/v1/allOrders', { symbol: 'BTCUSDT' })).body).toEqual([]);
  });

  it('of a client id that works already', async () => {
    const venue = await testVenue();
    const price = ((await venue.price()) * 0.99).toFixed(1);
    await venue.limit(price, { newClientOrderId: 'twice' });
    expect(await codeOf(venue.limit(price, { newClientOrderId: 'twice' }))).toBe(-4116);
    await venue.signed('DELETE', '/fapi/v1/order', { symbol: 'BTCUSDT', origClientOrderId: 'twice' });
    expect(await codeOf(venue.limit(price, { newClientOrderId: 'twice' }))).toBe(200);
  });

  it('beyond the band around the mark price, and what only the book can refuse', async () => {
    const venue = await testVenue();
    const price = await venue.price();
    expect(await codeOf(venue.limit((price * 1.06).toFixed(1)))).toBe(-4016);
    expect(await codeOf(venue.limit((price * 0.94).toFixed(1), { side: 'SELL' }))).toBe(-4024);
    expect(await codeOf(venue.limit((price * 1.01).toFixed(1), { timeInForce: 'GTX' }))).toBe(-5022);
    expect(await codeOf(venue.limit((price * 0.99).toFixed(1), { timeInForce: 'FOK' }))).toBe(-5021);
  });

  it('that meets no book at all', async () => {
    const venue = await testVenue({ market: { depthShare: 0.000001 }, accounts: [{ accountId: 'main', apiKey: 'test-key', secret: 'test-secret', wallet: '100000000' }] });
    for (let i = 0; i < 50; i += 1) {
      const code = await codeOf(venue.market({ quantity: '5' }));
      if (code === 200) continue;
      expect(code).toBe(-4131);
      return;
    }
    expect.fail('the book never ran out');
  });

  it('more than 200 in one symbol', async () => {
    const venue = await testVenue({ limits: { weightPerMinute: 100_000 } });
    const price = ((await venue.price()) * 0.5).toFixed(1);
    for (let i = 0; i < 200; i += 1) expect(await codeOf(venue.limit(price, { quantity: '0.004' }))).toBe(200);
    expect(await codeOf(venue.limit(price, { quantity: '0.004' }))).toBe(-2025);
  });
});

describe('a conditional order', () => {
  // A stop that sells 0.01 BTC at 95 % of the market; each row changes one thing.
  const rows: readonly Row[] = [
    ['as it should be', {}, 200],
    ['another algo type', { algoType: 'VP' }, -1130],
    ['no algo type', { algoType: undefined }, -1102],
    ['a plain type', { type: 'LIMIT' }, -1116],
    ['no trigger price', { triggerPrice: undefined }, -1102],
    ['a trigger price of zero', { triggerPrice: '0' }, -4006],
    ['a trigger price above the largest', { triggerPrice: '5000000' }, -4007],
    ['a trigger that is reached already', { type: 'TAKE_PROFIT_MARKET' }, -2021],
    ['closePosition and a quantity', { closePosition: true, reduceOnly: undefined }, -4137],
    ['closePosition and reduceOnly', { closePosition: true, quantity: undefined }, -1106],
    ['closePosition of a limit', { type: 'STOP', price: '50000', closePosition: true, quantity: undefined, reduceOnly: undefined }, -4136],
    ['closePosition alone', { closePosition: true, quantity: undefined, reduceOnly: undefined }, 200],
    ['a stop-limit without price', { type: 'STOP' }, -1102],
    ['an unknown working type', { workingType: 'INDEX' }, -4031],
    ['a trailing stop without callback', { type: 'TRAILING_STOP_MARKET', triggerPrice: undefined }, -1102],
    ['a callback of 11 %', { type: 'TRAILING_STOP_MARKET', triggerPrice: undefined, callbackRate: '11' }, -1130],
    ['a trailing stop', { type: 'TRAILING_STOP_MARKET', triggerPrice: undefined, callbackRate: '1' }, 200],
  ];
  it.each(rows)('%s', async (_name, change, code) => {
    const venue = await testVenue();
    expect(await codeOf(venue.stop(((await venue.price()) * 0.95).toFixed(1), change))).toBe(code);
  });

  it('the 201st, and a client id that waits already', async () => {
    const venue = await testVenue({ limits: { weightPerMinute: 100_000 } });
    const trigger = ((await venue.price()) * 0.95).toFixed(1);
    for (let i = 0; i < 200; i += 1) expect(await codeOf(venue.stop(trigger, { clientAlgoId: `stop-${i}`, symbol: i % 2 === 0 ? 'BTCUSDT' : 'ETHUSDT', triggerPrice: i % 2 === 0 ? trigger : '1000' }))).toBe(200);
    expect(await codeOf(venue.stop(trigger, { clientAlgoId: 'stop-200' }))).toBe(-4045);
    await venue.signed('DELETE', '/fapi/v1/algoOpenOrders', { symbol: 'ETHUSDT' });
    expect(await codeOf(venue.stop(trigger, { clientAlgoId: 'stop-0' }))).toBe(-4116);
  });
});

describe('other requests', () => {
  const signed: readonly (readonly [string, string, string, Params, number])[] = [
    ['a query of no order', 'GET', '/fapi/v1/order', { symbol: 'BTCUSDT' }, -1102],
    ['a query of an unknown order', 'GET', '/fapi/v1/order', { symbol: 'BTCUSDT', orderId: 99 }, -2013],
    ['an open order that is none', 'GET', '/fapi/v1/openOrder', { symbol: 'BTCUSDT', origClientOrderId: 'x' }, -2013],
    ['a cancel of an unknown order', 'DELETE', '/fapi/v1/order', { symbol: 'BTCUSDT', origClientOrderId: 'x' }, -2011],
    ['a query of an unknown conditional order', 'GET', '/fapi/v1/algoOrder', { clientAlgoId: 'x' }, -2013],
    ['a cancel of an unknown conditional order', 'DELETE', '/fapi/v1/algoOrder', { clientAlgoId: 'x' }, -2011],
    ['an amendment of an unknown order', 'PUT', '/fapi/v1/order', { symbol: 'BTCUSDT', orderId: 1, side: 'BUY', quantity: '0.01', price: '60000' }, -2013],
    ['an amendment without price', 'PUT', '/fapi/v1/order', { symbol: 'BTCUSDT', orderId: 1, side: 'BUY', quantity: '0.01' }, -1102],
    ['an amendment of no order', 'PUT', '/fapi/v1/order', { symbol: 'BTCUSDT', side: 'BUY', quantity: '0.01', price: '60000' }, -1102],
    ['a leverage of 126', 'POST', '/fapi/v1/leverage', { symbol: 'BTCUSDT', leverage: 126 }, -4028],
    ['the margin type that is set', 'POST', '/fapi/v1/marginType', { symbol: 'BTCUSDT', marginType: 'CROSSED' }, -4046],
    ['the position mode that is set', 'POST', '/fapi/v1/positionSide/dual', { dualSidePosition: false }, -4059],
    ['the asset mode that is set', 'POST', '/fapi/v1/multiAssetsMargin', { multiAssetsMargin: false }, -4171],
    ['trades from the end to the beginning', 'GET', '/fapi/v1/userTrades', { symbol: 'BTCUSDT', startTime: 2, endTime: 1 }, -1023],
    ['trades of more than seven days', 'GET', '/fapi/v1/userTrades', { symbol: 'BTCUSDT', startTime: 1, endTime: 604_800_002 }, -4165],
    ['trades from an id and a time', 'GET', '/fapi/v1/userTrades', { symbol: 'BTCUSDT', fromId: 1, startTime: 1 }, -1128],
    ['six orders at once', 'POST', '/fapi/v1/batchOrders', { batchOrders: JSON.stringify(Array(6).fill({})) }, -4082],
    ['a batch that is no JSON', 'POST', '/fapi/v1/batchOrders', { batchOrders: '[' }, -1130],
  ];
  it.each(signed)('%s', async (_name, method, path, params, code) => {
    const venue = await testVenue();
    expect(await codeOf(venue.signed(method, path, params))).toBe(code);
  });

  it.each([
    ['an unknown interval', '/fapi/v1/klines?symbol=BTCUSDT&interval=7m', -1120],
    ['an interval below the candles', '/fapi/v1/klines?symbol=BTCUSDT&interval=1m', -1120],
    ['an odd depth', '/fapi/v1/depth?symbol=BTCUSDT&limit=7', -4021],
    ['a parameter twice', '/fapi/v1/klines?symbol=BTCUSDT&symbol=ETHUSDT&interval=1h', -1101],
  ])('%s', async (_name, path, code) => {
    const venue = await testVenue();
    expect(await codeOf(venue.open(path))).toBe(code);
  });

  it('a listen key that is gone', async () => {
    const venue = await testVenue();
    expect(await codeOf(venue.signed('PUT', '/fapi/v1/listenKey'))).toBe(-1125);
  });

  it('an unknown route, or one by another method, is 404 and -5000: nothing to try again', async () => {
    const venue = await testVenue();
    expect(await venue.open('/fapi/v9/nothing?a=1')).toMatchObject({ status: 404, body: { code: -5000, msg: 'Path /fapi/v9/nothing, Method GET is invalid' } });
    expect(await venue.signed('POST', '/fapi/v1/klines')).toMatchObject({ status: 404, body: { code: -5000 } });
  });
});

it('in hedge mode an order names its side, never reduceOnly', async () => {
  const venue: TestVenue = await testVenue();
  await venue.signed('POST', '/fapi/v1/positionSide/dual', { dualSidePosition: true });
  expect(await codeOf(venue.market())).toBe(-4061);
  expect(await codeOf(venue.market({ positionSide: 'LONG', reduceOnly: true }))).toBe(-1106);
  expect(await codeOf(venue.market({ positionSide: 'LONG' }))).toBe(200);
  expect(await codeOf(venue.market({ positionSide: 'SHORT' }))).toBe(-2022);
  expect(await codeOf(venue.signed('POST', '/fapi/v1/positionSide/dual', { dualSidePosition: false }))).toBe(-4068);
});
