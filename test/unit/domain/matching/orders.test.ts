import { describe, expect, it } from 'vitest';
import { Bench, ME, ORDER, bar, codeOf, instrument, told, value } from './engine.fixture.ts';

// Last price 100.0, spread one tick: bid 100.0, ask 100.1. Volume 100,000: depth 5 % of 10 M USDT a side.
const ready = (): Bench => new Bench().open();

describe('market orders', () => {
  it('fill at the touch, pay the taker fee, and open a position', () => {
    const bench = ready();
    const outcome = bench.place({ quantity: '2' });
    expect(told(outcome.events)).toEqual(['NEW NEW', 'account ORDER', 'TRADE FILLED 2.00@100.1']);
    expect(bench.position()).toBe('2.00@100.1');
    expect(bench.wallet()).toBe('9999.89990000');
    expect(outcome.ok && outcome.value.averagePrice).toBe('100.1');
  });

  it('walk the levels of a thin book, several fills at several prices, and expire beyond it', () => {
    const bench = new Bench({ wallet: '1000000', config: { depthShare: 0, depthMinNotional: 10_000, depthBps: 100 } }).open();
    const fills = bench.place({ quantity: '60' }).events.filter((event) => event.kind === 'orderUpdate').flatMap((event) => event.fill ?? []);
    // 100 units thin out linearly: 19, 17, 15, 13 … one tick apart.
    expect(fills.map((fill) => `${fill.quantity}@${fill.price}`)).toEqual(['19.00@100.1', '17.00@100.2', '15.00@100.3', '9.00@100.4']);
    const rest = bench.placed({ quantity: '50' });
    expect([rest.status, rest.executedQuantity]).toEqual(['EXPIRED', '40.00']);
    expect(codeOf(bench.place())).toBe(-4131);
  });

  it('find the book full again at the next path point', () => {
    const bench = new Bench({ wallet: '1000000', config: { depthShare: 0, depthMinNotional: 10_000 } }).open();
    bench.place({ quantity: '100' });
    expect(codeOf(bench.place())).toBe(-4131);
    bench.step();
    expect(codeOf(bench.place())).toBe('accepted');
  });

  it('spread follows the average true range: 1 % of it', () => {
    const bench = new Bench();
    bench.engine.execute({ kind: 'warmUp', symbol: 'AAAUSDT', bars: Array.from({ length: 20 }, () => bar('AAAUSDT', [100, 110, 90, 100])) });
    bench.open();
    const { bidPrice, askPrice } = bench.engine.quote('AAAUSDT');
    expect([bidPrice, askPrice]).toEqual(['99.9', '100.1']);
  });
});

describe('limit orders', () => {
  it('rest below the ask and fill as maker at their own price when the ask comes down to it', () => {
    const bench = ready();
    expect(bench.placed({ type: 'LIMIT', price: '99' }).status).toBe('NEW');
    bench.walk();
    // The last price must pass the limit by half the spread: 98.9.
    bench.load(bar('AAAUSDT', [100, 101, 99, 100]));
    expect(bench.walk()).toEqual([]);
    bench.load(bar('AAAUSDT', [100, 101, 98, 100]));
    expect(told(bench.walk())).toEqual(['account ORDER', 'TRADE FILLED 1.00@99.0']);
    expect(bench.income().at(-1)).toBe('COMMISSION -0.01980000');
  });

  it.each([
    ['IOC that meets nothing', { timeInForce: 'IOC', price: '99' }, 'EXPIRED 0.00'],
    ['IOC that meets a part', { timeInForce: 'IOC', price: '100.1', quantity: '100' }, 'EXPIRED 19.00'],
    ['GTC that meets a part rests', { timeInForce: 'GTC', price: '100.1', quantity: '100' }, 'PARTIALLY_FILLED 19.00'],
    ['FOK that fits', { timeInForce: 'FOK', price: '100.1', quantity: '19' }, 'FILLED 19.00'],
    ['FOK that does not', { timeInForce: 'FOK', price: '100.1', quantity: '20' }, -5021],
    ['GTX that rests', { timeInForce: 'GTX', price: '100' }, 'NEW 0.00'],
    ['GTX that would take', { timeInForce: 'GTX', price: '100.1' }, -5022],
  ] as const)('%s', (_name, order, expected) => {
    const bench = new Bench({ wallet: '1000000', config: { depthShare: 0, depthMinNotional: 10_000, depthBps: 100 } }).open();
    const outcome = bench.place({ type: 'LIMIT', ...order });
    expect(outcome.ok ? `${outcome.value.status} ${outcome.value.executedQuantity}` : outcome.rejection.code).toBe(expected);
  });

  it('end at their good-till date, at that very moment', () => {
    const bench = ready();
    const goodTillDate = bench.engine.marketTime() + 1_000_000;
    bench.place({ type: 'LIMIT', timeInForce: 'GTD', price: '90', goodTillDate });
    const result = bench.step();
    expect([told(result.events), result.marketTime]).toEqual([['EXPIRED EXPIRED'], goodTillDate]);
  });

  it('are cancelled by client id, and their client id is free again', () => {
    const bench = ready();
    const limit = { type: 'LIMIT', price: '90', clientOrderId: 'x' } as const;
    bench.place(limit);
    expect(codeOf(bench.place(limit))).toBe(-4116);
    const cancel = { kind: 'cancelOrder', accountId: ME, symbol: 'AAAUSDT', key: { clientOrderId: 'x' } } as const;
    expect(value(bench.engine.execute<'cancelOrder'>(cancel)).status).toBe('CANCELED');
    expect(codeOf(bench.engine.execute<'cancelOrder'>(cancel))).toBe(-2011);
    const again = bench.placed(limit);
    expect(bench.engine.findOrder(ME, 'AAAUSDT', { clientOrderId: 'x' })?.orderId).toBe(again.orderId);
    expect(bench.engine.orders({ accountId: ME, limit: 10 }).map((order) => order.status)).toEqual(['CANCELED', 'NEW']);
  });
});

describe('refusals', () => {
  it.each([
    ['too many decimals', { quantity: '1.001' }, -1111],
    ['a price between two ticks', { type: 'LIMIT', price: '99.25' }, -1111],
    ['no quantity', { quantity: '0' }, -4003],
    ['a negative quantity', { quantity: '-1' }, -4003],
    ['more than the largest lot', { quantity: '1000.01' }, -4005],
    ['less than the least notional', { quantity: '0.04' }, -4164],
    ['more than the margin', { quantity: '2000', type: 'LIMIT', price: '101' }, -2019],
    ['reduce-only without a position', { reduceOnly: true }, -2022],
    ['a position side in one-way mode', { positionSide: 'LONG' }, -4061],
  ] as const)('%s', (_name, order, code) => {
    expect(codeOf(ready().place(order))).toBe(code);
  });

  it('the least notional of a market order counts at the mark price, of a limit at its own', () => {
    const above = new Bench().open(bar('AAAUSDT', [100, 100, 100, 100], { markBasis: 0.3 })); // last 100, mark 130
    expect(codeOf(above.place({ quantity: '0.04' }))).toBe('accepted');
    expect(codeOf(above.place({ type: 'LIMIT', price: '100', quantity: '0.04' }))).toBe(-4164);
    const below = new Bench().open(bar('AAAUSDT', [100, 100, 100, 100], { markBasis: -0.3 })); // mark 70
    expect(codeOf(below.place({ quantity: '0.07' }))).toBe(-4164);
    expect(codeOf(below.place({ quantity: '0.08' }))).toBe('accepted');
  });

  it.each([
    ['as it should be', {}, null],
    ['between two steps', { quantity: '1.001' }, -1111],
    ['more than the largest lot', { quantity: '1000.01' }, -4005],
    ['less than the least notional', { quantity: '0.04' }, -4164],
    ['a position side in one-way mode', { positionSide: 'LONG' }, -4061],
    ['more than the margin: nobody asks', { quantity: '900' }, null],
  ] as const)('of a trial are those of its form: %s', (_name, order, code) => {
    const bench = ready();
    const before = bench.engine.snapshot();
    expect(bench.engine.tryOrder(ME, { ...ORDER, ...order })?.code ?? null).toBe(code);
    expect(bench.engine.snapshot()).toEqual(before);
  });

  it('of steps that are no power of ten', () => {
    const bench = new Bench({ symbols: [instrument('AAA', { tickSize: '0.5', stepSize: '0.05', minQuantity: '0.05' }), instrument('BBB')] }).open();
    expect(codeOf(bench.place({ quantity: '0.12' }))).toBe(-4023);
    expect(codeOf(bench.place({ type: 'LIMIT', price: '99.7' }))).toBe(-4014);
    expect(codeOf(bench.place({ type: 'LIMIT', price: '99.5' }))).toBe('accepted');
  });

  it('leave no trace: no event, no order, no id', () => {
    const bench = ready();
    const before = bench.engine.snapshot();
    expect(bench.place({ quantity: '0' }).events).toEqual([]);
    expect(bench.engine.snapshot()).toEqual(before);
  });

  it('of the 201st open order in a symbol', () => {
    const bench = new Bench({ wallet: '1000000', config: { maxOpenOrders: 3 } }).open();
    for (let i = 0; i < 3; i += 1) bench.placed({ type: 'LIMIT', price: '90' });
    expect(codeOf(bench.place({ type: 'LIMIT', price: '90' }))).toBe(-2025);
    expect(codeOf(bench.place({ type: 'LIMIT', price: '90', symbol: 'BBBUSDT' }))).toBe('accepted');
  });

  it('of a position larger than its leverage allows', () => {
    const bench = new Bench({ wallet: '100000' }).open();
    bench.engine.execute({ kind: 'setLeverage', accountId: ME, symbol: 'AAAUSDT', leverage: 125 });
    expect(codeOf(bench.place({ quantity: '501' }))).toBe(-2027);
    expect(codeOf(bench.place({ quantity: '490' }))).toBe('accepted');
  });
});

describe('reduce-only', () => {
  it('never turns a position around: what is too much expires', () => {
    const bench = ready();
    bench.place({ quantity: '2' });
    const order = bench.placed({ side: 'SELL', quantity: '5', reduceOnly: true });
    expect([order.status, order.executedQuantity, bench.position()]).toEqual(['EXPIRED', '2.00', '0.00@0']);
  });

  it('is refused in the direction of the position', () => {
    const bench = ready();
    bench.place();
    expect(codeOf(bench.place({ reduceOnly: true }))).toBe(-2022);
  });

  it('resting orders expire when the position is gone', () => {
    const bench = ready();
    bench.place();
    const target = bench.placed({ type: 'LIMIT', side: 'SELL', price: '110', reduceOnly: true });
    expect(told(bench.place({ side: 'SELL' }).events)).toEqual(['NEW NEW', 'account ORDER', 'TRADE FILLED 1.00@100.0', 'EXPIRED EXPIRED']);
    expect(bench.engine.findOrder(ME, 'AAAUSDT', { orderId: target.orderId })?.status).toBe('EXPIRED');
  });

  it('needs no margin and no least notional', () => {
    const bench = new Bench({ wallet: '30' }).open();
    bench.place({ quantity: '5' });
    expect(codeOf(bench.place({ side: 'SELL', quantity: '0.01', reduceOnly: true }))).toBe('accepted');
  });
});

describe('positions', () => {
  it('average their entry, realise in proportion, and turn around through zero', () => {
    const bench = ready();
    bench.place({ quantity: '1' });
    bench.walk();
    bench.open(bar('AAAUSDT', [103, 103, 103, 103]));
    bench.place({ quantity: '2' });
    expect(bench.position()).toBe('3.00@102.1');
    bench.place({ side: 'SELL', quantity: '1' });
    expect(bench.income().at(-2)).toBe('REALIZED_PNL 0.90000000');
    bench.place({ side: 'SELL', quantity: '5' });
    expect(bench.position()).toBe('-3.00@103.0');
    expect(bench.income().at(-2)).toBe('REALIZED_PNL 1.80000000');
  });

  it('hold long and short apart in hedge mode', () => {
    const bench = ready();
    expect(value(bench.engine.execute({ kind: 'setHedgeMode', accountId: ME, hedgeMode: true }))).toBeNull();
    expect(codeOf(bench.place())).toBe(-4061);
    bench.placed({ positionSide: 'LONG', quantity: '2' });
    bench.placed({ positionSide: 'SHORT', side: 'SELL', quantity: '1' });
    expect(bench.position()).toBe('2.00@100.1 -1.00@100.0');
    expect(bench.placed({ positionSide: 'LONG', side: 'SELL', quantity: '9' }).executedQuantity).toBe('2.00');
    expect(codeOf(bench.place({ positionSide: 'LONG', side: 'SELL' }))).toBe(-2022);
    expect(codeOf(bench.engine.execute({ kind: 'setHedgeMode', accountId: ME, hedgeMode: false }))).toBe(-4068);
  });
});
