/** What this worker says of itself, for the health check: a stop in good order is no failure. */
import { randomUUID } from 'node:crypto';
import { withinMs } from '../activities/patience.ts';
import { messageOf } from '../domain/errors.ts';
import type { QueuePart, WorkerState } from '../domain/health/stops.ts';
import { WORD_EVERY_MS } from '../domain/health/stops.ts';
import type { HealthStore } from '../domain/ports/health.ts';

export interface PresenceDeps {
  readonly store: Pick<HealthStore, 'tell'>;
  readonly portfolioId: string;
  readonly parts: readonly QueuePart[];
  readonly clock: () => number;
  readonly warn: (fields: object, message: string) => void;
}

export interface Presence {
  starting(): void;
  /** Says so again and again, until it is asked to stop or `end`. */
  running(): void;
  stopping(): void;
  /** Resolves when it is said, or could not be said in time: its silence then tells. */
  stopped(): Promise<void>;
  /** Says nothing more: a worker that fails did not stop in good order. */
  end(): void;
}

/** A stop waits no longer for the ledger. */
const TELL_WITHIN_MS = 2_000;

export function createPresence({ store, portfolioId, parts, clock, warn }: PresenceDeps): Presence {
  const workerId = randomUUID();
  let last: Promise<void> = Promise.resolve(); // one word after the other
  let timer: NodeJS.Timeout | undefined;

  function tell(state: WorkerState): Promise<void> {
    last = last.then(async () => {
      try {
        await withinMs(TELL_WITHIN_MS, `${workerId} is ${state}`, store.tell(portfolioId, { workerId, parts, state, at: clock() }));
      } catch (error) {
        warn({ state, error: messageOf(error) }, 'the health check does not hear of this worker'); // it goes by what it measures
      }
    });
    return last;
  }
  const end = (): void => { clearInterval(timer); };

  return {
    starting: () => void tell('starting'),
    running: () => {
      void tell('running');
      timer = setInterval(() => void tell('running'), WORD_EVERY_MS);
    },
    stopping: () => {
      end();
      void tell('stopping');
    },
    stopped: () => tell('stopped'),
    end,
  };
}
