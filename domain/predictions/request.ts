/** Predictions on demand: who is meant, and what is stored and told of them. Nothing is traded by them. Pure. */
import type { Instrument, InstrumentId } from '../market/instrument.ts';
import type { VoteAction } from '../cycle/types.ts';
import type { Foreseen, Prediction, Probabilities } from './prediction.ts';
import { predictionsOf } from './prediction.ts';

/** What one voter, or all together (`strategy/<name>`), foretold of one symbol. Times are of the market clock. */
export interface Requested {
  readonly predictionId: number;
  readonly instrumentId: InstrumentId;
  readonly voter: string;
  readonly version: string;
  readonly action: VoteAction;
  /** 0..1 */
  readonly confidence: number;
  /** Sum 1; null when it abstains. */
  readonly probabilities: Probabilities | null;
  /** Expected return before costs, signed. */
  readonly magnitudeBps: number;
  /** Null together with `dueAt`: who abstains foretells nothing. */
  readonly horizonCandles: number | null;
  readonly dueAt: number | null;
  readonly regime: string;
  readonly because: string;
  /** Close of the candle, quote currency. */
  readonly price: number;
}

export interface PredictionAnswer {
  readonly requestId: string;
  /** Close of the candle that they were made at, market clock. */
  readonly closeTime: number;
  readonly predictions: readonly Requested[];
  /** Symbols of which nothing is foretold, and what is wrong with their candles. */
  readonly silent: readonly { readonly instrumentId: InstrumentId; readonly why: string }[];
}

/** A request that cannot be met is an answer: nothing is stored, and asking again under the same id is free. */
export type PredictionReply = ({ readonly kind: 'foretold' } & PredictionAnswer) | { readonly kind: 'refused'; readonly unknown: readonly string[]; readonly allowed: readonly string[] };

/** Letters, digits, dot, hyphen and underscore; up to 64. */
export const REQUEST_NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** One identity for the workflow and the rows. @param name as the client chose it */
export function predictionRequestIdOf(portfolioId: string, name: string): string {
  return `predictions/${portfolioId}/${name}`;
}

/** @param symbols each an instrument's id, its venue's symbol or its base, in any case; empty: all. @returns those that are meant, and what names none */
export function meantBy(symbols: readonly string[], instruments: readonly Instrument[]): { readonly meant: readonly InstrumentId[]; readonly unknown: readonly string[] } {
  if (symbols.length === 0) return { meant: instruments.map((it) => it.id), unknown: [] };
  const names = new Set(symbols.map((it) => it.toUpperCase()));
  const namesOf = ({ id, venueSymbol, base }: Instrument): readonly string[] => [id, venueSymbol, base].map((it) => it.toUpperCase());
  const known = new Set(instruments.flatMap(namesOf));
  return { meant: instruments.filter((it) => namesOf(it).some((name) => names.has(name))).map((it) => it.id), unknown: symbols.filter((it) => !known.has(it.toUpperCase())) };
}

/** As a cycle's, without a plan. A model on trial is judged by live cycles alone: what it says beside is left out. */
export function requestedPredictionsOf(seen: Foreseen): readonly Prediction[] {
  return predictionsOf(seen, { decisions: [] }).filter((it) => it.role !== 'shadow').map((it) => ({ ...it, role: 'requested' }));
}

export function silentIn({ symbols }: Pick<Foreseen, 'symbols'>): PredictionAnswer['silent'] {
  return symbols.filter((it) => !it.quality.tradable || it.votes.length === 0).map(({ instrument, quality }) => ({
    instrumentId: instrument.id, why: quality.tradable ? 'nobody votes' : [...new Set(quality.issues.map((it) => it.code))].join(', '),
  }));
}
