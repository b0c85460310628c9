import { z } from 'zod';
import { KeelError } from '../../domain/errors.ts';
import { venueSymbolOf } from '../../domain/market/instrument.ts';
import type { Instrument, InstrumentId } from '../../domain/market/instrument.ts';
import { VenueError } from './errors.ts';
import type { Route } from './route.ts';

const TIMEOUT_MS = 10_000;

const filters = z.array(z.looseObject({ filterType: z.string() }));
const exchangeInfoSchema = z.object({
  symbols: z.array(z.object({ symbol: z.string(), baseAsset: z.string(), quoteAsset: z.string(), contractType: z.string(), filters })),
});
const bookTickerSchema = z.array(z.object({ symbol: z.string(), bidPrice: z.string(), askPrice: z.string(), time: z.number() }));
const premiumSchema = z.array(z.object({ symbol: z.string(), markPrice: z.string(), lastFundingRate: z.string(), nextFundingTime: z.number() }));
const klinesSchema = z.array(z.tuple([z.number(), z.string(), z.string(), z.string(), z.string(), z.string()]).rest(z.unknown()));
const errorSchema = z.object({ code: z.number(), msg: z.string() });

export type UpstreamKline = z.output<typeof klinesSchema>[number];
export interface UpstreamQuote {
  readonly symbol: string;
  readonly bid: number;
  readonly ask: number;
  /** The real venue's clock. */
  readonly time: number;
}
export interface UpstreamPremium {
  readonly symbol: string;
  readonly markPrice: number;
  readonly lastFundingRate: string;
  readonly nextFundingTime: number;
}

/** Public data of a real venue that speaks Binance USD-M's REST API. */
export class Upstream {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url.replace(/\/+$/, '');
  }

  /** @param pathAndQuery such as `/fapi/v1/time`. @throws {KeelError} VENUE_UNREACHABLE, retried; VENUE_REFUSED, not retried. */
  async get(pathAndQuery: string): Promise<unknown> {
    let response: Response;
    try {
      response = await fetch(`${this.#url}${pathAndQuery}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      throw new KeelError('VENUE_UNREACHABLE', `${this.#url}${pathAndQuery} does not answer: check the address and this machine's network`, { cause: error });
    }
    const body: unknown = await response.json();
    if (response.ok) return body;
    const failure = errorSchema.safeParse(body);
    throw new KeelError('VENUE_REFUSED', `${this.#url}${pathAndQuery}: HTTP ${response.status} ${JSON.stringify(body)}`, { cause: failure.success ? new VenueError(failure.data.code, failure.data.msg, { status: response.status }) : undefined });
  }

  async #read<T>(schema: z.ZodType<T>, pathAndQuery: string): Promise<T> {
    const parsed = schema.safeParse(await this.get(pathAndQuery));
    if (!parsed.success) throw new KeelError('VENUE_ANSWER_INVALID', `${this.#url}${pathAndQuery} answered in another form: ${z.prettifyError(parsed.error)}`);
    return parsed.data;
  }

  /** Those of the wanted perpetuals that are listed, with the real venue's filters. */
  async instruments(ids: readonly InstrumentId[], fees: { makerFeeRate: string; takerFeeRate: string }): Promise<readonly Instrument[]> {
    const { symbols } = await this.#read(exchangeInfoSchema, '/fapi/v1/exchangeInfo');
    return ids.flatMap((id) => {
      const found = symbols.find((symbol) => symbol.symbol === venueSymbolOf(id) && symbol.contractType === 'PERPETUAL');
      if (found === undefined) return [];
      const filter = (type: string, field: string): string => {
        const value = found.filters.find((candidate) => candidate.filterType === type)?.[field];
        if (typeof value !== 'string') throw new KeelError('VENUE_ANSWER_INVALID', `${found.symbol} has no ${type}.${field} in the exchange information of ${this.#url}`);
        return value;
      };
      return [{
        id, venueSymbol: found.symbol, base: found.baseAsset, quote: found.quoteAsset, kind: 'perpetual', tickSize: filter('PRICE_FILTER', 'tickSize'),
        stepSize: filter('LOT_SIZE', 'stepSize'), minQuantity: filter('LOT_SIZE', 'minQty'), maxQuantity: filter('LOT_SIZE', 'maxQty'),
        maxMarketQuantity: filter('MARKET_LOT_SIZE', 'maxQty'), minNotional: filter('MIN_NOTIONAL', 'notional'), maxNotional: null, ...fees,
      }];
    });
  }

  async quotes(): Promise<readonly UpstreamQuote[]> {
    const rows = await this.#read(bookTickerSchema, '/fapi/v1/ticker/bookTicker');
    return rows.map((row) => ({ symbol: row.symbol, bid: Number(row.bidPrice), ask: Number(row.askPrice), time: row.time }));
  }

  async premiums(): Promise<readonly UpstreamPremium[]> {
    const rows = await this.#read(premiumSchema, '/fapi/v1/premiumIndex');
    return rows.map((row) => ({ ...row, markPrice: Number(row.markPrice) }));
  }

  /** Oldest first; the newest runs. */
  klines(query: { symbol: string; interval: string; limit: number; startTime?: number }): Promise<readonly UpstreamKline[]> {
    const since = query.startTime === undefined ? '' : `&startTime=${query.startTime}`;
    return this.#read(klinesSchema, `/fapi/v1/klines?symbol=${query.symbol}&interval=${query.interval}&limit=${query.limit}${since}`);
  }
}

/** @source Binance USD-M, error codes: invalid symbol, invalid symbol status. */
const SYMBOL_REFUSED: readonly number[] = [-1121, -1122];

/** Whether the real venue does not know a symbol, or does not trade it. */
export function isSymbolRefused(error: unknown): boolean {
  return error instanceof KeelError && error.cause instanceof VenueError && SYMBOL_REFUSED.includes(error.cause.code);
}

/** What the real venue knows better: tickers, depth, trades, premium, funding are handed on as they are. */
export function upstreamRoutes(upstream: Upstream): Route[] {
  const paths: readonly (readonly [string, number])[] = [
    ['v1/depth', 10], ['v1/trades', 5], ['v1/aggTrades', 20], ['v1/ticker/24hr', 40], ['v1/ticker/bookTicker', 5], ['v1/premiumIndex', 10],
    ['v1/fundingRate', 1], ['v1/fundingInfo', 1], ['v1/openInterest', 1],
  ];
  return paths.map(([path, weight]) => ({
    method: 'GET', path: `/fapi/${path}`, security: 'public', weight,
    handle: async ({ params }) => {
      try {
        const query = params.toQuery();
        return await upstream.get(`/fapi/${path}${query === '' ? '' : `?${query}`}`);
      } catch (error) {
        if (!(error instanceof KeelError)) throw error;
        throw error.cause instanceof VenueError ? error.cause : new VenueError(-1001, 'Internal error; unable to process your request. Please try again.', { status: 503 });
      }
    },
  }));
}
