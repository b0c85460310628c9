import { emergencyViolations } from './emergency.ts';
import type { Facts, Violation } from './facts.ts';
import { fenceViolations } from './fence.ts';
import { modelViolations } from './models.ts';
import { moneyViolations } from './money.ts';
import { orderViolations } from './orders.ts';
import { outcomeViolations } from './outcomes.ts';
import { positionViolations } from './positions.ts';
import { ownerViolations, protectionViolations } from './protection.ts';
import { recordViolations } from './records.ts';

/** All invariants over one look, in their order. Pure. */
export function violationsIn(facts: Facts): Violation[] {
  return [orderViolations, positionViolations, moneyViolations, protectionViolations, fenceViolations, ownerViolations, recordViolations, outcomeViolations, emergencyViolations, modelViolations].flatMap((check) => check(facts));
}

/** How many records a look compared. */
export function checkedIn({ ledger, venue }: Facts): number {
  return [ledger.orders, ledger.fills, ledger.positions, ledger.income, ledger.cycles, ledger.judged, ledger.models, ledger.emergency.fenceHistory, ledger.emergency.steps, ledger.emergency.openings, venue.orders, venue.fills, venue.income].reduce((sum, list) => sum + list.length, 0);
}
