/** What a look gathers of the emergency stop, as plain data. */
import type { DecimalString } from '../decimal.ts';
import type { GuardState } from '../emergency/guard.ts';
import type { RecoveryMode } from '../emergency/types.ts';
import type { Fence } from '../orders/protocol.ts';
import type { Policy } from '../policy/policy.ts';

/** One rise or lowering of the fence. */
export interface FenceFact {
  readonly epoch: number;
  readonly halted: boolean;
  /** The database's clock. */
  readonly changedAt: number;
}

/** A step of an emergency, as its event tells it. */
export interface EmergencyFact {
  readonly type: 'emergencyTriggered' | 'emergencySealed' | 'emergencyRecovered';
  readonly emergencyId: string;
  readonly round: number;
  /** Of a step of recovery, else null. */
  readonly from: RecoveryMode | null;
  readonly to: RecoveryMode | null;
  /** The database's clock. */
  readonly at: number;
}

/** One opening as its cycle decided it, and the numbers that were in force there. */
export interface OpeningFact {
  readonly cycleId: string;
  readonly positionId: string;
  /** Why nothing might be opened in that cycle; empty: it might. */
  readonly forbiddenBy: readonly string[];
  readonly leverage: number;
  readonly leverageMax: number;
  /** At the decision's price, quote currency. */
  readonly notional: DecimalString;
  readonly notionalMax: DecimalString;
}

/** What the newest recorded cycle went by. */
export interface PolicyFact {
  readonly cycleId: string;
  /** Wall clock. */
  readonly observedAt: number;
  readonly emergencyMode: boolean;
  readonly policy: Policy;
}

export interface EmergencyFacts {
  readonly guard: Pick<GuardState, 'mode' | 'emergency' | 'round'>;
  /** The database's clock. */
  readonly guardChangedAt: number;
  readonly fence: Fence;
  /** Oldest first. */
  readonly fenceHistory: readonly FenceFact[];
  /** Oldest first. */
  readonly steps: readonly EmergencyFact[];
  /** When each opening order's newest attempt won its row, by client id; transport clock. */
  readonly claimedAt: Readonly<Record<string, number>>;
  readonly openings: readonly OpeningFact[];
  readonly newestCycle: PolicyFact | null;
  /** Ids of events that neither stand in the audit chain nor wait for it. */
  readonly unaudited: readonly string[];
}
