/** Where a position's first stop and its target lie. @source risk.md, "Exits". */
import type { RegimeReading } from '../cycle/types.ts';
import type { Dec } from '../decimal.ts';
import { d, ZERO } from '../decimal.ts';
import type { ExitRegime, Policy } from '../policy/policy.ts';
import { exitNumbersOf } from '../policy/policy.ts';

/** Below it a regime is too young to set exits by it. */
const STABILITY_MIN = 0.5;

/**
 * The row of the exits table: a volatility far from the symbol's usual one decides first, then a regime that has lasted;
 * what is neither is normal.
 */
export function exitRegimeOf({ regime, stability, volatility }: Pick<RegimeReading, 'regime' | 'stability' | 'volatility'>): ExitRegime {
  if (volatility.class === 'extreme') return 'extreme';
  if (volatility.class === 'high' || regime === 'breakout') return 'highVol';
  if (volatility.class === 'low') return 'lowVol';
  if (stability < STABILITY_MIN) return 'normal';
  if (regime === 'trendUp' || regime === 'trendDown') return 'trending';
  return regime === 'range' || regime === 'choppy' ? 'ranging' : 'normal';
}

export interface ExitDistances {
  readonly regime: ExitRegime;
  /** Quote currency per unit, > 0, of ATR(14) at entry. */
  readonly atr: Dec;
  readonly stop: Dec;
  readonly target: Dec;
}

export interface ExitInput {
  readonly regime: Pick<RegimeReading, 'regime' | 'stability' | 'volatility'>;
  /** ATR(14), price units; what is not above zero gives no exits. */
  readonly atr: number | null;
  readonly price: Dec;
  /** 0..1. */
  readonly confidence: number;
  /** Of entry and exit together, a share of price: fees and spread. */
  readonly roundTripCost: Dec;
  readonly policy: Policy;
}

/**
 * Distances of stop and target from the price. With dynamic exits the target lies farther and the stop nearer the more
 * confidence there is, both wider in storm than in calm. The stop keeps clear of costs, the target of too little and too
 * much reward for the risk.
 * @returns null where there is no ATR, or the stop would lie at zero or beyond.
 */
export function exitDistancesOf(input: ExitInput): ExitDistances | null {
  const { policy, price } = input;
  if (input.atr === null || !(input.atr > 0) || !Number.isFinite(input.atr)) return null;
  const regime = exitRegimeOf(input.regime);
  const { stopAtr, targetAtr } = exitNumbersOf(policy, regime);
  const scale = scaleOf(input);
  const atr = d(input.atr);
  const stop = larger(atr.times(d(stopAtr)).times(d(scale.stop)), price.times(input.roundTripCost).times(d(policy.stopCostsMin)));
  const target = clampedTo(atr.times(d(targetAtr)).times(d(scale.target)), { min: stop.times(d(policy.rewardRiskMin)), max: stop.times(d(policy.rewardRiskMax)) });
  return stop.gt(ZERO) && stop.lt(price) ? { regime, atr, stop, target } : null;
}

/** Factors on target and stop, to six digits. */
function scaleOf({ regime, confidence, policy }: ExitInput): { readonly target: number; readonly stop: number } {
  if (!policy.dynamicExits) return { target: 1, stop: 1 };
  const share = Math.min(1, Math.max(0, (confidence - policy.scaleConfidenceFrom) / (policy.scaleConfidenceTo - policy.scaleConfidenceFrom)));
  const byConfidence = policy.targetScaleMin + share * (policy.targetScaleMax - policy.targetScaleMin);
  const byVolatility = Math.min(policy.volatilityScaleMax, Math.max(policy.volatilityScaleMin, regime.volatility.toMedian ?? 1));
  return { target: rounded(byConfidence * byVolatility), stop: rounded(byVolatility / byConfidence) };
}

function rounded(value: number): number {
  return Number(value.toFixed(6));
}

function larger(a: Dec, b: Dec): Dec {
  return a.gt(b) ? a : b;
}

function clampedTo(value: Dec, { min, max }: { readonly min: Dec; readonly max: Dec }): Dec {
  return value.lt(min) ? min : value.gt(max) ? max : value;
}
