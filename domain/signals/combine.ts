import type { AccountObservation, SymbolObservation, Vote } from '../cycle/types.ts';
import type { Policy } from '../policy/policy.ts';

export interface CombinedSignal {
  /** What most votes say; `hold` on a tie and without votes. Only with `code` null may it be acted on. */
  readonly action: 'buy' | 'sell' | 'hold';
  /** 0..1: mean confidence of the votes that say so, by their weights. */
  readonly confidence: number;
  /** 0..1: their share of the votes that do not abstain, by weight. */
  readonly agreement: number;
  /** Votes that do not abstain. */
  readonly speakers: number;
  /** 0..1, on the size: one speaker alone, or little confidence in high volatility. */
  readonly factor: number;
  /** The confidence that was asked for. */
  readonly confidenceMin: number;
  /** Why nothing may be opened; null when the filter is passed, by a hold too. */
  readonly code: null | 'agreement' | 'confidence' | 'noVotes' | 'tie' | 'holdInHighVolatility';
}

/** What a symbol's votes come to at its candle. */
export function signalOf({ votes, features, candle, weights }: Pick<SymbolObservation, 'votes' | 'features' | 'candle' | 'weights'>, policy: SignalPolicy): CombinedSignal {
  return combineVotes({ votes, weights, atrPct: atrPctOf({ features, candle }), policy });
}

/** Of a symbol at its candle; unknown counts as high. */
export function isHighVolatility(symbol: Pick<SymbolObservation, 'features' | 'candle'>, policy: Pick<Policy, 'highVolatilityAtrBps'>): boolean {
  return isHigh(atrPctOf(symbol), policy);
}

function atrPctOf({ features, candle }: Pick<SymbolObservation, 'features' | 'candle'>): number | null {
  const atr = features['atr14'] ?? null;
  return atr === null || !(candle.close > 0) ? null : (100 * atr) / candle.close;
}

function isHigh(atrPct: number | null, policy: Pick<Policy, 'highVolatilityAtrBps'>): boolean {
  return atrPct === null || atrPct * 100 >= policy.highVolatilityAtrBps;
}

/** Its votes want a position that is not there: only such a symbol may be opened. */
export function mayOpen(symbol: SymbolObservation, { positions, policy }: Pick<AccountObservation, 'positions' | 'policy'>): boolean {
  const { code, action } = signalOf(symbol, policy);
  return symbol.quality.tradable && code === null && action !== 'hold' && positions.every((it) => it.instrumentId !== symbol.instrument.id);
}

type SignalPolicy = Pick<Policy, 'agreementMin' | 'confidenceMin' | 'soleSpeakerFactor' | 'highVolatilityAtrBps' | 'highVolatilityConfidenceMin' | 'highVolatilityHalveBelow' | 'spikeFactor'> & Partial<Pick<Policy, 'highVolatilityFactor'>>;

export interface Voted {
  readonly votes: readonly Vote[];
  /** > 0, by voter, of a model by `voter@version`; absent: all votes weigh the same, as does who is not named. */
  readonly weights?: Readonly<Record<string, number>> | undefined;
  /** ATR in % of price; unknown counts as high volatility. */
  readonly atrPct: number | null;
  readonly policy: SignalPolicy;
}

const ACTIONS = ['buy', 'sell', 'hold'] as const;
/** A mean of 0.7, 0.7 and 0.7 must reach a limit of 0.7. */
const TOLERANCE = 1e-9;

/**
 * The signal filter: abstentions aside, enough votes must say the same (a hold counts as a saying) with enough confidence.
 * High volatility asks for more confidence, halves what has little, and takes a hold for no signal at all.
 * @source risk.md, "From votes to an order", step 2.
 */
export function combineVotes({ votes, weights = {}, atrPct, policy }: Voted): CombinedSignal {
  const isStormy = isHigh(atrPct, policy);
  const confidenceMin = isStormy ? Math.max(policy.confidenceMin, policy.highVolatilityConfidenceMin) : policy.confidenceMin;
  const spoken = votes.filter((vote) => vote.action !== 'abstain');
  const speakers = spoken.length;
  const nothing = { action: 'hold', confidence: 0, speakers, factor: 1, confidenceMin } as const;
  if (speakers === 0) return { ...nothing, agreement: 0, code: 'noVotes' };
  const weightOf = (vote: Vote): number => weightIn(weights, vote);
  const camps = ACTIONS.map((action) => { const own = spoken.filter((vote) => vote.action === action); return { action, own, weight: sum(own.map(weightOf)) }; });
  const largest = Math.max(...camps.map((camp) => camp.weight));
  const agreement = largest / sum(camps.map((camp) => camp.weight));
  const [winner, rival] = camps.filter((camp) => camp.weight >= largest - TOLERANCE);
  if (winner === undefined || rival !== undefined) return { ...nothing, agreement, code: 'tie' };
  const confidence = sum(winner.own.map((vote) => weightOf(vote) * vote.confidence)) / winner.weight;
  const isWeak = isStormy && confidence < policy.highVolatilityHalveBelow - TOLERANCE;
  const said = { action: winner.action, confidence, agreement, speakers, confidenceMin, factor: (speakers === 1 ? policy.soleSpeakerFactor : 1) * (isWeak ? highVolatilityFactorOf(policy) : 1) };
  return { ...said, code: refusalOf(said, { isStormy, policy }) };
}

/** Records of cycles from before it was a number of its own hold one for spikes and for this. */
function highVolatilityFactorOf({ highVolatilityFactor, spikeFactor }: Pick<SignalPolicy, 'highVolatilityFactor' | 'spikeFactor'>): number {
  return highVolatilityFactor ?? spikeFactor;
}

/** What a vote weighs: models go by their version, rules by name; 1 where nothing is known of it. */
export function weightIn(weights: Readonly<Record<string, number>>, { voter, version }: Pick<Vote, 'voter' | 'version'>): number {
  return weights[`${voter}@${version}`] ?? weights[voter] ?? 1;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function refusalOf({ action, confidence, agreement, confidenceMin }: Omit<CombinedSignal, 'code'>, { isStormy, policy }: { readonly isStormy: boolean; readonly policy: SignalPolicy }): CombinedSignal['code'] {
  if (agreement < policy.agreementMin - TOLERANCE) return 'agreement';
  if (action === 'hold') return isStormy ? 'holdInHighVolatility' : null;
  return confidence < confidenceMin - TOLERANCE ? 'confidence' : null;
}
