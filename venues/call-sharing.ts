import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../domain/errors.ts';
import type { CallCounter, CallStore } from '../domain/ports/call-counter.ts';

/** What is counted here is known to all workers this long after. */
const SHARE_EVERY_MS = 2_000;

export interface CallSharing {
  /** Ends after what is still to be told; what cannot be told then is lost. */
  close(): Promise<void>;
}

export interface CallSharingSettings {
  readonly calls: CallCounter;
  readonly store: CallStore;
  /** Told when the others cannot be told, and why: it is tried again. */
  readonly onUnshared: (why: string) => void;
  readonly everyMs?: number;
}

/** Tells the other workers how this one's calls fare, again and again, whenever there is something new. */
export function shareCalls({ calls, store, onUnshared, everyMs = SHARE_EVERY_MS }: CallSharingSettings): CallSharing {
  const closing = new AbortController();
  /** How many calls of each stretch were told. */
  let told: ReadonlyMap<number, number> = new Map();

  async function share(): Promise<void> {
    const stretches = calls.stretches();
    const news = stretches.filter(({ at, venueCalls }) => venueCalls !== told.get(at));
    if (news.length === 0) return;
    await store.tell(calls.worker, news);
    told = new Map(stretches.map(({ at, venueCalls }) => [at, venueCalls]));
  }

  async function repeat(): Promise<void> {
    while (!closing.signal.aborted) {
      await sleep(everyMs, undefined, { signal: closing.signal }).catch(() => undefined); // woken early only to close
      await share().catch((error: unknown) => { onUnshared(messageOf(error)); });
    }
  }

  const running = repeat();
  return {
    close: async () => {
      closing.abort();
      await running;
    },
  };
}
