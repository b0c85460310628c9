/**
 * Timeouts and retries of every activity, on one screen.
 *
 * | group | start-to-close | attempts | why |
 * |---|---|---|---|
 * | ledger | 2 s in the workflow's own worker, then 10 s | one, then without end | safe to repeat; a cycle or position waits for the database |
 * | observe | 20 s, heartbeat 2 s | without end | reads only |
 * | predicting | 20 s, heartbeat 2 s | without end | reads, and writes each request once; goes last |
 * | submit | 3 s + 0.5 s | one | an order is never sent again because the engine lost an answer |
 * | look, cancel | 5 s, heartbeat 2 s | without end | reading and cancelling twice does no harm |
 * | quickly | 1 s in all, in the workflow's own worker | one | who must act does not wait for the database; the next look tries again |
 * | guard, oversight | 2 s in the workflow's own worker, then 10 s | without end | as ledger; a stop goes on without it |
 * | people | 10 s | one | a webhook may be away: the guard tries again, ever later |
 * | sweep | 5 s, heartbeat 2 s | without end | looks and cancels of an emergency: twice does no harm |
 * | closing | 5 s, heartbeat 2 s | one | what a lost attempt did is asked of the venue |
 * | booking | 2 min, heartbeat 2 s | without end | reads the venue's history, writes each fill once |
 * | health | 2 min, heartbeat 15 s | without end | looks only; the Schedule's next run goes on |
 * | evaluating | 60 s, heartbeat 5 s | without end | reads, and writes each outcome once |
 * | supervising | 60 s, heartbeat 5 s | three | pricing does not wait for it, nor for the trial to be woken; the next evaluation asks again |
 * | trying | 60 s, heartbeat 5 s | without end | reads, and takes each step once |
 * | training | 30 min, a day in all, heartbeat 5 s | without end | what was done is kept, and done again to the same bytes |
 * | learning sizes | 30 min, heartbeat 5 s | three | the models do not wait for it; the next retrain learns more |
 * | playing | 1 h, heartbeat 5 s | two | each begins anew, in minutes; then it is told that they cannot be played |
 * | recordingScenarios | 10 s | without end | one event for each run |
 * | feeds, replay | 10 years, heartbeat 5 s | without end | streams; a dead worker is noticed by its heartbeat |
 *
 * The ledger's calls run within the workflow task (local activities): a ledger that answers costs no hop through the
 * engine. One that was done may be done again when its worker dies with the task, so it holds for the ledger alone, whose
 * every method may be repeated. What touches the venue always goes through the engine.
 */
import { TemporalFailure } from '@temporalio/common';
import { ActivityCancellationType, isCancellation, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import { taskInfo } from './task-info.ts';
import type { EmergencyActivities, EvaluationActivities, FeedActivities, GuardActivities, HealthActivities, LedgerActivities, MarketActivities, OrderActivities, OversightActivities, PredictingActivities, ReconciliationActivities, ReplayActivities, RetrainingActivities, ScenarioActivities, SizingActivities, SupervisionActivities, TrialActivities } from '../activities/types.ts';
import { taskQueueOf } from './ids.ts';

const RETRY = { initialInterval: '100 ms', backoffCoefficient: 2, maximumInterval: '2 s' } as const;
/** The engine's priorities: 1 goes first. Exits before entries. */
const EXIT_PRIORITY = { priorityKey: 1 } as const;
const ENTRY_PRIORITY = { priorityKey: 3 } as const;
const FOREVER = '3650 days';
/** A process that stands still took tasks with it: what may run twice goes on elsewhere after this. */
const HEARTBEAT = '2 s';

const venueQueue = taskQueueOf(taskInfo.prefix, 'venue');
const feedQueue = taskQueueOf(taskInfo.prefix, 'feeds');

const nearby = proxyLocalActivities<LedgerActivities>({ scheduleToCloseTimeout: '2 s', retry: { maximumAttempts: 1 } });
const patient = proxyActivities<LedgerActivities>({ startToCloseTimeout: '10 s', retry: RETRY });

/** At once where it can be; a ledger that is away is waited for by the engine, so that the history does not grow meanwhile. */
export const ledger = {
  claimCycle: orElse(nearby.claimCycle, patient.claimCycle),
  recordCycle: orElse(nearby.recordCycle, patient.recordCycle),
  readPosition: orElse(nearby.readPosition, patient.readPosition),
  closePosition: orElse(nearby.closePosition, patient.closePosition),
} satisfies Partial<LedgerActivities>;

/** For a position that can act without the ledger: gives up after a second. One try: a retry would start that second anew. */
export const ledgerQuickly = proxyLocalActivities<LedgerActivities>({ scheduleToCloseTimeout: '1 s', retry: { maximumAttempts: 1 } });

const guardNearby = proxyLocalActivities<GuardActivities>({ scheduleToCloseTimeout: '2 s', retry: { maximumAttempts: 1 } });
const guardPatient = proxyActivities<GuardActivities>({ startToCloseTimeout: '10 s', retry: RETRY, priority: EXIT_PRIORITY });

export const guardLedger = {
  commandGuard: orElse(guardNearby.commandGuard, guardPatient.commandGuard),
  recordClosings: orElse(guardNearby.recordClosings, guardPatient.recordClosings),
  tellPositions: orElse(guardNearby.tellPositions, guardPatient.tellPositions),
} satisfies Partial<GuardActivities>;

/** Through the engine: a task ends only with its local activities, and closing at the venue must not wait for that of many positions. */
export const telling: Pick<GuardActivities, 'tellPositions'> = guardPatient;

const overseeNearby = proxyLocalActivities<OversightActivities>({ scheduleToCloseTimeout: '2 s', retry: { maximumAttempts: 1 } });
const overseePatient = proxyActivities<OversightActivities>({ startToCloseTimeout: '10 s', retry: RETRY });

export const overseeing = { oversee: orElse(overseeNearby.oversee, overseePatient.oversee) } satisfies OversightActivities;

/** A stop does not wait for the ledger either. */
export const guardQuickly = proxyLocalActivities<GuardActivities>({ scheduleToCloseTimeout: '1 s', retry: { maximumAttempts: 1 } });

export const people = proxyActivities<Pick<GuardActivities, 'tellPeople'>>({ startToCloseTimeout: '10 s', retry: { maximumAttempts: 1 } });

export const sweeping = proxyActivities<Pick<EmergencyActivities, 'surveyAccount' | 'withdrawOrders'>>({ taskQueue: venueQueue, startToCloseTimeout: '5 s', heartbeatTimeout: HEARTBEAT, retry: RETRY, priority: EXIT_PRIORITY });

export const closing = proxyActivities<Pick<EmergencyActivities, 'closePositions'>>({ taskQueue: venueQueue, startToCloseTimeout: '5 s', heartbeatTimeout: HEARTBEAT, retry: { maximumAttempts: 1 }, priority: EXIT_PRIORITY });

export const booking = proxyActivities<Pick<EmergencyActivities, 'bookClosings'>>({ taskQueue: venueQueue, startToCloseTimeout: '2 minutes', heartbeatTimeout: HEARTBEAT, retry: RETRY });

export const market = proxyActivities<MarketActivities>({ taskQueue: venueQueue, startToCloseTimeout: '20 s', heartbeatTimeout: HEARTBEAT, retry: RETRY });

export const predicting = proxyActivities<PredictingActivities>({ taskQueue: venueQueue, startToCloseTimeout: '20 s', heartbeatTimeout: HEARTBEAT, retry: RETRY, priority: { priorityKey: 5 } });

export const entrySubmission = proxyActivities<Pick<OrderActivities, 'submitOrder'>>({
  taskQueue: venueQueue, startToCloseTimeout: '3.5 s', retry: { maximumAttempts: 1 }, priority: ENTRY_PRIORITY,
});

export const exitSubmission = proxyActivities<Pick<OrderActivities, 'submitOrder'>>({
  taskQueue: venueQueue, startToCloseTimeout: '3.5 s', retry: { maximumAttempts: 1 }, priority: EXIT_PRIORITY,
});

export const orders = proxyActivities<Omit<OrderActivities, 'submitOrder'>>({
  taskQueue: venueQueue, startToCloseTimeout: '5 s', heartbeatTimeout: HEARTBEAT, retry: RETRY, priority: EXIT_PRIORITY,
});

export const reconciling = proxyActivities<ReconciliationActivities>({ taskQueue: venueQueue, startToCloseTimeout: '30 s', heartbeatTimeout: HEARTBEAT, retry: RETRY });

export const health = proxyActivities<HealthActivities>({ startToCloseTimeout: '2 minutes', heartbeatTimeout: '15 s', retry: RETRY });

/** Goes last: nothing waits for it but the next prediction's priors. */
export const evaluating = proxyActivities<EvaluationActivities>({ taskQueue: taskQueueOf(taskInfo.prefix, 'models'), startToCloseTimeout: '60 s', heartbeatTimeout: '5 s', retry: RETRY, priority: { priorityKey: 5 } });

/** A look that fails is taken again with the next evaluation. */
export const supervising = proxyActivities<SupervisionActivities & Pick<TrialActivities, 'wakeTrial'>>({ taskQueue: taskQueueOf(taskInfo.prefix, 'models'), startToCloseTimeout: '60 s', heartbeatTimeout: '5 s', retry: { ...RETRY, maximumAttempts: 3 }, priority: { priorityKey: 5 } });

export const trying = proxyActivities<Pick<TrialActivities, 'advanceTrial'>>({ taskQueue: taskQueueOf(taskInfo.prefix, 'models'), startToCloseTimeout: '60 s', heartbeatTimeout: '5 s', retry: { ...RETRY, maximumInterval: '30 s' }, priority: { priorityKey: 5 } });

/** Nothing waits for it. However long no worker was there, it goes on: attempts end it, about a day of them, and no clock. */
export const training = proxyActivities<RetrainingActivities>({ taskQueue: taskQueueOf(taskInfo.prefix, 'models'), startToCloseTimeout: '30 minutes', heartbeatTimeout: '5 s', retry: { ...RETRY, maximumInterval: '30 s', maximumAttempts: 2_880 }, priority: { priorityKey: 5 } });

/** What was priced stays priced. */
export const learningSizes = proxyActivities<SizingActivities>({ taskQueue: taskQueueOf(taskInfo.prefix, 'models'), startToCloseTimeout: '30 minutes', heartbeatTimeout: '5 s', retry: { ...RETRY, maximumInterval: '30 s', maximumAttempts: 3 }, priority: { priorityKey: 5 } });

const scenarioQueue = taskQueueOf(taskInfo.prefix, 'models');
export const playing = proxyActivities<Pick<ScenarioActivities, 'playScenarios'>>({
  taskQueue: scenarioQueue, startToCloseTimeout: '1 hour', heartbeatTimeout: '5 s', retry: { ...RETRY, maximumAttempts: 2 }, priority: { priorityKey: 5 },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});
export const recordingScenarios = proxyActivities<Pick<ScenarioActivities, 'recordScenarios'>>({ taskQueue: scenarioQueue, startToCloseTimeout: '10 s', retry: RETRY });

export const feeds = proxyActivities<FeedActivities>({
  taskQueue: feedQueue, startToCloseTimeout: FOREVER, heartbeatTimeout: '5 s', retry: RETRY,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

export const replay = proxyActivities<ReplayActivities>({
  taskQueue: feedQueue, startToCloseTimeout: FOREVER, heartbeatTimeout: '5 s', retry: RETRY,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

function orElse<Args extends unknown[], Result>(first: (...args: Args) => Promise<Result>, second: (...args: Args) => Promise<Result>): (...args: Args) => Promise<Result> {
  return async (...args) => {
    try {
      return await first(...args);
    } catch (error) {
      // A local activity's failure may come without its ActivityFailure around it: seen when its worker died with the task before.
      if (!(error instanceof TemporalFailure) || isCancellation(error)) throw error;
      return await second(...args);
    }
  };
}
