import { join } from 'node:path';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Child } from '../../test/support/child.ts';
import { startChild } from '../../test/support/child.ts';
import { taskQueueOf } from '../../workflows/ids.ts';
import { timedMs } from '../support/statistics.ts';
import type * as workflows from './workflows.ts';

type Shape = 'empty' | 'oneActivity' | 'fiveActivities' | 'parentAndChild' | 'cycleShape';

/** Empty workflows on the engine of a measurement, beside its subject. */
export interface Floor {
  /** Milliseconds from the start of one workflow to its result at the client. */
  workflowMs(shape: Shape): Promise<number>;
  /** Milliseconds from the record to the end of the second activity of the started child. */
  orderMs(): Promise<number>;
  updateMs(name: 'ping' | 'pingWithActivity'): Promise<number>;
  stop(): Promise<void>;
}

let floors = 0;

/** @param home where the worker's log goes. */
export async function startFloor(client: Client, { address, home }: { address: string; home: string }): Promise<Floor> {
  floors += 1;
  const prefix = `floor-${process.pid}-${floors}`;
  const taskQueue = taskQueueOf(prefix, 'trading');
  const worker: Child = await startChild(['bench/floor/worker.ts', '--prefix', prefix], { env: { TEMPORAL_ADDRESS: address }, logPath: join(home, `${prefix}.log`) });
  let count = 0;
  const options = () => {
    count += 1;
    return { taskQueue, workflowId: `${prefix}/${count}`, workflowTaskTimeout: '5 s', args: [] as [] } as const;
  };
  const updatable: WorkflowHandle<typeof workflows.updatable> = await client.workflow.start<typeof workflows.updatable>('updatable', options());
  return {
    workflowMs: (shape) => timedMs(() => client.workflow.execute<() => Promise<void>>(shape, options())),
    orderMs: () => client.workflow.execute<typeof workflows.orderShape>('orderShape', options()),
    updateMs: (name) => timedMs(() => updatable.executeUpdate<string, []>(name)),
    stop: async () => {
      await updatable.terminate();
      await worker.kill('SIGKILL');
    },
  };
}
