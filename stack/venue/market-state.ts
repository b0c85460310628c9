import type { Candle } from '../../domain/market/candle.ts';
import type { CandleSource, Shock } from '../../domain/market/candle-source.ts';
import type { Instrument } from '../../domain/market/instrument.ts';
import { timeframeMs } from '../../domain/market/timeframe.ts';
import type { Bar, BarBatch, MatchingVenue, RunningCandle } from '../../domain/matching/types.ts';

/** What a restart needs to know about the market's walk beside the engine's own snapshot. */
export interface MarketSnapshot {
  readonly index: number;
  readonly walking: boolean;
  readonly shocks: readonly Shock[];
  readonly shockedNow: readonly string[];
  readonly overrides: readonly (readonly [string, readonly Candle[]])[];
}

/** Where the market stands: which candle runs, which are closed. */
export interface Market {
  readonly source: CandleSource;
  readonly lengthMs: number;
  /** Index of the candle that runs, or ran last. */
  readonly index: number;
  /** Whether a candle is being walked. */
  readonly walking: boolean;
  /** No candle is left after the one that is walked. */
  readonly atEnd: boolean;
  /** Index of the newest closed candle. */
  readonly closedIndex: number;
  openTime(index: number): number;
  /** Market clock: once a candle is walked to its end, its close time is reached. */
  time(engine: MatchingVenue): number;
  /** The candles to walk next. */
  nextBatch(): { readonly index: number; readonly batch: BarBatch };
  loaded(index: number): void;
  closed(engine: MatchingVenue): void;
  /** @param factor > 0; the candle that is walked jumps in the engine, all later ones in the source. */
  shock(instrument: Instrument, factor: number): void;
  /** A candle as it is known now: closed as it was traded, or running; undefined where there is none. */
  candle(instrument: Instrument, index: number, engine: MatchingVenue): Candle | undefined;
  snapshot(): MarketSnapshot;
  restore(saved: MarketSnapshot): void;
}

/** A market that is walked candle by candle from its source. */
export class MarketState implements Market {
  readonly source: CandleSource;
  readonly lengthMs: number;
  /** Index of the candle that is walked, or was walked last. */
  #index: number;
  #walking = false;
  /** Symbols that jumped within the candle that is walked: the source knows nothing of that candle's true shape. */
  #shockedNow = new Set<string>();
  /** Closed candles that differ from the source's, by venue symbol and open time. */
  readonly #overrides = new Map<string, Map<number, Candle>>();

  /** @param firstIndex the first candle to walk; those before it are history. */
  constructor(source: CandleSource, firstIndex: number) {
    this.source = source;
    this.lengthMs = timeframeMs(source.timeframe);
    this.#index = firstIndex - 1;
  }

  get index(): number {
    return this.#index;
  }

  get walking(): boolean {
    return this.#walking;
  }

  get atEnd(): boolean {
    return !this.#walking && this.source.length !== null && this.#index + 1 >= this.source.length;
  }

  openTime(index: number): number {
    return this.source.startTime + index * this.lengthMs;
  }

  get closedIndex(): number {
    return this.#walking ? this.#index - 1 : this.#index;
  }

  time(engine: MatchingVenue): number {
    return this.#walking ? engine.marketTime() : this.openTime(this.#index + 1);
  }

  nextBatch(): { readonly index: number; readonly batch: BarBatch } {
    const index = this.#index + 1;
    const openTime = this.openTime(index);
    const bars = this.source.instruments.flatMap((instrument) => this.#bar(instrument, index));
    return { index, batch: { openTime, lengthMs: this.lengthMs, bars } };
  }

  #bar(instrument: Instrument, index: number): Bar[] {
    const candle = this.source.candleAt(instrument.id, index);
    if (candle === undefined) return [];
    const { open, high, low, close, volume, markBasis } = candle;
    const fundingRate = this.source.fundingRateAt(instrument.id, this.openTime(index));
    return [{ symbol: instrument.venueSymbol, open, high, low, close, volume, markBasis, fundingRate }];
  }

  loaded(index: number): void {
    this.#index = index;
    this.#walking = true;
  }

  closed(engine: MatchingVenue): void {
    for (const symbol of this.#shockedNow) this.#override(symbol, engine);
    this.#shockedNow = new Set();
    this.#walking = false;
  }

  #override(symbol: string, engine: MatchingVenue): void {
    const running = engine.runningCandle(symbol);
    if (running === undefined) return;
    const candles = this.#overrides.get(symbol) ?? new Map<number, Candle>();
    candles.set(running.openTime, candleOf(running));
    this.#overrides.set(symbol, candles);
  }

  shock(instrument: Instrument, factor: number): void {
    this.source.shock(instrument.id, this.#index + 1, factor);
    if (this.#walking) this.#shockedNow.add(instrument.venueSymbol);
  }

  candle(instrument: Instrument, index: number, engine: MatchingVenue): Candle | undefined {
    if (index < 0 || index > this.#index) return undefined;
    if (index === this.#index && this.#walking) return this.#running(instrument, engine);
    return this.#overrides.get(instrument.venueSymbol)?.get(this.openTime(index)) ?? this.source.candleAt(instrument.id, index);
  }

  #running(instrument: Instrument, engine: MatchingVenue): Candle | undefined {
    const running = engine.runningCandle(instrument.venueSymbol);
    if (running === undefined || running.openTime !== this.openTime(this.#index)) return undefined;
    return candleOf(running);
  }

  snapshot(): MarketSnapshot {
    return {
      index: this.#index, walking: this.#walking, shocks: this.source.shocks(), shockedNow: [...this.#shockedNow],
      overrides: [...this.#overrides].map(([symbol, candles]) => [symbol, [...candles.values()]] as const),
    };
  }

  restore(saved: MarketSnapshot): void {
    this.#index = saved.index;
    this.#walking = saved.walking;
    this.#shockedNow = new Set(saved.shockedNow);
    for (const shock of saved.shocks) this.source.shock(shock.instrumentId, shock.index, shock.factor);
    for (const [symbol, candles] of saved.overrides) {
      this.#overrides.set(symbol, new Map(candles.map((candle) => [candle.openTime, candle])));
    }
  }
}

function candleOf(running: RunningCandle): Candle {
  return {
    openTime: running.openTime, open: Number(running.open), high: Number(running.high), low: Number(running.low),
    close: Number(running.close), volume: Number(running.volume),
  };
}
