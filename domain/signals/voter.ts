/** What the built-in voters share: their inputs and the shape of their votes. */
import type { Regime, RegimeReading, Vote } from '../cycle/types.ts';
import type { Candle } from '../market/candle.ts';

export interface VoterInput {
  /** Closed, oldest first. */
  readonly candles: readonly Candle[];
  readonly features: Readonly<Record<string, number | null>>;
  readonly regime: RegimeReading;
}

export type Voter = (input: VoterInput) => Vote;

/** A vote without the voter's name. */
export interface Opinion {
  readonly action: 'buy' | 'sell' | 'hold';
  /** 0..1. */
  readonly confidence: number;
  readonly because: string;
}

/**
 * A voter that speaks in its regimes only.
 * @param rule gives null when it has nothing to say: its inputs are not known, or its set-up is absent.
 */
export function voterOf(name: string, version: string, regimes: readonly Regime[], rule: (input: VoterInput) => Opinion | null): Voter {
  const abstain = (because: string): Vote => ({ voter: name, version, action: 'abstain', confidence: 0, probabilities: null, because });
  return (input) => {
    if (!regimes.includes(input.regime.regime)) return abstain(`no rule for ${input.regime.regime}`);
    const opinion = rule(input);
    return opinion === null ? abstain('nothing to judge') : { voter: name, version, ...opinion, probabilities: null };
  };
}
