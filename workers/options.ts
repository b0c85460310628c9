import type { WorkerOptions } from '@temporalio/worker';
import type { Role } from '../workflows/ids.ts';

/** Defaults cost ten seconds after a worker was killed. */
const STICKY_TIMEOUT = '1 s';
const WORKFLOWS_CACHED_MAX = 500;

/** What a worker of a role runs with, whatever it runs: the engine's floor is measured with the same. */
export function workerSettingsOf(role: Role): Pick<WorkerOptions, 'shutdownGraceTime' | 'shutdownForceTime' | 'stickyQueueScheduleToStartTimeout' | 'maxCachedWorkflows'> {
  const shared = { shutdownGraceTime: role === 'feeds' ? 0 : '2 s', shutdownForceTime: '8 s' } as const; // a sensor has nothing to finish: the next one goes on at its cursor
  return role === 'trading' ? { ...shared, stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT, maxCachedWorkflows: WORKFLOWS_CACHED_MAX } : shared;
}
