/** How many positions fit now. */
import type { RegimeReading } from '../cycle/types.ts';
import type { Policy } from '../policy/policy.ts';

/** From this score on a trend is strong. */
const STRONG_TREND_SCORE = 0.5;

/**
 * Positions that the regime of a candidate's own symbol leaves room for: all in a strong trend, two thirds usually, half
 * in chop or a spike. Rounded down (6 gives 6, 4, 3), but one stays where any may be open.
 * @source risk.md, "From votes to an order", step 4.
 */
export function slotsOf({ regime, score }: Pick<RegimeReading, 'regime' | 'score'>, { isSpike, policy }: { readonly isSpike: boolean; readonly policy: Pick<Policy, 'positionsMax' | 'slotsTrendShare' | 'slotsUsualShare' | 'slotsChopShare'> }): number {
  const isTrend = (regime === 'trendUp' || regime === 'trendDown') && score >= STRONG_TREND_SCORE;
  const share = isSpike || regime === 'choppy' || regime === 'illiquid' ? policy.slotsChopShare : isTrend ? policy.slotsTrendShare : policy.slotsUsualShare;
  return Math.max(Math.min(1, policy.positionsMax), Math.floor(policy.positionsMax * share));
}
