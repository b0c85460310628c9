/** One retrain at a time, whoever asks for it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dailyRetrainId } from '../../../workflows/ids.ts';
import type * as workflows from '../../../workflows/index.ts';
import type { RetrainInput } from '../../../workflows/messages.ts';
import type { WorkflowHost } from '../../support/workflows.ts';
import { startWorkflowHost } from '../../support/workflows.ts';

let host: WorkflowHost;
beforeAll(async () => { host = await startWorkflowHost(); });
afterAll(() => host.stop());

it('what a Schedule starts is not run beside one that was asked for by hand', async () => {
  const portfolioId = `sim-${process.pid}`;
  const planned: string[] = [];
  const ended: string[] = [];
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => { release = resolve; });
  await host.whileWorking({
    planRetrain: async ({ cause }) => {
      planned.push(cause);
      if (planned.length === 1) await held;
      return { asOf: 7, skipped: `too few candles for ${cause}` };
    },
    endRetrain: ({ run }) => {
      ended.push(run.cause);
      return Promise.resolve();
    },
  }, async (taskQueue) => {
    const start = async (workflowId: string, input: Omit<RetrainInput, 'portfolioId'>) => await host.client.workflow.start<typeof workflows.dailyRetrain>('dailyRetrain', { workflowId, taskQueue, args: [{ portfolioId, ...input }] });
    const byHand = await start(dailyRetrainId(portfolioId), { cause: 'manual' });
    const beside = await start(`${dailyRetrainId(portfolioId)}-2026-01-01T00:00:00Z`, { cause: 'schedule', isScheduled: true });
    expect(await beside.result()).toMatchObject({ outcome: 'skipped', reason: `${dailyRetrainId(portfolioId)} runs already` });
    release();
    expect(await byHand.result()).toMatchObject({ outcome: 'skipped', asOf: 7 });
    const alone = await start(`${dailyRetrainId(portfolioId)}-2026-01-02T00:00:00Z`, { cause: 'schedule', isScheduled: true });
    expect(await alone.result()).toMatchObject({ outcome: 'skipped', reason: 'too few candles for schedule' });
    expect((await host.client.workflow.getHandle(dailyRetrainId(portfolioId)).describe()).status.name).toBe('COMPLETED');
  });
  expect([planned, ended]).toEqual([['manual', 'schedule'], ['manual', 'schedule']]);
});
