/** Rungs at which a position takes profit: the first closes a part, the target another, the rest trails. @source risk.md, "Exits". */
import type { Dec, DecimalString } from '../decimal.ts';
import { d, roundToStep, text, ZERO } from '../decimal.ts';
import type { Instrument } from '../market/instrument.ts';
import type { Policy } from '../policy/policy.ts';

/** Fixed when the position is decided on: what rests on the venue follows from it. */
export interface Ladder {
  /** 0..1 of the way from the decision's price to the target: the first rung. */
  readonly firstAtShare: number;
  /** 0..1 of the entry that the first rung closes. */
  readonly firstShare: number;
  /** 0..1 of the entry that the target closes. */
  readonly targetShare: number;
}

/** The policy's ladder; null where a rung would close nothing or too little: then the target closes all. */
export function ladderOf(quantity: DecimalString, instrument: Pick<Instrument, 'stepSize' | 'minQuantity'>, policy: Pick<Policy, 'tp1AtShare' | 'tp1CloseShare' | 'tp2CloseShare'>): Ladder | null {
  const ladder = { firstAtShare: policy.tp1AtShare, firstShare: policy.tp1CloseShare, targetShare: policy.tp2CloseShare };
  return isClimbable(ladder, d(quantity), instrument) ? ladder : null;
}

/** Whether every rung of an entry, and what is left beyond them, is an order that the venue takes. */
export function isClimbable(ladder: Ladder, entryQuantity: Dec, instrument: Pick<Instrument, 'stepSize' | 'minQuantity'>): boolean {
  const { first, target } = rungQuantities(ladder, entryQuantity, instrument);
  const rest = entryQuantity.minus(first).minus(target);
  const isEnough = (part: Dec): boolean => part.gt(ZERO) && part.gte(d(instrument.minQuantity));
  return ladder.firstAtShare > 0 && ladder.firstAtShare < 1 && isEnough(first) && isEnough(target) && (rest.isZero() || isEnough(rest));
}

/** What each rung closes of an entry, rounded down to the step; base currency. */
export function rungQuantities(ladder: Ladder, entryQuantity: Dec, { stepSize }: Pick<Instrument, 'stepSize'>): { readonly first: Dec; readonly target: Dec } {
  const part = (share: number): Dec => roundToStep(entryQuantity.times(d(share)), d(stepSize), 'down');
  return { first: part(ladder.firstShare), target: part(ladder.targetShare) };
}

/** Price of the first rung, before rounding to the tick. @param from the decision's price. */
export function firstRungPrice(ladder: Ladder, { from, target }: { readonly from: DecimalString; readonly target: DecimalString }): DecimalString {
  return text(d(from).plus(d(target).minus(d(from)).times(d(ladder.firstAtShare))));
}
