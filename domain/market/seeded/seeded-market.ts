import type { CandleSource, MarketCandle, Shock } from '../candle-source.ts';
import { drawnFundingRate, isFundingTime, nextFundingTime } from '../funding.ts';
import { venueSymbolOf } from '../instrument.ts';
import type { Instrument, InstrumentId } from '../instrument.ts';
import { ShockLog } from '../shocks.ts';
import { timeframeMs } from '../timeframe.ts';
import type { Timeframe } from '../timeframe.ts';
import { DEFAULT_ASSETS, MARKET_VOLATILITY } from './assets.ts';
import type { SeededAsset } from './assets.ts';
import { moveFactor, newFactor } from './factor.ts';
import type { FactorState } from './factor.ts';
import { normal, prngOf, uniform } from './prng.ts';
import type { PrngState } from './prng.ts';

const HOUR_MS = 3_600_000;
/** Parts of a candle from which its high and low come. */
const PARTS = 12;
const MARK_BASIS_DEVIATION = 0.00004;
/** Candles kept at hand, and candles between saved generator states: going back costs at most so many. */
const KEPT = 2_048;
const CHECKPOINT_EVERY = 1_024;

export interface SeededMarketOptions {
  readonly seed: string;
  readonly timeframe: Timeframe;
  /** Open time of index 0, a multiple of the timeframe. */
  readonly startTime: number;
  /** Default: the eight large perpetuals. */
  readonly assets?: readonly SeededAsset[];
  /** Default: endless. */
  readonly length?: number;
  readonly makerFeeRate?: string;
  readonly takerFeeRate?: string;
}

interface GeneratorState {
  index: number;
  random: PrngState;
  market: FactorState;
  own: FactorState[];
  /** Last close before rounding. */
  prices: number[];
}

type Row = readonly MarketCandle[];

/**
 * A reproducible market: the same seed, timeframe and assets give the same candles for ever, in any order of asking.
 * Memory does not grow with time, save for one small state per 1,024 candles.
 * @throws {RangeError} not retried: the start is no multiple of the timeframe.
 */
export function seededMarket(options: SeededMarketOptions): CandleSource {
  const assets = options.assets ?? DEFAULT_ASSETS;
  const lengthMs = timeframeMs(options.timeframe);
  if (options.startTime % lengthMs !== 0) throw new RangeError(`start ${options.startTime} is no multiple of ${options.timeframe}`);
  const instruments = assets.map((asset) => instrumentOf(asset, options));
  const position = new Map(instruments.map((instrument, i) => [instrument.id, i]));
  const rows = new RowReader(assets, options, lengthMs);
  const shocks = new ShockLog();
  const length = options.length ?? null;

  const candleAt = (id: InstrumentId, index: number): MarketCandle | undefined => {
    const at = position.get(id);
    if (at === undefined || index < 0 || (length !== null && index >= length)) return undefined;
    const candle = rows.at(index)[at];
    const asset = assets[at];
    const factor = shocks.factorAt(id, index);
    return candle === undefined || asset === undefined || factor === 1 ? candle : scaledCandle(candle, factor, asset);
  };
  return {
    timeframe: options.timeframe,
    instruments,
    startTime: options.startTime,
    length,
    candleAt,
    history: (id, beforeIndex, count) => {
      const candles: MarketCandle[] = [];
      for (let index = Math.max(0, beforeIndex - count); index < beforeIndex; index += 1) {
        const candle = candleAt(id, index);
        if (candle !== undefined) candles.push(candle);
      }
      return candles;
    },
    fundingRateAt: (id, timeMs) => (isFundingTime(timeMs) ? drawnFundingRate(options.seed, id, timeMs) : null),
    nextFunding: (id, timeMs) => ({ rate: drawnFundingRate(options.seed, id, nextFundingTime(timeMs)), timeMs: nextFundingTime(timeMs) }),
    shock: (instrumentId, index, factor) => shocks.add({ instrumentId, index, factor }),
    shocks: (): readonly Shock[] => shocks.all(),
  };
}

/** Candles of all symbols by index: generated forward, kept for a while, generated again from a checkpoint when asked for later. */
class RowReader {
  readonly #assets: readonly SeededAsset[];
  readonly #lengthMs: number;
  readonly #startTime: number;
  readonly #kept = new Map<number, Row>();
  readonly #checkpoints: GeneratorState[] = [];
  #state: GeneratorState;

  constructor(assets: readonly SeededAsset[], options: SeededMarketOptions, lengthMs: number) {
    this.#assets = assets;
    this.#lengthMs = lengthMs;
    this.#startTime = options.startTime;
    this.#state = {
      index: 0, random: prngOf(`${options.seed}|${options.timeframe}`), market: newFactor(), own: assets.map(newFactor), prices: assets.map((asset) => asset.price),
    };
  }

  at(index: number): Row {
    const kept = this.#kept.get(index);
    if (kept !== undefined) return kept;
    if (index < this.#state.index) this.#goBack(index);
    for (;;) {
      if (this.#state.index % CHECKPOINT_EVERY === 0) this.#checkpoints[this.#state.index / CHECKPOINT_EVERY] ??= structuredCopy(this.#state);
      const made = this.#state.index;
      const row = nextRow(this.#state, this.#assets, { startTime: this.#startTime, lengthMs: this.#lengthMs });
      this.#kept.set(made, row);
      this.#kept.delete(made - KEPT);
      if (made === index) return row;
    }
  }

  /** What was kept of the run before is dropped, so that no more than one window is held. */
  #goBack(index: number): void {
    const checkpoint = this.#checkpoints[Math.floor(index / CHECKPOINT_EVERY)];
    if (checkpoint === undefined) throw new Error(`no generator state before index ${index}`);
    this.#kept.clear();
    this.#state = structuredCopy(checkpoint);
  }
}

function structuredCopy(state: GeneratorState): GeneratorState {
  return {
    index: state.index, random: { ...state.random }, market: { ...state.market },
    own: state.own.map((factor) => ({ ...factor })), prices: [...state.prices],
  };
}

const marketParts = new Float64Array(PARTS);
const ownParts = new Float64Array(PARTS);

function nextRow(state: GeneratorState, assets: readonly SeededAsset[], clock: { startTime: number; lengthMs: number }): Row {
  const { random } = state;
  const hours = clock.lengthMs / HOUR_MS;
  const market = moveFactor(state.market, random, { volatility: MARKET_VOLATILITY, hours }, marketParts);
  const row = assets.map((asset, i): MarketCandle => {
    const factor = state.own[i];
    const previous = state.prices[i];
    if (factor === undefined || previous === undefined) throw new Error(`no state of ${asset.base}`);
    const own = moveFactor(factor, random, { volatility: asset.ownVolatility, hours }, ownParts);
    const open = previous * Math.exp(asset.beta * market.gap + own.gap);
    let [price, high, low] = [open, open, open];
    for (let part = 0; part < PARTS; part += 1) {
      price *= Math.exp(asset.beta * (market.parts[part] ?? 0) + (own.parts[part] ?? 0));
      if (price > high) high = price;
      if (price < low) low = price;
    }
    state.prices[i] = price;
    const quoteVolume = asset.hourlyQuoteVolume * hours * activity(random, Math.log(high / low), asset, hours);
    const basis = MARK_BASIS_DEVIATION * normal(random);
    const prices = roundedPrices({ open, high, low, close: price }, asset);
    return { openTime: clock.startTime + state.index * clock.lengthMs, ...prices, volume: rounded(quoteVolume / price, asset.stepSize), markBasis: basis };
  });
  state.index += 1;
  return row;
}

/** Volume follows the range of the candle, with noise of its own; about 1 on average. */
function activity(random: PrngState, range: number, asset: SeededAsset, hours: number): number {
  const usual = Math.hypot(asset.beta * MARKET_VOLATILITY, asset.ownVolatility) * Math.sqrt(hours) * 1.6;
  const noise = Math.exp(0.45 * normal(random) - 0.1);
  return (0.35 + 0.55 * (range / usual)) * noise * (0.9 + 0.2 * uniform(random));
}

interface Prices {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

function roundedPrices(prices: Prices, asset: SeededAsset): Prices {
  const tick = (price: number): number => Math.max(rounded(price, asset.tickSize), Number(asset.tickSize));
  return { open: tick(prices.open), high: tick(prices.high), low: tick(prices.low), close: tick(prices.close) };
}

function scaledCandle(candle: MarketCandle, factor: number, asset: SeededAsset): MarketCandle {
  const { open, high, low, close } = candle;
  return { ...candle, ...roundedPrices({ open: open * factor, high: high * factor, low: low * factor, close: close * factor }, asset) };
}

/** To the nearest multiple of a step that is a power of ten; the float nearest to that decimal. */
function rounded(value: number, step: string): number {
  const digits = step.split('.')[1]?.length ?? 0;
  return Number(value.toFixed(digits));
}

function instrumentOf(asset: SeededAsset, options: SeededMarketOptions): Instrument {
  const id = `${asset.base}-USDT-PERP`;
  return {
    id, venueSymbol: venueSymbolOf(id), base: asset.base, quote: 'USDT', kind: 'perpetual',
    tickSize: asset.tickSize, stepSize: asset.stepSize, minQuantity: asset.stepSize, maxQuantity: asset.maxQuantity,
    maxMarketQuantity: asset.maxMarketQuantity, minNotional: asset.minNotional, maxNotional: null,
    makerFeeRate: options.makerFeeRate ?? '0.0002', takerFeeRate: options.takerFeeRate ?? '0.0005',
  };
}
