/** How this process's calls to the venue fared. */
export interface CallCounter {
  /** @param isFailure no answer, or one of the venue's own trouble (5xx, 429, 418); a refusal of one request is none. */
  count(isFailure: boolean): void;
  /** Of the last `windowMs` of wall time. */
  within(windowMs: number): { readonly venueCalls: number; readonly venueFailures: number };
}
