import { messageOf } from '../../domain/errors.ts';
import type { InstrumentId } from '../../domain/market/instrument.ts';
import { isReducing } from '../../domain/orders/protocol.ts';
import type { CallCounter } from '../../domain/ports/call-counter.ts';
import type { Limiter } from '../../domain/ports/limiter.ts';
import type { Mode } from '../../domain/ports/ledger.ts';
import type { Stream, Venue } from '../../domain/ports/venue.ts';
import { createAccountReader } from './account.ts';
import type { AccountReader } from './account.ts';
import { createConditionsReader } from './conditions.ts';
import { createSimulationControl } from './control.ts';
import { createExchange } from './exchange.ts';
import { readCandles, readInstruments, readQuote } from './market.ts';
import { cancelOrder, lookUpOrder, readFills, readOpenOrders, readOrderHistory, submitOrder } from './orders.ts';
import { createRest } from './rest.ts';
import type { Rest } from './rest.ts';
import { openAccountStream, openMarketStream, STREAM_TIMES } from './streams.ts';
import type { StreamContext, StreamTimes } from './streams.ts';
import { createTermsKeeper } from './terms.ts';
import type { TermsKeeper } from './terms.ts';
import { once } from '../../domain/once.ts';

export interface CcxtVenueSettings {
  readonly mode: Mode;
  readonly apiKey: string;
  readonly secret: string;
  readonly limiter: Limiter;
  /** Origin of the REST API; absent: Binance's own (demo trading in `testnet`). */
  readonly restUrl?: string;
  /** Origin of the streams; absent: of the same host as `restUrl`. */
  readonly wsUrl?: string;
  /** Origin of a simulated venue's control endpoint; absent on a real venue, whose market clock is the wall clock. */
  readonly controlUrl?: string;
  /** `instruments()` tells of these only; absent: of all perpetuals in USDT. */
  readonly instrumentIds?: readonly InstrumentId[];
  /** Wall clock of this process. */
  readonly clock?: () => number;
  readonly streamTimes?: Partial<StreamTimes>;
  /** Told how each call fared. */
  readonly calls?: Pick<CallCounter, 'count'>;
}

/** @source Binance USD-M, general info (demo trading) and WebSocket Market Streams. */
const STREAM_HOSTS = { live: 'wss://fstream.binance.com', demo: 'wss://demo-fstream.binance.com' } as const;

interface Connection {
  readonly rest: Rest;
  readonly account: AccountReader;
  readonly terms: TermsKeeper;
  readonly conditions: Venue['conditions'];
  readonly streams: StreamContext;
}

/**
 * Binance USD-M futures through ccxt, or whatever speaks like it at `restUrl`. Nothing is loaded or contacted before
 * the first call.
 */
export function createCcxtVenue(settings: CcxtVenueSettings): Venue {
  const clock = settings.clock ?? Date.now;
  const control = settings.controlUrl === undefined ? null : createSimulationControl(settings.controlUrl);
  const openStreams = new Set<Stream>();
  let connected: Connection | null = null;
  const connect = once(async () => (connected = await connectTo(settings, clock, control)));
  const keep = (stream: Stream): Stream => {
    openStreams.add(stream);
    const forget = (): void => { openStreams.delete(stream); };
    stream.closed.then(forget, forget);
    return stream;
  };
  const marketTime = async (): Promise<number> => (control === null ? (await connect()).rest.clock.now() : (await control.state()).marketTime);

  return {
    serverTime: async () => (await connect()).rest.clock.now(),
    marketTime,
    ping: async () => (await connect()).rest.clock.measure(),
    circuit: () => connected?.rest.circuit() ?? 'closed',
    instruments: async () => readInstruments((await connect()).rest, settings.instrumentIds ?? null),
    async candles(query) {
      const [{ rest }, now] = await Promise.all([connect(), marketTime()]);
      return readCandles(rest, query, now);
    },
    quote: async (instrumentId) => readQuote((await connect()).rest, instrumentId),
    conditions: async (query) => (await connect()).conditions(query),
    account: async (urgency) => (await connect()).account.account(urgency),
    ensureTerms: async (instrumentId, terms) => (await connect()).terms.ensure(instrumentId, terms),
    permissions: async () => (await connect()).account.permissions(),
    income: async (query) => (await connect()).account.income(query),
    async submit(intent, times) {
      const connection = await connect().catch((error: unknown) => ({ failed: messageOf(error) }));
      if ('failed' in connection) return { kind: 'notSent', message: connection.failed };
      const answer = await submitOrder(connection.rest, intent, times);
      if (answer.kind !== 'accepted' && !isReducing(intent)) connection.terms.distrust();
      return answer;
    },
    async cancel(order, times) {
      const connection = await connect().catch((error: unknown) => ({ failed: messageOf(error) }));
      return 'failed' in connection ? { kind: 'unknown', message: connection.failed } : cancelOrder(connection.rest, order, times);
    },
    lookUp: async (order) => lookUpOrder((await connect()).rest, order),
    openOrders: async (instrumentId, urgency) => readOpenOrders((await connect()).rest, instrumentId, urgency),
    orderHistory: async (query, urgency) => readOrderHistory((await connect()).rest, { ...query, untilMs: await marketTime() }, urgency),
    fills: async (query, urgency) => readFills((await connect()).rest, { ...query, untilMs: await marketTime() }, urgency),
    streamAccount: async (onEvent) => keep(await openAccountStream((await connect()).streams, onEvent)),
    streamMarket: async (query, onEvent) => keep(await openMarketStream((await connect()).streams, query, onEvent)),
    async acknowledge(eventId) {
      await control?.acknowledge(eventId);
    },
    async close() {
      await Promise.all([...openStreams].map((stream) => stream.close()));
    },
  };
}

async function connectTo(settings: CcxtVenueSettings, clock: () => number, control: StreamContext['control']): Promise<Connection> {
  const isDemo = settings.mode === 'testnet';
  const restUrl = settings.restUrl ?? null;
  const exchange = await createExchange({ restUrl, wsUrl: settings.wsUrl ?? null, apiKey: settings.apiKey, secret: settings.secret, demo: isDemo });
  const rest = createRest({ exchange, limiter: settings.limiter, clock, ...(settings.calls === undefined ? {} : { calls: settings.calls }) });
  const terms = createTermsKeeper(rest);
  const account = createAccountReader(rest, terms.positionMode);
  const wsUrl = settings.wsUrl ?? restUrl?.replace(/^http/, 'ws') ?? (isDemo ? STREAM_HOSTS.demo : STREAM_HOSTS.live);
  const connection = { rest, account, terms, conditions: createConditionsReader(rest, { isSimulated: control !== null }), streams: { rest, account, control, wsUrl, times: { ...STREAM_TIMES, ...settings.streamTimes } } };
  // The venue's own limits, before anything is sent. Its documented ones hold while it does not tell.
  await rest.symbols().catch(() => undefined);
  return connection;
}
