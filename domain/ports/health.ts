/** Health as it is kept, and as the emergency stop hears of it. Implemented in `db/`, apart from the ledger, and in `workers/`. */
import type { RiskReadings } from '../emergency/triggers.ts';
import type { Newest } from '../health/check.ts';
import type { QueuePart, WorkerState } from '../health/stops.ts';
import type { HealthCheck, HealthPart, PartReading } from '../health/types.ts';

export interface HealthMonitor {
  /** Never throws: a monitor that cannot be asked is `unreachable`, which counts as critical. */
  reading(portfolioId: string): Promise<RiskReadings['health']>;
}

/** What the ledger's rows tell of the parts that write them. Null: nothing was written yet. */
export interface HealthSigns {
  /** Health is recorded and not acted on: in a replay, unless the policy asks. */
  readonly isRecordOnly: boolean;
  /** Wall clock at which the account's stream was last heard. */
  readonly accountHeardAt: number | null;
  readonly isAccountFeedCorrupt: boolean;
  /** Keys of the newest version that are refused, and in words which and why; null: none. */
  readonly policy: { readonly refused: number; readonly problem: string | null };
  /** Market clock of the newest candle that the market's feed handed on, and wall clock of when. */
  readonly newestCandle: { readonly closeTime: number; readonly writtenAt: number } | null;
  /** The same of the newest recorded cycle. */
  readonly lastCycle: { readonly closeTime: number; readonly writtenAt: number } | null;
  /** Market clock of the oldest prediction that is due or will be (null: none waits), and wall clock of the newest outcome (null: none yet). Null: there is neither. */
  readonly evaluation: { readonly oldestDueAt: number | null; readonly writtenAt: number | null } | null;
  /** Market clock of what the newest retrain knew that did not fail, and wall clock of its end. */
  readonly lastRetrain: { readonly asOf: number; readonly writtenAt: number } | null;
}

export interface RecordedCheck {
  readonly check: HealthCheck;
  /** Until the next check is due. */
  readonly nextMs: number;
  /** So many unhealthy parts are critical, by the policy now. */
  readonly unhealthyParts: number;
}

/** How the newest check stands, and how old it may be. */
export interface HealthStanding {
  readonly newest: Newest | null;
  readonly staleMs: number;
}

/** Checks of one part within an hour of wall time, and how many of them found it so. */
export interface HealthTrend {
  readonly part: HealthPart;
  /** Wall clock. */
  readonly hourAt: number;
  readonly checks: number;
  readonly degraded: number;
  readonly unhealthy: number;
}

export interface HealthHistory extends HealthStanding {
  /** Newest first, at most 100. */
  readonly checks: readonly HealthCheck[];
  /** Of the last 24 hours, oldest first. */
  readonly trend: readonly HealthTrend[];
}

/** What a worker says of itself. */
export interface WorkerSaid {
  /** Another one at each start. */
  readonly workerId: string;
  /** Its queues. */
  readonly parts: readonly QueuePart[];
  readonly state: WorkerState;
  /** Wall clock. */
  readonly at: number;
}

/** All throw {KeelError} NOT_FOUND, DATABASE_UNREACHABLE (within two seconds), DATABASE_FAILED. */
export interface HealthStore {
  /** @param query.feedCursor under which the market's feed keeps its place */
  signs(query: { readonly portfolioId: string; readonly feedCursor: string }): Promise<HealthSigns>;
  /** One transaction: folds the readings into the next check, keeps it with its trend, and tells of what changed. */
  record(portfolioId: string, readings: readonly PartReading[], at: number): Promise<RecordedCheck>;
  /** One transaction: keeps a worker's word, and where it changes what hangs on the worker, the check and the events that say so. */
  tell(portfolioId: string, said: WorkerSaid): Promise<void>;
  standing(portfolioId: string): Promise<HealthStanding>;
  history(portfolioId: string): Promise<HealthHistory>;
}
