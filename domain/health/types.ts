/** What the health check speaks of. */

/** Parts that are looked at, in the order in which they are told. Each task queue is a part of its own. */
export const HEALTH_PARTS = [
  'engine', 'database', 'policy', 'venue', 'accountFeed', 'marketFeed', 'clock', 'disk', 'memory',
  'workers.trading', 'workers.venue', 'workers.models', 'workers.feeds', 'schedules', 'cycle', 'evaluation', 'retrain',
] as const;
export type HealthPart = (typeof HEALTH_PARTS)[number];

/**
 * `starting`: there is nothing to look at yet, which is said and does not count while it may still come. `stopping` and
 * `stopped`: asked to, in good order, which does not count either.
 */
export const PART_STATES = ['starting', 'healthy', 'degraded', 'unhealthy', 'stopping', 'stopped'] as const;
export type PartState = (typeof PART_STATES)[number];

/** Of the whole. */
export const HEALTH_LEVELS = ['healthy', 'degraded', 'critical'] as const;
export type HealthLevel = (typeof HEALTH_LEVELS)[number];

/** What one look at a part saw. */
export type Reading =
  /** `value` in the unit of the part's rule. `wanted`: from where on it is as it should be, where each deployment has its own. `resumeMs`, wall clock: so long it may take to be well again after it was stopped in good order. */
  | { readonly kind: 'measured'; readonly value: number; readonly wanted?: number; readonly note?: string; readonly resumeMs?: number }
  /** It could not be looked at, or does not answer: never taken for healthy. */
  | { readonly kind: 'failed'; readonly problem: string }
  /** There is nothing to look at. `graceMs`, wall clock: so long that may be; absent: it hangs on another part, which is counted, or nothing is due. */
  | { readonly kind: 'none'; readonly why: string; readonly graceMs?: number }
  /** Its workers said so. */
  | { readonly kind: 'asked'; readonly state: 'starting' | 'stopping' | 'stopped' };

export interface PartReading {
  readonly part: HealthPart;
  readonly reading: Reading;
}

/** One part as a check leaves it. */
export interface PartHealth {
  readonly part: HealthPart;
  readonly state: PartState;
  /** In words, with its unit. */
  readonly value: string;
  readonly limit: string;
  /** Checks in a row that found it as bad as unhealthy. */
  readonly failures: number;
  /** Wall clock since when it is in this state. */
  readonly since: number;
  /** What a person might do; null while it is well. */
  readonly action: string | null;
  /** Wall clock since when there is nothing to look at; absent while there is. */
  readonly nothingSince?: number;
  /** Wall clock since when it starts again after it was stopped in good order; absent once it is well. */
  readonly resumedAt?: number;
}

export interface HealthCheck {
  /** Wall clock. */
  readonly at: number;
  readonly level: HealthLevel;
  readonly parts: readonly PartHealth[];
}

export interface PartChange {
  readonly part: HealthPart;
  /** Null: it was never looked at before. */
  readonly from: PartState | null;
  readonly to: PartState;
}

/** As it is told. */
export interface HealthChange extends PartChange {
  readonly value: string;
  readonly limit: string;
  readonly action: string | null;
}
