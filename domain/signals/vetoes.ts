/** What speaks against a signal that passed the filter. @source risk.md, "From votes to an order", step 2. */
import type { CheckRow, Refusal } from '../checks/check.ts';
import { found, foundNumber, rounded } from '../checks/check.ts';
import type { InstrumentId } from '../market/instrument.ts';
import type { Side } from '../orders/order.ts';
import type { Policy } from '../policy/policy.ts';

export interface VetoInput {
  readonly side: Side;
  /** 0..100. */
  readonly rsi: number | null;
  /** Market clock, of this symbol; null: never. */
  readonly lastEntryAt: number | null;
  readonly closeTime: number;
  /** Sides of the portfolio's newest signals before this cycle, oldest first. */
  readonly recentSides: readonly Side[];
  readonly policy: Policy;
}

export type VetoCode = 'rsiHigh' | 'rsiLow' | 'cooldown' | 'sideShare';

export const VETOES: readonly CheckRow<VetoInput, VetoCode>[] = [
  {
    code: 'rsiHigh', fails: 'open', about: 'a buy of what is overbought',
    look: ({ side, rsi, policy }) => (side === 'sell' ? found(false, '-', '-') : foundNumber(rsi, `RSI ≤ ${policy.rsiBuyMax}`, (value) => value > policy.rsiBuyMax)),
  },
  {
    code: 'rsiLow', fails: 'open', about: 'a sell of what is oversold',
    look: ({ side, rsi, policy }) => (side === 'buy' ? found(false, '-', '-') : foundNumber(rsi, `RSI ≥ ${policy.rsiSellMin}`, (value) => value < policy.rsiSellMin)),
  },
  {
    code: 'cooldown', fails: 'open', about: 'an entry too soon after the symbol\'s last one',
    look: ({ lastEntryAt, closeTime, policy }) => foundNumber(lastEntryAt === null ? null : (closeTime - lastEntryAt) / 1_000, `≥ ${policy.cooldownS} s since the last entry`, (seconds) => seconds < policy.cooldownS),
  },
  {
    code: 'sideShare', fails: 'open', about: 'one more of a side that most recent signals took; known once there are enough of them',
    look: ({ side, recentSides, policy }) => foundNumber(shareOfSide(side, recentSides, policy.sideWindowSignals), `≤ ${policy.sideShareMax} of the last ${policy.sideWindowSignals} signals`, (share) => share > policy.sideShareMax),
  },
];

function shareOfSide(side: Side, sides: readonly Side[], window: number): number | null {
  const newest = sides.slice(-window);
  return newest.length < window ? null : newest.filter((it) => it === side).length / window;
}

export interface BatchMember {
  readonly instrumentId: InstrumentId;
  readonly side: Side;
  /** Confidence × agreement. */
  readonly score: number;
}

/** The weakest buys of a large batch, which drop out so that no more than the policy's share of it buys. By name where scores are equal. */
export function batchDropouts(batch: readonly BatchMember[], policy: Pick<Policy, 'batchFree' | 'batchBuyShareMax'>): ReadonlyMap<InstrumentId, Refusal<'batchBuys'>> {
  const buys = batch.filter((it) => it.side === 'buy');
  const allowed = Math.floor(batch.length * policy.batchBuyShareMax);
  if (batch.length <= policy.batchFree || buys.length <= allowed) return new Map();
  const weakest = [...buys].sort((a, b) => b.score - a.score || (a.instrumentId < b.instrumentId ? -1 : 1)).slice(allowed);
  return new Map(weakest.map((it) => [it.instrumentId, { code: 'batchBuys', value: `${buys.length} buys of ${batch.length}, score ${rounded(it.score)}`, limit: `the best ${allowed}` }]));
}
