import type { Candle } from '../../domain/market/candle.ts';
import { FUNDING_INTERVAL_MS } from '../../domain/market/funding.ts';
import type { Instrument } from '../../domain/market/instrument.ts';
import { TIMEFRAMES, timeframeMs } from '../../domain/market/timeframe.ts';
import type { Timeframe } from '../../domain/market/timeframe.ts';
import { d, text } from '../../domain/decimal.ts';
import type { VenueCore } from './core.ts';
import { refusal } from './errors.ts';
import { decimalsOf } from './format.ts';

const DAY_MS = 86_400_000;

/** A row of klines: open time, prices, volume, close time, quote volume, trades, taker volumes, unused. */
export type KlineRow = readonly [number, string, string, string, string, string, number, string, number, string, string, string];

export interface KlineQuery {
  readonly symbol: string;
  readonly interval: string;
  readonly startTime?: number;
  readonly endTime?: number;
  readonly limit: number;
}

/** The market as clients see it: candles, tickers, premium index. */
export class MarketView {
  readonly #core: VenueCore;

  constructor(core: VenueCore) {
    this.#core = core;
  }

  /** @throws {VenueError} -1121 */
  instrument(symbol: string): Instrument {
    const instrument = this.#core.instruments.get(symbol);
    if (instrument === undefined) throw refusal('-1121');
    return instrument;
  }

  /** Oldest first; the candle that is walked is the last. @throws {VenueError} -1120 for an interval that the source's candles do not add up to. */
  klines(query: KlineQuery): KlineRow[] {
    const instrument = this.instrument(query.symbol);
    const interval = this.#interval(query.interval);
    const intervalMs = timeframeMs(interval);
    const last = Math.min(query.endTime ?? Infinity, this.#lastTime());
    const lastOpen = Math.floor(last / intervalMs) * intervalMs;
    const earliest = lastOpen - (query.limit - 1) * intervalMs;
    const from = query.startTime === undefined ? earliest : Math.ceil(query.startTime / intervalMs) * intervalMs;
    const rows: KlineRow[] = [];
    for (let openTime = Math.max(from, this.#core.market.source.startTime - intervalMs); openTime <= lastOpen && rows.length < query.limit; openTime += intervalMs) {
      const candle = this.candle(instrument, openTime, intervalMs);
      if (candle !== undefined) rows.push(klineRow(instrument, candle, intervalMs));
    }
    return rows;
  }

  /** Newest moment that a candle covers. */
  #lastTime(): number {
    const { market } = this.#core;
    return market.walking ? market.openTime(market.index) : market.openTime(market.closedIndex);
  }

  #interval(interval: string): Timeframe {
    const found = TIMEFRAMES.find((candidate) => candidate === interval);
    if (found === undefined || timeframeMs(found) % this.#core.market.lengthMs !== 0) throw refusal('-1120');
    return found;
  }

  /** The candle of an interval, from as many source candles as are known by now. */
  candle(instrument: Instrument, openTime: number, intervalMs: number): Candle | undefined {
    const { market, engine } = this.#core;
    const first = Math.round((openTime - market.source.startTime) / market.lengthMs);
    const parts: Candle[] = [];
    for (let index = first; index < first + intervalMs / market.lengthMs; index += 1) {
      const part = market.candle(instrument, index, engine);
      if (part !== undefined) parts.push(part);
    }
    return merged(parts, openTime);
  }

  ticker(symbol: string): Record<string, unknown> {
    const instrument = this.instrument(symbol);
    const { engine, market } = this.#core;
    const now = this.#core.marketTime();
    const intervalMs = Math.max(DAY_MS, market.lengthMs);
    const count = intervalMs / market.lengthMs;
    const first = market.index - count + 1;
    const parts: Candle[] = [];
    for (let index = first; index <= market.index; index += 1) {
      const part = market.candle(instrument, index, engine);
      if (part !== undefined) parts.push(part);
    }
    const day = merged(parts, market.openTime(first));
    const quote = engine.quote(symbol);
    const open = day === undefined ? quote.lastPrice : price(instrument, day.open);
    const change = d(quote.lastPrice).minus(open);
    return {
      symbol, priceChange: text(change), priceChangePercent: change.div(open).times(100).toFixed(3),
      weightedAvgPrice: quote.lastPrice, lastPrice: quote.lastPrice, lastQty: instrument.minQuantity, openPrice: open,
      highPrice: day === undefined ? open : price(instrument, day.high), lowPrice: day === undefined ? open : price(instrument, day.low),
      volume: volume(instrument, day?.volume ?? 0), quoteVolume: quoteVolume(day), openTime: now - intervalMs, closeTime: now,
      firstId: 1, lastId: market.index + 1, count: market.index + 1,
    };
  }

  bookTicker(symbol: string): Record<string, unknown> {
    this.instrument(symbol);
    const quote = this.#core.engine.quote(symbol);
    return {
      symbol, bidPrice: quote.bidPrice, bidQty: quote.bidQuantity, askPrice: quote.askPrice, askQty: quote.askQuantity,
      time: this.#core.marketTime(), lastUpdateId: this.#core.updateId,
    };
  }

  premiumIndex(symbol: string): Record<string, unknown> {
    const instrument = this.instrument(symbol);
    const time = this.#core.marketTime();
    const quote = this.#core.engine.quote(symbol);
    const funding = this.#core.market.source.nextFunding(instrument.id, time);
    return {
      symbol, markPrice: quote.markPrice, indexPrice: quote.indexPrice, estimatedSettlePrice: quote.indexPrice,
      lastFundingRate: funding.rate, interestRate: '0.00010000', nextFundingTime: funding.timeMs, time,
    };
  }

  fundingHistory(symbol: string, query: { startTime?: number; endTime?: number; limit: number }): Record<string, unknown>[] {
    const instrument = this.instrument(symbol);
    const { market } = this.#core;
    const end = Math.min(query.endTime ?? Infinity, this.#core.marketTime());
    const newest = Math.floor(end / FUNDING_INTERVAL_MS) * FUNDING_INTERVAL_MS;
    const oldest = query.startTime ?? newest - (query.limit - 1) * FUNDING_INTERVAL_MS;
    const from = Math.max(Math.ceil(oldest / FUNDING_INTERVAL_MS) * FUNDING_INTERVAL_MS, market.source.startTime);
    const rows: Record<string, unknown>[] = [];
    for (let time = from; time <= newest && rows.length < query.limit; time += FUNDING_INTERVAL_MS) {
      const rate = market.source.fundingRateAt(instrument.id, time);
      const candle = market.source.candleAt(instrument.id, Math.floor((time - market.source.startTime) / market.lengthMs));
      if (rate !== null && candle !== undefined) rows.push({ symbol, fundingTime: time, fundingRate: rate, markPrice: price(instrument, candle.open) });
    }
    return rows;
  }
}

function merged(parts: readonly Candle[], openTime: number): Candle | undefined {
  const first = parts[0];
  const last = parts.at(-1);
  if (first === undefined || last === undefined) return undefined;
  return {
    openTime, open: first.open, close: last.close, high: Math.max(...parts.map((part) => part.high)),
    low: Math.min(...parts.map((part) => part.low)), volume: parts.reduce((sum, part) => sum + part.volume, 0),
  };
}

export function price(instrument: Instrument, value: number): string {
  return value.toFixed(decimalsOf(instrument.tickSize));
}

export function volume(instrument: Instrument, value: number): string {
  return value.toFixed(decimalsOf(instrument.stepSize));
}

function quoteVolume(candle: Candle | undefined): string {
  return candle === undefined ? '0' : ((candle.volume * (candle.high + candle.low + candle.close)) / 3).toFixed(8);
}

export function klineRow(instrument: Instrument, candle: Candle, intervalMs: number): KlineRow {
  const half = (text: string): string => (Number(text) / 2).toFixed(8);
  const base = volume(instrument, candle.volume);
  const quote = quoteVolume(candle);
  return [
    candle.openTime, price(instrument, candle.open), price(instrument, candle.high), price(instrument, candle.low), price(instrument, candle.close),
    base, candle.openTime + intervalMs - 1, quote, 1, half(base), half(quote), '0',
  ];
}
