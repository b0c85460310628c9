/**
 * Timeouts and retries of every activity, on one screen.
 *
 * | group | start-to-close | attempts | why |
 * |---|---|---|---|
 * | ledger | 10 s | without end | safe to repeat; a cycle or position waits for the database |
 * | observe | 20 s | without end | reads only |
 * | submit | 3 s + 0.5 s | one | an order is never sent again because the engine lost an answer |
 * | look, cancel | 5 s | without end | reading and cancelling twice does no harm |
 * | quickly | 2 s in all | without end | a position that must act does not wait for the database |
 * | feeds, replay | 10 years, heartbeat 5 s | without end | streams; a dead worker is noticed by its heartbeat |
 */
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import { taskInfo } from './task-info.ts';
import type { FeedActivities, LedgerActivities, MarketActivities, OrderActivities, ReconciliationActivities, ReplayActivities } from '../activities/types.ts';
import { taskQueueOf } from './ids.ts';

const RETRY = { initialInterval: '100 ms', backoffCoefficient: 2, maximumInterval: '2 s' } as const;
/** The engine's priorities: 1 goes first. Exits before entries. */
const EXIT_PRIORITY = { priorityKey: 1 } as const;
const ENTRY_PRIORITY = { priorityKey: 3 } as const;
const FOREVER = '3650 days';

const venueQueue = taskQueueOf(taskInfo.prefix, 'venue');
const feedQueue = taskQueueOf(taskInfo.prefix, 'feeds');

export const ledger = proxyActivities<LedgerActivities>({ startToCloseTimeout: '10 s', retry: RETRY });

/** The same, for a position that can act without the ledger: gives up after two seconds. */
export const ledgerQuickly = proxyActivities<LedgerActivities>({ startToCloseTimeout: '2 s', scheduleToCloseTimeout: '2 s', retry: RETRY });

export const market = proxyActivities<MarketActivities>({ taskQueue: venueQueue, startToCloseTimeout: '20 s', retry: RETRY });

export const entrySubmission = proxyActivities<Pick<OrderActivities, 'submitOrder'>>({
  taskQueue: venueQueue, startToCloseTimeout: '3.5 s', retry: { maximumAttempts: 1 }, priority: ENTRY_PRIORITY,
});

export const exitSubmission = proxyActivities<Pick<OrderActivities, 'submitOrder'>>({
  taskQueue: venueQueue, startToCloseTimeout: '3.5 s', retry: { maximumAttempts: 1 }, priority: EXIT_PRIORITY,
});

export const orders = proxyActivities<Omit<OrderActivities, 'submitOrder'>>({
  taskQueue: venueQueue, startToCloseTimeout: '5 s', retry: RETRY, priority: EXIT_PRIORITY,
});

export const reconciling = proxyActivities<ReconciliationActivities>({ taskQueue: venueQueue, startToCloseTimeout: '30 s', retry: RETRY });

export const feeds = proxyActivities<FeedActivities>({
  taskQueue: feedQueue, startToCloseTimeout: FOREVER, heartbeatTimeout: '5 s', retry: RETRY,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

export const replay = proxyActivities<ReplayActivities>({
  taskQueue: feedQueue, startToCloseTimeout: FOREVER, heartbeatTimeout: '5 s', retry: RETRY,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});
