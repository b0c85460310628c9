import { describe, expect, it } from 'vitest';
import type { OrderIntent } from '../../../../domain/orders/order.ts';
import { conditionalParamsOf, plainParamsOf } from '../../../../venues/ccxt/orders.ts';
import { fillOfTrade, instrumentIdOfSymbol, orderOfAlgo, orderOfPlain, withFills } from '../../../../venues/ccxt/parse.ts';
import { algoOrder, parseAnswer, plainOrder, userTrade } from '../../../../venues/ccxt/schemas.ts';

const INTENT: OrderIntent = {
  intentId: 'i', clientOrderId: 'klabcde-x', portfolioId: 'p', positionId: 'q', cycleId: null, leg: 'entry', revision: 1, instrumentId: 'BTC-USDT-PERP', side: 'buy',
  positionSide: 'both', type: 'market', timeInForce: 'GTC', quantity: '0.01', price: null, triggerPrice: null, reduceOnly: false, closesPosition: false,
  decisionPrice: '100', epoch: 1, validUntil: null, maxDriftBps: null, workUntilMarketTime: null, policyVersion: 1,
};

describe('parameters of a new order', () => {
  it.each([
    ['market', {}, { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01', newClientOrderId: 'klabcde-x', newOrderRespType: 'RESULT' }],
    ['limit, post only', { type: 'limit', timeInForce: 'GTX', price: '99.5' }, { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTX', price: '99.5', quantity: '0.01', newClientOrderId: 'klabcde-x', newOrderRespType: 'RESULT' }],
    ['reduce only, one-way', { side: 'sell', reduceOnly: true }, { symbol: 'BTCUSDT', side: 'SELL', type: 'MARKET', quantity: '0.01', reduceOnly: 'true', newClientOrderId: 'klabcde-x', newOrderRespType: 'RESULT' }],
    ['reduce only, hedge: by its side', { side: 'sell', reduceOnly: true, positionSide: 'long' }, { symbol: 'BTCUSDT', side: 'SELL', type: 'MARKET', quantity: '0.01', positionSide: 'LONG', newClientOrderId: 'klabcde-x', newOrderRespType: 'RESULT' }],
  ] as const)('%s', (_name, change, expected) => { expect(plainParamsOf({ ...INTENT, ...change })).toEqual(expected); });

  it.each([
    ['stopMarket', 'STOP_MARKET'],
    ['takeProfitMarket', 'TAKE_PROFIT_MARKET'],
  ] as const)('%s goes to the algo service', (type, word) => {
    expect(conditionalParamsOf({ ...INTENT, type, leg: 'stop', side: 'sell', reduceOnly: true, triggerPrice: '90.5' })).toEqual({
      algoType: 'CONDITIONAL', symbol: 'BTCUSDT', side: 'SELL', type: word, quantity: '0.01', reduceOnly: 'true', triggerPrice: '90.5', workingType: 'CONTRACT_PRICE', clientAlgoId: 'klabcde-x',
    });
  });

  it('a limit order without a price is a bug', () => {
    expect(() => plainParamsOf({ ...INTENT, type: 'limit' })).toThrow(expect.objectContaining({ code: 'INVARIANT' }));
  });
});

const PLAIN = { orderId: 1917641, symbol: 'BTCUSDT', status: 'NEW', clientOrderId: 'abc', price: '0', avgPrice: '0.00000', origQty: '0.40', executedQty: '0', type: 'MARKET', origType: 'MARKET', reduceOnly: false, side: 'BUY', positionSide: 'BOTH', stopPrice: '0', updateTime: 5 };
const ALGO = { algoId: 2146760, clientAlgoId: 'abc', orderType: 'STOP_MARKET', symbol: 'BTCUSDT', side: 'SELL', positionSide: 'BOTH', quantity: '0.40', algoStatus: 'NEW', triggerPrice: '750.000', price: '0.000', reduceOnly: true, createTime: 1, updateTime: 2, actualOrderId: '' };
const TRADE = { id: 698759, orderId: 1917641, symbol: 'BTCUSDT', side: 'BUY', positionSide: 'BOTH', price: '100.50', qty: '0.10', commission: '-0.01', commissionAsset: 'USDT', realizedPnl: '0', maker: false, time: 9 };

describe('answers', () => {
  it.each([
    ['NEW', 'working'], ['PARTIALLY_FILLED', 'working'], ['FILLED', 'filled'], ['CANCELED', 'canceled'], ['EXPIRED', 'expired'], ['EXPIRED_IN_MATCH', 'expired'], ['REJECTED', 'rejected'],
  ])('a plain order that is %s', (status, expected) => {
    expect(orderOfPlain(parseAnswer(plainOrder, { ...PLAIN, status }, 'x'))).toMatchObject({ book: 'plain', status: expected, venueOrderId: '1917641', quantity: '0.4', averagePrice: null, price: null });
  });

  it('a new order answer may lack its average price', () => {
    const { avgPrice: _absent, ...rest } = PLAIN;
    expect(orderOfPlain(parseAnswer(plainOrder, { ...rest, status: 'FILLED', executedQty: '0.4' }, 'x'))).toMatchObject({ status: 'filled', filledQuantity: '0.4', averagePrice: null });
  });

  it('a triggered conditional order takes state and fills of the order that it created', () => {
    const algo = parseAnswer(algoOrder, { ...ALGO, algoStatus: 'TRIGGERED', actualOrderId: '1917641' }, 'x');
    const created = parseAnswer(plainOrder, { ...PLAIN, origType: 'STOP_MARKET', status: 'PARTIALLY_FILLED', executedQty: '0.1', avgPrice: '749.5' }, 'x');
    expect(orderOfAlgo(algo, created)).toMatchObject({ book: 'conditional', status: 'triggered', venueOrderId: '2146760', triggeredOrderId: '1917641', filledQuantity: '0.1', averagePrice: '749.5', triggerPrice: '750' });
    expect(orderOfAlgo(algo, { ...created, status: 'FILLED', executedQty: '0.4' })).toMatchObject({ status: 'filled', filledQuantity: '0.4' });
  });

  it('an unknown state is refused, not guessed', () => {
    expect(() => orderOfPlain(parseAnswer(plainOrder, { ...PLAIN, status: 'DREAMING' }, 'x'))).toThrow(expect.objectContaining({ code: 'VENUE_ANSWER_INVALID' }));
  });

  it('names the field that is wrong', () => {
    expect(() => parseAnswer(plainOrder, { ...PLAIN, executedQty: null }, 'GET order')).toThrow(/GET order: field "executedQty" holds null/);
  });

  it('fills that are newer than the order count', () => {
    const fills = [TRADE, { ...TRADE, id: 698760, price: '101.50', qty: '0.30' }].map((trade) => fillOfTrade(parseAnswer(userTrade, trade, 'x'), 'abc'));
    const order = orderOfPlain(parseAnswer(plainOrder, { ...PLAIN, status: 'PARTIALLY_FILLED', executedQty: '0.1', avgPrice: '100.5' }, 'x'));
    expect(withFills(order, fills)).toMatchObject({ status: 'filled', filledQuantity: '0.4', averagePrice: '101.25' });
    expect(withFills(order, fills.slice(0, 1))).toMatchObject({ status: 'working', filledQuantity: '0.1', averagePrice: '100.5' });
  });

  it('a rebate is a negative fee', () => { expect(fillOfTrade(parseAnswer(userTrade, TRADE, 'x'), null)).toMatchObject({ fee: '-0.01', clientOrderId: null, filledAtWall: 9 }); });

  it.each([['BTCUSDT', 'BTC-USDT-PERP'], ['1000SHIBUSDT', '1000SHIB-USDT-PERP'], ['ETHUSDC', 'ETH-USDC-PERP'], ['BTCUSDT_240628', 'BTCUSDT_240628']])('%s is %s', (symbol, expected) => {
    expect(instrumentIdOfSymbol(symbol)).toBe(expected);
  });
});
