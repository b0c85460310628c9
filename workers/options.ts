import type { WorkerOptions } from '@temporalio/worker';
import type { Role } from '../workflows/ids.ts';

/** Defaults cost ten seconds after a worker was killed. */
const STICKY_TIMEOUT = '1 s';
const WORKFLOWS_CACHED_MAX = 500;
/** A process that stands still swallows one task per poll, each until its time-out: few polls, which two are enough for. */
const ACTIVITY_POLLS = 2;
const WORKFLOW_POLLS = 2;

/** What a worker of a role runs with, whatever it runs: the engine's floor is measured with the same. */
export function workerSettingsOf(role: Role): Pick<WorkerOptions, 'shutdownGraceTime' | 'shutdownForceTime' | 'stickyQueueScheduleToStartTimeout' | 'maxCachedWorkflows' | 'maxConcurrentActivityTaskPolls' | 'maxConcurrentWorkflowTaskPolls'> {
  const shared = { shutdownGraceTime: role === 'feeds' ? 0 : '2 s', shutdownForceTime: '8 s', maxConcurrentActivityTaskPolls: ACTIVITY_POLLS } as const; // a sensor has nothing to finish: the next one goes on at its cursor
  return role === 'trading' ? { ...shared, stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT, maxCachedWorkflows: WORKFLOWS_CACHED_MAX, maxConcurrentWorkflowTaskPolls: WORKFLOW_POLLS } : shared;
}
