/** Times at which everything moves at once, or more than usual: what opens then is halved. */
import type { CorrelationLevel } from '../risk/correlation.ts';
import type { Policy } from '../policy/policy.ts';

export interface Spike {
  /** 0..1, on the size. */
  readonly factor: number;
  readonly kind: 'correlation' | 'volatility' | null;
  readonly value: string;
  readonly limit: string;
}

/**
 * @param input.level correlation of the book's symbols now and usually; null where there is no pair.
 * @param input.toMedian ATR over price against its own 30-day median; null: unknown. Unknown is no spike: both checks fail open.
 * @source risk.md, "From votes to an order", step 4.
 */
export function spikeOf({ level, toMedian, policy }: { readonly level: CorrelationLevel | null; readonly toMedian: number | null; readonly policy: Pick<Policy, 'correlationSpike' | 'volatilitySpike' | 'spikeFactor'> }): Spike {
  const rise = level === null ? 0 : level.now - level.usual;
  if (rise >= policy.correlationSpike) return { factor: policy.spikeFactor, kind: 'correlation', value: `+${rise.toFixed(2)} on the 30-day mean`, limit: `+${policy.correlationSpike}` };
  const times = toMedian ?? 0;
  if (times >= policy.volatilitySpike) return { factor: policy.spikeFactor, kind: 'volatility', value: `${times.toFixed(2)} × usual`, limit: `${policy.volatilitySpike} ×` };
  return { factor: 1, kind: null, value: `+${rise.toFixed(2)}, ${times.toFixed(2)} × usual`, limit: `+${policy.correlationSpike}, ${policy.volatilitySpike} ×` };
}
