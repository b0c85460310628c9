import { workflowInfo } from '@temporalio/workflow';

/** The deployment's prefix of task queues: the queue that this workflow runs on, less its role. */
export const taskInfo = {
  get prefix(): string {
    return workflowInfo().taskQueue.replace(/-trading$/, '');
  },
};
