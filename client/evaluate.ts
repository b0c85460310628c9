import type { Client } from '@temporalio/client';
import { KeelError } from '../domain/errors.ts';
import { outcomeEvaluationId, taskQueueOf } from '../workflows/ids.ts';
import type { EvaluationProgress } from '../workflows/messages.ts';
import { evaluationProgressQuery, newsSignal, SEARCH_ATTRIBUTES } from '../workflows/messages.ts';
import type * as workflows from '../workflows/index.ts';
import { chooseDeployment } from './deployment-parts.ts';
import { connectClient } from './install.ts';
import { resultWithin, unlessLate } from './wait.ts';

/** A worker that is there answers at once. */
const ANSWER_MS = 5_000;

export interface Evaluated extends EvaluationProgress {
  readonly deployment: string;
}

/**
 * Has everything that is due priced now, and waits for it. One that runs already looks again. Where some predictions still
 * wait when the time is over (for their candles, a label's file), they are told with their reason; it goes on by itself.
 * @param flags.timeoutS how long it is waited for, ≥ 1
 * @throws {KeelError} NOT_RUNNING when no worker answers: it goes on when one is there. ENGINE_UNREACHABLE, NOT_FOUND
 */
export async function evaluateNow(flags: { readonly deployment: string | undefined; readonly timeoutS: number }): Promise<Evaluated> {
  const { settings, deployment } = await chooseDeployment(flags.deployment, 'change');
  const client = await connectClient(settings);
  try {
    return { deployment: deployment.name, ...(await evaluation(client, deployment, flags.timeoutS * 1_000)) };
  } finally {
    await client.connection.close();
  }
}

async function evaluation(client: Client, { portfolioId, taskQueuePrefix }: { readonly portfolioId: string; readonly taskQueuePrefix: string }, timeoutMs: number): Promise<EvaluationProgress> {
  const workflowId = outcomeEvaluationId(portfolioId);
  const handle = await client.workflow.signalWithStart<typeof workflows.outcomeEvaluation>('outcomeEvaluation', {
    workflowId, taskQueue: taskQueueOf(taskQueuePrefix, 'trading'), args: [{ portfolioId, before: null }], signal: newsSignal, workflowTaskTimeout: '5 s', priority: { priorityKey: 5 },
    staticSummary: 'due predictions priced, asked for by a person', typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.portfolio, value: portfolioId }],
  });
  const late = new KeelError('NOT_RUNNING', `${workflowId} was not done within ${timeoutMs / 1_000} s and goes on by itself; does a worker run (\`keel status\`)? --timeout waits longer`);
  try {
    return { ...(await resultWithin(handle, timeoutMs, () => late)), problem: null };
  } catch (error) {
    const progress = error === late ? await unlessLate(ANSWER_MS, handle.query(evaluationProgressQuery), () => late).catch(() => null) : null;
    if (progress === null || progress.waiting === 0) throw error;
    return progress;
  }
}
