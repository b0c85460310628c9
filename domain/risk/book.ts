/** What the whole book may lose, and how much hangs on one thing. Ratios of exact notionals are statistics: floats. */
import type { InstrumentId } from '../market/instrument.ts';
import type { SeriesOf } from './correlation.ts';
import type { ReturnSeries } from './returns.ts';

/** One position of the book: what it is worth. */
export interface Holding {
  readonly instrumentId: InstrumentId;
  /** Quote currency; positive long, negative short. */
  readonly notional: number;
}

/** Gross notional by symbol, quote currency, ≥ 0. */
export type Weights = ReadonlyMap<InstrumentId, number>;

export function weightsOf(book: readonly Holding[]): Weights {
  const weights = new Map<InstrumentId, number>();
  for (const { instrumentId, notional } of book) weights.set(instrumentId, (weights.get(instrumentId) ?? 0) + Math.abs(notional));
  return weights;
}

export function grossOf(book: readonly Holding[]): number {
  return book.reduce((sum, it) => sum + Math.abs(it.notional), 0);
}

/**
 * Sum of squared shares: 1 when all is in one symbol, 1/n when n weigh the same; 0 for an empty book.
 * @source Herfindahl 1950, Hirschman 1945.
 */
export function concentrationOf(weights: Weights): number {
  let [gross, squares] = [0, 0];
  for (const weight of weights.values()) {
    gross += weight;
    squares += weight * weight;
  }
  return gross === 0 ? 0 : squares / (gross * gross);
}

/** 0..1 of gross that is held in the named symbols. */
export function shareOf(weights: Weights, ids: ReadonlySet<InstrumentId>): number {
  let [gross, held] = [0, 0];
  for (const [id, weight] of weights) {
    gross += weight;
    if (ids.has(id)) held += weight;
  }
  return gross === 0 ? 0 : held / gross;
}

/** Losses of a day, quote currency, never negative. */
export interface TailRisk {
  readonly var95: number;
  readonly var99: number;
  readonly shortfall975: number;
}

/** What the book of now would have lost at each return of the window, kept so that one more holding is one more pass. */
export interface PastLosses {
  /** Quote currency, of the holdings whose return is known; oldest first. */
  readonly losses: readonly number[];
  /** The largest move of any known return at that moment, a fraction. */
  readonly worst: readonly number[];
  /** Gross notional of holdings without a return at that moment. */
  readonly unknown: readonly number[];
  /** How many returns are known at that moment. */
  readonly known: readonly number[];
  /** Quote currency: all that is held. */
  readonly gross: number;
}

export const NO_PAST: PastLosses = { losses: [], worst: [], unknown: [], known: [], gross: 0 };

/** The past of a book with one more holding. A series that is shorter than the others ends where they end. */
export function withHolding(past: PastLosses, { instrumentId, notional }: Holding, series: SeriesOf): PastLosses {
  const returns: ReturnSeries = series[instrumentId] ?? [];
  const length = Math.max(past.losses.length, returns.length);
  const grown = past.losses.length === length ? past : lengthened(past, length);
  const [losses, worst, unknown, known] = [[...grown.losses], [...grown.worst], [...grown.unknown], [...grown.known]];
  for (let at = 0; at < length; at += 1) {
    const move = returns[returns.length - length + at] ?? null;
    if (move === null) {
      unknown[at] = (unknown[at] ?? 0) + Math.abs(notional);
      continue;
    }
    losses[at] = (losses[at] ?? 0) - (notional * move) / 10_000;
    worst[at] = Math.max(worst[at] ?? 0, Math.abs(move) / 10_000);
    known[at] = (known[at] ?? 0) + 1;
  }
  return { losses, worst, unknown, known, gross: past.gross + Math.abs(notional) };
}

/** Moments before those that were looked at: what is held so far has no return there. */
function lengthened(past: PastLosses, length: number): PastLosses {
  const missing = Array.from({ length: length - past.losses.length }, () => 0);
  return { ...past, losses: [...missing, ...past.losses], worst: [...missing, ...past.worst], unknown: [...missing.map(() => past.gross), ...past.unknown], known: [...missing, ...past.known] };
}

/**
 * Value at risk and expected shortfall of one day by historical simulation: the losses of the past, scaled to a day by the
 * root of time. A symbol without its own return at some moment is taken to lose as much as the worst of the others.
 * @param options.returnsMin moments that are needed. @param options.daysPerReturn length of one return in days.
 * @returns null when too few moments are known: nobody may call such a book safe.
 * @source Jorion, Value at Risk, 3rd edition 2007, chapter 10 (historical simulation); Acerbi and Tasche 2002 (expected shortfall).
 */
export function tailRiskOf({ losses, worst, unknown, known }: PastLosses, { returnsMin, daysPerReturn }: { readonly returnsMin: number; readonly daysPerReturn: number }): TailRisk | null {
  const scale = Math.sqrt(1 / daysPerReturn);
  const seen = new Float64Array(losses.length);
  let count = 0;
  for (let at = 0; at < losses.length; at += 1) {
    if ((known[at] ?? 0) === 0) continue;
    seen[count] = ((losses[at] ?? 0) + (unknown[at] ?? 0) * (worst[at] ?? 0)) * scale;
    count += 1;
  }
  if (count < returnsMin) return null;
  const sorted = seen.subarray(0, count).sort().reverse();
  return { var95: quantileLoss(sorted, 0.05), var99: quantileLoss(sorted, 0.01), shortfall975: meanWorst(sorted, 0.025) };
}

/** The loss that is passed in so large a share of cases, by the nearest rank. @param losses largest first. */
function quantileLoss(losses: Float64Array, share: number): number {
  return Math.max(0, losses[Math.floor(losses.length * share)] ?? 0);
}

function meanWorst(losses: Float64Array, share: number): number {
  const worst = losses.slice(0, Math.max(1, Math.floor(losses.length * share)));
  return Math.max(0, worst.reduce((sum, loss) => sum + loss, 0) / worst.length);
}
