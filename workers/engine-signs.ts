import type { Client } from '@temporalio/client';
import { ScheduleNotFoundError } from '@temporalio/client';
import type { EngineSigns, ScheduleSign } from '../activities/health-probes.ts';
import type { Role } from '../workflows/ids.ts';
import { taskQueueOf } from '../workflows/ids.ts';

/** A worker asks again within a minute; the engine remembers for five who asked. @source Temporal server, `frontend` long polls: 60 s. */
const POLLS_WITHIN_MS = 70_000;
/** @source temporal.api.enums.v1.TaskQueueType */
const ACTIVITY_QUEUE = 2;

/** What the engine tells of itself, of queues and of Schedules. @param roles those that have work */
export function createEngineSigns({ client, taskQueuePrefix, roles }: { readonly client: Client; readonly taskQueuePrefix: string; readonly roles: readonly Role[] }): EngineSigns {
  const { workflowService } = client.connection;
  const { namespace } = client.options;

  async function scheduleSign(id: string): Promise<ScheduleSign> {
    try {
      const { state, info } = await client.schedule.getHandle(id).describe();
      const times = [info.recentActions.at(-1)?.takenAt, info.createdAt, info.lastUpdatedAt].map((at) => at?.getTime() ?? 0);
      return { id, exists: true, isPaused: state.paused, lastAt: Math.max(...times) };
    } catch (error) {
      if (error instanceof ScheduleNotFoundError) return { id, exists: false, isPaused: false, lastAt: 0 };
      throw error;
    }
  }

  return {
    ping: async () => {
      await workflowService.describeNamespace({ namespace });
    },
    workers: async () => await Promise.all(roles.map(async (role) => {
      const { pollers } = await workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueueOf(taskQueuePrefix, role) }, taskQueueType: ACTIVITY_QUEUE });
      const since = Date.now() - POLLS_WITHIN_MS;
      return { role, alive: (pollers ?? []).filter((it) => Number(it.lastAccessTime?.seconds ?? 0) * 1_000 > since).length };
    })),
    schedules: async (ids) => await Promise.all(ids.map(scheduleSign)),
  };
}
