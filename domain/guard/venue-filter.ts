/** Whether a symbol can be traded at a fair price now. @source risk.md, "From votes to an order", step 3. */
import type { CheckRow } from '../checks/check.ts';
import { found, foundNumber, rounded } from '../checks/check.ts';
import type { VenueConditions } from '../cycle/risk-facts.ts';
import { d } from '../decimal.ts';
import type { Side } from '../orders/order.ts';
import type { Policy } from '../policy/policy.ts';

export interface VenueFilterInput {
  readonly side: Side;
  readonly conditions: VenueConditions;
  readonly closeTime: number;
  /** At the look; absent in a cycle from before it was told. */
  readonly marketTime?: number | undefined;
  readonly policy: Policy;
}

export type VenueFilterCode = 'volume' | 'spread' | 'depth' | 'funding' | 'fundingWindow';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

export const VENUE_FILTER: readonly CheckRow<VenueFilterInput, VenueFilterCode>[] = [
  { code: 'volume', fails: 'closed', about: 'volume of the last 24 hours', look: ({ conditions, policy }) => atLeast(conditions.volume24h, policy.volume24hMin) },
  { code: 'spread', fails: 'closed', about: 'spread between best bid and best ask', look: ({ conditions, policy }) => foundNumber(conditions.spreadBps, `≤ ${policy.spreadBpsMax} bps`, (bps) => bps > policy.spreadBpsMax) },
  { code: 'depth', fails: 'closed', about: 'depth of the thinner side of the book', look: ({ conditions, policy }) => atLeast(conditions.depth, policy.depthMin, ` within ${policy.depthWithinBps} bps`) },
  {
    code: 'funding', fails: 'open', about: 'funding that the side would pay',
    look: (input) => foundNumber(paidBps(input), `≤ ${input.policy.fundingBlockBps} bps per 8 h`, (bps) => bps > input.policy.fundingBlockBps),
  },
  {
    code: 'fundingWindow', fails: 'open', about: 'a funding time near, on the side that pays',
    look: (input) => {
      const { fundingBeforeMin, fundingAfterMin } = input.policy;
      const minutes = minutesToFunding(input);
      const limit = `not ${fundingBeforeMin} min before nor ${fundingAfterMin} min after a funding time`;
      const pays = (paidBps(input) ?? 0) > 0;
      return minutes === null ? { state: 'unknown', value: 'unknown', limit } : found(pays && isNear(minutes, input.policy), `${rounded(minutes.before)} min before, ${rounded(minutes.after)} min after`, limit);
    },
  },
];

/** What the side would pay per 8 hours; negative: it is paid; null: unknown. */
export function paidBps({ side, conditions }: Pick<VenueFilterInput, 'side' | 'conditions'>): number | null {
  return conditions.funding === null ? null : conditions.funding.rateBps * (side === 'buy' ? 1 : -1);
}

/** Whether the funding that the side would pay deserves a warning. */
export function warnsOfFunding(input: VenueFilterInput): boolean {
  return (paidBps(input) ?? 0) > input.policy.fundingWarnBps;
}

/** By the clock of the look: the venue may have moved on to its next funding since the candle closed, or not yet have moved on since the last one. */
function minutesToFunding({ conditions: { funding }, closeTime, marketTime }: VenueFilterInput): { readonly before: number; readonly after: number } | null {
  if (funding === null) return null;
  const intervalMs = funding.intervalHours * HOUR_MS;
  if (marketTime === undefined) return { before: (funding.nextAt - closeTime) / MINUTE_MS, after: (closeTime - funding.nextAt + intervalMs) / MINUTE_MS }; // a cycle from before is told as it was
  const sinceMs = (((marketTime - funding.nextAt) % intervalMs) + intervalMs) % intervalMs;
  return { before: (intervalMs - sinceMs) / MINUTE_MS, after: sinceMs / MINUTE_MS };
}

function isNear({ before, after }: { readonly before: number; readonly after: number }, { fundingBeforeMin, fundingAfterMin }: Policy): boolean {
  return (before >= 0 && before <= fundingBeforeMin) || (after >= 0 && after <= fundingAfterMin);
}

function atLeast(value: string | null, min: string, where = ''): ReturnType<typeof found> {
  const limit = `≥ ${min}${where}`;
  return value === null ? { state: 'unknown', value: 'unknown', limit } : found(d(value).lt(d(min)), value, limit);
}
