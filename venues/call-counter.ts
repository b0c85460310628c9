import type { CallCounter } from '../domain/ports/call-counter.ts';

/** Longer windows are not asked for: the policy ends there. */
const KEPT_S = 3_600;

interface Second {
  readonly at: number;
  calls: number;
  failures: number;
}

/** Counts by the second, so that memory does not grow with traffic. @param clock wall clock, epoch milliseconds. */
export function createCallCounter(clock: () => number = Date.now): CallCounter {
  let seconds: Second[] = [];

  return {
    count(isFailure) {
      const at = Math.floor(clock() / 1_000);
      let now = seconds.at(-1);
      if (now?.at !== at) {
        now = { at, calls: 0, failures: 0 };
        seconds = [...seconds.filter((it) => it.at > at - KEPT_S), now];
      }
      now.calls += 1;
      if (isFailure) now.failures += 1;
    },
    within(windowMs) {
      const since = (clock() - windowMs) / 1_000;
      const counted = seconds.filter((it) => it.at > since);
      return { venueCalls: sumOf(counted, (it) => it.calls), venueFailures: sumOf(counted, (it) => it.failures) };
    },
  };
}

function sumOf(items: readonly Second[], value: (item: Second) => number): number {
  return items.reduce((sum, it) => sum + value(it), 0);
}
