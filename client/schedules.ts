import { ScheduleNotFoundError } from '@temporalio/client';
import type { Client, ScheduleSummary } from '@temporalio/client';
import { readSettings } from '../config/settings.ts';
import { KeelError } from '../domain/errors.ts';
import { connectClient } from './install.ts';

/** Schedules of the namespace, by id. @throws {KeelError} ENGINE_UNREACHABLE */
export async function listSchedules(): Promise<ScheduleSummary[]> {
  return withEngine(async (client) => {
    const rows: ScheduleSummary[] = [];
    for await (const row of client.schedule.list()) rows.push(row);
    return rows.sort((a, b) => (a.scheduleId < b.scheduleId ? -1 : 1));
  });
}

/** @throws {KeelError} NOT_FOUND, ENGINE_UNREACHABLE */
export async function changeSchedule(id: string, change: 'pause' | 'resume' | 'trigger'): Promise<void> {
  await withEngine(async (client) => {
    const handle = client.schedule.getHandle(id);
    try {
      if (change === 'pause') await handle.pause('paused by `keel schedules pause`');
      else if (change === 'resume') await handle.unpause('resumed by `keel schedules resume`');
      else await handle.trigger();
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
      throw new KeelError('NOT_FOUND', `there is no Schedule "${id}"; \`keel schedules\` lists them`, { cause: error });
    }
  });
}

async function withEngine<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connectClient(await readSettings());
  return work(client).finally(() => client.connection.close());
}
