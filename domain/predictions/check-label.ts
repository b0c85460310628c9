/** Whether a user's label keeps to its horizon. Pure. */
import { messageOf } from '../errors.ts';
import type { Candle } from '../market/candle.ts';
import type { LabelDefinition, LabelledTrade, LabelExit } from './label.ts';
import { expectedMoveBps, SIGMA_CANDLES, sigmaOf } from './label.ts';

/** Decisions that a label is tried on. */
const TRIED = 200;
const COST_BPS = 11;
const TOLERANCE = 1e-9;

/** Candles that `checkLabel` needs. */
export const candlesToCheck = ({ horizonCandles }: Pick<LabelDefinition, 'horizonCandles'>): number => SIGMA_CANDLES + TRIED + horizonCandles;

/**
 * Holds a label to its word on decisions one after the other, in both directions: it reads no candle before the decision or
 * beyond its horizon, leaves within it at a price that was traded, says the same when asked again, and nothing after its exit
 * changes it.
 * @param candles oldest first, at least `candlesToCheck` of them, of a market that moves; one that stands still is tried too.
 * @returns the first fault of each kind, in words; empty when all is well.
 */
export function checkLabel({ horizonCandles, exit }: LabelDefinition, candles: readonly Candle[]): readonly string[] {
  if (exit === undefined) return [];
  const faults = new Map<string, string>();
  for (let at = SIGMA_CANDLES; at + horizonCandles < candles.length && faults.size === 0; at += 1) {
    const horizon = Object.freeze(candles.slice(at + 1, at + 1 + horizonCandles).map((it) => Object.freeze({ ...it })));
    const sigma = sigmaOf(candles.slice(at - SIGMA_CANDLES, at + 1));
    for (const direction of ['long', 'short'] as const) {
      const trade: LabelledTrade = Object.freeze({ direction, sigma, costBps: COST_BPS, entryPrice: horizon[0]?.open ?? NaN, scaleBps: expectedMoveBps(sigma, horizonCandles) });
      for (const fault of faultsAt(exit, trade, horizon)) faults.set(fault, fault);
    }
  }
  if (faults.size === 0) for (const fault of faultsAtRest(exit, horizonCandles)) faults.set(fault, fault);
  return [...faults.values()];
}

/** Of a market that stands still, as one does that is halted: nothing has a deviation there, and no candle a height. */
function faultsAtRest(exit: LabelExit, horizonCandles: number): readonly string[] {
  const candles = Array.from({ length: horizonCandles }, (_, index) => ({ openTime: index, open: 100, high: 100, low: 100, close: 100, volume: 0 }));
  return ([['long', 0], ['short', 0], ['long', null], ['short', null]] as const).flatMap(([direction, sigma]) =>
    faultsAt(exit, { direction, sigma, costBps: COST_BPS, entryPrice: 100, scaleBps: 0 }, candles).map((fault) => `where nothing moves, ${fault}`));
}

function faultsAt(exit: LabelExit, trade: LabelledTrade, horizon: readonly Candle[]): readonly string[] {
  const outside: string[] = [];
  let left: ReturnType<LabelExit>;
  try {
    left = exit(trade, watched(horizon, outside));
  } catch (error) {
    return [`it failed on drawn candles: ${messageOf(error)}`];
  }
  if (outside[0] !== undefined) return [`it reads the candle at place ${outside[0]} of its horizon, which has 0 to ${horizon.length - 1}: nothing before the decision or beyond the horizon`];
  const same = (candles: readonly Candle[]): boolean => JSON.stringify(exit(trade, candles)) === JSON.stringify(left);
  if (!same(horizon)) return ['it says something else when it is asked again'];
  if (left === null) return [];
  if (typeof left !== 'object') return [`it gives back ${String(left)}; allowed: { index, price } or null`];
  const { index, price } = left;
  const candle = horizon[index];
  if (candle === undefined) return [`it leaves at candle ${index} of its horizon, which has 0 to ${horizon.length - 1}`];
  if (!(price >= candle.low * (1 - TOLERANCE) && price <= candle.high * (1 + TOLERANCE))) return [`it leaves at ${price} in a candle that traded from ${candle.low} to ${candle.high}`];
  const otherwise = horizon.map((it, place) => (place <= index ? it : { ...it, open: it.open * 1.21, high: it.high * 1.3, low: it.low * 0.9, close: it.close * 1.1, volume: it.volume * 3 }));
  return same(otherwise) ? [] : [`it leaves at candle ${index}, and other candles after that change where: nobody could trade so`];
}

/** The candles, and which places were asked for that they do not have. */
function watched(candles: readonly Candle[], outside: string[]): readonly Candle[] {
  return new Proxy(candles, {
    get: (target, key): unknown => {
      if (typeof key === 'string' && /^-?\d+$/.test(key) && !Object.hasOwn(target, key)) outside.push(key);
      return Reflect.get(target, key, target) as unknown;
    },
  });
}
