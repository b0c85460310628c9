/** Every mutant. A guard that is added to the order protocol, the emergency stop, the limits, the exits or the trials belongs here too. */
import type { Mutant } from './mutant.ts';
import { EMERGENCY_MUTANTS } from './table/emergency.ts';
import { EMERGENCY_RUN_MUTANTS } from './table/emergency-run.ts';
import { EXIT_MUTANTS } from './table/exits.ts';
import { LEDGER_MUTANTS } from './table/ledger.ts';
import { PROTOCOL_MUTANTS } from './table/protocol.ts';
import { RISK_MUTANTS } from './table/risk.ts';
import { SIZING_MUTANTS } from './table/sizing.ts';
import { SUBMISSION_MUTANTS } from './table/submission.ts';
import { TRIAL_MUTANTS } from './table/trials.ts';
import { VENUE_MUTANTS } from './table/venue.ts';
import { WORKFLOW_MUTANTS } from './table/workflow.ts';

export const MUTANTS: readonly Mutant[] = [
  ...PROTOCOL_MUTANTS, ...SUBMISSION_MUTANTS, ...LEDGER_MUTANTS, ...VENUE_MUTANTS, ...WORKFLOW_MUTANTS,
  ...EMERGENCY_MUTANTS, ...EMERGENCY_RUN_MUTANTS, ...RISK_MUTANTS, ...EXIT_MUTANTS, ...SIZING_MUTANTS, ...TRIAL_MUTANTS,
];
