import type { Candle } from '../../domain/market/candle.ts';
import type { CandleSource, MarketCandle } from '../../domain/market/candle-source.ts';
import { KeelError } from '../../domain/errors.ts';
import { FUNDING_INTERVAL_MS, isFundingTime, nextFundingTime } from '../../domain/market/funding.ts';
import { instrumentIdOf } from '../../domain/market/instrument.ts';
import type { Instrument, InstrumentId } from '../../domain/market/instrument.ts';
import { candleOpenTime, timeframeMs } from '../../domain/market/timeframe.ts';
import type { Timeframe } from '../../domain/market/timeframe.ts';
import type { Bar, MatchingVenue } from '../../domain/matching/types.ts';
import type { VenueCore } from './core.ts';
import { knownInstruments } from './known-instruments.ts';
import type { Market, MarketSnapshot } from './market-state.ts';
import type { Upstream, UpstreamKline, UpstreamPremium, UpstreamQuote } from './upstream.ts';
import { isSymbolRefused } from './upstream.ts';

/** The engine's shortest candle. */
const LENGTH_MIN_MS = 4;
const KLINES_MAX = 1_500;

export interface LiveOptions {
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  readonly pollMs: number;
  readonly history: number;
  readonly makerFeeRate: string;
  readonly takerFeeRate: string;
  /** Where the market's state lies. */
  readonly state: string;
}

interface Quoted {
  readonly instrument: Instrument;
  readonly quote: UpstreamQuote;
}

/**
 * A market that happens on a real venue, for paper trading: its public data is polled, and the engine walks from poll
 * to poll, through the extremes that were reached in between. The market clock is the real venue's. A symbol that is not
 * quoted there any more (delisted, halted) stands still at its last price and has no candles, until it is quoted again; the
 * others go on.
 */
export class LiveFeed {
  readonly market: LiveMarket;
  readonly #upstream: Upstream;
  readonly #options: LiveOptions;
  readonly #instruments: readonly Instrument[];
  readonly #premiums = new Map<string, UpstreamPremium>();
  readonly #still = new Set<InstrumentId>();
  readonly #tell: (error: KeelError) => void;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  private constructor(upstream: Upstream, options: LiveOptions, { instruments, tell }: { readonly instruments: readonly Instrument[]; readonly tell: (error: KeelError) => void }) {
    this.#upstream = upstream;
    this.#options = options;
    this.#instruments = instruments;
    this.#tell = tell;
    this.market = new LiveMarket(instruments, options.timeframe);
  }

  /**
   * @param tell hears once of each symbol that stands still, and again when it moved meanwhile
   * @throws {KeelError} VENUE_UNREACHABLE, VENUE_REFUSED, VENUE_ANSWER_INVALID or SETTING_INVALID.
   */
  static async open(upstream: Upstream, options: LiveOptions, tell: (error: KeelError) => void): Promise<LiveFeed> {
    const wanted = options.symbols.map(instrumentIdOf);
    const { instruments, gone } = knownInstruments(options.state, wanted, await upstream.instruments(wanted, options));
    const feed = new LiveFeed(upstream, options, { instruments, tell });
    await Promise.all(instruments.map(async (instrument) => {
      if (gone.includes(instrument.id) || !(await feed.#loadCandles(instrument, { limit: Math.min(options.history + 1, KLINES_MAX) }))) feed.#stand(instrument, 0);
    }));
    await feed.#readPremiums();
    return feed;
  }

  /** Follows the market until `stop`. A poll that fails is told and tried again: the market stands still meanwhile. */
  start(core: VenueCore, onError: (error: unknown) => void): void {
    const again = (): void => {
      if (this.#stopped) return;
      this.#timer = setTimeout(() => {
        this.poll(core).catch(onError).finally(again);
      }, this.#options.pollMs);
    };
    again();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Reads the market once and walks the engine there. */
  async poll(core: VenueCore): Promise<void> {
    const closedBefore = this.market.closedIndex;
    const before = new Map(this.#instruments.map((instrument) => [instrument.id, this.market.newest(instrument.id)]));
    const moving = await this.#moving(closedBefore);
    const now = Math.max(...moving.map(({ quote }) => quote.time));
    const started = core.engine.marketTime() === 0 ? now - LENGTH_MIN_MS : core.engine.marketTime() + 1;
    if (now - started < LENGTH_MIN_MS) return;
    if (crossesFunding(started, now)) await this.#readPremiums();
    this.market.reach(now);
    const bars = moving.map(({ instrument, quote }) => this.#bar(core, { instrument, quote, before: before.get(instrument.id), started, now }));
    const closed = Array.from({ length: Math.max(0, this.market.closedIndex - closedBefore) }, (_unused, i) => closedBefore + 1 + i);
    core.follow({ openTime: started, lengthMs: now - started, bars }, closed);
  }

  /**
   * What is quoted, with its newest candles. All else stands still.
   * @param closedIndex newest candle that had closed at the last poll
   * @throws {KeelError} VENUE_ANSWER_INVALID: nothing moves, not even the clock
   */
  async #moving(closedIndex: number): Promise<readonly Quoted[]> {
    const quotes = await this.#upstream.quotes();
    const seen = await Promise.all(this.#instruments.map(async (instrument): Promise<readonly Quoted[]> => {
      const quote = quotes.find(({ symbol, bid, ask }) => symbol === instrument.venueSymbol && bid > 0 && ask > 0);
      return quote !== undefined && (await this.#loadCandles(instrument, { limit: KLINES_MAX, startTime: this.market.newest(instrument.id)?.openTime ?? this.market.source.startTime })) ? [{ instrument, quote }] : [];
    }));
    const moving = seen.flat();
    for (const instrument of this.#instruments) {
      if (moving.some((it) => it.instrument === instrument)) this.#still.delete(instrument.id);
      else this.#stand(instrument, this.market.openTime(closedIndex + 1));
    }
    if (moving.length === 0) throw new KeelError('VENUE_ANSWER_INVALID', `the real venue quotes none of ${this.#options.symbols.join(', ')}`);
    return moving;
  }

  /** @param openTime of the candle that ran: what is known of it is half of it, and is forgotten. */
  #stand({ id, venueSymbol }: Instrument, openTime: number): void {
    if (this.#still.has(id)) return;
    this.#still.add(id);
    this.market.forget(id, openTime);
    this.#tell(new KeelError('VENUE_ANSWER_INVALID', `the real venue shows no quote or no candles of ${venueSymbol}: it keeps its last price and has no candles until it is quoted again; the others go on`));
  }

  /** From the last price to the middle of bid and ask, through new extremes of the candle. */
  #bar(core: VenueCore, at: { instrument: Instrument; quote: UpstreamQuote; before: Candle | undefined; started: number; now: number }): Bar {
    const { instrument, quote, before, started, now } = at;
    const close = (quote.bid + quote.ask) / 2;
    const last = Number(core.engine.quote(instrument.venueSymbol).lastPrice);
    const open = last > 0 ? last : close;
    const recent = this.market.since(instrument.id, started);
    /** Extremes that were reached since the last poll: of candles that opened since, or new ones of the candle that ran. */
    const reached = (side: 'high' | 'low'): number[] =>
      recent.filter((candle) => candle.openTime >= started || (candle.openTime === before?.openTime && candle[side] !== before[side])).map((candle) => candle[side]);
    const premium = this.#premiums.get(instrument.venueSymbol);
    const newest = this.market.newest(instrument.id);
    return {
      symbol: instrument.venueSymbol, open, close,
      high: Math.max(open, close, ...reached('high')),
      low: Math.min(open, close, ...reached('low')),
      // Depth is modelled from a whole candle's volume.
      volume: Math.max(newest?.volume ?? 0, this.market.closedVolume(instrument.id)),
      markBasis: premium === undefined ? 0 : premium.markPrice / close - 1,
      fundingRate: crossesFunding(started, now) ? (premium?.lastFundingRate ?? null) : null,
    };
  }

  async #readPremiums(): Promise<void> {
    for (const premium of await this.#upstream.premiums()) {
      this.#premiums.set(premium.symbol, premium);
      this.market.setFunding(premium);
    }
  }

  /** @returns false: the real venue shows none, or refuses the symbol */
  async #loadCandles({ id, venueSymbol }: Instrument, span: { readonly limit: number; readonly startTime?: number }): Promise<boolean> {
    try {
      const rows = await this.#upstream.klines({ symbol: venueSymbol, interval: this.#options.timeframe, ...span });
      this.market.put(id, rows);
      return rows.length > 0;
    } catch (error) {
      if (isSymbolRefused(error)) return false;
      throw error;
    }
  }
}

/** Whether a funding time lies after `from` and at or before `to`. */
function crossesFunding(from: number, to: number): boolean {
  return Math.floor(from / FUNDING_INTERVAL_MS) < Math.floor(to / FUNDING_INTERVAL_MS);
}

/** The candles of a real venue as they are known so far. Closed ones follow the clock, not the engine's walk. */
class LiveMarket implements Market {
  readonly source: CandleSource;
  readonly lengthMs: number;
  readonly walking = true;
  readonly atEnd = false;
  readonly #timeframe: Timeframe;
  readonly #candles = new Map<InstrumentId, Map<number, MarketCandle>>();
  readonly #funding = new Map<string, UpstreamPremium>();
  #startTime = 0;
  #now = 0;

  constructor(instruments: readonly Instrument[], timeframe: Timeframe) {
    this.#timeframe = timeframe;
    this.lengthMs = timeframeMs(timeframe);
    this.source = this.#asSource(instruments);
  }

  get index(): number {
    return Math.floor((candleOpenTime(this.#now, this.#timeframe) - this.#startTime) / this.lengthMs);
  }
  get closedIndex(): number {
    return this.index - 1;
  }
  openTime(index: number): number {
    return this.#startTime + index * this.lengthMs;
  }
  time(engine: MatchingVenue): number {
    return Math.max(engine.marketTime(), this.#now);
  }
  candle(instrument: Instrument, index: number): Candle | undefined {
    return this.source.candleAt(instrument.id, index);
  }
  nextBatch(): never {
    throw new KeelError('USAGE', 'a live market moves by itself: it cannot be advanced');
  }
  shock(): never {
    throw new KeelError('USAGE', 'a live market cannot be shocked');
  }
  loaded(): void {
    // Batches of a live market are parts of candles: its clock alone says which candle runs.
  }
  closed(): void {
    // As above.
  }
  snapshot(): MarketSnapshot {
    return { index: this.index, walking: true, shocks: [], shockedNow: [], overrides: [] };
  }
  restore(): void {
    // The real venue remembers its candles.
  }

  /** The real venue's clock reached a moment. */
  reach(now: number): void {
    this.#now = Math.max(this.#now, now);
  }

  put(id: InstrumentId, rows: readonly UpstreamKline[]): void {
    const candles = this.#candles.get(id) ?? new Map<number, MarketCandle>();
    this.#candles.set(id, candles);
    for (const [openTime, open, high, low, close, volume] of rows) {
      candles.set(openTime, { openTime, open: Number(open), high: Number(high), low: Number(low), close: Number(close), volume: Number(volume), markBasis: 0 });
      if (this.#startTime === 0 || openTime < this.#startTime) this.#startTime = openTime;
      this.reach(openTime);
    }
  }

  /** Candles that open at or after a moment. */
  forget(id: InstrumentId, openTime: number): void {
    const candles = this.#candles.get(id);
    for (const time of [...(candles?.keys() ?? [])]) if (time >= openTime) candles?.delete(time);
  }

  newest(id: InstrumentId): Candle | undefined {
    return [...(this.#candles.get(id)?.values() ?? [])].at(-1);
  }

  /** Candles that were open at or after a moment. */
  since(id: InstrumentId, time: number): readonly Candle[] {
    const first = candleOpenTime(time, this.#timeframe);
    return [...(this.#candles.get(id)?.values() ?? [])].filter((candle) => candle.openTime >= first);
  }

  closedVolume(id: InstrumentId): number {
    return this.source.candleAt(id, this.closedIndex)?.volume ?? 0;
  }

  setFunding(premium: UpstreamPremium): void {
    this.#funding.set(premium.symbol, premium);
  }

  #asSource(instruments: readonly Instrument[]): CandleSource {
    const candleAt = (id: InstrumentId, index: number): MarketCandle | undefined => this.#candles.get(id)?.get(this.openTime(index));
    const premiumOf = (id: InstrumentId): UpstreamPremium | undefined => this.#funding.get(instruments.find((instrument) => instrument.id === id)?.venueSymbol ?? '');
    const startTime = (): number => this.#startTime;
    return {
      timeframe: this.#timeframe, instruments, length: null, candleAt,
      get startTime() { return startTime(); },
      history: (id, before, count) => Array.from({ length: Math.min(before, count) }, (_unused, i) => candleAt(id, before - Math.min(before, count) + i)).filter((candle) => candle !== undefined),
      fundingRateAt: (id, time) => (isFundingTime(time) ? (premiumOf(id)?.lastFundingRate ?? null) : null),
      nextFunding: (id, time) => ({ rate: premiumOf(id)?.lastFundingRate ?? '0', timeMs: premiumOf(id)?.nextFundingTime ?? nextFundingTime(time) }),
      shock: () => this.shock(),
      shocks: () => [],
    };
  }
}
