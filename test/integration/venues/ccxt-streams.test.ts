import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccountEvent, MarketEvent, Stream } from '../../../domain/ports/venue.ts';
import type { Simulation } from './simulated.fixture.ts';
import { intent, simulate } from './simulated.fixture.ts';

/** The wall clock of a test is short. */
const QUICK = { silenceMs: 300, pingEveryMs: 200, lookEveryMs: 50, keepAliveEveryMs: 100 };
const QUERY = { instrumentIds: ['BTC-USDT-PERP', 'ETH-USDT-PERP', 'SOL-USDT-PERP'], timeframe: '1h' } as const;

let simulation: Simulation;
beforeEach(async () => { simulation = await simulate({ listenKeyMs: 400 }); });
afterEach(async () => { await simulation.close(); });

const adapter = () => simulation.adapter({ streamTimes: QUICK });
const buy = async () => { await simulation.venue.submit(intent(), await simulation.times()); };
const causeOf = (stream: Stream): Promise<string> => stream.closed.then(() => 'closed', (error: Error) => error.message);

describe('the account stream', () => {
  it('every event, as it came and in order, one after the other', async () => {
    const events: AccountEvent[] = [];
    let running = 0;
    let runningMax = 0;
    const stream = await adapter().streamAccount(async (event) => {
      running += 1;
      runningMax = Math.max(runningMax, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      events.push(event);
      running -= 1;
    });
    await Promise.all(Array.from({ length: 20 }, buy));
    const { lastEventId } = await simulation.control('/state') as { lastEventId: number };
    await expect.poll(() => events.at(-1)?.eventId, { timeout: 20_000 }).toBe(lastEventId);
    expect(runningMax).toBe(1);
    const fills = events.flatMap((event) => (event.kind === 'order' && event.fill !== null ? [event.fill.tradeId] : []));
    expect(new Set(fills).size).toBe(20);
    const ids = events.map((event) => event.eventId ?? 0);
    expect(ids).toEqual(ids.map((_id, index) => (ids[0] ?? 0) + index));
    expect(events.some((event) => event.kind === 'balance' && event.positions.length === 1)).toBe(true);
    await stream.close();
    expect(await causeOf(stream)).toBe('closed');
  });

  it('lives longer than its listen key', async () => {
    const events: AccountEvent[] = [];
    const stream = await adapter().streamAccount((event) => { events.push(event); return Promise.resolve(); });
    await new Promise((resolve) => setTimeout(resolve, 1_800));
    await buy();
    await expect.poll(() => events.length, { timeout: 20_000 }).toBeGreaterThan(0);
    await stream.close();
  });

  it.each([
    ['silentStream', /silent|the venue is at event/],
    ['zombieStream', /the venue is at event \d+, the stream at \d+/],
    ['listenKeyExpired', /listen key .*expired/],
  ])('%s ends it with the cause', async (kind, cause) => {
    const stream = await adapter().streamAccount(() => Promise.resolve());
    await simulation.control('/fault', { kind });
    await buy();
    expect(await causeOf(stream)).toMatch(cause);
  });

  it('several accounts: the money tells', async () => {
    const two = await simulate({ accounts: [{ accountId: 'main', apiKey: 'key', secret: 'secret', wallet: '10000' }, { accountId: 'other', apiKey: 'key2', secret: 'secret2', wallet: '10000' }] });
    const other = two.adapter({ apiKey: 'key2', secret: 'secret2', streamTimes: QUICK });
    const stream = await two.adapter({ streamTimes: QUICK }).streamAccount(() => Promise.resolve());
    await other.submit(intent(), await two.times());
    expect(await Promise.race([causeOf(stream), new Promise((resolve) => setTimeout(resolve, 1_000, 'lives'))])).toBe('lives');
    await two.close();
  });

  it('a listener that fails ends it with that failure', async () => {
    const stream = await adapter().streamAccount(() => Promise.reject(new Error('the ledger is away')));
    await buy();
    expect(await causeOf(stream)).toContain('the ledger is away');
  });
});

describe('on a venue that numbers no events and has no control endpoint', () => {
  const posing = () => simulation.adapter({ mode: 'live', restUrl: simulation.urls.restUrl, wsUrl: simulation.urls.wsUrl, controlUrl: undefined, streamTimes: { ...QUICK, compareEveryMs: 100 } });

  it('an account that changed without a word ends the stream', async () => {
    const stream = await posing().streamAccount(() => Promise.resolve());
    await simulation.control('/fault', { kind: 'zombieStream' });
    await simulation.control('/clock', { mode: 'paced', paceMs: 200 });
    await expect.poll(() => simulation.venue.marketTime(), { timeout: 20_000 }).toBeGreaterThan(1704247200000 + 600_000);
    await buy();
    expect(await causeOf(stream)).toMatch(/the account changed at \d+/);
  });

  it('an account whose changes are told lives on', async () => {
    const events: AccountEvent[] = [];
    const stream = await posing().streamAccount((event) => { events.push(event); return Promise.resolve(); });
    await simulation.control('/clock', { mode: 'paced', paceMs: 200 });
    for (let i = 0; i < 5; i += 1) {
      await buy();
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(await Promise.race([causeOf(stream), new Promise((resolve) => setTimeout(resolve, 500, 'lives'))])).toBe('lives');
    expect(events.length).toBeGreaterThanOrEqual(10);
  });

  it('the market is heard, mark prices too', async () => {
    const events: MarketEvent[] = [];
    await posing().streamMarket(QUERY, (event) => { events.push(event); return Promise.resolve(); });
    await simulation.control('/clock', { mode: 'paced', paceMs: 200 });
    await expect.poll(() => events.filter((event) => event.kind === 'candleClosed').length, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
  });

  it('leaves out a symbol that the venue does not know any more, and hears the others', async () => {
    const heard = new Set<string>();
    const stream = await posing().streamMarket({ ...QUERY, instrumentIds: ['XYZ-USDT-PERP', ...QUERY.instrumentIds] }, (event) => { if (event.kind === 'candleClosed') heard.add(event.instrumentId); return Promise.resolve(); });
    await simulation.control('/clock', { mode: 'paced', paceMs: 200 });
    await expect.poll(() => [...heard].sort(), { timeout: 20_000 }).toEqual([...QUERY.instrumentIds].sort());
    await simulation.control('/clock', { mode: 'paused' });
    await stream.close();
  });
});

describe('the market stream', () => {
  it('closed candles of every instrument, and the time', async () => {
    const events: MarketEvent[] = [];
    const stream = await adapter().streamMarket(QUERY, (event) => { events.push(event); return Promise.resolve(); });
    const from = await simulation.venue.marketTime();
    await simulation.control('/clock', { mode: 'paced', paceMs: 200 });
    await expect.poll(() => events.filter((event) => event.kind === 'candleClosed').length, { timeout: 20_000 }).toBeGreaterThanOrEqual(9);
    await simulation.control('/clock', { mode: 'paused' });
    const closed = events.flatMap((event) => (event.kind === 'candleClosed' ? [event] : []));
    for (const instrumentId of QUERY.instrumentIds) {
      const candles = await simulation.venue.candles({ instrumentId, timeframe: '1h', since: from, limit: 100 });
      const heard = closed.filter((event) => event.instrumentId === instrumentId).map((event) => event.candle);
      expect(heard).toEqual(candles.filter((candle) => candle.openTime >= (heard[0]?.openTime ?? 0)).slice(0, heard.length));
    }
    const times = events.flatMap((event) => (event.kind === 'time' ? [event.marketTime] : []));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    await stream.close();
  });

  it('a market that stands still is no silence', async () => {
    const stream = await adapter().streamMarket(QUERY, () => Promise.resolve());
    expect(await Promise.race([causeOf(stream), new Promise((resolve) => setTimeout(resolve, 1_000, 'lives'))])).toBe('lives');
  });

  it.each(['silentStream', 'zombieStream'])('%s ends it with the cause', async (kind) => {
    const stream = await adapter().streamMarket(QUERY, () => Promise.resolve());
    await simulation.control('/fault', { kind });
    await simulation.control('/clock', { mode: 'paced', paceMs: 100 });
    expect(await causeOf(stream)).toMatch(/silent|the market is at \d+, the stream at \d+/);
  });

  it('a venue that goes away', async () => {
    const stream = await adapter().streamMarket(QUERY, () => Promise.resolve());
    await simulation.close();
    expect(await causeOf(stream)).toMatch(/closed|broke/);
    simulation = await simulate();
  });
});
