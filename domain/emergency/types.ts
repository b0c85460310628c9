/** What guard, recovery and feed speak of. Numbers are risk.md's, "Emergency Stop System". */

/** Why trading may be stopped. The order is that of the triggers' table: the first that holds wins. */
export const TRIGGERS = [
  'dailyLoss', 'drawdown', 'openLoss', 'stopOuts', 'executionErrors', 'venueCalls', 'feed', 'health', 'ledgerDiffers', 'person',
] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** `armed` is normal: no caps. `tripping` until everything is proven closed, then `emergency` until recovery begins. */
export const GUARD_MODES = ['armed', 'tripping', 'emergency', 'protective', 'cautious'] as const;
export type GuardMode = (typeof GUARD_MODES)[number];

export const RECOVERY_MODES = ['emergency', 'protective', 'cautious', 'normal'] as const;
/** Where the way back from an emergency stands; `normal` is the guard's `armed`. */
export type RecoveryMode = (typeof RECOVERY_MODES)[number];

export type Severity = 'high' | 'critical';

/** What tripped the guard. */
export interface TripCause {
  readonly trigger: Trigger;
  /** In words, with the value that was seen. */
  readonly reason: string;
  /** A person's name, or the part of Keel. */
  readonly by: string;
  readonly severity: Severity;
  /** The same stop, told by several ways, has one: heard again it changes nothing, however late. */
  readonly requestId?: string;
}
