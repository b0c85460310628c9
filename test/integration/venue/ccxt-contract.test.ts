import { Socket } from 'node:net';
import ccxt from 'ccxt';
import type { Order } from 'ccxt';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ccxtOptions } from '../../../venues/ccxt-options.ts';
import { KEY, SECRET, testVenue, until } from './support.ts';
import type { TestVenue } from './support.ts';

const BTC = 'BTC/USDT:USDT';
const ETH = 'ETH/USDT:USDT';

// The class is used as it is. Its declarations say `number` where `number: String` makes it give exact texts.
type Exchange = InstanceType<typeof ccxt.binanceusdm>;
type ProExchange = InstanceType<typeof ccxt.pro.binanceusdm>;

let venue: TestVenue;
let exchange: Exchange;
const hosts = new Set<string>();

beforeEach(async () => {
  hosts.clear();
  const connect = Socket.prototype.connect;
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function record(this: Socket, ...args: unknown[]) {
    hosts.add(hostOf(args));
    return Reflect.apply(connect, this, args) as Socket;
  });
  venue = await testVenue();
  exchange = new ccxt.binanceusdm(options() as never);
});

afterEach(() => {
  vi.restoreAllMocks();
  expect([...hosts].filter((host) => host !== '127.0.0.1')).toEqual([]);
});

function options(): Record<string, unknown> {
  return { ...ccxtOptions({ url: venue.venue.url, wsUrl: venue.venue.wsUrl, apiKey: KEY, secret: SECRET }) };
}

function hostOf(args: readonly unknown[]): string {
  const [first] = Array.isArray(args[0]) ? (args[0] as readonly unknown[]) : args;
  return typeof first === 'object' && first !== null && 'host' in first ? String(first.host) : '127.0.0.1';
}

function texts(order: Order): Record<string, unknown> {
  const { id: _id, ...rest } = order as unknown as Record<string, unknown>;
  return rest;
}

describe('the host', () => {
  it('is the only one that the options name', () => {
    const found: string[] = [];
    const collect = (value: unknown): void => {
      if (typeof value === 'string') found.push(value);
      else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) collect(inner);
    };
    collect((exchange.urls as Record<string, unknown>)['api']);
    collect((new ccxt.pro.binanceusdm(options() as never).urls as Record<string, unknown>)['api']);
    const origins = [venue.venue.url, venue.venue.wsUrl];
    expect(found.length).toBeGreaterThan(40);
    expect(found.filter((url) => !origins.some((origin) => url.startsWith(`${origin}/`)))).toEqual([]);
  });

  it('gets one request to load markets, with keys', async () => {
    await exchange.loadMarkets();
    expect([...hosts]).toEqual(['127.0.0.1']);
  });
});

describe('market data', () => {
  it('markets with exact precision and limits', async () => {
    const markets = await exchange.loadMarkets();
    expect(Object.keys(markets)).toEqual([BTC, ETH]);
    expect(markets[BTC]).toMatchObject({
      id: 'BTCUSDT', type: 'swap', linear: true, contractSize: '1', active: true, precision: { price: '0.1', amount: '0.001' },
      limits: { amount: { min: '0.001', max: '1000' }, cost: { min: '100' }, market: { max: '120' } },
    });
  });

  it('time, status of the book, tickers, prices', async () => {
    expect(Math.abs((await exchange.fetchTime() ?? 0) - Date.now())).toBeLessThan(2_000);
    const book = await exchange.fetchOrderBook(BTC, 5);
    expect(book.bids).toHaveLength(5);
    expect(Number(book.bids[0]?.[0])).toBeLessThan(Number(book.asks[0]?.[0]));
    const ticker = await exchange.fetchTicker(BTC);
    expect(Number(ticker.last)).toBe(await venue.price());
    expect(Number(ticker.high)).toBeGreaterThanOrEqual(Number(ticker.low));
    expect(Object.keys(await exchange.fetchTickers())).toEqual([BTC, ETH]);
    expect(Object.keys(await exchange.fetchBidsAsks())).toEqual([BTC, ETH]);
    expect(Object.keys(await exchange.fetchLastPrices())).toEqual([BTC, ETH]);
    expect(await exchange.fetchTrades(BTC)).toHaveLength(1);
    expect(Number((await exchange.fetchMarkPrice(BTC)).markPrice)).toBeGreaterThan(0);
  });

  it('candles: newest, since, longer ones, of marks and premiums', async () => {
    await venue.control('POST', '/advance', { requestId: 'a', candles: 3 });
    const candles = await exchange.fetchOHLCV(BTC, '1h', undefined, 10);
    expect(candles).toHaveLength(10);
    const [third] = candles.slice(3);
    expect((await exchange.fetchOHLCV(BTC, '1h', Number(third?.[0]), 4))[0]).toEqual(third);
    expect((await exchange.fetchOHLCV(BTC, '4h', undefined, 3))).toHaveLength(3);
    expect((await exchange.fetchMarkOHLCV(BTC, '1h', undefined, 2))).toHaveLength(2);
    expect((await exchange.fetchIndexOHLCV(BTC, '1h', undefined, 2))).toHaveLength(2);
    expect((await exchange.fetchPremiumIndexOHLCV(BTC, '1h', undefined, 2))).toHaveLength(2);
    await expect(exchange.fetchOHLCV(BTC, '1m')).rejects.toThrow('-1120');
  });

  it('status of the venue', async () => {
    expect(await exchange.fetchStatus()).toMatchObject({ status: 'ok' });
  });

  it('funding', async () => {
    await venue.control('POST', '/advance', { requestId: 'a', candles: 30 });
    expect(await exchange.fetchFundingRate(BTC)).toMatchObject({ symbol: BTC, interval: undefined });
    expect(Object.keys(await exchange.fetchFundingRates())).toEqual([BTC, ETH]);
    expect((await exchange.fetchFundingRateHistory(BTC, undefined, 3))).toHaveLength(3);
    expect(Object.keys(await exchange.fetchFundingIntervals())).toEqual([BTC, ETH]);
    expect((await exchange.fetchOpenInterest(BTC)).symbol).toBe(BTC);
  });
});

describe('account', () => {
  it('balance, in all versions', async () => {
    for (const params of [{}, { useV2: true }]) expect((await exchange.fetchBalance(params))['USDT']).toMatchObject({ total: '10000.00000000', free: '10000.00000000' });
  });

  it('leverage, margin mode, position mode, tiers, fees', async () => {
    expect(await exchange.setLeverage(7, BTC)).toMatchObject({ leverage: 7 });
    expect((await exchange.fetchLeverages()) as unknown).toMatchObject({ [BTC]: { longLeverage: 7, marginMode: 'cross' } });
    await exchange.setMarginMode('isolated', BTC);
    await expect(exchange.setMarginMode('isolated', BTC)).rejects.toBeInstanceOf(ccxt.MarginModeAlreadySet);
    expect((await exchange.fetchMarginMode(BTC)).marginMode).toBe('isolated');
    expect(await exchange.fetchPositionMode(BTC)).toMatchObject({ hedged: false });
    await exchange.setPositionMode(true, BTC);
    expect(await exchange.fetchPositionMode(BTC)).toMatchObject({ hedged: true });
    expect(Object.keys(await exchange.fetchLeverageTiers())).toEqual([BTC, ETH]);
    expect(await exchange.fetchTradingFee(BTC)).toMatchObject({ maker: '0.0002', taker: '0.0005' });
    expect(await exchange.fetchTradingFees()).toHaveProperty([BTC]);
  });

  it('positions, isolated margin, income', async () => {
    await exchange.setMarginMode('isolated', BTC);
    await exchange.createOrder(BTC, 'market', 'buy', 0.02);
    const [position] = await exchange.fetchPositions();
    expect(position).toMatchObject({ symbol: BTC, side: 'long', contracts: '0.02', marginMode: 'isolated' });
    expect(await exchange.fetchPositions([ETH])).toEqual([]);
    expect((await exchange.fetchPositionsRisk([BTC], { useV2: true }))[0]).toMatchObject({ symbol: BTC, marginMode: 'isolated', leverage: '20' });
    await exchange.addMargin(BTC, 10);
    await exchange.reduceMargin(BTC, 5);
    const ledger = await exchange.fetchLedger('USDT');
    expect(ledger.map((entry) => entry.type)).toEqual(expect.arrayContaining(['transfer', 'commission']));
    await venue.acknowledgeAll();
    for (let i = 0; i < 12; i += 1) {
      await venue.control('POST', '/advance', { requestId: `a${i}` });
      await venue.acknowledgeAll();
    }
    expect((await exchange.fetchFundingHistory(BTC)).length).toBeGreaterThan(0);
    expect(await exchange.fetchMyLiquidations(BTC)).toEqual([]);
  });
});

it('pages of income follow each other, from a time on and from the newest back', async () => {
  for (let i = 1; i <= 7; i += 1) await venue.control('POST', '/income', { type: 'WELCOME_BONUS', amount: String(i) });
  const page = async (params: Record<string, unknown>): Promise<string[]> =>
    ((await exchange.fapiPrivateGetIncome({ incomeType: 'WELCOME_BONUS', limit: 3, ...params })) as { income: string }[]).map(({ income }) => String(Number(income)));
  const forward = await Promise.all([1, 2, 3, 4].map((at) => page({ page: at, startTime: 1 })));
  expect(forward).toEqual([['1', '2', '3'], ['4', '5', '6'], ['7'], []]);
  const back = await Promise.all([1, 2, 3, 4].map((at) => page({ page: at })));
  expect(back).toEqual([['5', '6', '7'], ['2', '3', '4'], ['1'], []]);
  await expect(page({ page: 0 })).rejects.toThrow('-1130');
});

describe('plain orders', () => {
  it('market: filled at once, with trades', async () => {
    const order = await exchange.createOrder(BTC, 'market', 'buy', 0.01, undefined, { clientOrderId: 'kl-market' });
    expect(texts(order)).toMatchObject({ symbol: BTC, status: 'closed', filled: '0.010', clientOrderId: 'kl-market', type: 'market', side: 'buy' });
    expect(texts(await exchange.fetchOrder(String(order.id), BTC))).toMatchObject({ status: 'closed', average: order.average });
    expect(texts(await exchange.fetchOrder(undefined as never, BTC, { origClientOrderId: 'kl-market' }))).toMatchObject({ status: 'closed' });
    const [trade] = await exchange.fetchMyTrades(BTC);
    expect(trade).toMatchObject({ order: order.id, amount: '0.010', price: order.average, takerOrMaker: 'taker' });
    expect(trade?.fee).toMatchObject({ currency: 'USDT' });
    expect(await exchange.fetchMyTrades(BTC, undefined, undefined, { orderId: order.id })).toHaveLength(1);
    expect(trade?.info).toHaveProperty('transportTime');
  });

  it('limit: rests, is listed, is cancelled by id and by client id', async () => {
    const price = (await venue.price()) * 0.98;
    const one = await exchange.createOrder(BTC, 'limit', 'buy', 0.01, price, { clientOrderId: 'one' });
    const two = await exchange.createOrder(BTC, 'limit', 'buy', 0.01, price, { clientOrderId: 'two', postOnly: true });
    expect(texts(two)).toMatchObject({ status: 'open', timeInForce: 'PO', postOnly: true });
    expect((await exchange.fetchOpenOrders(BTC)).map((order) => order.id)).toEqual([one.id, two.id]);
    expect(texts(await exchange.fetchOpenOrder(String(one.id), BTC))).toMatchObject({ status: 'open' });
    expect(texts(await exchange.cancelOrder(String(one.id), BTC))).toMatchObject({ status: 'canceled' });
    await exchange.cancelOrder(undefined as never, BTC, { origClientOrderId: 'two' });
    expect((await exchange.fetchOrders(BTC)).map((order) => order.status)).toEqual(['canceled', 'canceled']);
    await expect(exchange.cancelOrder(String(one.id), BTC)).rejects.toThrow('-2011');
    await expect(exchange.fetchOrder('999', BTC)).rejects.toThrow('-2013');
  });

  it('immediate-or-cancel, fill-or-kill, good-till-date, reduce-only', async () => {
    const price = await venue.price();
    expect(texts(await exchange.createOrder(BTC, 'limit', 'buy', 0.01, price * 1.01, { timeInForce: 'IOC' }))).toMatchObject({ status: 'closed' });
    await expect(exchange.createOrder(BTC, 'limit', 'buy', 0.01, price * 0.97, { timeInForce: 'FOK' })).rejects.toThrow('-5021');
    const date = Number((await venue.state())['marketTime']) + 3_600_000;
    expect(texts(await exchange.createOrder(BTC, 'limit', 'buy', 0.01, price * 0.97, { timeInForce: 'GTD', goodTillDate: date }))).toMatchObject({ status: 'open' });
    expect(texts(await exchange.createOrder(BTC, 'market', 'sell', 0.02, undefined, { reduceOnly: true }))).toMatchObject({ filled: '0.010', status: 'expired' });
    await expect(exchange.createOrder(BTC, 'market', 'sell', 0.01, undefined, { reduceOnly: true })).rejects.toThrow('-2022');
  });

  it('are amended, one or many at once', async () => {
    const price = await venue.price();
    const placed = await exchange.createOrder(BTC, 'limit', 'buy', 0.01, price * 0.98, { clientOrderId: 'kl-edit' });
    const edited = await exchange.editOrder(String(placed.id), BTC, 'limit', 'buy', 0.02, price * 0.97);
    expect(texts(edited)).toMatchObject({ status: 'open', amount: '0.020', price: (price * 0.97).toFixed(1), clientOrderId: 'kl-edit' });
    expect(texts(await exchange.fetchOrder(String(placed.id), BTC))).toMatchObject({ amount: '0.020', status: 'open' });
    const [one, other] = await exchange.editOrders([
      { id: placed.id, symbol: BTC, type: 'limit', side: 'buy', amount: 0.03, price: price * 0.96 },
      { id: '999', symbol: BTC, type: 'limit', side: 'buy', amount: 0.03, price: price * 0.96 },
    ] as never);
    expect(one).toMatchObject({ amount: '0.030', status: 'open' });
    expect(other?.info).toMatchObject({ code: -2013 });
    await expect(exchange.editOrder(String(placed.id), BTC, 'limit', 'buy', 0.03, price * 0.96)).rejects.toThrow('-5027');
  });

  it('with the timestamp and window that are given', async () => {
    await expect(exchange.createOrder(BTC, 'market', 'buy', 0.01, undefined, { timestamp: Date.now() - 3_000, recvWindow: 2_000 })).rejects.toThrow('-1021');
    expect(texts(await exchange.createOrder(BTC, 'market', 'buy', 0.01, undefined, { timestamp: Date.now() - 1_000, recvWindow: 2_000 }))).toMatchObject({ status: 'closed' });
  });

  it('many at once, and all away', async () => {
    const price = (await venue.price()) * 0.98;
    const made = await exchange.createOrders([
      { symbol: BTC, type: 'limit', side: 'buy', amount: 0.01, price },
      { symbol: BTC, type: 'limit', side: 'buy', amount: 0.01, price },
      { symbol: BTC, type: 'limit', side: 'buy', amount: 100, price },
    ] as never);
    expect(made.map((order) => order.status)).toEqual(['open', 'open', 'rejected']);
    const [one, two] = made;
    expect((await exchange.cancelOrders([one?.id ?? '', two?.id ?? ''], BTC)).map((order) => order.status)).toEqual(['canceled', 'canceled']);
    await exchange.createOrder(BTC, 'limit', 'buy', 0.01, price);
    await exchange.cancelAllOrders(BTC);
    expect(await exchange.fetchOpenOrders(BTC)).toEqual([]);
    expect((await exchange.fetchCanceledOrders(BTC)).length).toBe(3);
    expect(await exchange.fetchClosedOrders(BTC)).toEqual([]);
  });

  it('a refusal keeps its number', async () => {
    await expect(exchange.createOrder(BTC, 'market', 'buy', 100)).rejects.toThrow('-2019');
    await expect(exchange.createOrder(BTC, 'market', 'buy', 0.001)).rejects.toThrow('-4164');
  });
});

describe('conditional orders', () => {
  it('stop, target, stop-limit and trailing stop live in their own book', async () => {
    const price = await venue.price();
    await exchange.createOrder(BTC, 'market', 'buy', 0.01);
    const stop = await exchange.createOrder(BTC, 'market', 'sell', 0.01, undefined, { stopLossPrice: price * 0.97, reduceOnly: true, clientOrderId: 'kl-stop' });
    await exchange.createOrder(BTC, 'market', 'sell', 0.01, undefined, { takeProfitPrice: price * 1.03, reduceOnly: true });
    await exchange.createOrder(BTC, 'limit', 'sell', 0.01, price * 0.96, { triggerPrice: price * 0.965, reduceOnly: true });
    await exchange.createOrder(BTC, 'market', 'sell', 0.01, undefined, { trailingPercent: 5, reduceOnly: true });
    await exchange.createOrder(BTC, 'STOP_MARKET', 'sell', 0.01, undefined, { triggerPrice: price * 0.95, closePosition: true });
    expect(texts(stop)).toMatchObject({ status: 'open', type: 'market', triggerPrice: String((price * 0.97).toFixed(1)), clientOrderId: 'kl-stop', reduceOnly: true });
    expect(await exchange.fetchOpenOrders(BTC)).toEqual([]);
    expect(await exchange.fetchOpenOrders(BTC, undefined, undefined, { trigger: true })).toHaveLength(5);
    expect(await exchange.fetchOrders(BTC, undefined, undefined, { trigger: true })).toHaveLength(5);
    expect(texts(await exchange.fetchOrder(String(stop.id), BTC, { trigger: true }))).toMatchObject({ status: 'open' });
    expect(texts(await exchange.fetchOrder(undefined as never, BTC, { trigger: true, clientAlgoId: 'kl-stop' }))).toMatchObject({ status: 'open' });
    await exchange.cancelOrder(String(stop.id), BTC, { trigger: true });
    expect(texts(await exchange.fetchOrder(String(stop.id), BTC, { trigger: true }))).toMatchObject({ status: 'canceled' });
    await exchange.cancelAllOrders(BTC, { trigger: true });
    expect(await exchange.fetchOpenOrders(BTC, undefined, undefined, { trigger: true })).toEqual([]);
  });

  it('a trigger makes a second order, which closes the position', async () => {
    await exchange.createOrder(BTC, 'market', 'buy', 0.01);
    const stop = await exchange.createOrder(BTC, 'market', 'sell', 0.01, undefined, { stopLossPrice: (await venue.price()) * 0.999, reduceOnly: true });
    for (let i = 0; i < 200; i += 1) {
      await venue.acknowledgeAll();
      await venue.control('POST', '/advance', { requestId: `a${i}` });
      if ((await exchange.fetchPositions()).length === 0) break;
    }
    const triggered = await exchange.fetchOrder(String(stop.id), BTC, { trigger: true });
    expect(triggered.info).toMatchObject({ algoStatus: 'FINISHED', actualQty: '0.010' });
    expect(texts(await exchange.fetchOrder((triggered.info as { actualOrderId: string }).actualOrderId, BTC))).toMatchObject({ status: 'closed', filled: '0.010' });
  });

  it('a stop that would trigger at once is refused', async () => {
    await expect(exchange.createOrder(BTC, 'market', 'sell', 0.01, undefined, { stopLossPrice: (await venue.price()) * 1.02 })).rejects.toThrow('-2021');
  });
});

describe('streams', () => {
  let pro: ProExchange;
  beforeEach(async () => {
    pro = new ccxt.pro.binanceusdm(options() as never);
    await pro.loadHttpProxyAgent(); // ccxt wants this before it opens a stream without TLS
    onTestFinished(() => pro.close());
  });

  /** Starts to watch, waits for the subscription, then lets something happen. */
  async function watched<T>(watch: Promise<T>, happen: () => Promise<unknown>): Promise<T> {
    watch.catch(() => undefined);
    await until(async () => ((await venue.state())['streams'] === 0 ? undefined : true));
    await happen();
    return watch;
  }
  const move = async () => {
    await venue.acknowledgeAll();
    await venue.control('POST', '/advance', { requestId: `move-${Math.random()}` });
  };

  it('candles, running and closed', async () => {
    const candles = await pro.watchOHLCV(BTC, '1h');
    expect(candles).toHaveLength(1);
    const next = await watched(pro.watchOHLCV(BTC, '1h'), move);
    expect(Number(next.at(-1)?.[4])).toBeGreaterThan(0);
  });

  it('ticker, best prices, mark price, trades', async () => {
    expect(Number((await pro.watchTicker(BTC)).last)).toBe(await venue.price());
    expect(Object.keys(await pro.watchTickers([BTC, ETH])).length).toBeGreaterThan(0);
    expect(Object.keys(await pro.watchBidsAsks([BTC]))).toEqual([BTC]);
    expect(Number((await pro.watchMarkPrice(BTC)).markPrice)).toBeGreaterThan(0);
    expect((await pro.watchTrades(BTC)).length).toBeGreaterThan(0);
  });

  it('liquidations: of everybody in the market, and one\'s own', async () => {
    await pro.loadMarkets();
    await exchange.createOrder(BTC, 'market', 'buy', 0.01);
    const all = pro.watchLiquidations(BTC);
    const own = pro.watchMyLiquidations(BTC);
    await until(async () => (Number((await venue.state())['streams']) >= 2 ? true : undefined));
    await venue.control('POST', '/liquidate', { symbol: 'BTCUSDT' });
    expect((await all)[0]).toMatchObject({ symbol: BTC, side: 'sell', contracts: '0.010' });
    expect((await own)[0]).toMatchObject({ symbol: BTC, side: 'sell' });
  });

  it('the order book follows the market without a gap', async () => {
    const before = await pro.watchOrderBook(BTC, 10);
    const bid = Number(before.bids[0]?.[0]);
    expect(before.bids).toHaveLength(10);
    for (let i = 0; i < 3; i += 1) await watched(pro.watchOrderBook(BTC, 10), move);
    const quote = (await venue.open('/fapi/v1/ticker/bookTicker?symbol=BTCUSDT')).body;
    const after = await until(async () => {
      const current = pro.orderbooks[BTC] as { bids: [number, number][]; asks: [number, number][] };
      return Number(current.bids[0]?.[0]) === Number(quote['bidPrice']) ? Promise.resolve(current) : undefined;
    });
    expect(Number(after.bids[0]?.[0])).not.toBe(bid);
    expect(Number(after.asks[0]?.[0])).toBe(Number(quote['askPrice']));
  });

  it('orders, own trades, balance and positions, each with its event id', async () => {
    await pro.loadMarkets();
    const orders = watched(pro.watchOrders(BTC), () => exchange.createOrder(BTC, 'market', 'buy', 0.01));
    const [order] = await orders;
    expect(order).toMatchObject({ symbol: BTC, side: 'buy' });
    expect(order?.info).toMatchObject({ eventId: expect.any(Number) as number, transportTime: expect.any(Number) as number });
    const trades = await watched(pro.watchMyTrades(BTC), () => exchange.createOrder(BTC, 'market', 'buy', 0.01));
    expect(trades[0]).toMatchObject({ symbol: BTC, amount: '0.010', side: 'buy' });
    const balance = await watched(pro.watchBalance(), () => venue.control('POST', '/income', { type: 'TRANSFER', amount: '5' }));
    expect(balance.info).toMatchObject({ e: 'ACCOUNT_UPDATE', eventId: expect.any(Number) as number });
    const positions = await watched(pro.watchPositions([BTC]), () => exchange.createOrder(BTC, 'market', 'buy', 0.01));
    expect(positions[0]).toMatchObject({ symbol: BTC, side: 'long' });
  });

  it('conditional orders through all their states', async () => {
    await pro.loadMarkets();
    await exchange.createOrder(BTC, 'market', 'buy', 0.01);
    const statuses: unknown[] = [];
    const watch = async () => {
      for (;;) {
        for (const order of await pro.watchOrders(BTC)) {
          const info = order.info as { caid?: string; X?: string };
          if (info.caid === 'kl-stop') statuses.push(info.X);
        }
        if (statuses.includes('FINISHED')) return;
      }
    };
    const done = watch();
    await until(async () => ((await venue.state())['streams'] === 1 ? true : undefined));
    await exchange.createOrder(BTC, 'market', 'sell', 0.01, undefined, { stopLossPrice: (await venue.price()) * 0.999, reduceOnly: true, clientOrderId: 'kl-stop' });
    for (let i = 0; i < 300 && (await exchange.fetchPositions()).length > 0; i += 1) await move();
    await move();
    await done;
    // ccxt keeps the newest state of an order: what comes in one breath is seen as one.
    expect([statuses.at(0), statuses.at(-1)]).toEqual(['NEW', 'FINISHED']);
    const events = (await venue.control('GET', '/events')).body as unknown as { e: string; o: { X: string } }[];
    expect(events.filter((event) => event.e === 'ALGO_UPDATE').map((event) => event.o.X)).toEqual(['NEW', 'TRIGGERING', 'TRIGGERED', 'FINISHED']);
  });
});
