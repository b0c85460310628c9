/** Market streams: what is sent under each name. @source https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams */
import { TIMEFRAMES, timeframeMs } from '../../domain/market/timeframe.ts';
import type { AccountEvent, FillView, OrderView } from '../../domain/matching/types.ts';
import type { VenueCore } from './core.ts';
import { aggregateTrade, publicTrade } from './routes-market.ts';
import { klineRow } from './market-view.ts';
import type { MarketView } from './market-view.ts';

type Message = Record<string, unknown>;

/** `symbol@kind` of one symbol, or `!kind` of all. */
interface StreamName {
  /** Venue symbol; null: all symbols. */
  readonly symbol: string | null;
  readonly kind: string;
}

const SYMBOL_KINDS = /^(kline_\w+|aggTrade|trade|bookTicker|markPrice(@1s)?|ticker|miniTicker|depth(5|10|20)?(@(100|250|500)ms|@0ms)?|forceOrder)$/;
const ALL_KINDS = /^(bookTicker|markPrice@arr(@1s)?|ticker@arr|miniTicker@arr|forceOrder@arr)$/;

interface Levels {
  readonly id: number;
  readonly bids: ReadonlyMap<string, string>;
  readonly asks: ReadonlyMap<string, string>;
}

export class MarketMessages {
  readonly #core: VenueCore;
  readonly #view: MarketView;
  /** The book as it was last sent, by symbol: differences are told against it. */
  readonly #sent = new Map<string, Levels>();

  constructor(core: VenueCore, view: MarketView) {
    this.#core = core;
    this.#view = view;
  }

  /** @returns undefined for a name that no stream has. */
  parse(name: string): StreamName | undefined {
    if (name.startsWith('!')) return ALL_KINDS.test(name.slice(1)) ? { symbol: null, kind: name.slice(1) } : undefined;
    const at = name.indexOf('@');
    const symbol = name.slice(0, Math.max(at, 0)).toUpperCase();
    const kind = name.slice(at + 1);
    if (!this.#core.instruments.has(symbol) || !SYMBOL_KINDS.test(kind)) return undefined;
    return kind.startsWith('kline_') && this.#interval(kind) === undefined ? undefined : { symbol, kind };
  }

  /** Remembers the book, so that the first difference is told against what a client fetches now. */
  begin(name: string): void {
    const stream = this.parse(name);
    if (stream?.symbol !== null && stream?.symbol !== undefined && isDiff(stream.kind) && !this.#sent.has(stream.symbol)) this.#sent.set(stream.symbol, this.#levels(stream.symbol));
  }

  /**
   * What a stream says now.
   * @param closedIndex the candle that just closed, or null.
   * @param fresh for a new subscriber: differences of the book are left out.
   */
  build(name: string, closedIndex: number | null, fresh = false): readonly unknown[] {
    const stream = this.parse(name);
    if (stream === undefined || isForced(stream)) return [];
    if (stream.symbol === null) return this.#ofAll(stream.kind);
    if (stream.kind.startsWith('kline_')) return this.#kline(stream.symbol, stream.kind, closedIndex);
    if (isDiff(stream.kind)) return fresh ? [] : this.#depthDiff(stream.symbol);
    return [this.#ofSymbol(stream.symbol, stream.kind)];
  }

  /** What a stream says of a liquidation's fill: of any account, since markets are public. */
  forced(name: string, event: AccountEvent): readonly unknown[] {
    const stream = this.parse(name);
    if (stream === undefined || !isForced(stream) || event.kind !== 'orderUpdate' || event.fill === null || event.order.type !== 'LIQUIDATION') return [];
    return stream.symbol === null || stream.symbol === event.order.symbol ? [forceOrder(event.order, event.fill)] : [];
  }

  #ofAll(kind: string): readonly unknown[] {
    const symbols = [...this.#core.instruments.keys()];
    if (kind === 'bookTicker') return symbols.map((symbol) => this.#ofSymbol(symbol, kind));
    return [symbols.map((symbol) => this.#ofSymbol(symbol, kind.replace(/@arr.*$/, '')))];
  }

  #ofSymbol(symbol: string, kind: string): Message {
    if (kind === 'bookTicker') return this.#bookTicker(symbol);
    if (kind.startsWith('markPrice')) return this.#markPrice(symbol);
    if (kind === 'ticker') return this.#ticker(symbol);
    if (kind === 'miniTicker') return this.#miniTicker(symbol);
    if (kind === 'aggTrade') return { e: 'aggTrade', E: this.#core.marketTime(), s: symbol, ...aggregateTrade(this.#core, symbol) };
    if (kind === 'trade') return this.#trade(symbol);
    return this.#partialDepth(symbol, Number(/^depth(\d+)/.exec(kind)?.[1] ?? 20));
  }

  #bookTicker(symbol: string): Message {
    const quote = this.#core.engine.quote(symbol);
    const time = this.#core.marketTime();
    return { e: 'bookTicker', u: this.#core.updateId, s: symbol, b: quote.bidPrice, B: quote.bidQuantity, a: quote.askPrice, A: quote.askQuantity, T: time, E: time };
  }

  #markPrice(symbol: string): Message {
    const premium = this.#view.premiumIndex(symbol);
    return {
      e: 'markPriceUpdate', E: premium['time'], s: symbol, p: premium['markPrice'], i: premium['indexPrice'], P: premium['estimatedSettlePrice'],
      r: premium['lastFundingRate'], T: premium['nextFundingTime'],
    };
  }

  #ticker(symbol: string): Message {
    const ticker = this.#view.ticker(symbol);
    return {
      e: '24hrTicker', E: ticker['closeTime'], s: symbol, p: ticker['priceChange'], P: ticker['priceChangePercent'], w: ticker['weightedAvgPrice'],
      c: ticker['lastPrice'], Q: ticker['lastQty'], o: ticker['openPrice'], h: ticker['highPrice'], l: ticker['lowPrice'], v: ticker['volume'],
      q: ticker['quoteVolume'], O: ticker['openTime'], C: ticker['closeTime'], F: ticker['firstId'], L: ticker['lastId'], n: ticker['count'],
    };
  }

  #miniTicker(symbol: string): Message {
    const { E, c, o, h, l, v, q } = this.#ticker(symbol);
    return { e: '24hrMiniTicker', E, s: symbol, c, o, h, l, v, q };
  }

  #trade(symbol: string): Message {
    const trade = publicTrade(this.#core, symbol);
    return { e: 'trade', E: trade['time'], T: trade['time'], s: symbol, t: trade['id'], p: trade['price'], q: trade['qty'], X: 'MARKET', m: false };
  }

  #partialDepth(symbol: string, limit: number): Message {
    const { bids, asks } = this.#core.engine.depth(symbol, limit);
    const time = this.#core.marketTime();
    const id = this.#core.updateId;
    return { e: 'depthUpdate', E: time, T: time, s: symbol, U: id, u: id, pu: id - 1, b: bids, a: asks };
  }

  #depthDiff(symbol: string): Message[] {
    const before = this.#sent.get(symbol);
    const now = this.#levels(symbol);
    if (before === undefined || before.id === now.id) return [];
    this.#sent.set(symbol, now);
    const time = this.#core.marketTime();
    return [{ e: 'depthUpdate', E: time, T: time, s: symbol, U: before.id + 1, u: now.id, pu: before.id, b: changes(before.bids, now.bids), a: changes(before.asks, now.asks) }];
  }

  #levels(symbol: string): Levels {
    const { bids, asks } = this.#core.engine.depth(symbol, 1_000);
    return { id: this.#core.updateId, bids: new Map(bids.map(([price, quantity]) => [price, quantity])), asks: new Map(asks.map(([price, quantity]) => [price, quantity])) };
  }

  #interval(kind: string): number | undefined {
    const found = TIMEFRAMES.find((timeframe) => kind === `kline_${timeframe}`);
    if (found === undefined || timeframeMs(found) % this.#core.market.lengthMs !== 0) return undefined;
    return timeframeMs(found);
  }

  #kline(symbol: string, kind: string, closedIndex: number | null): Message[] {
    const intervalMs = this.#interval(kind);
    const instrument = this.#core.instruments.get(symbol);
    const { market } = this.#core;
    if (intervalMs === undefined || instrument === undefined) return [];
    const openTime = Math.floor(market.openTime(closedIndex ?? market.index) / intervalMs) * intervalMs;
    const candle = this.#view.candle(instrument, openTime, intervalMs);
    if (candle === undefined) return [];
    const row = klineRow(instrument, candle, intervalMs);
    const closed = closedIndex !== null && market.openTime(closedIndex + 1) === openTime + intervalMs;
    const k = {
      t: row[0], T: row[6], s: symbol, i: kind.slice('kline_'.length), f: 1, L: 1, o: row[1], c: row[4], h: row[2], l: row[3], v: row[5], n: row[8],
      x: closed, q: row[7], V: row[9], Q: row[10], B: '0',
    };
    return [{ e: 'kline', E: this.#core.marketTime(), s: symbol, k }];
  }
}

function isForced({ kind }: StreamName): boolean {
  return kind.startsWith('forceOrder');
}

function forceOrder(order: OrderView, fill: FillView): Message {
  return {
    e: 'forceOrder', E: fill.time,
    o: {
      s: order.symbol, S: order.side, o: 'LIMIT', f: 'IOC', q: order.quantity, p: fill.price, ap: order.averagePrice, X: order.status,
      l: fill.quantity, z: order.executedQuantity, T: fill.time,
    },
  };
}

function isDiff(kind: string): boolean {
  return /^depth(@|$)/.test(kind);
}

/** Changed and new levels; those that are gone with quantity "0". */
function changes(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): [string, string][] {
  const rows: [string, string][] = [];
  for (const [price, quantity] of now) if (before.get(price) !== quantity) rows.push([price, quantity]);
  for (const price of before.keys()) if (!now.has(price)) rows.push([price, '0']);
  return rows;
}
