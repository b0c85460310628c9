/**
 * What came of a decision, by a versioned definition: one pure function for training and evaluation alike.
 * Entry at the open of the candle after the decision, costs of both sides, exit at the horizon or at a barrier.
 * @source learning.md, "Label and outcome: one function"; triple barrier: López de Prado, Advances in Financial Machine Learning, 2018, chapter 3.
 */
import { KeelError, messageOf } from '../errors.ts';
import type { Candle } from '../market/candle.ts';
import type { Direction } from '../orders/order.ts';

export interface LabelDefinition {
  /** Named on each prediction; the same name never means anything else. */
  readonly version: string;
  /** ≥ 1. */
  readonly horizonCandles: number;
  /** c: moves of at most c × σ × √horizon count as none. */
  readonly holdBand: number;
  /** Distances from the entry in σ × √horizon, > 0; null: only the horizon ends it. */
  readonly barriers: { readonly target: number; readonly stop: number } | null;
  /** A user's own way out, instead of barriers; absent: they, or the horizon. */
  readonly exit?: LabelExit | undefined;
}

/** One unit in one direction, as known when it enters. */
export interface LabelledTrade extends LabelBasis {
  readonly direction: Direction;
  /** The first candle's open. */
  readonly entryPrice: number;
  /** σ × √horizon, basis points of the entry price: how far it usually goes; 0 while σ is unknown. */
  readonly scaleBps: number;
}

/**
 * Where the unit leaves: the place of a candle of the horizon, from 0, and a price that was traded in it; null: at the horizon's
 * last close. Pure, and what comes after the exit changes nothing.
 * @param candles exactly the horizon's, oldest first.
 */
export type LabelExit = (trade: LabelledTrade, candles: readonly Candle[]) => { readonly index: number; readonly price: number } | null;

/**
 * What rules are judged by, until a band is fitted on training folds: of normally distributed moves 0.43 standard
 * deviations hold a third.
 */
export const RULE_LABEL: LabelDefinition = { version: 'horizon4/1', horizonCandles: 4, holdBand: 0.43, barriers: null };

/** Every definition that predictions name: ours, and those of users' files that this process has loaded. */
const DEFINITIONS = new Map<string, LabelDefinition>([RULE_LABEL].map((it) => [it.version, it]));

/**
 * Makes a user's definition known in this process, under its name for ever.
 * @throws {RangeError} not retried: another definition has that name.
 */
export function addLabel(definition: LabelDefinition): void {
  const known = DEFINITIONS.get(definition.version);
  if (known !== undefined && known !== definition) throw new RangeError(`another label is called ${definition.version}: what means something else needs another version`);
  DEFINITIONS.set(definition.version, definition);
}

/** Whether outcomes can be told by it here. */
export const isKnownLabel = (version: string): boolean => DEFINITIONS.has(baseLabelOf(version));

const BAND = /^(.+)@(\d+(?:\.\d{1,4})?)$/;
const BAND_DECIMALS = 4;

/** A model's label: the definition under a band of its own, which its name says too. @param holdBand ≥ 0; rounded to four decimals. */
export function withBand({ version, ...definition }: LabelDefinition, holdBand: number): LabelDefinition {
  const band = Number(holdBand.toFixed(BAND_DECIMALS));
  return { ...definition, version: `${version}@${band}`, holdBand: band };
}

/** The name without a band: what recipes have in common. */
export function baseLabelOf(version: string): string {
  return BAND.exec(version)?.[1] ?? version;
}

/** @throws {RangeError} not retried: an unknown name, of a newer version of Keel. */
export function labelDefinitionOf(version: string): LabelDefinition {
  const [, base, band] = BAND.exec(version) ?? [];
  const found = DEFINITIONS.get(base ?? version);
  if (found === undefined) throw new RangeError(`label ${version} is not known; known: ${[...DEFINITIONS.keys()].join(', ')}, each with or without a band (@0.5); one of a user's own has to be named by KEEL_LABEL`);
  return band === undefined ? found : withBand(found, Number(band));
}

export type LabelAction = 'buy' | 'sell' | 'hold';

/** What a label is made of beside the candles, as known at the decision. */
export interface LabelBasis {
  /** Standard deviation of the log returns of one candle, ≥ 0; null: unknown, then the band is the cost alone and no barrier stands. */
  readonly sigma: number | null;
  /** Of a round trip, basis points of the entry price, ≥ 0. */
  readonly costBps: number;
}

/** One unit in one direction. Numbers are float64: statistics, no money moves. */
export interface TradeResult {
  readonly entryPrice: number;
  readonly exitPrice: number;
  /** Index of the candle in which it ended, from 0. */
  readonly exitIndex: number;
  readonly exitBy: 'horizon' | 'stop' | 'target' | 'own';
  /** In its direction, after the costs of both sides, basis points of the entry price. */
  readonly netBps: number;
}

export interface Label {
  /** Which side would have won more than the band; hold where neither, or both at once. */
  readonly action: LabelAction;
  /** From the first open to the last close, basis points, signed. */
  readonly moveBps: number;
  readonly bandBps: number;
  readonly long: TradeResult;
  readonly short: TradeResult;
}

/** A move of this size is the least that is no hold: c × σ × √horizon, never less than the cost of a round trip. */
export function bandBpsOf({ holdBand, horizonCandles }: LabelDefinition, { sigma, costBps }: LabelBasis): number {
  return rounded(Math.max(costBps, holdBand * expectedMoveBps(sigma, horizonCandles)));
}

/** σ × √horizon in basis points; 0 while σ is unknown. */
export function expectedMoveBps(sigma: number | null, horizonCandles: number): number {
  return sigma === null ? 0 : 10_000 * sigma * Math.sqrt(horizonCandles);
}

/**
 * The label of one decision.
 * @param candles those after the decision, oldest first: exactly the horizon's, each right after the one before.
 * @throws {RangeError} not retried: another number of candles. {KeelError} LABEL_INVALID, not retried: what a user's exit gave back.
 */
export function labelOf(definition: LabelDefinition, basis: LabelBasis, candles: readonly Candle[]): Label {
  const { entry, last } = endsOf(candles, definition.horizonCandles);
  const scale = expectedMoveBps(basis.sigma, definition.horizonCandles);
  const { version, barriers, exit } = definition;
  const distances = barriers === null || scale === 0 ? { stopBps: null, targetBps: null } : { stopBps: barriers.stop * scale, targetBps: barriers.target * scale };
  const ended = (direction: Direction): TradeResult => (exit === undefined ? tradeOf({ direction, costBps: basis.costBps, ...distances }, candles) : ownTradeOf({ version, exit }, { ...basis, direction, entryPrice: entry, scaleBps: scale }, candles));
  const [long, short] = [ended('long'), ended('short')];
  const bandBps = bandBpsOf(definition, basis);
  return { action: sideOf(long, short, { bandBps, costBps: basis.costBps }), moveBps: rounded(10_000 * (last / entry - 1)), bandBps, long, short };
}

type Side = Pick<TradeResult, 'netBps' | 'exitIndex'>;

/** Which side won more than the band. */
export function sideOf(long: Side, short: Side, { bandBps, costBps }: { readonly bandBps: number; readonly costBps: number }): LabelAction {
  const netMin = rounded(bandBps - costBps);
  const [isLong, isShort] = [long.netBps > netMin, short.netBps > netMin];
  if (isLong && isShort && long.exitIndex !== short.exitIndex) return long.exitIndex < short.exitIndex ? 'buy' : 'sell'; // narrow targets: whoever won first
  return isLong === isShort ? 'hold' : isLong ? 'buy' : 'sell';
}

export interface TradeRule {
  readonly direction: Direction;
  /** Basis points of the entry price, > 0; null: none. */
  readonly stopBps: number | null;
  readonly targetBps: number | null;
  readonly costBps: number;
}

/**
 * One unit from the first candle's open until a barrier or the last close. A candle that reached both counts as the stop:
 * which came first is not known. A candle that opens beyond the stop leaves at its open; beyond the target, at the target.
 */
export function tradeOf({ direction, stopBps, targetBps, costBps }: TradeRule, candles: readonly Candle[]): TradeResult {
  const { entry, last } = endsOf(candles, candles.length);
  const sign = direction === 'long' ? 1 : -1;
  const result = (exitPrice: number, exitIndex: number, exitBy: TradeResult['exitBy']): TradeResult => ({
    entryPrice: entry, exitPrice, exitIndex, exitBy, netBps: rounded(sign * 10_000 * (exitPrice / entry - 1) - costBps),
  });
  const stop = stopBps === null ? null : entry * (1 - (sign * stopBps) / 10_000);
  const target = targetBps === null ? null : entry * (1 + (sign * targetBps) / 10_000);
  for (const [index, { open, high, low }] of candles.entries()) {
    const [worst, best] = sign > 0 ? [low, high] : [high, low];
    if (stop !== null && sign * (worst - stop) <= 0) return result(sign * (open - stop) < 0 ? open : stop, index, 'stop');
    if (target !== null && sign * (best - target) >= 0) return result(target, index, 'target');
  }
  return result(last, candles.length - 1, 'horizon');
}

/** @throws {KeelError} LABEL_INVALID, not retried: a user's exit that fails, or leaves outside of the horizon or at no price. */
function ownTradeOf({ version, exit }: { readonly version: string; readonly exit: LabelExit }, trade: LabelledTrade, candles: readonly Candle[]): TradeResult {
  const { direction, entryPrice, costBps } = trade;
  const invalid = (what: string, cause?: unknown): KeelError => new KeelError('LABEL_INVALID', `label ${version} ${what}, on ${candles.length} candles from ${new Date(candles[0]?.openTime ?? 0).toISOString()}: mend the file that KEEL_LABEL names`, { cause });
  let own: ReturnType<LabelExit>;
  try {
    own = exit(trade, candles);
  } catch (error) {
    throw invalid(`failed (${messageOf(error)})`, error);
  }
  if (own === null) return tradeOf({ direction, stopBps: null, targetBps: null, costBps }, candles);
  if (typeof own !== 'object') throw invalid(`gave back ${String(own)}`);
  if (candles[own.index] === undefined || !(own.price > 0 && own.price < Infinity)) throw invalid(`leaves at candle ${own.index} for ${own.price}`);
  return { entryPrice, exitPrice: own.price, exitIndex: own.index, exitBy: 'own', netBps: rounded((direction === 'long' ? 1 : -1) * 10_000 * (own.price / entryPrice - 1) - costBps) };
}

/** To a millionth of a basis point: a float's noise is no win. */
function rounded(bps: number): number {
  return Math.round(bps * 1e6) / 1e6 + 0; // no negative zero
}

function endsOf(candles: readonly Candle[], length: number): { readonly entry: number; readonly last: number } {
  const [first, last] = [candles[0], candles.at(-1)];
  if (first === undefined || last === undefined || candles.length !== length) throw new RangeError(`a label of ${length} candles was given ${candles.length}`);
  return { entry: first.open, last: last.close };
}

/** Candles that σ is taken over: four days of hours. */
export const SIGMA_CANDLES = 96;
const SIGMA_RETURNS_MIN = 24;

/** Standard deviation of the log returns from close to close of the newest candles; null while there are too few. @param candles closed, oldest first, prices > 0. */
export function sigmaOf(candles: readonly Candle[]): number | null {
  const newest = candles.slice(-SIGMA_CANDLES - 1);
  if (newest.length <= SIGMA_RETURNS_MIN) return null;
  let [mean, squares, count, before] = [0, 0, 0, newest[0]?.close ?? 0];
  for (let index = 1; index < newest.length; index += 1) {
    const close = newest[index]?.close ?? before;
    const value = Math.log(close / before);
    count += 1;
    const step = value - mean; // Welford: no difference of large sums
    mean += step / count;
    squares += step * (value - mean);
    before = close;
  }
  const sigma = Math.sqrt(squares / (count - 1));
  return Number.isFinite(sigma) ? sigma : null;
}
