import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createExchange } from '../../../venues/ccxt/exchange.ts';
import { createBackOffLimiter, createVenue } from '../../../venues/index.ts';
import type { Simulation } from './simulated.fixture.ts';
import { intent, simulate } from './simulated.fixture.ts';

let simulation: Simulation;
beforeEach(async () => { simulation = await simulate(); });
afterEach(async () => { await simulation.close(); });

describe('the account', () => {
  it('the wallet is the sum of its income', async () => {
    await simulation.venue.submit(intent(), await simulation.times());
    await simulation.control('/income', { type: 'FUNDING_FEE', amount: '-1.25', symbol: 'BTCUSDT' });
    const [account, income] = await Promise.all([simulation.venue.account(), simulation.venue.income({ since: 0 })]);
    expect(income.reduce((sum, each) => sum + Number(each.amount), 0)).toBeCloseTo(Number(account.walletBalance), 8);
    expect(income.map((each) => each.type)).toEqual(['TRANSFER', 'COMMISSION', 'FUNDING_FEE']);
  });

  it('hedge mode: both sides, told by the position side', async () => {
    const keys = { apiKey: 'key', secret: 'secret' };
    const exchange = await createExchange({ ...keys, restUrl: simulation.urls.restUrl, wsUrl: null, demo: false });
    await exchange.call({ api: 'fapiPrivate', method: 'POST', path: 'positionSide/dual' }, { dualSidePosition: 'true', timestamp: Date.now() }, { timeoutMs: 5_000, onAnswer: () => undefined });
    const { venue } = simulation;
    expect(await venue.submit(intent({ positionSide: 'long' }), await simulation.times())).toMatchObject({ kind: 'accepted' });
    expect(await venue.submit(intent({ positionSide: 'short', side: 'sell', quantity: '0.02' }), await simulation.times())).toMatchObject({ kind: 'accepted' });
    const stop = intent({ leg: 'stop', type: 'stopMarket', positionSide: 'short', side: 'buy', quantity: '0.02', reduceOnly: true, triggerPrice: '90000' });
    expect(await venue.submit(stop, await simulation.times())).toMatchObject({ kind: 'accepted', order: { positionSide: 'short' } });
    const account = await venue.account();
    expect(account.positionMode).toBe('hedge');
    expect(account.positions.toSorted((a, b) => a.direction.localeCompare(b.direction))).toMatchObject([
      { direction: 'long', positionSide: 'long', quantity: '0.01' }, { direction: 'short', positionSide: 'short', quantity: '0.02' },
    ]);
    expect(await venue.submit(intent({ positionSide: 'long', side: 'sell', reduceOnly: true, leg: 'exit' }), await simulation.times())).toMatchObject({ kind: 'accepted' });
  });

  it('what the key may do', async () => {
    expect(await simulation.venue.permissions()).toEqual({ mayTrade: true, mayWithdraw: false, ipRestricted: true });
  });

  it('a wrong secret is refused, not unreachable', async () => {
    await expect(simulation.adapter({ secret: 'other' }).account()).rejects.toMatchObject({ code: 'VENUE_REFUSED', message: expect.stringContaining('-1022') });
  });

  it('stands as an opening wants it: set, read back, and left alone once it does', async () => {
    const { venue } = simulation;
    const terms = { leverage: 5, marginMode: 'isolated', positionMode: 'hedge' } as const;
    expect(await venue.ensureTerms('BTC-USDT-PERP', terms)).toEqual({ kind: 'agreed' });
    expect(await simulation.adapter().ensureTerms('BTC-USDT-PERP', terms)).toEqual({ kind: 'agreed' });
    expect((await venue.account()).positionMode).toBe('hedge');
    expect(await venue.submit(intent({ positionSide: 'long' }), await simulation.times())).toMatchObject({ kind: 'accepted' });
    expect(await venue.ensureTerms('BTC-USDT-PERP', { ...terms, leverage: 500 })).toMatchObject({ reason: 'leverageNotSet', detail: expect.stringContaining('wanted 500, the venue has 5') as string });
    expect(await venue.ensureTerms('BTC-USDT-PERP', { ...terms, leverage: 4 })).toMatchObject({ reason: 'leverageNotSet', detail: expect.stringContaining('-4161') as string });
    expect(await venue.ensureTerms('BTC-USDT-PERP', { ...terms, marginMode: 'cross' })).toMatchObject({ reason: 'marginModeNotSet', detail: expect.stringContaining('-4048') as string });
    expect(await venue.ensureTerms('ETH-USDT-PERP', { ...terms, positionMode: 'oneWay' })).toMatchObject({ reason: 'positionModeNotSet', detail: expect.stringContaining('-4068') as string });
  });
});

describe('the market', () => {
  it('tells volume, spread, depth, funding and the largest leverage of a symbol, and depth only where it is asked for', async () => {
    const { venue } = simulation;
    const both = await venue.conditions({ instrumentIds: ['BTC-USDT-PERP', 'ETH-USDT-PERP'], deep: ['BTC-USDT-PERP'], depthWithinBps: 10 });
    const [btc, eth, quote, now] = [both['BTC-USDT-PERP'], both['ETH-USDT-PERP'], await venue.quote('BTC-USDT-PERP'), await venue.marketTime()];
    const middle = (Number(quote.bid) + Number(quote.ask)) / 2;
    expect(btc?.spreadBps).toBeCloseTo(((Number(quote.ask) - Number(quote.bid)) / middle) * 10_000, 3);
    expect(Number(btc?.volume24h)).toBeGreaterThan(0);
    expect(Number(btc?.depth)).toBeGreaterThan(0);
    expect(btc?.funding).toMatchObject({ intervalHours: 8, rateBps: expect.any(Number) as number });
    expect(btc?.funding?.nextAt).toBeGreaterThan(now);
    expect(btc?.leverageMax).toBeGreaterThanOrEqual(20);
    expect(eth?.depth).toBeNull();
    expect(await venue.conditions({ instrumentIds: ['BTC-USDT-PERP'], deep: ['BTC-USDT-PERP'], depthWithinBps: 10 })).toEqual({ 'BTC-USDT-PERP': btc }); // one by itself says the same
  });

  it('of a symbol that it does not know it tells nothing', async () => {
    const said = await simulation.venue.conditions({ instrumentIds: ['BTC-USDT-PERP', 'XYZ-USDT-PERP'], deep: [], depthWithinBps: 10 });
    const unknown = { volume24h: null, spreadBps: null, depth: null, funding: null, leverageMax: null };
    expect(said['XYZ-USDT-PERP']).toEqual(unknown);
    const deep = await simulation.venue.conditions({ instrumentIds: ['BTC-USDT-PERP', 'XYZ-USDT-PERP'], deep: ['BTC-USDT-PERP', 'XYZ-USDT-PERP'], depthWithinBps: 10 });
    expect([Number(deep['BTC-USDT-PERP']?.depth) > 0, deep['XYZ-USDT-PERP']]).toEqual([true, unknown]);
  });

  it('depth counts only what lies near enough', async () => {
    const within = async (depthWithinBps: number) => Number((await simulation.venue.conditions({ instrumentIds: ['BTC-USDT-PERP'], deep: ['BTC-USDT-PERP'], depthWithinBps }))['BTC-USDT-PERP']?.depth);
    expect(await within(3)).toBeLessThan(await within(10));
  });

  it('only closed candles, from since on, at most as many as asked for', async () => {
    const all = await simulation.venue.candles({ instrumentId: 'BTC-USDT-PERP', timeframe: '1h', since: 0, limit: 5_000 });
    const now = await simulation.venue.marketTime();
    expect(all.every((candle) => candle.openTime + 3_600_000 <= now)).toBe(true);
    expect(all).toHaveLength(50);
    const since = all[10]?.openTime ?? 0;
    expect(await simulation.venue.candles({ instrumentId: 'BTC-USDT-PERP', timeframe: '1h', since, limit: 7 })).toEqual(all.slice(10, 17));
  });

  it('only the instruments that are asked for', async () => {
    expect(await simulation.adapter({ instrumentIds: ['ETH-USDT-PERP'] }).instruments()).toMatchObject([{ id: 'ETH-USDT-PERP', venueSymbol: 'ETHUSDT', tickSize: '0.01', takerFeeRate: '0.0005' }]);
  });

  it('acknowledges an event, and is told when there is none such', async () => {
    await simulation.venue.submit(intent(), await simulation.times());
    const { lastEventId } = await simulation.control('/state') as { lastEventId: number };
    await simulation.venue.acknowledge(lastEventId);
    expect(await simulation.control('/state')).toMatchObject({ acknowledgedId: lastEventId });
    await expect(simulation.venue.acknowledge(lastEventId + 1)).rejects.toMatchObject({ code: 'VENUE_REFUSED' });
  });
});

describe('answers that cannot be understood', () => {
  it.each([
    ['garbage', '<html>', /whole answer/],
    ['a field that is no number', '{"bidPrice":"a lot","askPrice":"1"}', /"bidPrice" holds "a lot"/],
  ])('%s', async (_name, body, message) => {
    const server = createServer((_request, response) => { response.end(body); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const venue = createVenue({ mode: 'sim', apiKey: 'key', secret: 'secret', restUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, createBackOffLimiter());
    await expect(venue.quote('BTC-USDT-PERP')).rejects.toMatchObject({ code: 'VENUE_ANSWER_INVALID', message: expect.stringMatching(message) });
    const answer = await venue.submit(intent(), { timestamp: Date.now(), recvWindowMs: 2_000, deadlineMs: Date.now() + 1_000 });
    expect(answer.kind).toBe('unknown');
    server.close();
  });
});
