/** What the account holds that is not ours. */
import type { Dec } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';
import type { VenuePosition } from '../ports/venue.ts';
import type { RiskFacts } from './risk-facts.ts';
import type { PositionView } from './types.ts';

type Ours = Pick<PositionView, 'instrumentId' | 'direction' | 'state' | 'quantity' | 'plannedQuantity'>;

/**
 * What the venue holds of a symbol and side beyond our own positions of it, at its mark price: another hand may have added
 * to what is ours. So ours and this together are never less than what the account stands to lose by.
 */
export function foreignIn(held: readonly VenuePosition[], ours: readonly Ours[]): RiskFacts['foreign'] {
  return held.flatMap(({ instrumentId, direction, quantity, markPrice }) => {
    const own = ours.filter((it) => it.instrumentId === instrumentId && it.direction === direction).reduce((sum, it) => sum.plus(quantityOf(it)), ZERO);
    const beyond = d(quantity).minus(own);
    return beyond.gt(ZERO) ? [{ instrumentId, direction, notional: text(beyond.times(d(markPrice))) }] : [];
  });
}

/** One that is still being entered counts with all that it asked for: its fills may not be booked yet. */
function quantityOf({ state, quantity, plannedQuantity }: Ours): Dec {
  const [booked, planned] = [d(quantity), d(plannedQuantity)];
  return state === 'opening' && planned.gt(booked) ? planned : booked;
}
