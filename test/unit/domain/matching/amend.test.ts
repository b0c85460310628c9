import { describe, expect, it } from 'vitest';
import { MatchingEngine } from '../../../../domain/matching/engine.ts';
import { MemoryHistory } from '../../../../domain/matching/history.ts';
import type { AmendOrder, OrderView, Outcome } from '../../../../domain/matching/types.ts';
import { Bench, ME, bar, codeOf, told, value } from './engine.fixture.ts';

// Last price 100.0: bid 100.0, ask 100.1. A buy of 1.00 rests at 99.0 under the client id `x`.
const LIMIT = { type: 'LIMIT', price: '99', quantity: '1', clientOrderId: 'x' } as const;

function resting(order: Parameters<Bench['place']>[0] = {}): Bench {
  const bench = new Bench().open();
  bench.placed({ ...LIMIT, ...order });
  return bench;
}

function amend(bench: Bench, order: Partial<AmendOrder> = {}): Outcome<OrderView> {
  return bench.engine.execute({ kind: 'amendOrder', accountId: ME, order: { symbol: 'AAAUSDT', key: { clientOrderId: 'x' }, side: 'BUY', quantity: '2', price: '98', ...order } });
}

describe('an amended order', () => {
  it('keeps its ids, has the new terms, and is told of', () => {
    const bench = resting();
    const before = bench.engine.openOrders(ME)[0];
    const outcome = amend(bench);
    expect(told(outcome.events)).toEqual(['AMENDMENT NEW']);
    expect(bench.engine.openOrders(ME)).toEqual([{ ...before, quantity: '2.00', price: '98.0' }]);
    expect(bench.engine.account(ME).openOrderInitialMargin).toBe('9.80000000'); // 196 at 20x
  });

  it('takes at once what its new price reaches', () => {
    const bench = resting();
    expect(told(amend(bench, { price: '100.1' }).events)).toEqual(['AMENDMENT NEW', 'account ORDER', 'TRADE FILLED 2.00@100.1']);
    expect(bench.position()).toBe('2.00@100.1');
    expect(bench.engine.account(ME).openOrderInitialMargin).toBe('0.00000000');
  });

  it('stands behind the orders of its price that came before', () => {
    const bench = resting();
    bench.placed({ ...LIMIT, clientOrderId: 'y' });
    amend(bench, { quantity: '2', price: '99' });
    bench.walk();
    bench.load(bar('AAAUSDT', [100, 101, 98, 100]));
    const filled = bench.walk().flatMap((event) => (event.kind === 'orderUpdate' ? [event.order.clientOrderId] : []));
    expect(filled).toEqual(['y', 'x']);
  });

  it('is cancelled when it has filled the new quantity already, and when it is post-only and would take', () => {
    const bench = new Bench({ config: { depthShare: 0, depthMinNotional: 10_000, depthBps: 100 } }).open();
    bench.placed({ ...LIMIT, price: '100.1', quantity: '30' });
    expect(value(amend(bench, { price: '100', quantity: '19' }))).toMatchObject({ status: 'CANCELED', executedQuantity: '19.00' });
    const postOnly = resting({ timeInForce: 'GTX' });
    expect(value(amend(postOnly, { price: '100.1' })).status).toBe('CANCELED');
    expect(postOnly.engine.openOrders(ME)).toEqual([]);
  });

  it('comes back from a snapshot with what it binds', () => {
    const bench = resting();
    amend(bench);
    const again = MatchingEngine.restore(bench.engine.snapshot(), new MemoryHistory());
    expect(again.openOrders(ME)).toEqual(bench.engine.openOrders(ME));
    expect(again.account(ME)).toEqual(bench.engine.account(ME));
  });
});

describe('a refused amendment leaves the order as it was', () => {
  it.each([
    ['no such order', { key: { clientOrderId: 'y' } }, -2013],
    ['the other side', { side: 'SELL' }, -1117],
    ['the terms that it has', { quantity: '1', price: '99' }, -5027],
    ['too many decimals', { quantity: '1.001' }, -1111],
    ['no quantity', { quantity: '0' }, -4003],
    ['less than the least notional', { quantity: '0.04' }, -4164],
    ['more than the largest lot', { quantity: '10000.01' }, -4005],
    ['more than the margin', { quantity: '2100' }, -2019],
  ] as const)('%s', (_name, change, code) => {
    const bench = resting();
    const before = [bench.engine.openOrders(ME), bench.engine.account(ME)];
    expect(codeOf(amend(bench, change))).toBe(code);
    expect([bench.engine.openOrders(ME), bench.engine.account(ME)]).toEqual(before);
  });

  it('the margin of the old terms counts for the new ones', () => {
    const bench = resting({ quantity: '2000' }); // 198,000 at 20x: all but 100 USDT
    expect(codeOf(amend(bench, { quantity: '2010', price: '98' }))).toBe('accepted');
  });

  it('the 10,001st', () => {
    const bench = resting();
    const answers = Array.from({ length: 10_000 }, (_one, i) => codeOf(amend(bench, { price: i % 2 === 0 ? '98' : '97' })));
    expect([...new Set(answers)]).toEqual(['accepted']);
    expect(codeOf(amend(bench, { price: '96' }))).toBe(-5026);
  });
});
