import type { Facts, Violation } from './facts.ts';
import { moneyViolations } from './money.ts';
import { orderViolations } from './orders.ts';
import { outcomeViolations } from './outcomes.ts';
import { positionViolations } from './positions.ts';
import { fenceViolations, ownerViolations, protectionViolations } from './protection.ts';
import { recordViolations } from './records.ts';

/** All eight invariants over one look, in their order. Pure. */
export function violationsIn(facts: Facts): Violation[] {
  return [orderViolations, positionViolations, moneyViolations, protectionViolations, fenceViolations, ownerViolations, recordViolations, outcomeViolations].flatMap((check) => check(facts));
}

/** How many records a look compared. */
export function checkedIn({ ledger, venue }: Facts): number {
  return [ledger.orders, ledger.fills, ledger.positions, ledger.income, ledger.cycles, ledger.judged, venue.orders, venue.fills, venue.income].reduce((sum, list) => sum + list.length, 0);
}
