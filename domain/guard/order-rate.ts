/** How many orders of a portfolio count against its limit of a minute. @source risk.md, "From votes to an order", step 4. */
import type { Instruction, OpenPlan, PositionView } from '../cycle/types.ts';
import { d, ZERO } from '../decimal.ts';

const MINUTE_MS = 60_000;

/**
 * Since when orders that were sent count at a look: the minute that runs, and the whole one before it. So a replay, whose
 * market stands still while orders go out, counts what a market that runs on counts.
 * @param at market clock
 */
export function ordersCountSince(at: number): number {
  return Math.floor(at / MINUTE_MS) * MINUTE_MS - MINUTE_MS;
}

/** All that one opening sends when it goes well: its entry, its stop, and what takes profit. */
export function ordersOf({ targetPrice, ladder }: Pick<OpenPlan, 'targetPrice' | 'ladder'>): number {
  return 2 + targetsOf({ targetPrice, ladder });
}

/** What openings of the last minute have yet to send beyond their entries, which the ledger counts. @param since market clock */
export function ordersToCome(positions: readonly PositionView[], since: number): number {
  const fresh = positions.filter((it) => it.state === 'opening' && it.openedAt >= since);
  return fresh.reduce((sum, it) => sum + targetsOf(it) + (d(it.quantity).gt(ZERO) ? 0 : 1), 0); // what is held in part has its stop
}

/** What a position that is told this sends for it: with its target, the rung before it moves too. */
export function ordersTold(instructions: readonly Instruction[], { targetPrice, ladder }: Pick<PositionView, 'targetPrice' | 'ladder'>): number {
  return instructions.reduce((sum, it) => sum + (it.kind === 'moveTarget' ? targetsOf({ targetPrice, ladder }) : 1), 0);
}

function targetsOf({ targetPrice, ladder }: Pick<OpenPlan, 'targetPrice' | 'ladder'>): number {
  return targetPrice === null ? 0 : ladder === null ? 1 : 2;
}
