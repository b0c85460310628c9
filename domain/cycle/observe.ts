import { computeFeatures } from '../features/features.ts';
import type { Candle } from '../market/candle.ts';
import type { Instrument, InstrumentId } from '../market/instrument.ts';
import { checkCandles } from '../market/quality.ts';
import type { Timeframe } from '../market/timeframe.ts';
import type { Policy } from '../policy/policy.ts';
import { sigmaOf } from '../predictions/label.ts';
import type { VoterWeights } from '../promotion/supervisor.ts';
import { regimeOf } from '../regime/regime.ts';
import { UNKNOWN_VOLATILITY, volatilityOf } from '../regime/volatility.ts';
import { soundVotes } from '../signals/sound-votes.ts';
import type { SymbolMemory } from './risk-facts.ts';
import type { RegimeReading, ServedSymbol, SymbolObservation, Vote } from './types.ts';

/** A strategy as the observation needs it. */
export interface Voting {
  readonly name: string;
  readonly version: string;
  readonly warmupCandles: number;
  vote(context: { instrumentId: InstrumentId; candles: readonly Candle[]; features: Readonly<Record<string, number | null>>; regime: RegimeReading }): readonly Vote[];
}

export interface SymbolWindow {
  readonly instrument: Instrument;
  /** Closed candles, oldest first: the strategy's own and, before them, what risk looks back on. */
  readonly candles: readonly Candle[];
  readonly strategy: Voting;
  readonly timeframe: Timeframe;
  /** Market clock: the decision's moment. */
  readonly closeTime: number;
  /** What the cycle before left; undefined: nothing. */
  readonly memory: SymbolMemory | undefined;
  readonly policy: Policy;
}

const NO_CANDLE: Candle = { openTime: 0, open: 0, high: 0, low: 0, close: 0, volume: 0 };

/** Candles → quality → features → regime → votes, for one symbol. On candles that cannot be trusted nobody votes. */
export function observeSymbol({ instrument, candles: known, strategy, timeframe, closeTime, memory, policy }: SymbolWindow): SymbolObservation {
  const candles = known.slice(-strategy.warmupCandles);
  const quality = checkCandles(candles, { timeframe, closeTime, candlesMin: strategy.warmupCandles, policy });
  const candle = candles.at(-1) ?? NO_CANDLE;
  if (!quality.tradable) return { instrument, candle, quality, features: {}, regime: keptRegime(memory, closeTime), votes: [] };
  const features = computeFeatures(candles);
  const regime = regimeOf({ features, candles, volatility: volatilityOf(known, timeframe, policy), memory, closeTime });
  return { instrument, candle, quality, features, regime, votes: soundVotes(strategy, () => strategy.vote({ instrumentId: instrument.id, candles, features, regime })), sigma: sigmaOf(candles) };
}

/** The same, with what models said of it and what each vote weighs there, unless policy has `metaStrategy` off. @param said undefined: no model spoke */
export function observeWithModels(window: SymbolWindow, said: Said | undefined, weights: VoterWeights): SymbolObservation {
  return weighed(withModels(observeSymbol(window), said), window.policy.metaStrategy ? weights : {});
}

interface Said {
  readonly votes: readonly Vote[];
  readonly served: ServedSymbol;
}

/** What models say counts beside the rules; on candles that cannot be trusted they do not vote either. */
function withModels(symbol: SymbolObservation, said: Said | undefined): SymbolObservation {
  return said === undefined || !symbol.quality.tradable ? symbol : { ...symbol, votes: [...symbol.votes, ...said.votes], served: said.served };
}

/** What each vote weighs in the symbol's regime, where that is known. */
export function weighed(symbol: SymbolObservation, weights: VoterWeights): SymbolObservation {
  const here = weights[symbol.regime.regime];
  return here === undefined || symbol.votes.length === 0 ? symbol : { ...symbol, weights: here };
}

/** Bad candles tell nothing new. */
function keptRegime(memory: SymbolMemory | undefined, closeTime: number): RegimeReading {
  return { regime: memory?.regime ?? 'choppy', score: 0, stability: 0, since: memory?.since ?? closeTime, seen: memory?.seen ?? [], volatility: UNKNOWN_VOLATILITY };
}
