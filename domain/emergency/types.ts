/** What guard, recovery and feed speak of. Numbers are risk.md's, "Emergency Stop System". */

/** Why trading may be stopped. The order is that of the triggers' table: the first that holds wins. */
export const TRIGGERS = [
  'dailyLoss', 'drawdown', 'openLoss', 'stopOuts', 'executionErrors', 'venueCalls', 'feed', 'health', 'ledgerDiffers', 'twoMasters', 'person',
] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** `armed` is normal: no caps. `tripping` until everything is proven closed, then `emergency` until recovery begins. */
export const GUARD_MODES = ['armed', 'tripping', 'emergency', 'protective', 'cautious'] as const;
export type GuardMode = (typeof GUARD_MODES)[number];

export type Severity = 'high' | 'critical';

/** What tripped the guard. */
export interface TripCause {
  readonly trigger: Trigger;
  /** In words, with the value that was seen. */
  readonly reason: string;
  /** A person's name, or the part of Keel. */
  readonly by: string;
  readonly severity: Severity;
}

/** Bounds on trading while the guard is not `armed`; a stricter policy wins over a cap, a cap over a looser policy. */
export interface RecoveryCaps {
  /** Quote currency, of one position. */
  readonly notionalMax: string;
  readonly leverageMax: number;
  /** 0..1 */
  readonly confidenceMin: number;
}

/** What the guard lays over the stored policy. */
export interface GuardOverlay {
  readonly owner: 'guard';
  readonly mode: GuardMode;
  readonly emergencyMode: boolean;
  readonly allowNewTrades: boolean;
  readonly caps: RecoveryCaps | null;
}

/** @source risk.md: `protective` 100 notional, 5x, confidence 0.75; `cautious` 300, 10x, 0.55. */
export const RECOVERY_CAPS: Readonly<Record<'protective' | 'cautious', RecoveryCaps>> = {
  protective: { notionalMax: '100', leverageMax: 5, confidenceMin: 0.75 },
  cautious: { notionalMax: '300', leverageMax: 10, confidenceMin: 0.55 },
};

/** @param mode as `guard_state` holds it: the overlay follows from it alone, so that policy and guard cannot disagree. */
export function overlayOf(mode: GuardMode): GuardOverlay {
  const isStopped = mode === 'tripping' || mode === 'emergency';
  return { owner: 'guard', mode, emergencyMode: isStopped, allowNewTrades: !isStopped, caps: mode === 'protective' || mode === 'cautious' ? RECOVERY_CAPS[mode] : null };
}
