/** What came of a prediction at its own horizon, from its own candles. Pure: the same candles give the same outcome for ever. */
import type { Candle } from '../market/candle.ts';
import type { InstrumentId } from '../market/instrument.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { timeframeMs } from '../market/timeframe.ts';
import type { LabelAction } from './label.ts';
import { labelDefinitionOf, labelOf, tradeOf } from './label.ts';
import type { Prediction } from './prediction.ts';

/** A prediction whose horizon has ended, as far as its outcome goes by it. Times are of the market clock. */
export interface DuePrediction {
  readonly predictionId: number;
  /** Of the cycle that made it, or of the request that it was made for. */
  readonly cycleId: string;
  readonly instrumentId: InstrumentId;
  readonly timeframe: Timeframe;
  readonly madeAt: number;
  readonly dueAt: number;
  readonly horizonCandles: number;
  readonly labelVersion: string;
  readonly role: Prediction['role'];
  readonly action: LabelAction;
  readonly sigma: number | null;
  readonly costBps: number;
  readonly stopBps: number | null;
  readonly targetBps: number | null;
}

interface OutcomeBase {
  readonly prediction: DuePrediction;
  /** Market clock. */
  readonly evaluatedAt: number;
}

export type Outcome = OutcomeBase & (
  | ({ readonly state: 'priced' } & PricedOutcome)
  | { readonly state: 'unpriceable'; readonly evidence: Evidence }
);

/** Why it never can be priced: plain JSON. */
type Evidence = Readonly<Record<string, string | number | readonly number[]>>;

export interface PricedOutcome {
  readonly entryPrice: number;
  /** Close of the last candle. */
  readonly exitPrice: number;
  readonly actual: LabelAction;
  /** What the market did, signed. */
  readonly moveBps: number;
  /** In its direction, by its label, after the costs of both sides; 0 for a hold. */
  readonly returnBps: number;
  /** A side that made money after costs, or a hold that was one. Zero is not a win. */
  readonly isRight: boolean;
  /** With the exits that policy set for it, at most to the horizon; null for a hold and where there were none. */
  readonly exitsReturnBps: number | null;
}

/**
 * @param candles exactly those of its horizon, oldest first.
 * @throws {RangeError} not retried: other candles, or a label that this version does not know.
 */
export function priced(prediction: DuePrediction, candles: readonly Candle[]): PricedOutcome {
  const { action, sigma, costBps, stopBps, targetBps } = prediction;
  const label = labelOf(labelDefinitionOf(prediction.labelVersion), { sigma, costBps }, candles);
  const shared = { entryPrice: label.long.entryPrice, exitPrice: candles.at(-1)?.close ?? 0, actual: label.action, moveBps: label.moveBps };
  if (action === 'hold') return { ...shared, returnBps: 0, isRight: label.action === 'hold', exitsReturnBps: null };
  const { netBps } = action === 'buy' ? label.long : label.short;
  const exitsReturnBps = stopBps === null ? null : tradeOf({ direction: action === 'buy' ? 'long' : 'short', stopBps, targetBps, costBps }, candles).netBps;
  return { ...shared, returnBps: netBps, isRight: netBps > 0, exitsReturnBps };
}

/** The open times of the candles that a prediction is priced with: its entry is the first one's open. */
export function openTimesOf({ madeAt, horizonCandles, timeframe }: Pick<DuePrediction, 'madeAt' | 'horizonCandles' | 'timeframe'>): readonly number[] {
  return Array.from({ length: horizonCandles }, (_, index) => madeAt + index * timeframeMs(timeframe));
}

/** Candles of one instrument and timeframe, by open time. */
export type CandleShelf = ReadonlyMap<number, Candle>;

const DAY_MS = 86_400_000;

/**
 * So long after a prediction fell due (market clock) its candles may still come, though another symbol has its own of that
 * time: venues are away for hours and then fill up what was missed, and a symbol without any candle for a day was delisted
 * or is not traded. Longer would hold health down, which tells what waits. A recorded market shows nothing later.
 */
export function candlesComeWithinMs(isRecorded: boolean): number {
  return isRecorded ? 0 : DAY_MS;
}

export type Pricing =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  /** Not known yet: these candles have to be asked of the venue. */
  | { readonly kind: 'missing'; readonly openTimes: readonly number[] };

/**
 * The outcome, or what it still needs.
 * @param asked what the venue showed when it was asked for what is missing; null: not asked yet.
 */
export function pricingOf(prediction: DuePrediction, shelf: CandleShelf, { evaluatedAt, asked }: { readonly evaluatedAt: number; readonly asked: VenueAnswer | null }): Pricing {
  const openTimes = openTimesOf(prediction);
  const missing = openTimes.filter((time) => !shelf.has(time));
  if (missing.length > 0) {
    const proof = asked === null ? null : absenceOf(prediction, missing, asked);
    if (proof === null) return { kind: 'missing', openTimes: missing };
    return { kind: 'outcome', outcome: { state: 'unpriceable', prediction, evaluatedAt, evidence: proof } };
  }
  const candles = openTimes.flatMap((time) => shelf.get(time) ?? []);
  const broken = candles.find((it) => !isSound(it));
  if (broken !== undefined) return { kind: 'outcome', outcome: { state: 'unpriceable', prediction, evaluatedAt, evidence: { reason: 'a candle that cannot be', openTime: broken.openTime, prices: [broken.open, broken.high, broken.low, broken.close].map(String).join(' ') } } };
  return { kind: 'outcome', outcome: { state: 'priced', prediction, evaluatedAt, ...priced(prediction, candles) } };
}

/** Proof that the candles never come; null: they may. */
function absenceOf({ dueAt }: DuePrediction, missing: readonly number[], { openTimes, askedAt, others }: VenueAnswer): Evidence | null {
  const last = missing.at(-1) ?? 0;
  const later = openTimes.find((time) => time > last);
  if (later !== undefined) return { reason: 'the venue has no such candle, though it shows later ones', missing, venueShows: later, askedAt };
  const other = others?.candles.get(last);
  if (others === undefined || other === undefined || askedAt < dueAt + others.comeWithinMs) return null;
  return { reason: 'the venue has no such candle, though another symbol has its own of that time', missing, other, askedAt };
}

export interface VenueAnswer {
  /** Open times of the closed candles that it showed from the first missing one on, oldest first. */
  readonly openTimes: readonly number[];
  /** Market clock. */
  readonly askedAt: number;
  /** Candles of the portfolio's other symbols, whose each by its open time, and how long ours are waited for beside them; absent: not looked for. */
  readonly others?: { readonly candles: ReadonlyMap<number, InstrumentId>; readonly comeWithinMs: number };
}

/** Corrupt data is worse than none. */
export function isSound({ open, high, low, close }: Candle): boolean {
  return [open, high, low, close].every((price) => Number.isFinite(price) && price > 0) && high >= Math.max(open, close) && low <= Math.min(open, close);
}
