import { KeelError } from '../../domain/errors.ts';
import type { InstrumentId } from '../../domain/market/instrument.ts';
import { venueSymbolOf } from '../../domain/market/instrument.ts';
import type { Timeframe } from '../../domain/market/timeframe.ts';
import { candleOpenTime, timeframeMs } from '../../domain/market/timeframe.ts';
import type { AccountEvent, MarketEvent, Stream } from '../../domain/ports/venue.ts';
import type { AccountReader } from './account.ts';
import type { SimulationControl } from './control.ts';
import { LISTEN_KEY_GONE, venueCodeOf } from './errors.ts';
import { accountEventOf, marketEventsOf, unwrapped } from './events.ts';
import type { Rest } from './rest.ts';
import { ROUTES } from './routes.ts';
import { listenKey } from './schemas.ts';
import { openSocket } from './socket.ts';
import type { Watch } from './socket.ts';
import { z } from 'zod';

/** Durations of the wall clock. */
export interface StreamTimes {
  /** How long what the venue has may be missing in the stream. */
  readonly silenceMs: number;
  readonly pingEveryMs: number;
  /** A listen key lives 60 minutes. @source Binance USD-M, User Data Streams. */
  readonly keepAliveEveryMs: number;
  /** Looks of a simulated venue's state. */
  readonly lookEveryMs: number;
  /** Comparisons with the account of a real venue; each costs weight. */
  readonly compareEveryMs: number;
  /** The venue cuts a connection after 24 hours: better at a moment of our own. */
  readonly ageMaxMs: number;
}

export const STREAM_TIMES: StreamTimes = {
  silenceMs: 5_000, pingEveryMs: 10_000, keepAliveEveryMs: 1_800_000, lookEveryMs: 1_000, compareEveryMs: 60_000, ageMaxMs: 23.5 * 3_600_000,
};

/** A real market stream always has data: mark prices come each second. */
const MARKET_SILENCE_MS = 15_000;
/** The account's answer may be newer than an event that is still on its way. */
const COMPARISON_GRACE_MS = 5_000;
/** Streams of one SUBSCRIBE message. */
const SUBSCRIBE_MAX = 200;

export interface StreamContext {
  readonly rest: Rest;
  readonly account: AccountReader;
  /** Null on a real venue. */
  readonly control: SimulationControl | null;
  /** Origin of the streams, such as `wss://fstream.binance.com`. */
  readonly wsUrl: string;
  readonly times: StreamTimes;
}

/** The user-data stream. It never reconnects by itself: whoever owns it opens the next one, then compares with a snapshot. */
export async function openAccountStream(context: StreamContext, onEvent: (event: AccountEvent) => Promise<void>): Promise<Stream> {
  const { rest, times } = context;
  const { listenKey: key } = await rest.read(ROUTES.newListenKey, {}, listenKey, { priority: 'exit' });
  const seen = { eventId: 0, moneyAt: 0 };
  let keyFailure: string | null = null;
  const keeping = setInterval(() => {
    rest.read(ROUTES.keepListenKey, {}, z.unknown(), { priority: 'exit' }).catch((error: unknown) => {
      // Passing failures are made good by the next round: a key outlives two rounds.
      if (venueCodeOf(error) === LISTEN_KEY_GONE) keyFailure = 'its listen key does not exist any more';
    });
  }, times.keepAliveEveryMs);
  const watch = context.control === null ? realAccountWatch(context, seen) : simulatedAccountWatch(context, context.control, seen);
  return openSocket({
    url: `${context.wsUrl}/private/ws?listenKey=${key}`,
    onArrival(message) {
      const event = accountEventOf(message);
      if (event.eventId !== null) seen.eventId = Math.max(seen.eventId, event.eventId);
      if (event.kind === 'balance') seen.moneyAt = Math.max(seen.moneyAt, event.at);
      if (event.kind === 'other' && event.type === 'listenKeyExpired') throw new KeelError('VENUE_UNREACHABLE', 'the listen key of the account stream has expired');
    },
    onMessage: (message) => onEvent(accountEventOf(message)),
    watch: async () => keyFailure ?? watch(),
    watchEveryMs: context.control === null ? times.compareEveryMs : times.lookEveryMs,
    pingEveryMs: times.pingEveryMs,
    onEnd: () => { clearInterval(keeping); },
  }).catch((error: unknown) => {
    clearInterval(keeping);
    throw error;
  });
}

/**
 * A simulated venue numbers its events: the stream may not stay behind them. They are numbered over all of its
 * accounts: where there are several, the money is compared, as on a real venue.
 */
function simulatedAccountWatch(context: StreamContext, control: SimulationControl, seen: { eventId: number; moneyAt: number }): Watch {
  let baseline: number | null = null;
  const lag = createLag(context.times.silenceMs);
  const compareMoney = realAccountWatch(context, seen);
  return async () => {
    const { lastEventId, accounts } = await control.state();
    if (accounts.length > 1) return compareMoney();
    // What happened before the first look may have happened before the stream was open.
    baseline ??= lastEventId;
    const reached = Math.max(seen.eventId, baseline);
    return lag(lastEventId > reached, reached) ? `the venue is at event ${lastEventId}, the stream at ${reached}` : null;
  };
}

/**
 * A real venue: the account's money may not have changed later than the last event that said so. Two comparisons in
 * a row must agree, since an event may be on its way.
 */
function realAccountWatch({ account, rest, times }: StreamContext, seen: { moneyAt: number }): Watch {
  const openedAt = rest.wallClock();
  let baseline: number | null = null;
  let suspect: number | null = null;
  return async () => {
    if (rest.wallClock() - openedAt > times.ageMaxMs) return 'it is as old as the venue allows';
    const changedAt = await account.moneyChangedAt();
    baseline ??= changedAt;
    const isBehind = changedAt > Math.max(seen.moneyAt, baseline) + COMPARISON_GRACE_MS;
    const isConfirmed = isBehind && suspect === changedAt;
    suspect = isBehind ? changedAt : null;
    return isConfirmed ? `the account changed at ${changedAt}, the last event is of ${seen.moneyAt}` : null;
  };
}

/** Says true once a condition has held for a duration while the position did not move. */
function createLag(forMs: number): (isBehind: boolean, position: number) => boolean {
  let since: { readonly at: number; readonly position: number } | null = null;
  return (isBehind, position) => {
    if (!isBehind) since = null;
    else if (since === null || since.position !== position) since = { at: performance.now(), position };
    return since !== null && performance.now() - since.at >= forMs;
  };
}

export interface MarketQuery {
  readonly instrumentIds: readonly InstrumentId[];
  readonly timeframe: Timeframe;
}

/** Closed candles of every instrument, and the market's time. What the venue does not know any more is left out: it would refuse the others with it. */
export async function openMarketStream(context: StreamContext, query: MarketQuery, onEvent: (event: MarketEvent) => Promise<void>): Promise<Stream> {
  const { times, control } = context;
  const known = new Set((await context.rest.symbols()).map((info) => info.symbol));
  const symbols = query.instrumentIds.map(venueSymbolOf).filter((symbol) => known.has(symbol));
  const seen = { marketTime: 0, arrivedAt: performance.now() };
  let told = 0;
  return openSocket({
    url: `${context.wsUrl}/market/ws`,
    greetings: subscriptionsOf({ symbols, timeframe: query.timeframe }, control === null),
    onArrival(message) {
      const events = marketEventsOf(message);
      refuseErrors(message);
      if (events.length === 0) return;
      seen.arrivedAt = performance.now();
      for (const event of events) {
        const reached = event.kind === 'time' ? event.marketTime : event.candle.openTime + timeframeMs(event.timeframe);
        seen.marketTime = Math.max(seen.marketTime, reached);
      }
    },
    async onMessage(message) {
      for (const event of marketEventsOf(message)) {
        // Every symbol tells the time, and not quite in order.
        if (event.kind === 'time' && event.marketTime <= told) continue;
        if (event.kind === 'time') told = event.marketTime;
        await onEvent(event);
      }
    },
    watch: control === null ? realMarketWatch(context, seen) : simulatedMarketWatch(control, seen, query.timeframe, times),
    watchEveryMs: times.lookEveryMs,
    pingEveryMs: times.pingEveryMs,
  });
}

/** A real market is never silent: the mark price of one instrument is heard each second, whatever is traded. */
function subscriptionsOf({ symbols, timeframe }: { readonly symbols: readonly string[]; readonly timeframe: Timeframe }, isReal: boolean): string[] {
  const streams = symbols.map((symbol) => `${symbol.toLowerCase()}@kline_${timeframe}`);
  if (isReal && symbols[0] !== undefined) streams.push(`${symbols[0].toLowerCase()}@markPrice@1s`);
  const messages: string[] = [];
  for (let from = 0; from < streams.length; from += SUBSCRIBE_MAX) {
    messages.push(JSON.stringify({ method: 'SUBSCRIBE', params: streams.slice(from, from + SUBSCRIBE_MAX), id: messages.length + 1 }));
  }
  return messages;
}

function refuseErrors(message: unknown): void {
  const data = unwrapped(message);
  if (typeof data === 'object' && data !== null && 'error' in data) {
    throw new KeelError('VENUE_REFUSED', `the market stream refused a subscription: ${JSON.stringify(data.error).slice(0, 300)}`);
  }
}

/** A simulated market may stand still; but a candle that it has closed must have been heard. */
function simulatedMarketWatch(control: SimulationControl, seen: { marketTime: number }, timeframe: Timeframe, times: StreamTimes): Watch {
  let baseline: number | null = null;
  const lag = createLag(times.silenceMs);
  return async () => {
    const { marketTime } = await control.state();
    baseline ??= marketTime;
    const reached = Math.max(seen.marketTime, baseline);
    const nextClose = candleOpenTime(reached, timeframe) + timeframeMs(timeframe);
    return lag(marketTime >= nextClose, reached) ? `the market is at ${marketTime}, the stream at ${reached}` : null;
  };
}

function realMarketWatch({ rest, times }: StreamContext, seen: { arrivedAt: number }): Watch {
  const openedAt = rest.wallClock();
  return () => {
    if (rest.wallClock() - openedAt > times.ageMaxMs) return Promise.resolve('it is as old as the venue allows');
    const silentMs = Math.round(performance.now() - seen.arrivedAt);
    return Promise.resolve(silentMs > MARKET_SILENCE_MS ? `no data for ${silentMs} ms` : null);
  };
}
