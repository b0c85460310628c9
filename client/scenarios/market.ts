/** Candles that a scenario needs, drawn to measure: an ATR that is exact at the decision, symbols that move together or apart. */
import type { Candle } from '../../domain/market/candle.ts';
import { DEFAULT_ASSETS } from '../../domain/market/seeded/assets.ts';
import { normal, prngOf, uniform } from '../../domain/market/seeded/prng.ts';
import type { PrngState } from '../../domain/market/seeded/prng.ts';

export interface ScenarioMarket {
  readonly seed: string;
  /** Bases of the built-in assets. */
  readonly symbols: readonly string[];
  /** ATR(14) at the close of the first candle that is traded, % of price. */
  readonly atrPct: number;
  /** Above 0, below 100: where that ATR stands in the symbol's own past. */
  readonly percentile: number;
  /** Symbols whose returns have this correlation with one another, 0..1; all others move apart. */
  readonly together?: { readonly symbols: readonly string[]; readonly correlation: number };
  /** How far slow trends move a candle on average, in ATRs. Default 0: none. */
  readonly trendAtr?: number;
  /** Candles before the first one that is traded. */
  readonly history: number;
  /** Candles that are traded. */
  readonly candles: number;
}

export interface DrawnSeries {
  readonly base: string;
  readonly candles: readonly Candle[];
  /** Digits after the point of its prices. */
  readonly digits: number;
}

const HOUR_MS = 3_600_000;
/** The first candle that is traded opens at three in the morning, UTC: far from a funding time and from the day's end. */
const FIRST_OPEN_MS = Date.UTC(2026, 0, 5, 3);
const ATR_PERIOD = 14;
/** A candle's return, in ATRs: its standard deviation, and the most that the range of the candle has room for. */
const RETURN = { deviation: 0.25, largest: 0.5 } as const;
/** The ATR swings by so large a share around its middle, once in so many candles: slow enough that each candle's range can follow. */
const SWING = { share: 0.2, candles: 240 } as const;
const TREND_CANDLES = 60;
const HOURLY_QUOTE_VOLUME = 60e6;
const VOLUME_DEVIATION = 0.5;
const SIGNIFICANT_DIGITS = 6;

/** The same for the same market. @throws {RangeError} for a symbol that there is not */
export function drawMarket(market: ScenarioMarket): readonly DrawnSeries[] {
  const common = prngOf(`${market.seed}|together`);
  const shared = Array.from({ length: market.history + market.candles }, () => normal(common));
  return market.symbols.map((base, at) => drawSymbol(market, { base, phase: at, shared }));
}

function drawSymbol(market: ScenarioMarket, { base, phase, shared }: { readonly base: string; readonly phase: number; readonly shared: readonly number[] }): DrawnSeries {
  const price = DEFAULT_ASSETS.find((asset) => asset.base === base)?.price;
  if (price === undefined) throw new RangeError(`no price of ${base} (there are: ${DEFAULT_ASSETS.map((asset) => asset.base).join(', ')})`);
  const digits = Math.max(0, SIGNIFICANT_DIGITS - 1 - Math.floor(Math.log10(price)));
  const random = prngOf(`${market.seed}|${base}`);
  const weight = market.together?.symbols.includes(base) === true ? market.together.correlation : 0;
  const trend = (market.trendAtr ?? 0) * Math.SQRT2;
  const candles: Candle[] = [];
  let [close, atr] = [price, 0];
  for (let index = 0; index < market.history + market.candles; index += 1) {
    const drawn = RETURN.deviation * (Math.sqrt(weight) * (shared[index] ?? 0) + Math.sqrt(1 - weight) * normal(random)) + trend * Math.sin((2 * Math.PI * index) / TREND_CANDLES + phase);
    const share = atrShareAt(market, index);
    const bar = barOf({ open: close, atr, index, share, move: share * Math.max(-RETURN.largest, Math.min(RETURN.largest, drawn)), digits, random });
    candles.push({ openTime: FIRST_OPEN_MS + (index - market.history) * HOUR_MS, ...bar.prices, volume: volumeOf(bar.prices.close, random) });
    [close, atr] = [bar.prices.close, bar.atr];
  }
  return { base, digits, candles };
}

/** ATR as a share of price: a slow wave that passes through the wanted value, at the wanted percentile, at the decision. */
function atrShareAt({ atrPct, percentile, history }: ScenarioMarket, index: number): number {
  const phase = Math.PI * (percentile / 100 - 0.5);
  const wave = (at: number): number => 1 + SWING.share * Math.sin(phase + (2 * Math.PI * (at - history)) / SWING.candles);
  return ((atrPct / 100) * wave(index)) / wave(history);
}

interface BarInput {
  readonly open: number;
  /** Wilder's average up to the candle before. */
  readonly atr: number;
  readonly index: number;
  readonly share: number;
  /** Return of the candle, a fraction. */
  readonly move: number;
  readonly digits: number;
  readonly random: PrngState;
}

/** A candle that opens where the last one closed, whose range brings Wilder's average to where it is wanted. */
function barOf({ open, atr, index, share, move, digits, random }: BarInput): { readonly prices: Pick<Candle, 'open' | 'high' | 'low' | 'close'>; readonly atr: number } {
  const rounded = (value: number): number => Number(value.toFixed(digits));
  const close = rounded(open * (1 + move));
  const isFirst = index < ATR_PERIOD;
  const wanted = share * close * (isFirst ? 1 : ATR_PERIOD) - (isFirst ? 0 : (ATR_PERIOD - 1) * atr);
  const range = Math.max(wanted, Math.abs(close - open));
  const above = (range - Math.abs(close - open)) * (0.3 + 0.4 * uniform(random));
  const high = rounded(Math.max(open, close) + above);
  const low = rounded(Math.min(high - range, open, close));
  const before = isFirst ? index : ATR_PERIOD - 1;
  return { prices: { open, high, low, close }, atr: (atr * before + (high - low)) / (before + 1) };
}

function volumeOf(price: number, random: PrngState): number {
  return Number(((HOURLY_QUOTE_VOLUME / price) * Math.exp(VOLUME_DEVIATION * normal(random))).toFixed(3));
}

/** A candle file's name and text, as `keel replay` reads them. */
export function candleFileOf({ base, digits, candles }: DrawnSeries): { readonly name: string; readonly text: string } {
  const lines = candles.map(({ openTime, open, high, low, close, volume }) => [openTime, ...[open, high, low, close].map((price) => price.toFixed(digits)), volume].join(','));
  return { name: `${base}-USDT-PERP.1h.csv`, text: `timestamp,open,high,low,close,volume\n${lines.join('\n')}\n` };
}
