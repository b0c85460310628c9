import { describe, expect, it } from 'vitest';
import type { Params } from '../../../../venues/ccxt/exchange.ts';
import { CallFailed } from '../../../../venues/ccxt/errors.ts';
import { lookUpOrder, readOpenOrders, submitOrder } from '../../../../venues/ccxt/orders.ts';
import { INTENT } from '../../domain/orders/orders.fixture.ts';
import { fakeVenue } from './exchange.fixture.ts';

type Answers = Readonly<Record<string, (params: Params) => unknown>>;

const KEY = { clientOrderId: 'ours', instrumentId: 'BTC-USDT-PERP', book: 'plain' } as const;
const PLAIN = { orderId: 5, symbol: 'BTCUSDT', status: 'NEW', clientOrderId: 'ours', price: '0', avgPrice: '0', origQty: '0.4', executedQty: '0', type: 'MARKET', origType: 'MARKET', reduceOnly: false, side: 'BUY', positionSide: 'BOTH', stopPrice: '0', updateTime: 5 };
const ALGO = { algoId: 5, clientAlgoId: 'ours', orderType: 'STOP_MARKET', symbol: 'BTCUSDT', side: 'SELL', positionSide: 'BOTH', quantity: '0.4', algoStatus: 'NEW', triggerPrice: '90', price: '0', reduceOnly: true, createTime: 1, updateTime: 2, actualOrderId: '' };
const TRADE = { id: 1, orderId: 5, symbol: 'BTCUSDT', side: 'BUY', positionSide: 'BOTH', price: '100', qty: '0.4', commission: '0', commissionAsset: 'USDT', realizedPnl: '0', maker: false, time: 9 };
/** Lists that hold nothing of ours. */
const EMPTY: Answers = Object.fromEntries(['openOrders', 'openAlgoOrders', 'allOrders', 'allAlgoOrders', 'userTrades'].map((path) => [`GET ${path}`, () => []]));
const lookAt = (answers: Answers, key = KEY) => lookUpOrder(fakeVenue({ answers: { ...EMPTY, ...answers } }).rest, key);

describe('one look', () => {
  it.each<[string, Answers, unknown]>([
    ['in the plain book, by its id', { 'GET order': () => PLAIN }, { book: 'plain', status: 'working' }],
    ['in the conditional book, by its id', { 'GET algoOrder': () => ALGO }, { book: 'conditional', status: 'working' }],
    ['among open plain orders', { 'GET openOrders': () => [PLAIN] }, { book: 'plain' }],
    ['among open conditional orders', { 'GET openAlgoOrders': () => [ALGO] }, { book: 'conditional' }],
    ['in the history of plain orders', { 'GET allOrders': () => [{ ...PLAIN, status: 'CANCELED' }] }, { book: 'plain', status: 'canceled' }],
    ['in the history of conditional orders', { 'GET allAlgoOrders': () => [{ ...ALGO, algoStatus: 'CANCELED' }] }, { book: 'conditional', status: 'canceled' }],
    ['as one order, when it triggered', { 'GET order': () => ({ ...PLAIN, origType: 'STOP_MARKET' }), 'GET algoOrder': () => ({ ...ALGO, algoStatus: 'TRIGGERED', actualOrderId: '5' }) }, { book: 'conditional', triggeredOrderId: '5' }],
    ['the newest of two that had the id', { 'GET allOrders': () => [{ ...PLAIN, orderId: 4, status: 'CANCELED', updateTime: 4 }, PLAIN] }, { venueOrderId: '5', status: 'working' }],
  ])('finds the order %s', async (_name, answers, expected) => {
    expect((await lookAt(answers))?.order).toMatchObject(expected as object);
  });

  it('asks both books by id, both for what is open and both histories, before it finds nothing', async () => {
    const venue = fakeVenue({ answers: EMPTY });
    expect(await lookUpOrder(venue.rest, KEY)).toBeNull();
    expect(venue.sent.map(({ route }) => route).toSorted()).toEqual(['GET algoOrder', 'GET allAlgoOrders', 'GET allOrders', 'GET openAlgoOrders', 'GET openOrders', 'GET order']);
  });

  it('asks both books by id, even when one knows it', async () => {
    const venue = fakeVenue({ answers: { ...EMPTY, 'GET order': () => PLAIN } });
    await lookUpOrder(venue.rest, KEY);
    expect(venue.sent.map(({ route }) => route).toSorted()).toEqual(['GET algoOrder', 'GET order']);
  });

  it('brings the fills of what it found', async () => {
    const found = await lookAt({ 'GET order': () => ({ ...PLAIN, status: 'FILLED', executedQty: '0.4', avgPrice: '100' }), 'GET userTrades': () => [TRADE, { ...TRADE, id: 2, orderId: 6 }] });
    expect(found?.fills).toMatchObject([{ tradeId: '1', quantity: '0.4', clientOrderId: 'ours' }]);
  });

  it.each(['GET order', 'GET algoOrder', 'GET openOrders', 'GET openAlgoOrders', 'GET allOrders', 'GET allAlgoOrders'])('of which %s gets no answer has found nothing out', async (route) => {
    const fails = { [route]: () => { throw new CallFailed(`${route}: no answer`, { status: null, code: null }); } };
    await expect(lookAt(fails)).rejects.toMatchObject({ code: 'VENUE_UNREACHABLE' });
  });
});

describe('open orders', () => {
  it('are those of both books', async () => {
    const { rest } = fakeVenue({ answers: { 'GET openOrders': () => [PLAIN], 'GET openAlgoOrders': () => [{ ...ALGO, clientAlgoId: 'a stop' }] } });
    expect(await readOpenOrders(rest, 'BTC-USDT-PERP')).toMatchObject([{ clientOrderId: 'ours', book: 'plain' }, { clientOrderId: 'a stop', book: 'conditional' }]);
  });

  it('show what a triggered order created as part of it', async () => {
    const { rest } = fakeVenue({ answers: { 'GET openOrders': () => [PLAIN], 'GET openAlgoOrders': () => [{ ...ALGO, algoStatus: 'TRIGGERED', actualOrderId: '5' }] } });
    expect(await readOpenOrders(rest, undefined)).toMatchObject([{ book: 'conditional', triggeredOrderId: '5' }]);
  });
});

it('an answer to a submission that cannot be read proves nothing', async () => {
  const { rest } = fakeVenue({ answers: { 'POST order': () => ({ ...PLAIN, executedQty: null }) } });
  expect(await submitOrder(rest, INTENT, { timestamp: 10_000, recvWindowMs: 2_000, deadlineMs: 13_000 })).toMatchObject({ kind: 'unknown' });
});
