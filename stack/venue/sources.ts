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

/** The market that the settings name. */
export async function openMarket(settings: VenueSettings): Promise<OpenedMarket> {
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
    const feed = await LiveFeed.open(upstream, { ...source, history: settings.history, ...fees });
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

/** The candles before `from` are history; without it the first ones are. */
function firstRecorded(source: CandleSource, from: number | undefined, history: number): number {
  const last = (source.length ?? Infinity) - 1;
  if (from === undefined) return Math.min(history, last);
  const index = Math.ceil((from - source.startTime) / timeframeMs(source.timeframe));
  if (index > last) throw new KeelError('SETTING_INVALID', `no recorded candle opens at or after ${new Date(from).toISOString()} (the recording ends at ${new Date(source.startTime + (last + 1) * timeframeMs(source.timeframe)).toISOString()})`);
  return Math.max(0, index);
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
