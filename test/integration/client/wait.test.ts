/** What is said of a workflow that a person asked for. */
import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { resultWithin } from '../../../client/wait.ts';
import type { WorkflowHost } from '../../support/workflows.ts';
import { startWorkflowHost } from '../../support/workflows.ts';

let host: WorkflowHost;
beforeAll(async () => { host = await startWorkflowHost(); });
afterAll(async () => { await host.stop(); });

const late = (): Error => new Error('late');
const begun = async (taskQueue: string): Promise<WorkflowHandle> => await host.client.workflow.start('generatePredictions', { workflowId: `wait/${process.pid}-${Math.random()}`, taskQueue, args: [{ portfolioId: 'sim', symbols: [] }] });

it.each(['cancel', 'terminate'] as const)('one that somebody ends (%s) may be asked for again', async (how) => {
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => {}); // terminated before it began, nobody waits for it
  await host.whileWorking({ predict: () => ended.promise }, async (taskQueue) => {
    const handle = await begun(taskQueue);
    const waiting = expect(resultWithin(handle, 30_000, late)).rejects.toMatchObject({ code: 'CANCELLED', message: expect.stringContaining(`${handle.workflowId} was ended by somebody`) as string });
    await handle[how]();
    await waiting;
    ended.reject(new Error('the test is over'));
  });
});

it('one that fails is a bug of ours, with its reason; one that takes too long goes on', async () => {
  await host.whileWorking({ predict: () => { throw ApplicationFailure.nonRetryable('out of candles'); } }, async (taskQueue) => {
    await expect(resultWithin(await begun(taskQueue), 30_000, late)).rejects.toMatchObject({ code: 'INVARIANT', message: expect.stringContaining('ended without a result') as string });
  });
  const handle = await begun('nobody');
  await expect(resultWithin(handle, 50, late)).rejects.toThrow('late');
  await handle.terminate();
});
