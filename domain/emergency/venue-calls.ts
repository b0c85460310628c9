/** Calls to the venue: each worker counts its own, and the trigger looks at those of all of them together. Pure. */

/** By stretches of this length workers tell one another what they counted. Wall clock. */
export const CALL_STRETCH_MS = 5_000;
/** Longer windows are not asked for: the policy ends there. */
export const CALLS_KEPT_MS = 3_600_000;

export interface VenueCalls {
  readonly venueCalls: number;
  /** Among them. */
  readonly venueFailures: number;
}

/** What one worker counted within some time. */
export interface WorkerCalls extends VenueCalls {
  readonly worker: string;
}

/** What one worker counted within a stretch that begins at `at`, wall clock. */
export interface CallStretch extends VenueCalls {
  readonly at: number;
}

/** Of all workers: its own as it counted them just now, the others' as they told. What it told itself counts once. */
export function callsOfAll(own: VenueCalls & { readonly worker: string | null }, told: readonly WorkerCalls[]): VenueCalls {
  const counted = [own, ...told.filter(({ worker }) => worker !== own.worker)];
  return { venueCalls: sumOf(counted.map((it) => it.venueCalls)), venueFailures: sumOf(counted.map((it) => it.venueFailures)) };
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
