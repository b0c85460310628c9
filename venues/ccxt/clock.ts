/** The venue's transport clock, kept by its distance from this process's clock. */
export interface VenueClock {
  /** Epoch milliseconds at the venue now. Asks the venue at most every few seconds. @throws what `ask` throws, when nothing usable is known. */
  now(): Promise<number>;
  /** Venue's time now by the last known offset, 0 offset before the first. Never asks. */
  estimate(): number;
  /** Asks the venue now. @throws what `ask` throws */
  measure(): Promise<{ readonly roundTripMs: number; readonly skewMs: number }>;
  /** The next `now` asks the venue first: a timestamp was refused. */
  distrust(): void;
}

/** Younger than this: used as it is. */
const FRESH_MS = 5_000;
/** Older than this: asked before use. Between both, asked beside use. */
const STALE_MS = 60_000;
/** A jump of the wall clock beyond this makes the offset worthless. */
const JUMP_MS = 100;

export interface VenueClockSettings {
  /** One request for the venue's time. */
  readonly ask: () => Promise<number>;
  /** Wall clock of this process. */
  readonly clock: () => number;
  /** Told of every new offset: venue minus process. */
  readonly onOffset: (offsetMs: number) => void;
}

export function createVenueClock({ ask, clock, onOffset }: VenueClockSettings): VenueClock {
  let known: { readonly offsetMs: number; readonly atMs: number; readonly atSteadyMs: number } | null = null;
  let asking: Promise<{ roundTripMs: number; skewMs: number }> | null = null;

  const synchronise = (): Promise<{ roundTripMs: number; skewMs: number }> => {
    asking ??= (async () => {
      try {
        const before = clock();
        const venueMs = await ask();
        const after = clock();
        // The answer was made somewhere within the round trip: its middle is wrong by at most half of it.
        known = { offsetMs: Math.round(venueMs - (before + after) / 2), atMs: after, atSteadyMs: performance.now() };
        onOffset(known.offsetMs);
        return { roundTripMs: after - before, skewMs: known.offsetMs };
      } finally {
        asking = null;
      }
    })();
    return asking;
  };
  const hasJumped = (since: { atMs: number; atSteadyMs: number }): boolean =>
    Math.abs(clock() - since.atMs - (performance.now() - since.atSteadyMs)) > JUMP_MS;

  return {
    async now() {
      const ageMs = known === null ? Infinity : performance.now() - known.atSteadyMs;
      if (known === null || ageMs > STALE_MS || hasJumped(known)) await synchronise();
      else if (ageMs > FRESH_MS) {
        // Beside use: when it fails, the next call tries again, and past `STALE_MS` the failure is thrown.
        synchronise().catch(() => undefined);
      }
      return this.estimate();
    },
    estimate: () => Math.round(clock() + (known?.offsetMs ?? 0)),
    measure: synchronise,
    distrust() { known = null; },
  };
}
