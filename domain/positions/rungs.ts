/** What a position's targets should look like on the venue: one for all of it, or the rungs of its ladder. */
import type { OpenPlan } from '../cycle/types.ts';
import type { Dec, DecimalString } from '../decimal.ts';
import { d, ZERO } from '../decimal.ts';
import type { Ladder } from '../exits/ladder.ts';
import { firstRungPrice, isClimbable, rungQuantities } from '../exits/ladder.ts';
import type { Leg, OrderRow } from '../orders/order.ts';
import type { PositionSnapshot } from './position.ts';

export type TargetLeg = Extract<Leg, 'firstTarget' | 'target'>;
export const TARGET_LEGS: readonly TargetLeg[] = ['firstTarget', 'target'];

export interface Rung {
  readonly leg: TargetLeg;
  /** ≥ 0, base currency: what an order of it should close from now on. */
  readonly quantity: Dec;
  /** Quote currency; rounded where the order is built. */
  readonly price: DecimalString;
  /** Whether it closes all that is held. */
  readonly isWhole: boolean;
}

/** The ladder that the entry was filled for; null: the target closes all. Plans of older versions have none. */
export function ladderIn({ position: { plan }, orders }: PositionSnapshot): Ladder | null {
  const ladder = (plan as Partial<OpenPlan>).ladder ?? null;
  return ladder !== null && isClimbable(ladder, entryFilled(orders), plan.instrument) ? ladder : null;
}

/**
 * The rungs at the nearest target that was ever decided; empty without a target.
 * @param held base currency, > 0.
 */
export function rungsOf(snapshot: PositionSnapshot, held: Dec): readonly Rung[] {
  const { position: { plan }, orders } = snapshot;
  const target = nearestTarget(snapshot);
  if (target === null) return [];
  const ladder = ladderIn(snapshot);
  if (ladder === null) return [{ leg: 'target', quantity: held, price: target, isWhole: true }];
  const shares = rungQuantities(ladder, entryFilled(orders), plan.instrument);
  const left = (leg: TargetLeg, share: Dec): Dec => atLeastZero(share.minus(filledOf(orders, leg)));
  const first = smaller(left('firstTarget', shares.first), held);
  const second = smaller(left('target', shares.target), held.minus(first));
  return [
    { leg: 'firstTarget', quantity: first, price: firstRungPrice(ladder, { from: plan.entry.decisionPrice, target }), isWhole: false },
    { leg: 'target', quantity: second, price: target, isWhole: false },
  ];
}

/** The nearest of every target that was ever decided: a target only comes nearer. Null: the position has none. */
export function nearestTarget({ position, orders, instructions }: PositionSnapshot): DecimalString | null {
  const { plan } = position;
  if (plan.targetPrice === null) return null;
  const decided = [
    plan.targetPrice,
    ...(position.targetPrice === null ? [] : [position.targetPrice]),
    ...instructions.flatMap((it) => (it.kind === 'moveTarget' ? [it.targetPrice] : [])),
    ...orders.flatMap(({ intent }) => (intent.leg === 'target' && intent.triggerPrice !== null ? [intent.triggerPrice] : [])),
  ];
  const isNearer = (a: DecimalString, b: DecimalString): boolean => (plan.direction === 'long' ? d(a).lt(d(b)) : d(a).gt(d(b)));
  return decided.reduce((best, price) => (isNearer(price, best) ? price : best));
}

function entryFilled(orders: readonly OrderRow[]): Dec {
  return filledOf(orders, 'entry');
}

function filledOf(orders: readonly OrderRow[], leg: Leg): Dec {
  return orders.reduce((sum, row) => (row.intent.leg === leg ? sum.plus(d(row.filledQuantity)) : sum), ZERO);
}

function atLeastZero(value: Dec): Dec {
  return value.gt(ZERO) ? value : ZERO;
}

function smaller(a: Dec, b: Dec): Dec {
  return a.lt(b) ? a : b;
}
