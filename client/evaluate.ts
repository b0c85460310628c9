import type { Client } from '@temporalio/client';
import { KeelError } from '../domain/errors.ts';
import { outcomeEvaluationId, taskQueueOf } from '../workflows/ids.ts';
import type { EvaluationOutcome } from '../workflows/messages.ts';
import { newsSignal, SEARCH_ATTRIBUTES } from '../workflows/messages.ts';
import type * as workflows from '../workflows/index.ts';
import { chooseDeployment } from './deployment-parts.ts';
import { connectClient } from './install.ts';
import { resultWithin } from './wait.ts';

export interface Evaluated extends EvaluationOutcome {
  readonly deployment: string;
}

/**
 * Has everything that is due priced now, and waits for it. One that runs already looks again.
 * @param flags.timeoutS how long it is waited for, ≥ 1
 * @throws {KeelError} NOT_RUNNING when no worker finished it in time: it goes on when one is there. ENGINE_UNREACHABLE, NOT_FOUND
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

async function evaluation(client: Client, { portfolioId, taskQueuePrefix }: { readonly portfolioId: string; readonly taskQueuePrefix: string }, timeoutMs: number): Promise<EvaluationOutcome> {
  const workflowId = outcomeEvaluationId(portfolioId);
  const handle = await client.workflow.signalWithStart<typeof workflows.outcomeEvaluation>('outcomeEvaluation', {
    workflowId, taskQueue: taskQueueOf(taskQueuePrefix, 'trading'), args: [{ portfolioId, before: null }], signal: newsSignal, workflowTaskTimeout: '5 s', priority: { priorityKey: 5 },
    staticSummary: 'due predictions priced, asked for by a person', typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.portfolio, value: portfolioId }],
  });
  return await resultWithin(handle, timeoutMs, () => new KeelError('NOT_RUNNING', `${workflowId} was not done within ${timeoutMs / 1_000} s and goes on by itself; does a worker run (\`keel status\`), and what does it wait for (the Temporal UI)? --timeout waits longer`));
}
