import { expect, it } from 'vitest';
import { FaultRegistry } from '../../../../stack/venue/faults.ts';
import type { RequestFacts } from '../../../../stack/venue/faults.ts';
import { Params } from '../../../../stack/venue/params.ts';

function request(method: RequestFacts['method'], path: string, query = ''): RequestFacts {
  return { method, path: `/fapi/v1/${path}`, params: Params.parse(query), accountId: 'main' };
}
const ORDER = request('POST', 'order', 'symbol=BTCUSDT&side=BUY&type=MARKET&newClientOrderId=kl-1');

// What a kind of fault is about when its spec does not say.
it.each([
  ['rejectOrder', ORDER, true],
  ['rejectOrder', request('POST', 'algoOrder'), true],
  ['rejectOrder', request('DELETE', 'order'), false],
  ['rejectOrder', request('POST', 'leverage'), false],
  ['cancelLost', request('DELETE', 'algoOrder'), true],
  ['cancelLost', ORDER, false],
  ['lookupLag', request('GET', 'openOrders'), true],
  ['lookupLag', ORDER, false],
  ['http429', request('GET', 'ping'), true],
  ['duplicateEvent', ORDER, false],
] as const)('%s and %o', (kind, facts, fires) => {
  const faults = new FaultRegistry();
  faults.add({ kind });
  expect(faults.onRequest(facts).length === 1).toBe(fires);
});

it.each([
  [{ symbol: 'BTCUSDT' }, true],
  [{ symbol: 'ETHUSDT' }, false],
  [{ side: 'SELL' }, false],
  [{ type: 'MARKET', side: 'BUY' }, true],
  [{ clientOrderId: 'kl' }, true],
  [{ clientOrderId: 'x' }, false],
  [{ accountId: 'other' }, false],
  [{ path: 'ORDER' }, true],
  [{ method: 'GET' }, false],
] as const)('matches %o: %s', (match, fires) => {
  const faults = new FaultRegistry();
  faults.add({ kind: 'rejectOrder', match });
  expect(faults.onRequest(ORDER).length === 1).toBe(fires);
});

it.each([
  ['once by default', {}, [1, 0, 0, 0]],
  ['at the third', { at: 3 }, [0, 0, 1, 0]],
  ['from the second, twice', { at: 2, count: 2 }, [0, 1, 1, 0]],
  ['for ever', { count: null }, [1, 1, 1, 1]],
])('happens %s', (_name, more, expected) => {
  const faults = new FaultRegistry();
  faults.add({ kind: 'http5xx', ...more });
  expect(expected.map(() => faults.onRequest(ORDER).length)).toEqual(expected);
});

it('actions without a condition are for now, with one for later', () => {
  const faults = new FaultRegistry();
  expect(faults.add({ kind: 'clockSkew', skewMs: 5 }).immediate).toBe(true);
  expect(faults.onRequest(ORDER)).toEqual([]);
  expect(faults.add({ kind: 'clockSkew', skewMs: 5, at: 1 }).immediate).toBe(false);
  expect(faults.onRequest(ORDER)).toHaveLength(1);
  expect(faults.add({ kind: 'rejectOrder' }).immediate).toBe(false);
});

it('draws the same chances from the same seed, and others from another', () => {
  const draw = (seed: number): string => {
    const faults = new FaultRegistry();
    faults.add({ kind: 'http5xx', probability: 0.5, seed, count: null });
    return Array.from({ length: 64 }, () => faults.onRequest(ORDER).length).join('');
  };
  expect(draw(1)).toBe(draw(1));
  expect(draw(1)).not.toBe(draw(2));
});

it.each([
  [{ kind: 'gremlin' }],
  [{ kind: 'rejectOrder', at: 0 }],
  [{ kind: 'rejectOrder', probability: 2 }],
  [{ kind: 'rejectOrder', colour: 'blue' }],
  [{ kind: 'income', amount: 'much' }],
])('refuses %o', (body) => {
  expect(() => new FaultRegistry().add(body)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
