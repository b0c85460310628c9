/** Walking candles: the stated path, and stopping exactly where something happens. See `MatchingVenue`. */
import { triggersUpward, trail, triggerOne } from './algos.ts';
import { expireByDate } from './expiry.ts';
import { callMargin, chargeFunding, isMarginDue, liquidateDue } from './liquidation.ts';
import { askGap, bidGap, loadedBar, updateAtr } from './market.ts';
import { fillResting } from './orders.ts';
import { marketOf } from './state.ts';
import type { AlgoState, Core, MarketState, OrderState, WalkState } from './state.ts';
import type { Bar, BarBatch, StepResult } from './types.ts';

const BISECTIONS = 40;

/** History for the ATR, before the first candle is walked. */
export function warmUp(core: Core, symbol: string, bars: readonly Bar[]): void {
  const market = marketOf(core, symbol);
  for (const bar of bars) updateAtr(market, loadedBar(core, bar));
}

/** @throws {RangeError} not retried: the candle before is not walked to its end, or the new one does not lie after it. */
export function loadBars(core: Core, batch: BarBatch): void {
  const { walk } = core.state;
  if (walk !== null && walk.point < 4) throw new RangeError(`the candle of ${walk.openTime} is not walked to its end (step until "end" first)`);
  if (batch.openTime < core.state.time || batch.lengthMs < 4) {
    throw new RangeError(`the candle of ${batch.openTime} (${batch.lengthMs} ms) does not lie after market time ${core.state.time}`);
  }
  const bars = new Map(batch.bars.map((bar) => [marketOf(core, bar.symbol), { bar: loadedBar(core, bar), basis: bar.markBasis }]));
  for (const market of core.state.markets.values()) {
    if (market.bar !== null && walk !== null) updateAtr(market, market.bar);
    const next = bars.get(market);
    market.bar = next?.bar ?? null;
    if (next === undefined) continue;
    market.markOffset = Math.round(next.bar.open * next.basis);
    if (market.last === 0) market.last = next.bar.open;
  }
  core.state.walk = { openTime: batch.openTime, lengthMs: batch.lengthMs, point: 0, progress: 0 };
}

/** Market time of a path point, 0 to 3. */
function pointTime(walk: WalkState, point: number): number {
  return walk.openTime + (point === 3 ? walk.lengthMs - 1 : Math.floor((walk.lengthMs * point) / 3));
}

/** A jump of the present price and of the rest of the loaded candle. */
export function shock(core: Core, symbol: string, factor: number): void {
  if (!(factor > 0 && Number.isFinite(factor))) throw new RangeError(`a shock's factor must be above 0, not ${factor}`);
  const market = marketOf(core, symbol);
  const scaled = (ticks: number): number => Math.max(1, Math.round(ticks * factor));
  market.from = scaled(market.from);
  market.to = scaled(market.to);
  if (market.last > 0) market.last = scaled(market.last);
  const walking = core.state.walk !== null && core.state.walk.point >= 1;
  if (market.bar !== null) {
    const { bar } = market;
    market.bar = { ...bar, open: walking ? bar.open : scaled(bar.open), high: scaled(bar.high), low: scaled(bar.low), close: scaled(bar.close) };
  }
  if (walking) spread(market);
  for (const account of core.state.accounts.values()) {
    for (const algo of account.algos.values()) if (algo.symbol === symbol && algo.status === 'NEW') trail(market, algo);
  }
}

function spread(market: MarketState): void {
  market.runningHigh = Math.max(market.runningHigh, market.last);
  market.runningLow = Math.min(market.runningLow, market.last);
}

/** Goes on to the next event or path point, at most to `untilTime`. */
export function step(core: Core, untilTime: number | null): StepResult {
  for (;;) {
    const { walk } = core.state;
    if (settleDue(core)) return reached(core, 'event');
    if (walk === null || walk.point === 4) return reached(core, 'end');
    if (walk.point === 0) {
      if (untilTime !== null && walk.openTime > untilTime) return limited(core, untilTime);
      openCandle(core, walk);
      return reached(core, core.events.length > 0 ? 'event' : 'point');
    }
    const [startTime, endTime] = [pointTime(walk, walk.point - 1), pointTime(walk, walk.point)];
    const limit = untilTime === null ? 1 : Math.min(1, (untilTime - startTime) / (endTime - startTime));
    if (limit < walk.progress) return limited(core, core.state.time);
    const crossing = nextCrossing(core, walk, endTime - startTime, startTime);
    const target = firstMarginEvent(core, walk.progress, Math.min(limit, crossing));
    moveTo(core, walk, target, startTime + Math.floor((endTime - startTime) * target));
    if (target === 1) {
      reachPoint(core, walk);
      return reached(core, settleDue(core) ? 'event' : 'point');
    }
    if (settleDue(core)) return reached(core, 'event');
    if (target === limit) return limited(core, untilTime ?? core.state.time);
  }
}

function reached(core: Core, what: StepResult['reached']): StepResult {
  return { reached: what, marketTime: core.state.time, events: core.events };
}

function limited(core: Core, untilTime: number): StepResult {
  core.state.time = Math.max(core.state.time, untilTime);
  return reached(core, 'limit');
}

/** Point 0: every symbol jumps to its open, funding is charged. */
function openCandle(core: Core, walk: WalkState): void {
  core.state.time = walk.openTime;
  walk.point = 1;
  walk.progress = 0;
  for (const market of core.state.markets.values()) {
    market.bidUsed = 0;
    market.askUsed = 0;
    if (market.bar === null) {
      market.from = market.last;
      market.to = market.last;
      continue;
    }
    market.last = market.bar.open;
    market.runningHigh = market.last;
    market.runningLow = market.last;
    market.from = market.last;
    market.to = market.last;
  }
  trailAll(core);
  chargeFunding(core);
}

/** Fixes the order of the extremes when the price leaves the open, and aims at the next point. */
function aim(core: Core, walk: WalkState): void {
  for (const market of core.state.markets.values()) {
    const { bar } = market;
    if (bar === null) continue;
    if (walk.point === 1) market.lowFirst = isLowFirst(netSteps(core, market.symbol), bar);
    const first = market.lowFirst ? bar.low : bar.high;
    const second = market.lowFirst ? bar.high : bar.low;
    market.from = market.last;
    market.to = walk.point === 1 ? first : walk.point === 2 ? second : bar.close;
  }
}

/** Net long: low first; net short: high first; flat: the extreme nearer to the open, low at a tie. */
export function isLowFirst(netPosition: number, bar: { readonly open: number; readonly high: number; readonly low: number }): boolean {
  if (netPosition !== 0) return netPosition > 0;
  return bar.open - bar.low <= bar.high - bar.open;
}

function netSteps(core: Core, symbol: string): number {
  let net = 0;
  for (const account of core.state.accounts.values()) {
    for (const position of account.positions.values()) if (position.symbol === symbol) net += position.steps;
  }
  return net;
}

function reachPoint(core: Core, walk: WalkState): void {
  walk.point += 1;
  walk.progress = 0;
  for (const market of core.state.markets.values()) {
    market.from = market.last;
    market.to = market.last;
    market.bidUsed = 0;
    market.askUsed = 0;
  }
}

function priceAt(market: MarketState, progress: number): number {
  return market.from + Math.round((market.to - market.from) * progress);
}

function moveTo(core: Core, walk: WalkState, progress: number, time: number): void {
  walk.progress = progress;
  core.state.time = Math.max(core.state.time, time);
  for (const market of core.state.markets.values()) {
    market.last = priceAt(market, progress);
    if (market.bar !== null) spread(market);
  }
  trailAll(core);
}

function trailAll(core: Core): void {
  for (const account of core.state.accounts.values()) {
    for (const algo of account.algos.values()) if (algo.status === 'NEW') trail(marketOf(core, algo.symbol), algo);
  }
}

/** Progress of the nearest level, date or 1. Levels at or behind the present price are due already, not ahead. */
function nextCrossing(core: Core, walk: WalkState, durationMs: number, startTime: number): number {
  if (walk.progress === 0) aim(core, walk);
  let nearest = 1;
  const consider = (progress: number): void => {
    if (progress > walk.progress && progress < nearest) nearest = progress;
  };
  const considerDate = (date: number | null): void => {
    if (date !== null) consider((date - startTime) / durationMs);
  };
  const considerLevel = (market: MarketState, ticks: number, upward: boolean): void => {
    if (market.to === market.from || market.to > market.from !== upward) return;
    if (upward ? ticks > market.last : ticks < market.last) consider((ticks - market.from) / (market.to - market.from));
  };
  for (const account of core.state.accounts.values()) {
    for (const order of account.orders.values()) {
      considerDate(order.goodTillDate);
      const market = marketOf(core, order.symbol);
      considerLevel(market, restingLevel(core, market, order), order.side === 'SELL');
    }
    for (const algo of account.algos.values()) {
      if (algo.status !== 'NEW') continue;
      considerDate(algo.goodTillDate);
      const market = marketOf(core, algo.symbol);
      const offset = algo.workingType === 'MARK_PRICE' ? market.markOffset : 0;
      for (const [ticks, upward] of algoLevels(algo)) considerLevel(market, ticks - offset, upward);
    }
  }
  return nearest;
}

/** Last price at which the other side of the book reaches a resting limit. */
function restingLevel(core: Core, market: MarketState, order: OrderState): number {
  return order.side === 'SELL' ? order.ticks + bidGap(core, market) : order.ticks - askGap(core, market);
}

function algoLevels(algo: AlgoState): readonly (readonly [number, boolean])[] {
  if (algo.triggerTicks !== 0) return [[algo.triggerTicks, triggersUpward(algo)]];
  return algo.activateTicks === null ? [] : [[algo.activateTicks, algo.side === 'SELL']];
}

/** Where between two progresses an account is first called or liquidated; `target` where none is. */
function firstMarginEvent(core: Core, from: number, target: number): number {
  const anyAt = (progress: number): boolean => {
    const markOf = (symbol: string): number => {
      const market = marketOf(core, symbol);
      return Math.max(1, priceAt(market, progress) + market.markOffset);
    };
    for (const account of core.state.accounts.values()) if (isMarginDue(core, account, markOf)) return true;
    return false;
  };
  if (!anyAt(target)) return target;
  let [safe, reachedAt] = [from, target];
  for (let i = 0; i < BISECTIONS; i += 1) {
    const middle = (safe + reachedAt) / 2;
    if (anyAt(middle)) reachedAt = middle;
    else safe = middle;
  }
  return reachedAt;
}

/**
 * Does the one most urgent thing that is due at the present prices: liquidation before everything (pessimistic: at a
 * gap through both, the stop comes too late), then expiry by date, triggers, resting orders, margin calls.
 */
function settleDue(core: Core): boolean {
  for (const account of core.state.accounts.values()) {
    if (account.positions.size > 0 && liquidateDue(core, account)) return true;
    if (expireByDate(core, account) || triggerOne(core, account) || fillResting(core, account)) return true;
    if (account.positions.size > 0 && callMargin(core, account)) return true;
  }
  return false;
}
