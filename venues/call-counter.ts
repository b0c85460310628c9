import { randomUUID } from 'node:crypto';
import type { CallStretch } from '../domain/emergency/venue-calls.ts';
import { CALL_STRETCH_MS, CALLS_KEPT_MS } from '../domain/emergency/venue-calls.ts';
import type { CallCounter } from '../domain/ports/call-counter.ts';

const KEPT_S = CALLS_KEPT_MS / 1_000;

interface Second {
  readonly at: number;
  calls: number;
  failures: number;
}

/**
 * Counts by the second, so that memory does not grow with traffic.
 * @param options.clock wall clock, epoch milliseconds
 * @param options.worker of this process alone: one that is started again is another
 */
export function createCallCounter({ clock = Date.now, worker = randomUUID() }: { clock?: () => number; worker?: string } = {}): CallCounter {
  let seconds: Second[] = [];

  return {
    worker,
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
    stretches() {
      const since = clock() / 1_000 - KEPT_S;
      const byStart = Map.groupBy(seconds.filter((it) => it.at > since), (it) => Math.floor((it.at * 1_000) / CALL_STRETCH_MS) * CALL_STRETCH_MS);
      return [...byStart].map(([at, counted]): CallStretch => ({ at, venueCalls: sumOf(counted, (it) => it.calls), venueFailures: sumOf(counted, (it) => it.failures) }));
    },
  };
}

function sumOf(items: readonly Second[], value: (item: Second) => number): number {
  return items.reduce((sum, it) => sum + value(it), 0);
}
