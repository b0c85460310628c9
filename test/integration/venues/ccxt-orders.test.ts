import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { d, roundToStep, text } from '../../../domain/decimal.ts';
import type { OrderIntent } from '../../../domain/orders/order.ts';
import type { AccountEvent } from '../../../domain/ports/venue.ts';
import type { Simulation } from './simulated.fixture.ts';
import { intent, simulate } from './simulated.fixture.ts';

let simulation: Simulation;
beforeEach(async () => { simulation = await simulate(); });
afterEach(async () => { await simulation.close(); });

const submit = async (order: OrderIntent) => simulation.venue.submit(order, await simulation.times());
const keyOf = ({ clientOrderId, instrumentId, type }: OrderIntent) => ({ clientOrderId, instrumentId, book: type === 'market' || type === 'limit' ? 'plain' as const : 'conditional' as const });

/** A price that far from the market, on the tick. */
async function priceAt(percent: number): Promise<string> {
  const { bid } = await simulation.venue.quote('BTC-USDT-PERP');
  return text(roundToStep(d(bid).times(1 + percent / 100), d('0.1'), 'down'));
}
const stop = async (percent: number): Promise<OrderIntent> => intent({ leg: 'stop', type: 'stopMarket', side: 'sell', reduceOnly: true, triggerPrice: await priceAt(percent) });

describe('one attempt', () => {
  it('at market: accepted, filled, found again with its fills', async () => {
    const order = intent();
    const answer = await submit(order);
    expect(answer).toMatchObject({ kind: 'accepted', order: { status: 'filled', book: 'plain', clientOrderId: order.clientOrderId, filledQuantity: '0.01' } });
    const found = await simulation.venue.lookUp(keyOf(order));
    expect(found?.order).toEqual(answer.kind === 'accepted' ? answer.order : null);
    expect(found?.fills).toMatchObject([{ clientOrderId: order.clientOrderId, quantity: '0.01', feeCurrency: 'USDT', maker: false }]);
    expect(await simulation.venue.fills({ instrumentId: order.instrumentId, since: 0 })).toHaveLength(1);
    expect((await simulation.venue.account()).positions).toMatchObject([{ instrumentId: order.instrumentId, direction: 'long', quantity: '0.01', positionSide: 'both' }]);
  });

  it('a resting limit order: open, then cancelled, then not open', async () => {
    const order = intent({ type: 'limit', timeInForce: 'GTX', price: await priceAt(-2) });
    expect(await submit(order)).toMatchObject({ kind: 'accepted', order: { status: 'working', type: 'limit' } });
    expect(await simulation.venue.openOrders()).toMatchObject([{ clientOrderId: order.clientOrderId, status: 'working', book: 'plain' }]);
    expect(await simulation.venue.cancel(keyOf(order), await simulation.times())).toEqual({ kind: 'canceled' });
    expect(await simulation.venue.cancel(keyOf(order), await simulation.times())).toMatchObject({ kind: 'notOpen' });
    expect(await simulation.venue.lookUp(keyOf(order))).toMatchObject({ order: { status: 'canceled', filledQuantity: '0' }, fills: [] });
  });

  it.each([
    ['a stop that would trigger at once', async () => stop(1), '-2021'],
    ['too small', async () => intent({ quantity: '0.001' }), '-4164'],
    ['off the step', async () => intent({ quantity: '0.0101' }), '-1111'],
    ['reduce only without a position', async () => intent({ leg: 'exit', side: 'sell', reduceOnly: true }), '-2022'],
    ['more than the margin', async () => intent({ quantity: '100' }), '-2019'],
    ['post only that would take', async () => intent({ type: 'limit', timeInForce: 'GTX', price: await priceAt(1) }), '-5022'],
  ])('refused: %s', async (_name, make, code) => {
    expect(await submit(await make())).toMatchObject({ kind: 'rejected', code });
  });

  it('past its deadline nothing leaves', async () => {
    const order = intent();
    expect(await simulation.venue.submit(order, await simulation.times({ deadlineMs: Date.now() - 1 }))).toMatchObject({ kind: 'notSent' });
    expect(await simulation.venue.submit(order, await simulation.times({ timestamp: Date.now() - 60_000 }))).toMatchObject({ kind: 'notSent' });
    expect(await simulation.venue.orderHistory({ instrumentId: order.instrumentId, since: 0 })).toEqual([]);
  });

  it('a venue whose clock ran away refuses the time, and the next attempt is right again', async () => {
    await simulation.venue.serverTime();
    await simulation.control('/fault', { kind: 'clockSkew', skewMs: 3_600_000 });
    expect(await submit(intent())).toMatchObject({ kind: 'notSent', message: expect.stringContaining('-1021') });
    expect(await submit(intent())).toMatchObject({ kind: 'accepted' });
  });
});

describe('what is not certain', () => {
  it.each(['die', 'hang'])('accepted, and the answer is lost (%s): unknown, then found', async (how) => {
    await simulation.control('/fault', { kind: 'acceptedNoAnswer', how });
    const order = intent();
    const answer = await simulation.venue.submit(order, await simulation.times({ recvWindowMs: 500 }));
    expect(answer.kind).toBe('unknown');
    expect(await simulation.venue.lookUp(keyOf(order))).toMatchObject({ order: { status: 'filled' }, fills: [{ quantity: '0.01' }] });
  });

  it.each([
    [{ status: 503, accepted: true, code: -1000, message: 'Unknown error, please check your request or try again later.' }, 'unknown'],
    [{ status: 503, code: -1000, message: 'Service Unavailable.' }, 'notSent'],
    [{ status: 503, code: -1008, message: 'Request throttled by system-level protection.' }, 'notSent'],
    [{ status: 504, accepted: true, code: -1007, message: 'Timeout waiting for response from backend server.' }, 'unknown'],
  ])('%o', async (fault, kind) => {
    await simulation.control('/fault', { kind: 'http5xx', match: { method: 'POST' }, ...fault });
    expect((await submit(intent())).kind).toBe(kind);
  });

  it('the connection dies before anything happens: unknown, and no look finds it', async () => {
    await simulation.control('/fault', { kind: 'dropConnection', match: { method: 'POST' } });
    const order = intent();
    expect((await submit(order)).kind).toBe('unknown');
    expect(await simulation.venue.lookUp(keyOf(order))).toBeNull();
  });

  it('a client id that is on the book already proves nothing but that', async () => {
    const order = intent({ type: 'limit', price: await priceAt(-2) });
    await submit(order);
    expect((await submit(order)).kind).toBe('unknown');
    expect(await simulation.venue.openOrders(order.instrumentId)).toHaveLength(1);
  });

  it('429: nothing was carried out, and nothing is sent until the venue allows it', async () => {
    await simulation.control('/fault', { kind: 'http429', match: { method: 'POST' } });
    expect((await submit(intent())).kind).toBe('notSent');
    const hasty = await simulation.venue.submit(intent(), await simulation.times({ deadlineMs: Date.now() + 200 }));
    expect(hasty).toMatchObject({ kind: 'notSent', message: expect.stringContaining('asks to wait') });
    const before = Date.now();
    expect((await submit(intent())).kind).toBe('accepted');
    expect(Date.now() - before).toBeGreaterThan(500);
  });

  it('looks that lag find nothing: one empty look is no proof', async () => {
    const order = intent();
    await submit(order);
    await simulation.control('/fault', { kind: 'lookupLag', lagMs: 60_000 });
    expect(await simulation.venue.lookUp(keyOf(order))).toBeNull();
  });

  it('an unreachable venue', async () => {
    const gone = simulation.adapter({ restUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' });
    await expect(gone.quote('BTC-USDT-PERP')).rejects.toMatchObject({ code: 'VENUE_UNREACHABLE' });
    expect((await gone.submit(intent(), await simulation.times())).kind).toBe('unknown');
    await expect(gone.streamAccount(() => Promise.resolve())).rejects.toMatchObject({ code: 'VENUE_UNREACHABLE' });
  });
});

describe('conditional orders', () => {
  it('rest in their own book, and are cancelled there', async () => {
    await submit(intent());
    const order = await stop(-5);
    expect(await submit(order)).toMatchObject({ kind: 'accepted', order: { book: 'conditional', status: 'working', type: 'stopMarket', reduceOnly: true, triggerPrice: order.triggerPrice } });
    expect(await simulation.venue.openOrders(order.instrumentId)).toMatchObject([{ clientOrderId: order.clientOrderId, book: 'conditional' }]);
    expect(await simulation.venue.cancel(keyOf(order), await simulation.times())).toEqual({ kind: 'canceled' });
    expect(await simulation.venue.lookUp(keyOf(order))).toMatchObject({ order: { status: 'canceled', triggeredOrderId: null }, fills: [] });
  });

  it('a triggered one is one order: by look, in the history, in the stream', async () => {
    await submit(intent());
    const order = await stop(-1);
    await submit(order);
    const events: AccountEvent[] = [];
    const stream = await simulation.venue.streamAccount((event) => { events.push(event); return Promise.resolve(); });
    await simulation.control('/shock', { symbol: 'BTCUSDT', percent: -3 });
    await simulation.control('/clock', { mode: 'paced', paceMs: 100 });
    await expect.poll(() => events.filter((event) => event.kind === 'order' && event.order.status === 'filled').length, { timeout: 20_000 }).toBeGreaterThan(1);
    await simulation.control('/clock', { mode: 'paused' });

    const found = await simulation.venue.lookUp(keyOf(order));
    expect(found).toMatchObject({ order: { book: 'conditional', status: 'filled', filledQuantity: '0.01', triggeredOrderId: expect.any(String) }, fills: [{ clientOrderId: order.clientOrderId }] });
    expect(found?.fills[0]?.venueOrderId).toBe(found?.order.triggeredOrderId);
    const history = await simulation.venue.orderHistory({ instrumentId: order.instrumentId, since: 0 });
    expect(history.filter((each) => each.clientOrderId === order.clientOrderId)).toEqual([found?.order]);

    const told = events.flatMap((event) => (event.kind === 'order' ? [event] : []));
    expect(told.every(({ order: each }) => each.book === 'conditional' && each.clientOrderId === order.clientOrderId)).toBe(true);
    expect(told.flatMap(({ fill }) => (fill === null ? [] : [fill]))).toMatchObject([{ tradeId: found?.fills[0]?.tradeId, venueOrderId: found?.order.triggeredOrderId }]);
    expect(events.map((event) => event.eventId)).toEqual(events.map((event) => event.eventId).toSorted((a, b) => Number(a) - Number(b)));
    await stream.close();
    await expect(stream.closed).resolves.toBeUndefined();
  });
});
