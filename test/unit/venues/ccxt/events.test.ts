import { describe, expect, it } from 'vitest';
import { accountEventOf, marketEventsOf } from '../../../../venues/ccxt/events.ts';

/** Examples of Binance's documents, shortened to fields that matter. */
const ORDER = {
  e: 'ORDER_TRADE_UPDATE', E: 1568879465651, T: 1568879465650,
  o: {
    s: 'BTCUSDT', c: 'klabcde-x', S: 'SELL', o: 'LIMIT', f: 'GTC', q: '0.00200', p: '7103.10', ap: '7103.10000', sp: '0', x: 'TRADE', X: 'PARTIALLY_FILLED',
    i: 8886774, l: '0.001', z: '0.001', L: '7103.10', N: 'USDT', n: '0.00142', T: 1568879465649, t: 12, m: true, R: false, ps: 'BOTH', rp: '-1.50',
  },
};
const ALGO = {
  e: 'ALGO_UPDATE', E: 1765431097037, T: 1765431097030,
  o: {
    caid: 'klabcde-y', aid: 1000000033225453, at: 'CONDITIONAL', o: 'STOP_MARKET', s: 'DOGEUSDT', S: 'BUY', ps: 'BOTH', f: 'GTC', q: '38', X: 'NEW', ai: '',
    tp: '0.13855', p: '0', wt: 'CONTRACT_PRICE', R: true, tt: 0, gtd: 0,
  },
};

describe('account events', () => {
  it('a fill of a plain order, as it came', () => {
    expect(accountEventOf(ORDER)).toEqual({
      kind: 'order', eventId: null,
      order: {
        venueOrderId: '8886774', clientOrderId: 'klabcde-x', instrumentId: 'BTC-USDT-PERP', book: 'plain', status: 'working', side: 'sell', positionSide: 'both',
        type: 'limit', quantity: '0.002', filledQuantity: '0.001', averagePrice: '7103.1', price: '7103.1', triggerPrice: null, reduceOnly: false,
        triggeredOrderId: null, updatedAt: 1568879465650,
      },
      fill: {
        tradeId: '12', venueOrderId: '8886774', clientOrderId: 'klabcde-x', instrumentId: 'BTC-USDT-PERP', side: 'sell', positionSide: 'both', price: '7103.1',
        quantity: '0.001', fee: '0.00142', feeCurrency: 'USDT', realizedPnl: '-1.5', maker: true, filledAt: 1568879465649, filledAtWall: 1568879465649,
      },
    });
  });

  it('a simulated venue adds the number and the wall clock', () => {
    const event = accountEventOf({ ...ORDER, eventId: 7, transportTime: 1700000000000 });
    expect(event).toMatchObject({ eventId: 7, fill: { filledAt: 1568879465649, filledAtWall: 1700000000000 } });
  });

  it('the order that a conditional one created is part of it', () => {
    const event = accountEventOf({ ...ORDER, o: { ...ORDER.o, o: 'MARKET', ot: 'STOP_MARKET', x: 'NEW', X: 'NEW', l: '0', z: '0', ap: '0' } });
    expect(event).toMatchObject({ order: { book: 'conditional', status: 'triggered', type: 'stopMarket', venueOrderId: '', triggeredOrderId: '8886774', averagePrice: null }, fill: null });
  });

  it('a liquidation fills too', () => {
    const event = accountEventOf({ ...ORDER, o: { ...ORDER.o, c: 'autoclose-1', o: 'LIQUIDATION', x: 'CALCULATED', X: 'FILLED' } });
    expect(event).toMatchObject({ order: { type: 'market', status: 'filled' }, fill: { quantity: '0.001' } });
  });

  it.each([
    ['NEW', {}, 'working', '0', null],
    ['TRIGGERING', {}, 'triggered', '0', null],
    ['TRIGGERED', { ai: '88937381063', ap: '0', aq: '0' }, 'triggered', '0', '88937381063'],
    ['FINISHED', { ai: '88937381063', ap: '0.1386', aq: '38' }, 'filled', '38', '88937381063'],
    ['FINISHED', { ai: '88937381063', ap: '0.1386', aq: '20' }, 'canceled', '20', '88937381063'],
    ['FINISHED', { ai: '88937381063', ap: '0', aq: '0' }, 'canceled', '0', '88937381063'],
    ['CANCELED', {}, 'canceled', '0', null],
    ['REJECTED', { rm: 'Reduce Only reject' }, 'rejected', '0', null],
    ['EXPIRED', {}, 'expired', '0', null],
  ])('a conditional order that is %s %o', (X, fields, status, filledQuantity, triggeredOrderId) => {
    const event = accountEventOf({ ...ALGO, o: { ...ALGO.o, X, ...fields } });
    expect(event).toMatchObject({ kind: 'order', fill: null, order: { book: 'conditional', venueOrderId: '1000000033225453', status, filledQuantity, triggeredOrderId, triggerPrice: '0.13855', reduceOnly: true } });
  });

  it('balances and positions', () => {
    const event = accountEventOf({
      e: 'ACCOUNT_UPDATE', E: 2, T: 1, a: { m: 'ORDER', B: [{ a: 'BNB', wb: '1' }, { a: 'USDT', wb: '122624.12345678', cw: '100' }], P: [{ s: 'ETHUSDT', pa: '-1.50', ep: '0', ps: 'BOTH' }] },
    });
    expect(event).toEqual({ kind: 'balance', eventId: null, reason: 'ORDER', walletBalance: '122624.12345678', positions: [{ instrumentId: 'ETH-USDT-PERP', positionSide: 'both', quantity: '-1.5', unrealizedPnl: expect.any(String) as unknown }], at: 1 });
  });

  it('what it does not know is told by its name', () => {
    expect(accountEventOf({ e: 'MARGIN_CALL', E: 1, eventId: 3 })).toEqual({ kind: 'other', eventId: 3, type: 'MARGIN_CALL' });
  });

  it('names field and value of what it cannot read', () => {
    expect(() => accountEventOf({ ...ORDER, o: { ...ORDER.o, q: 'many' } })).toThrow(expect.objectContaining({ code: 'VENUE_ANSWER_INVALID', message: expect.stringMatching(/o\.q.*"many"/) }));
    expect(() => accountEventOf({ ...ORDER, o: { ...ORDER.o, X: 'SLEEPING' } })).toThrow(expect.objectContaining({ code: 'VENUE_ANSWER_INVALID', message: expect.stringContaining('SLEEPING') }));
  });
});

describe('market events', () => {
  const KLINE = { e: 'kline', E: 1690000003000, s: 'BTCUSDT', k: { t: 1690000000000, T: 1690003599999, s: 'BTCUSDT', i: '1h', o: '1.10', h: '2', l: '0.5', c: '1.5', v: '100.25', x: true } };

  it('a closed candle, then the time', () => {
    expect(marketEventsOf(KLINE)).toEqual([
      { kind: 'candleClosed', instrumentId: 'BTC-USDT-PERP', timeframe: '1h', candle: { openTime: 1690000000000, open: 1.1, high: 2, low: 0.5, close: 1.5, volume: 100.25 } },
      { kind: 'time', marketTime: 1690000003000 },
    ]);
  });
  it('a running candle tells the time alone', () => { expect(marketEventsOf({ ...KLINE, k: { ...KLINE.k, x: false } })).toEqual([{ kind: 'time', marketTime: 1690000003000 }]); });
  it('wrapped by a combined stream', () => { expect(marketEventsOf({ stream: 'btcusdt@kline_1h', data: KLINE })).toHaveLength(2); });
  it('an acknowledgement tells nothing', () => { expect(marketEventsOf({ result: null, id: 1 })).toEqual([]); });
});
