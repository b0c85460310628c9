import { describe, expect, it } from 'vitest';
import type { Engine, FeedDeps } from '../../../activities/feeds.ts';
import { createFeedActivities, marketFeedCursor } from '../../../activities/feeds.ts';
import { TOGETHER_MS } from '../../../activities/candle-gathering.ts';
import { KeelError } from '../../../domain/errors.ts';
import type { Candle } from '../../../domain/market/candle.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { AccountEvent, MarketEvent, Stream, Venue } from '../../../domain/ports/venue.ts';
import type { FeedInput } from '../../../workflows/messages.ts';
import { createCallCounter } from '../../../venues/call-counter.ts';
import { portOf } from '../../support/ports.ts';
import { accountInMemory, guardInMemory } from './watch.fixture.ts';
import { reportOf } from '../domain/orders/orders.fixture.ts';

const HOUR_MS = 3_600_000;
const INPUT: FeedInput = { portfolioId: 'sim', timeframe: '1h', instrumentIds: ['BTC', 'ETH'], strategy: 'ensemble', startsCycles: true, historyCandles: 10 };
const CURSOR = marketFeedCursor(INPUT);
const cancelled = () => new Promise<never>(() => undefined);

/** Closes at `hour`. */
function candle(hour: number): Candle {
  return { openTime: (hour - 1) * HOUR_MS, open: 1, high: 1, low: 1, close: 1, volume: 1 };
}

/** A market feed that has handed on everything up to hour 5. `refuses` lists calls that fail once. */
function marketFeed({ refuses = [] as string[], atVenue = [] as number[], cursor = 5 as number | null, silent = '', delisted = '', retrain = undefined as FeedInput['retrain'], askedFor = null as number | null } = {}) {
  const calls: string[] = [];
  const evaluationsAfter: (string | undefined)[] = [];
  const note = async (call: string): Promise<void> => {
    const refused = refuses.indexOf(call);
    if (refused >= 0) {
      refuses.splice(refused, 1);
      throw new Error(`${call} failed`);
    }
    calls.push(call);
  };
  const warned: object[] = [];
  const wall = { now: 0 };
  let fetched = 0;
  let asked = askedFor;
  let tell: (event: MarketEvent) => Promise<void> = async () => { throw new Error('not subscribed'); };
  const deps: FeedDeps = {
    clock: () => wall.now, cancelled, calls: portOf({}), health: portOf({}), warn: (fields) => void warned.push(fields),
    ledger: portOf<Ledger>({
      cursor: async (_portfolio, name) => {
        const hour = name === CURSOR ? cursor : asked;
        return hour === null ? null : hour * HOUR_MS;
      },
      writeCandles: async (series) => { if (series.length > 0) await note(`candles of ${series.map((it) => it.instrumentId).join(' ')}`); },
      setCursor: async (_portfolio, name, value) => {
        if (name !== CURSOR) asked = value / HOUR_MS;
        await note(`${name === CURSOR ? 'cursor' : name} at ${value / HOUR_MS}`);
      },
    }),
    engine: portOf<Engine>({ startCycle: ({ closeTime }) => note(`cycle of ${closeTime / HOUR_MS}`), startEvaluation: async () => void evaluationsAfter.push(calls.at(-1)), startRetrain: (_portfolio, cause) => note(`retrain by ${cause}`) }),
    venue: portOf<Venue>({
      marketTime: async () => 20 * HOUR_MS,
      candles: async ({ instrumentId, since }) => {
        fetched += 1;
        if (instrumentId === delisted) throw new KeelError('VENUE_REFUSED', 'Invalid symbol.');
        return instrumentId === silent ? [] : atVenue.filter((hour) => hour * HOUR_MS > since).map(candle);
      },
      streamMarket: async (_query, onEvent) => { tell = onEvent; return openStream(); },
    }),
  };
  const running = createFeedActivities(deps).streamMarket(retrain === undefined ? INPUT : { ...INPUT, retrain });
  running.catch(() => undefined); // it never ends by itself
  const closed = async (instrumentId: string, hour: number): Promise<void> => { await tell({ kind: 'candleClosed', instrumentId, timeframe: '1h', candle: candle(hour) }); };
  /** It caught up before and after it subscribed, each time for both symbols; where candles were missed, it looked once more. */
  const subscribed = (looks = 4): Promise<void> => expect.poll(() => fetched).toBe(looks);
  return { calls, warned, wall, evaluationsAfter, closed, subscribed };
}

const DAILY = { everyMs: 24 * HOUR_MS, offsetMs: 6 * HOUR_MS };
const retrainsOf = ({ calls }: { readonly calls: readonly string[] }): readonly string[] => calls.filter((call) => call.startsWith('retrain'));

function openStream(): Stream {
  return { closed: new Promise(() => undefined), close: async () => undefined };
}

describe('the market feed', () => {
  it('hands a candle on when every symbol has it: candles, cycle, and only then the cursor', async () => {
    const feed = marketFeed();
    await feed.subscribed();
    await feed.closed('BTC', 6);
    expect(feed.calls).toEqual([]);
    await feed.closed('ETH', 6);
    expect(feed.calls).toEqual(['candles of BTC ETH', 'cycle of 6', 'cursor at 6']);
  });

  it('begins at the newest candle, also beside a symbol that has none yet', async () => {
    const feed = marketFeed({ cursor: null, atVenue: [17, 18, 19, 20], silent: 'ETH' });
    await feed.subscribed();
    expect(feed.calls.slice(0, 2)).toEqual(['candles of BTC ETH', 'cursor at 20']);
    expect(feed.calls.filter((call) => call.startsWith('cycle'))).toEqual([]);
  });

  it.each(['history', 'catching up'])('is not held up by a symbol that the venue does not list any more: %s', async (what) => {
    const feed = marketFeed({ cursor: what === 'history' ? null : 18, atVenue: [17, 18, 19, 20], delisted: 'ETH' });
    await feed.subscribed(what === 'history' ? 4 : 6);
    expect(feed.calls.at(-1)).toBe('cursor at 20');
    expect(feed.calls.filter((call) => call.startsWith('cycle'))).toEqual(what === 'history' ? [] : ['cycle of 19', 'cycle of 20']);
    expect(feed.warned).toEqual([{ instrumentId: 'ETH', error: 'Invalid symbol.' }]);
  });

  it('waits a moment for a symbol that sends no candle, then goes on without it, and writes what comes late', { timeout: 10_000 }, async () => {
    const feed = marketFeed();
    await feed.subscribed();
    await feed.closed('BTC', 6);
    feed.wall.now = TOGETHER_MS;
    await expect.poll(() => feed.calls, { timeout: 5_000 }).toEqual(['candles of BTC', 'cycle of 6', 'cursor at 6']);
    await feed.closed('BTC', 7); // now nobody waits for it
    expect(feed.calls.slice(3)).toEqual(['candles of BTC', 'cycle of 7', 'cursor at 7']);
    await feed.closed('ETH', 7);
    await feed.closed('BTC', 8);
    expect(feed.calls.slice(6)).toEqual(['candles of ETH']);
    await feed.closed('ETH', 8);
    expect(feed.calls.slice(7)).toEqual(['candles of BTC ETH', 'cycle of 8', 'cursor at 8']);
  });

  it('has what is due priced at its start, and at each close when the cycle is started', async () => {
    const feed = marketFeed();
    await feed.subscribed();
    await feed.closed('BTC', 6);
    await feed.closed('ETH', 6);
    expect(feed.evaluationsAfter).toEqual([undefined, 'cycle of 6']);
  });

  it('leaves the cursor where it was when the cycle could not be started, and starts it again', async () => {
    const feed = marketFeed({ refuses: ['cycle of 6'] });
    await feed.subscribed();
    await feed.closed('BTC', 6);
    await expect(feed.closed('ETH', 6)).rejects.toThrow('cycle of 6 failed');
    expect(feed.calls).toEqual(['candles of BTC ETH']);
    await feed.closed('BTC', 6);
    await feed.closed('ETH', 6);
    expect(feed.calls.slice(1)).toEqual(['candles of BTC ETH', 'cycle of 6', 'cursor at 6']);
  });

  it('hears what it handed on already without doing it again', async () => {
    const feed = marketFeed();
    await feed.subscribed();
    await feed.closed('BTC', 5);
    await feed.closed('ETH', 5);
    expect(feed.calls).toEqual([]);
  });

  it('fetches a candle that it missed before it goes on, in order', async () => {
    const atVenue: number[] = [];
    const feed = marketFeed({ atVenue });
    await feed.subscribed();
    atVenue.push(6, 7);
    await feed.closed('BTC', 7);
    await feed.closed('ETH', 7);
    expect(feed.calls.filter((call) => !call.startsWith('candles'))).toEqual(['cycle of 6', 'cursor at 6', 'cycle of 7', 'cursor at 7']);
  });

  it('asks for one retrain of all that fell due while it was away, and for the next when it is due', async () => {
    const atVenue = Array.from({ length: 55 }, (_unused, at) => 6 + at); // due at 6, 30 and 54
    const feed = marketFeed({ atVenue, retrain: DAILY });
    await feed.subscribed(6);
    expect(retrainsOf(feed)).toEqual(['retrain by schedule', 'retrain at 54']);
    expect(feed.calls.indexOf('retrain at 54')).toBeLessThan(feed.calls.indexOf('cursor at 6'));
    for (let hour = 61; hour <= 79; hour += 1) for (const symbol of ['BTC', 'ETH']) await feed.closed(symbol, hour);
    expect(retrainsOf(feed).slice(2)).toEqual(['retrain by schedule', 'retrain at 78']);
  });

  it('does not ask again for the retrain that it asked for before it died, and asks again where that failed', async () => {
    const died = marketFeed({ atVenue: [29, 30, 31], cursor: 28, retrain: DAILY, askedFor: 30 });
    await died.subscribed(6);
    expect(died.calls).toContain('cursor at 31');
    expect(retrainsOf(died)).toEqual([]);
    const refused = marketFeed({ cursor: 29, retrain: DAILY, refuses: ['retrain by schedule'] });
    await refused.subscribed();
    await refused.closed('BTC', 30);
    await expect(refused.closed('ETH', 30)).rejects.toThrow('retrain by schedule failed');
    expect(refused.calls).toEqual([]);
    await refused.closed('BTC', 30);
    await refused.closed('ETH', 30);
    expect(retrainsOf(refused)).toEqual(['retrain by schedule', 'retrain at 30']);
    expect(refused.calls).toContain('cursor at 30');
  });
});

describe('the account feed', () => {
  const EVENT: AccountEvent = { kind: 'order', eventId: 4, order: reportOf('filled', '10'), fill: null };

  function accountFeed(applyReport: Ledger['applyReport'], stream = openStream()) {
    const calls: string[] = [];
    let tell: (event: AccountEvent) => Promise<void> = async () => { throw new Error('not subscribed'); };
    const account = accountInMemory();
    const running = createFeedActivities({
      clock: () => 0, cancelled, warn: () => undefined, calls: createCallCounter({ clock: () => 0 }), health: { reading: () => Promise.resolve('ok') },
      ledger: portOf<Ledger>({ ...guardInMemory().ledger, applyReport: async (...report) => { calls.push('write'); return await applyReport(...report); } }),
      engine: portOf<Engine>({ startReconciliation: async () => void calls.push('compare'), wakePosition: async (id) => void calls.push(`wake ${id}`) }),
      venue: portOf<Venue>({
        ...account.venue,
        streamAccount: async (onEvent) => { calls.push('subscribe'); tell = onEvent; return stream; },
        acknowledge: async (id) => void calls.push(`acknowledge ${id}`),
      }),
    }).streamAccount(INPUT);
    running.catch(() => undefined);
    return { calls, running, tell: (event: AccountEvent) => tell(event) };
  }
  const news: Ledger['applyReport'] = async () => ({ positionId: 'p', row: null, isNews: true });

  it('looks at what was missed only once it is subscribed', async () => {
    const { calls, running } = accountFeed(news, { closed: Promise.resolve(), close: async () => undefined });
    await running;
    expect(calls).toEqual(['subscribe', 'compare']);
  });

  it('writes what it hears, wakes the position, and answers for it last', async () => {
    const { calls, tell } = accountFeed(news);
    await expect.poll(() => calls).toEqual(['subscribe', 'compare']);
    await tell(EVENT);
    expect(calls.slice(2)).toEqual(['write', 'wake p', 'acknowledge 4']);
  });

  it('answers for nothing that could not be written', async () => {
    const { calls, tell } = accountFeed(async () => { throw new Error('ledger down'); });
    await expect.poll(() => calls).toEqual(['subscribe', 'compare']);
    await expect(tell(EVENT)).rejects.toThrow('ledger down');
    expect(calls.slice(2)).toEqual(['write']);
  });
});
