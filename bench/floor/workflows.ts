/** The engine's floor: workflows that do nothing, in the shapes that Keel's have. */
import { condition, defineSignal, defineUpdate, ParentClosePolicy, proxyActivities, proxyLocalActivities, setHandler, startChild, workflowInfo } from '@temporalio/workflow';
import type { FloorActivities } from './activities.ts';

const RETRY = { initialInterval: '100 ms', maximumInterval: '2 s' } as const;
const nearby = proxyLocalActivities<FloorActivities>({ scheduleToCloseTimeout: '2 s', retry: { maximumAttempts: 1 } });
const remote = proxyActivities<FloorActivities>({ startToCloseTimeout: '10 s', retry: RETRY });

function beside(): typeof remote {
  return proxyActivities<FloorActivities>({ taskQueue: workflowInfo().taskQueue.replace(/-trading$/, '-venue'), startToCloseTimeout: '10 s', retry: RETRY });
}

export const pingUpdate = defineUpdate<string>('ping');
export const pingWithActivityUpdate = defineUpdate<string>('pingWithActivity');
export const endSignal = defineSignal('end');

export async function empty(): Promise<void> {
  // as short as a workflow can be
}

export async function oneActivity(): Promise<void> {
  await remote.nothing();
}

export async function fiveActivities(): Promise<void> {
  for (let count = 0; count < 5; count += 1) await remote.nothing();
}

export async function parentAndChild(): Promise<void> {
  const child = await startChild(empty, { workflowId: `${workflowInfo().workflowId}/child`, workflowTaskTimeout: '5 s' });
  await child.result();
}

/** The ledger twice within the workflow's task, the venue once on its own queue. */
export async function cycleShape(): Promise<void> {
  await nearby.nothing();
  await beside().nothing();
  await nearby.nothing();
}

/** @returns milliseconds from what was done last before the child's start to the end of the child's second activity. */
export async function orderShape(): Promise<number> {
  const before = await nearby.now();
  const child = await startChild(twoActivities, { workflowId: `${workflowInfo().workflowId}/child`, parentClosePolicy: ParentClosePolicy.ABANDON, workflowTaskTimeout: '5 s' });
  return (await child.result()) - before;
}

export async function twoActivities(): Promise<number> {
  await beside().nothing();
  return await beside().now();
}

export async function updatable(): Promise<void> {
  let isOver = false;
  setHandler(pingUpdate, () => 'pong');
  setHandler(pingWithActivityUpdate, async () => {
    await remote.nothing();
    return 'pong';
  });
  setHandler(endSignal, () => void (isOver = true));
  await condition(() => isOver);
}
