import type { CallStretch, VenueCalls } from '../emergency/venue-calls.ts';

/** How this process's calls to the venue fared. */
export interface CallCounter {
  /** This process, among all that call for its portfolio. */
  readonly worker: string;
  /** @param isFailure no answer, or one of the venue's own trouble (5xx, 403, 408, 418, 429); a refusal of one request is none. */
  count(isFailure: boolean): void;
  /** Of the last `windowMs` of wall time. */
  within(windowMs: number): VenueCalls;
  /** As far back as any window reaches, oldest first. */
  stretches(): readonly CallStretch[];
}

/** What workers tell one another of their calls. Implemented in `db/`. */
export interface CallStore {
  /**
   * Repeated, or late, it takes nothing back. Stretches that no window reaches any more are forgotten, whoever told them.
   * @throws {KeelError} DATABASE_UNREACHABLE (within two seconds), DATABASE_FAILED.
   */
  tell(worker: string, stretches: readonly CallStretch[]): Promise<void>;
}
