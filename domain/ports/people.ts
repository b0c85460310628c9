import type { Alert } from '../events/alert.ts';

/** Whoever is woken when something is wrong: a log, and a webhook where one is set. Implemented in `workers/`. */
export interface People {
  /** @throws {Error} where the webhook did not take it; the same alert may be told again: it is dropped by its id */
  tell(alert: Alert): Promise<void>;
  /** In the log alone. */
  note(alert: Alert): void;
}
