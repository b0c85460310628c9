/**
 * The market of one symbol: price, spread and book. The book is a model, not other people's orders: around the last
 * price lie a spread of max(1 tick, spreadPerAtr × ATR) and, on each side, ten levels within `depthBps` whose
 * quantities thin linearly and sum up to `depthShare` of the candle's quote volume. What is taken is gone until the next path
 * point. Depth and spread are floats (a model of a book); prices and fills are integers.
 */
import { scaledText } from './scaled.ts';
import type { Scale } from './scaled.ts';
import { marketOf, specOf } from './state.ts';
import type { Core, LoadedBar, MarketState } from './state.ts';
import type { Bar, Depth, Quote, RunningCandle, VenueSide } from './types.ts';

const LEVELS = 10;
const ATR_PERIOD = 14;

export function newMarket(symbol: string): MarketState {
  return {
    symbol, last: 0, markOffset: 0, atr: 0, atrCount: 0, previousClose: 0, bar: null,
    runningHigh: 0, runningLow: 0, from: 0, to: 0, lowFirst: true, bidUsed: 0, askUsed: 0,
  };
}

/** To the nearest tick, at least one. */
export function ticksOf(price: number, scale: Scale): number {
  return Math.max(1, Math.round((price * 10 ** scale.digits) / scale.unit));
}

/** @throws {RangeError} not retried: a price that is not a positive number. */
export function loadedBar(core: Core, bar: Bar): LoadedBar {
  const spec = specOf(core, bar.symbol);
  if (!(bar.low > 0 && bar.high >= bar.low && Number.isFinite(bar.high) && bar.volume >= 0)) {
    throw new RangeError(`${bar.symbol}: not a candle: ${JSON.stringify(bar)} (prices above 0, high ≥ low, volume ≥ 0)`);
  }
  const open = ticksOf(bar.open, spec.price);
  const close = ticksOf(bar.close, spec.price);
  return {
    open,
    high: Math.max(ticksOf(bar.high, spec.price), open, close),
    low: Math.min(ticksOf(bar.low, spec.price), open, close),
    close,
    volume: bar.volume,
    quoteVolume: (bar.volume * (bar.high + bar.low + bar.close)) / 3,
    fundingRate: bar.fundingRate,
  };
}

/** Wilder's average true range takes one more closed candle. */
export function updateAtr(market: MarketState, bar: LoadedBar): void {
  const previous = market.previousClose === 0 ? bar.open : market.previousClose;
  const range = Math.max(bar.high, previous) - Math.min(bar.low, previous);
  market.atrCount = Math.min(market.atrCount + 1, ATR_PERIOD);
  market.atr += (range - market.atr) / market.atrCount;
  market.previousClose = bar.close;
}

export function markTicks(market: MarketState): number {
  return Math.max(1, market.last + market.markOffset);
}

function spreadTicks(core: Core, market: MarketState): number {
  const atr = market.atrCount > 0 || market.bar === null ? market.atr : market.bar.high - market.bar.low;
  return Math.max(1, Math.round(core.config.spreadPerAtr * atr));
}

/** Distance from the bid up to the last price. */
export function bidGap(core: Core, market: MarketState): number {
  return Math.floor(spreadTicks(core, market) / 2);
}
/** Distance from the last price up to the ask. */
export function askGap(core: Core, market: MarketState): number {
  const spread = spreadTicks(core, market);
  return spread - Math.floor(spread / 2);
}

export function bidTicks(core: Core, market: MarketState): number {
  return Math.max(1, market.last - bidGap(core, market));
}
export function askTicks(core: Core, market: MarketState): number {
  return market.last + askGap(core, market);
}

/** Best price that an order of this side meets. */
export function touchTicks(core: Core, market: MarketState, side: VenueSide): number {
  return side === 'BUY' ? askTicks(core, market) : bidTicks(core, market);
}

/** Steps on one side of the whole book, before anything was taken. */
function sideSteps(core: Core, market: MarketState): number {
  const spec = specOf(core, market.symbol);
  const quoteVolume = market.bar === null ? 0 : market.bar.quoteVolume;
  const notional = Math.max(core.config.depthMinNotional, core.config.depthShare * quoteVolume);
  const price = (market.last * spec.price.unit) / 10 ** spec.price.digits;
  return (notional / price / spec.quantity.unit) * 10 ** spec.quantity.digits;
}

/** One level as an order of `side` meets it. */
interface Level {
  ticks: number;
  steps: number;
}

/** Calls back with every level that still has something, best first, until it answers false. */
export function walkBook(core: Core, market: MarketState, side: VenueSide, visit: (level: Level) => boolean): void {
  const total = sideSteps(core, market);
  const touch = touchTicks(core, market, side);
  const reach = (market.last * core.config.depthBps) / 10_000 / LEVELS;
  const direction = side === 'BUY' ? 1 : -1;
  let used = side === 'BUY' ? market.askUsed : market.bidUsed;
  for (let k = 0; k < LEVELS; k += 1) {
    const whole = Math.max(1, Math.floor((total * (2 * (LEVELS - k) - 1)) / (LEVELS * LEVELS)));
    const left = Math.max(0, whole - used);
    used = Math.max(0, used - whole);
    if (left === 0) continue;
    const ticks = Math.max(1, touch + direction * Math.round(k * reach));
    if (!visit({ ticks, steps: left })) return;
  }
}

/** Steps that an order of this side finds at its limit or better. @param limitTicks 0: at any price. */
export function availableSteps(core: Core, market: MarketState, side: VenueSide, limitTicks: number): number {
  let sum = 0;
  walkBook(core, market, side, (level) => {
    if (limitTicks !== 0 && (side === 'BUY' ? level.ticks > limitTicks : level.ticks < limitTicks)) return false;
    sum += level.steps;
    return true;
  });
  return sum;
}

export function takeDepth(market: MarketState, side: VenueSide, steps: number): void {
  if (side === 'BUY') market.askUsed += steps;
  else market.bidUsed += steps;
}

export function quoteOf(core: Core, symbol: string): Quote {
  const market = marketOf(core, symbol);
  const { price } = specOf(core, symbol);
  const book = depthOf(core, symbol, 1);
  const [bid, ask] = [book.bids[0], book.asks[0]];
  const last = scaledText(market.last, price);
  return {
    symbol, time: core.state.time, lastPrice: last, indexPrice: last,
    markPrice: scaledText(market.last === 0 ? 0 : markTicks(market), price),
    bidPrice: bid?.[0] ?? '0', bidQuantity: bid?.[1] ?? '0', askPrice: ask?.[0] ?? '0', askQuantity: ask?.[1] ?? '0',
  };
}

export function depthOf(core: Core, symbol: string, limit: number): Depth {
  const market = marketOf(core, symbol);
  const side = (taker: VenueSide): (readonly [string, string])[] => {
    const spec = specOf(core, symbol);
    const levels: Level[] = [];
    if (market.last > 0) {
      walkBook(core, market, taker, (level) => {
        const best = levels.at(-1);
        if (best?.ticks === level.ticks) best.steps += level.steps;
        else levels.push(level);
        return true;
      });
    }
    return levels.slice(0, limit).map((level) => [scaledText(level.ticks, spec.price), scaledText(level.steps, spec.quantity)] as const);
  };
  return { symbol, time: core.state.time, bids: side('SELL'), asks: side('BUY') };
}

export function runningCandleOf(core: Core, symbol: string): RunningCandle | undefined {
  const market = marketOf(core, symbol);
  const { walk } = core.state;
  if (walk === null || walk.point === 0 || market.bar === null) return undefined;
  const { price } = specOf(core, symbol);
  const share = walk.point >= 4 ? 1 : Math.min(1, (core.state.time - walk.openTime) / walk.lengthMs);
  return {
    symbol, openTime: walk.openTime, lengthMs: walk.lengthMs,
    open: scaledText(market.bar.open, price), high: scaledText(market.runningHigh, price),
    low: scaledText(market.runningLow, price), close: scaledText(market.last, price),
    volume: (market.bar.volume * share).toFixed(8), quoteVolume: (market.bar.quoteVolume * share).toFixed(8),
  };
}
