import { z } from 'zod';
import type { VenueConditions } from '../../domain/cycle/risk-facts.ts';
import type { Dec } from '../../domain/decimal.ts';
import { d, text, ZERO } from '../../domain/decimal.ts';
import { isVenueRefusal } from '../../domain/errors.ts';
import type { InstrumentId } from '../../domain/market/instrument.ts';
import { venueSymbolOf } from '../../domain/market/instrument.ts';
import type { Venue } from '../../domain/ports/venue.ts';
import type { Rest } from './rest.ts';
import type { WeighedRoute } from './routes.ts';
import { ALL_MARKETS_WEIGHT, ROUTES } from './routes.ts';
import * as schemas from './schemas.ts';

/** Levels of each side that are read of a book: what lies beyond them is not counted, so depth is never overstated. */
const LEVELS = 100;
/** Intervals of funding and brackets of leverage hardly ever change. */
const RULES_AGE_MAX_MS = 3_600_000;
/** Volume of a day and the next funding move slowly: portfolios of one account's process share them. */
const SLOW_AGE_MAX_MS = 30_000;
/** @source Binance USD-M, Get Funding Rate Info: symbols that it does not list are at the default. */
const FUNDING_HOURS = 8;

type Conditions = Venue['conditions'];
type BySymbol<T> = ReadonlyMap<string, T>;

/** @param options.isSimulated its market may pass hours within a second: nothing but rules is kept. */
export function createConditionsReader(rest: Rest, { isSimulated }: { readonly isSimulated: boolean }): Conditions {
  const slowAgeMs = isSimulated ? 0 : SLOW_AGE_MAX_MS;
  const volumes = kept(rest, slowAgeMs, (symbols) => eachOf(rest, { ...ROUTES.dayTicker, all: ALL_MARKETS_WEIGHT.dayTicker }, symbols, schemas.dayTicker), onlyOf);
  const fundings = kept(rest, slowAgeMs, (symbols) => eachOf(rest, { ...ROUTES.premiumIndex, all: ALL_MARKETS_WEIGHT.premiumIndex }, symbols, schemas.premiumIndex), onlyOf);
  const intervals = kept(rest, RULES_AGE_MAX_MS, async () => bySymbol(await rest.read(ROUTES.fundingInfo, {}, z.array(schemas.fundingInfo))));
  const brackets = kept(rest, RULES_AGE_MAX_MS, async () => bySymbol(await rest.read(ROUTES.leverageBracket, {}, z.array(schemas.leverageBracket))));

  return async ({ instrumentIds, deep, depthWithinBps }) => {
    const symbols = instrumentIds.map(venueSymbolOf);
    const [volume, quote, funding, interval, bracket, depths] = await Promise.all([
      volumes(symbols), eachOf(rest, { ...ROUTES.bookTicker, all: ALL_MARKETS_WEIGHT.bookTicker }, symbols, schemas.symbolQuote), fundings(symbols), intervals(symbols), brackets(symbols),
      Promise.all(deep.map(async (id) => [id, await readDepth(rest, id, depthWithinBps)] as const)),
    ]);
    const depth = new Map<InstrumentId, string | null>(depths);
    return Object.fromEntries(instrumentIds.map((id): [InstrumentId, VenueConditions] => {
      const symbol = venueSymbolOf(id);
      return [id, {
        volume24h: volume.get(symbol)?.quoteVolume ?? null,
        spreadBps: spreadOf(quote.get(symbol)),
        depth: depth.get(id) ?? null,
        funding: fundingOf(funding.get(symbol), interval.get(symbol)?.fundingIntervalHours ?? FUNDING_HOURS),
        leverageMax: bracket.get(symbol)?.brackets.reduce((most, { initialLeverage }) => Math.max(most, initialLeverage), 0) ?? null,
      }];
    }));
  };
}

/** One symbol by itself, several in one request for all. */
async function eachOf<T extends { readonly symbol: string }>(rest: Rest, { all, ...route }: WeighedRoute & { readonly all: number }, symbols: readonly string[], schema: z.ZodType<T>): Promise<BySymbol<T>> {
  const only = onlyOf(symbols);
  if (only !== null) return bySymbol([await rest.read(route, { symbol: only }, schema)]);
  return bySymbol(await rest.read(route, {}, z.array(schema), { weight: all }));
}

/** The one symbol that is read by itself, null: all are. */
function onlyOf(symbols: readonly string[]): string | null {
  return symbols.length === 1 ? symbols[0] ?? null : null;
}

function bySymbol<T extends { readonly symbol: string }>(rows: readonly T[]): BySymbol<T> {
  return new Map(rows.map((row) => [row.symbol, row]));
}

/**
 * Reads again what is older, or what was read of another symbol alone: that says nothing of the wanted ones. A failure is not kept.
 * @param readOf the one symbol that a read is of, null: every symbol.
 */
function kept<T>(rest: Rest, ageMaxMs: number, read: (symbols: readonly string[]) => Promise<T>, readOf: (symbols: readonly string[]) => string | null = () => null): (symbols: readonly string[]) => Promise<T> {
  let known: { readonly at: number; readonly only: string | null; readonly value: T } | null = null;
  return async (symbols) => {
    const only = readOf(symbols);
    if (known !== null && rest.wallClock() - known.at < ageMaxMs && (known.only === null || known.only === only)) return known.value;
    const at = rest.wallClock();
    const value = await read(symbols);
    known = { at, only, value };
    return value;
  };
}

function spreadOf(quote: z.infer<typeof schemas.symbolQuote> | undefined): number | null {
  if (quote === undefined) return null;
  const [bid, ask] = [d(quote.bidPrice), d(quote.askPrice)];
  const middle = bid.plus(ask).div(2);
  return bid.lte(ZERO) || ask.lt(bid) ? null : Number(ask.minus(bid).div(middle).times(10_000).toFixed(4));
}

/** Null where the venue refuses to tell: it does not list the symbol any more, and the others' conditions are known all the same. */
async function readDepth(rest: Rest, instrumentId: InstrumentId, withinBps: number): Promise<string | null> {
  try {
    return depthOf(await rest.read(ROUTES.depth, { symbol: venueSymbolOf(instrumentId), limit: LEVELS }, schemas.depth), withinBps);
  } catch (error) {
    if (isVenueRefusal(error)) return null;
    throw error;
  }
}

/** What the thinner side holds within so many basis points of the middle, quote currency. */
function depthOf({ bids, asks }: z.infer<typeof schemas.depth>, withinBps: number): string | null {
  const [bid, ask] = [bids[0]?.[0], asks[0]?.[0]];
  if (bid === undefined || ask === undefined) return null;
  const middle = d(bid).plus(d(ask)).div(2);
  const reach = middle.times(d(withinBps)).div(10_000);
  const held = (levels: z.infer<typeof schemas.depth>['bids']): Dec => levels.reduce((sum, [price, quantity]) => (d(price).minus(middle).abs().lte(reach) ? sum.plus(d(price).times(d(quantity))) : sum), ZERO);
  const [below, above] = [held(bids), held(asks)];
  return text(below.lt(above) ? below : above);
}

function fundingOf(index: z.infer<typeof schemas.premiumIndex> | undefined, intervalHours: number): VenueConditions['funding'] {
  if (index === undefined || index.lastFundingRate === null || index.nextFundingTime === 0) return null;
  const rateBps = d(index.lastFundingRate).times(10_000).times(FUNDING_HOURS).div(d(intervalHours));
  return { rateBps: Number(rateBps.toFixed(6)), nextAt: index.nextFundingTime, intervalHours };
}
