/** Keeps the venue's limits for all workers together. Implemented in `venues/limiter.ts`; its shared store in `db/`. */
import type { LimitKind, PermitPriority, VenueLimits } from '../limits/budget.ts';

export interface PermitRequest {
  /** Request weight, counted per IP address. */
  readonly weight: number;
  /** New orders, counted per account. */
  readonly orders: number;
  readonly priority: PermitPriority;
  /** Wall clock of this process: a permit that comes later is of no use. */
  readonly deadlineMs: number;
}

export type Permit = { readonly kind: 'granted' } | { readonly kind: 'denied'; readonly reason: string };

/** What the venue's answer said about its counters; null where it said nothing. */
export interface UsageReport {
  readonly usedWeight: number | null;
  readonly orders10s: number | null;
  readonly orders1m: number | null;
  /** Wall clock of this process around the request. */
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
}

export interface Limiter {
  /** Waits until the request may be sent, at most until its deadline. Of those that wait, exits go first. */
  acquire(request: PermitRequest): Promise<Permit>;
  /** Feeds in what the venue counted: use by others than Keel becomes visible so. */
  observe(usage: UsageReport): void;
  /** The venue asked to stop (429, 418): nobody sends until then. @param untilMs wall clock of this process. */
  backOff(untilMs: number, reason: string): Promise<void>;
  /** The venue's own figures, and how far its clock is ahead of this process's. */
  learn(facts: { readonly limits?: VenueLimits; readonly clockOffsetMs?: number }): void;
  /** Denies whoever waits. */
  close(): Promise<void>;
}

/** One window of one counter. */
export interface LimitWindow {
  readonly kind: LimitKind;
  /** Venue's transport clock, epoch milliseconds. */
  readonly windowStart: number;
}

export interface LeaseRequest extends LimitWindow {
  /** Units wanted, ≥ 0; 0 only reads. */
  readonly units: number;
  /** Leases and foreign use together never pass this. */
  readonly ceiling: number;
}

export interface Lease extends LimitWindow {
  /** 0 to the units wanted. */
  readonly granted: number;
  /** All leases of all workers in this window, this one included. */
  readonly leased: number;
  /** Used in this window by others than Keel, as far as the venue told. */
  readonly foreign: number;
}

/** What all workers share. Each method is one statement; a throw means that the database cannot be asked. */
export interface LimiterStore {
  /** Takes budget; as much as there is, up to what was wanted. Also tells until when the venue asked to stop, 0 if never. */
  lease(requests: readonly LeaseRequest[]): Promise<{ readonly leases: readonly Lease[]; readonly blockedUntilMs: number }>;
  /** Raises the foreign use of a window so that leases + foreign ≥ what the venue counted. */
  reportUsed(window: LimitWindow, counted: number): Promise<void>;
  /** @param untilMs venue's transport clock; an earlier moment than the known one changes nothing. */
  block(untilMs: number, reason: string): Promise<void>;
}
