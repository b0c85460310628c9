/** When a trial looks, waits, goes on and ends. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TrialLook } from '../../../activities/types.ts';
import type * as workflows from '../../../workflows/index.ts';
import { newsSignal, trialProgressQuery } from '../../../workflows/messages.ts';
import { until } from '../../support/processes.ts';
import type { WorkflowHost } from '../../support/workflows.ts';
import { startWorkflowHost } from '../../support/workflows.ts';

let host: WorkflowHost;
beforeAll(async () => { host = await startWorkflowHost(); });
afterAll(() => host.stop());

const QUIET: TrialLook = { at: 3_600_000, isOver: false, step: null, trial: { id: 't', modelId: 'm', startedAt: 0, number: 1, state: { phase: 'operations' }, since: 0, steps: 1, canarySince: null, text: 'trial 1 of this year' }, watch: null };
const STEP: TrialLook = { ...QUIET, step: { kind: 'trialAdvanced', modelId: 'm', why: 'it began' } };
const OVER: TrialLook = { ...QUIET, isOver: true, trial: null };
const RETIRED: TrialLook = { ...OVER, step: { kind: 'retired', modelId: 'm', why: 'undecided' } };

/** @param looks what each look finds, in order; then it is over. @param failsAt the look that fails once, from 1 */
async function tried(looks: readonly TrialLook[], { failsAt = 0, newsAt = 0 } = {}, meanwhile: (seen: () => number, id: string) => Promise<void> = () => Promise.resolve()) {
  let [seen, hasFailed] = [0, false];
  const workflowId = `shadowTrial/${process.pid}-${Math.random()}`;
  const outcome = await host.whileWorking({
    advanceTrial: async () => {
      if (seen + 1 === failsAt && !hasFailed) {
        hasFailed = true;
        throw new Error('the ledger is away');
      }
      seen += 1;
      if (seen === newsAt) await host.client.workflow.getHandle(workflowId).signal(newsSignal);
      return looks[seen - 1] ?? OVER;
    },
  }, async (taskQueue) => {
    const handle = await host.client.workflow.signalWithStart<typeof workflows.shadowTrial>('shadowTrial', { workflowId, taskQueue, args: [{ portfolioId: 'sim', before: null }], signal: newsSignal });
    await meanwhile(() => seen, workflowId);
    return await handle.result();
  });
  return { seen, kinds: outcome.steps.map((it) => it.kind) };
}

it.each<[string, readonly TrialLook[], object, object]>([
  ['nothing is there: one look', [OVER], {}, { seen: 1, kinds: [] }],
  ['a step is followed by another look at once, until there is none', [STEP, STEP, RETIRED], {}, { seen: 4, kinds: ['trialAdvanced', 'trialAdvanced', 'retired'] }],
  ['a look that fails is taken again', [STEP, OVER], { failsAt: 2 }, { seen: 2, kinds: ['trialAdvanced'] }],
  ['news while it ends: it looks again', [OVER, OVER], { newsAt: 1 }, { seen: 2, kinds: [] }],
])('%s', async (_name, looks, how, expected) => expect(await tried(looks, how)).toEqual(expected));

it('without a step it waits for news, and tells meanwhile how far it is', async () => {
  const outcome = await tried([STEP, QUIET, QUIET, RETIRED], {}, async (seen, id) => {
    await until('it waits', async () => seen() === 2, 20_000);
    const handle = host.client.workflow.getHandle(id);
    const { trial, steps } = await handle.query(trialProgressQuery);
    expect([trial?.text, steps]).toEqual(['trial 1 of this year', [{ kind: 'trialAdvanced', modelId: 'm', why: 'it began', at: 3_600_000 }]]);
    expect(seen()).toBe(2);
    await handle.signal(newsSignal);
    await until('it looked again', async () => seen() === 3, 20_000);
    await handle.signal(newsSignal);
  });
  expect(outcome).toEqual({ seen: 5, kinds: ['trialAdvanced', 'retired'] });
});

it('longer than a history it continues as new, and forgets nothing that it tells', async () => {
  const { seen, kinds } = await tried(Array.from({ length: 205 }, () => STEP));
  expect([seen, kinds.length]).toEqual([206, 20]);
});
