import { DEFAULT_ASSETS } from '../../domain/market/seeded/assets.ts';
import type { SeededAsset } from '../../domain/market/seeded/assets.ts';
import { seededMarket } from '../../domain/market/seeded/seeded-market.ts';
import type { CandleSource } from '../../domain/market/candle-source.ts';
import { candleOpenTime, timeframeMs } from '../../domain/market/timeframe.ts';
import { KeelError } from '../../domain/errors.ts';
import { recordedCandles } from '../../venues/recorded-candles.ts';
import { LiveFeed } from './live-feed.ts';
import { MarketState } from './market-state.ts';
import type { Market } from './market-state.ts';
import type { VenueSettings } from './options.ts';
import type { Route } from './route.ts';
import { Upstream, upstreamRoutes } from './upstream.ts';

export interface OpenedMarket {
  readonly market: Market;
  /** Follows a market that happens elsewhere; null: the market is walked here. */
  readonly feed: LiveFeed | null;
  /** Routes that a real venue answers better. */
  readonly routes: readonly Route[];
}

/** The market that the settings name. @param tell hears what is amiss with it and does not stop it */
export async function openMarket(settings: VenueSettings, tell: (error: unknown) => void): Promise<OpenedMarket> {
  const { source, market } = settings;
  const fees = { makerFeeRate: market.makerFeeRate, takerFeeRate: market.takerFeeRate };
  if (source.kind === 'seeded') {
    const opened = seededMarket({
      seed: source.seed, timeframe: source.timeframe, startTime: candleOpenTime(source.start, source.timeframe), assets: assets(source.symbols), ...fees,
      ...(source.length === undefined ? {} : { length: source.length }),
    });
    return walked(opened, Math.min(settings.history, (source.length ?? Infinity) - 1));
  }
  if (source.kind === 'live') {
    const upstream = new Upstream(source.upstream);
    const feed = await LiveFeed.open(upstream, { ...source, history: settings.history, state: settings.state, ...fees }, tell);
    return { market: feed.market, feed, routes: upstreamRoutes(upstream) };
  }
  const opened = await recordedCandles({
    folder: source.folder, seed: source.seed, ...fees,
    ...(source.symbols === undefined ? {} : { symbols: source.symbols }), ...(source.timeframe === undefined ? {} : { timeframe: source.timeframe }),
    ...(source.to === undefined ? {} : { to: source.to }),
  });
  return walked(opened, firstRecorded(opened, source.from, settings.history));
}

/** @param firstIndex first candle to walk: what lies before it is history. */
function walked(source: CandleSource, firstIndex: number): OpenedMarket {
  return { market: new MarketState(source, firstIndex), feed: null, routes: [] };
}

/** One candle alone proves nothing: it is closed by the start, and no cycle follows it. */
const WALKED_MIN = 2;

/**
 * The candles before `from` are history; without it the first ones are.
 * @throws {KeelError} CANDLES_INVALID when too few are left to walk
 */
function firstRecorded(source: CandleSource, from: number | undefined, history: number): number {
  const length = source.length ?? Infinity;
  const index = from === undefined ? history : Math.max(0, Math.ceil((from - source.startTime) / timeframeMs(source.timeframe)));
  if (length - index >= WALKED_MIN) return index;
  const recorded = `there are ${length} candles from ${dateOf(source, 0)} to ${dateOf(source, length)}`;
  const problem = from === undefined
    ? `KEEL_HISTORY_CANDLES takes the first ${history} as history; lower it, or let --from name the first day to trade`
    : `--from ${new Date(from).toISOString()} leaves ${Math.max(0, length - index)}; let it name an earlier day`;
  throw new KeelError('CANDLES_INVALID', `${recorded}, and ${problem}: at least ${WALKED_MIN} must follow the history`);
}

function dateOf({ startTime, timeframe }: CandleSource, index: number): string {
  return new Date(startTime + index * timeframeMs(timeframe)).toISOString();
}

/** The first so many of the built-in assets; beyond them copies with numbered names, such as `BTC2`. */
function assets(count: number): readonly SeededAsset[] {
  return Array.from({ length: count }, (_unused, i) => {
    const round = Math.floor(i / DEFAULT_ASSETS.length);
    const asset = DEFAULT_ASSETS[i % DEFAULT_ASSETS.length];
    if (asset === undefined) throw new RangeError('there are no built-in assets');
    return round === 0 ? asset : { ...asset, base: `${asset.base}${round + 1}` };
  });
}
