/** When an evaluation goes on, looks again, waits and ends. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EvaluationStep } from '../../../activities/types.ts';
import type * as workflows from '../../../workflows/index.ts';
import type { EvaluationOutcome, EvaluationProgress } from '../../../workflows/messages.ts';
import { evaluationProgressQuery, newsSignal } from '../../../workflows/messages.ts';
import type { WorkflowHost } from '../../support/workflows.ts';
import { startWorkflowHost } from '../../support/workflows.ts';

let host: WorkflowHost;
beforeAll(async () => { host = await startWorkflowHost(); });
afterAll(() => host.stop());

const DONE: EvaluationStep = { after: { dueAt: 2, cycleId: 'b' }, evaluated: 3, unpriceable: 0, waiting: 0, problem: null, isLast: true };
const HALF: EvaluationStep = { ...DONE, after: { dueAt: 1, cycleId: 'a' }, isLast: false };
const WAITS: EvaluationStep = { ...DONE, evaluated: 1, waiting: 2, problem: 'the venue is away' };
const EMPTY: EvaluationStep = { ...DONE, after: null, evaluated: 0 };

/** @param steps what each look answers, in order; then nothing is due. @param newsAt looks while which news comes, from 1 */
async function evaluate(steps: readonly EvaluationStep[], { newsAt = [] as readonly number[], failsAt = 0, supervised = () => Promise.resolve(), woken = () => Promise.resolve(), onLook = (_workflowId: string, _looks: number): Promise<void> => Promise.resolve() } = {}): Promise<{ from: (string | null)[]; outcome: EvaluationOutcome }> {
  const from: (string | null)[] = [];
  const workflowId = `outcomeEvaluation/${process.pid}-${Math.random()}`;
  let failed = false;
  const outcome = await host.whileWorking({
    evaluateDue: async ({ after }) => {
      if (from.length + 1 === failsAt && !failed) {
        failed = true;
        throw new Error('the ledger is away');
      }
      from.push(after?.cycleId ?? null);
      await onLook(workflowId, from.length);
      if (newsAt.includes(from.length)) await host.client.workflow.getHandle(workflowId).signal(newsSignal);
      return steps[from.length - 1] ?? EMPTY;
    },
    wakeTrial: () => woken(),
    superviseModels: async () => { await supervised(); return { findings: [], retrain: null }; },
  }, async (taskQueue) => {
    const handle = await host.client.workflow.signalWithStart<typeof workflows.outcomeEvaluation>('outcomeEvaluation', { workflowId, taskQueue, args: [{ portfolioId: 'sim', before: null }], signal: newsSignal });
    return await handle.result();
  });
  return { from, outcome };
}

it.concurrent.each([
  ['nothing is due: one look, also when news started it', [EMPTY], {}, [null], { evaluated: 0, unpriceable: 0, waiting: 0 }],
  ['much is due: it goes on where it stood', [HALF, HALF, DONE], {}, [null, 'a', 'a'], { evaluated: 9, unpriceable: 0, waiting: 0 }],
  ['news while it looks: it looks again from the first', [DONE], { newsAt: [1] }, [null, null], { evaluated: 3, unpriceable: 0, waiting: 0 }],
  ['candles are missing: it waits and looks again', [WAITS, { ...DONE, evaluated: 2 }], {}, [null, null], { evaluated: 3, unpriceable: 0, waiting: 0 }],
  ['a look fails: it is taken again', [HALF, DONE], { failsAt: 2 }, [null, 'a'], { evaluated: 6, unpriceable: 0, waiting: 0 }],
])('%s', async (_name, steps, how, from, outcome) => expect(await evaluate(steps, how)).toEqual({ from, outcome }));

it.concurrent('while some wait, whoever asks is told how many, and for what', async () => {
  let progress: EvaluationProgress | null = null;
  const looked = async (workflowId: string) => { progress ??= await host.client.workflow.getHandle(workflowId).query(evaluationProgressQuery); };
  await evaluate([WAITS, WAITS, { ...DONE, evaluated: 2 }], { onLook: (workflowId, looks) => (looks < 2 ? Promise.resolve() : looked(workflowId)) });
  expect(progress).toEqual({ evaluated: 1, unpriceable: 0, waiting: 2, problem: 'the venue is away' });
});

it.concurrent('a backlog longer than a history continues as new, and forgets nothing', async () => {
  const { from, outcome } = await evaluate(Array.from({ length: 210 }, () => HALF));
  expect(outcome).toEqual({ evaluated: 630, unpriceable: 0, waiting: 0 });
  expect(from).toHaveLength(211);
  expect(from.filter((it) => it === null).length).toBeGreaterThanOrEqual(2); // the new run begins at the first that is due
});

it.concurrent.each([
  ['a market day began: voters are looked at, once, after the prices', () => Promise.resolve(), 1],
  ['a look that fails keeps nobody from pricing', () => Promise.reject(new Error('the ledger is away')), 3],
])('%s', async (_name, answer, expected) => {
  let looks = 0;
  const { outcome } = await evaluate([HALF, { ...DONE, isSupervisionDue: true }], { supervised: () => { looks += 1; return answer(); } });
  expect({ looks, outcome }).toEqual({ looks: expected, outcome: { evaluated: 6, unpriceable: 0, waiting: 0 } });
});

it.concurrent('voters are looked at although some candles are missing for long, maybe for ever', async () => {
  const waits: EvaluationStep = { ...WAITS, evaluated: 0, isSupervisionDue: true };
  let looks = 0;
  const { outcome } = await evaluate([WAITS, waits, waits, waits, DONE], { supervised: () => { looks += 1; return Promise.resolve(); } });
  expect({ looks, outcome }).toEqual({ looks: 1, outcome: { evaluated: 4, unpriceable: 0, waiting: 0 } });
});

it.concurrent.each([
  ['a candle closed: its trial is woken, also while some candles are missing', () => Promise.resolve(), [1, 1]],
  ['that it cannot be woken keeps nobody from pricing', () => Promise.reject(new Error('the engine is away')), [3, 3]],
])('%s', async (_name, answer, [whole, waiting]) => {
  let wakes = 0;
  const woken = () => { wakes += 1; return answer(); };
  expect((await evaluate([HALF, { ...DONE, isTrialDue: true }], { woken })).outcome).toEqual({ evaluated: 6, unpriceable: 0, waiting: 0 });
  expect(wakes).toBe(whole);
  wakes = 0;
  expect((await evaluate([{ ...WAITS, isTrialDue: true }, DONE], { woken })).outcome).toEqual({ evaluated: 4, unpriceable: 0, waiting: 0 });
  expect(wakes).toBe(waiting);
});
