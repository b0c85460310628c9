import type { Client, Workflow, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Engine } from '../activities/feeds.ts';
import { cycleIdOf, dailyRetrainId, outcomeEvaluationId, portfolioGuardId, reconciliationId, shadowTrialId, taskQueueOf } from '../workflows/ids.ts';
import { crossingSignal, newsSignal, SEARCH_ATTRIBUTES, timeReachedSignal } from '../workflows/messages.ts';
import type * as workflows from '../workflows/index.ts';

/** Goes after everything that trades. */
const LAST = { priority: { priorityKey: 5 } } as const;

/** The engine as activities see it, over a Temporal client. */
export function createEngine(client: Client, taskQueuePrefix: string): Engine {
  const taskQueue = taskQueueOf(taskQueuePrefix, 'trading');
  /** Started, or told that it looks again: one that runs may have looked already. */
  const woken = (portfolioId: string) => ({ taskQueue, signal: newsSignal, workflowTaskTimeout: '5 s' as const, typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.portfolio, value: portfolioId }] });
  return {
    wakePosition: (positionId) => unlessGone(client.workflow.getHandle(positionId).signal(newsSignal)),
    tellTimeReached: (positionId, clientOrderId) => unlessGone(client.workflow.getHandle(positionId).signal(timeReachedSignal, { clientOrderId })),
    startCycle: (input) => unlessStarted(client.workflow.start<typeof workflows.tradingCycle>('tradingCycle', {
      workflowId: cycleIdOf(input),
      taskQueue,
      args: [input],
      workflowTaskTimeout: '5 s',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      requestEagerStart: true, // this process's own worker takes the first task, where it has one
      staticSummary: `${input.strategy} ${input.timeframe} ${new Date(input.closeTime).toISOString()}`,
      typedSearchAttributes: [
        { key: SEARCH_ATTRIBUTES.portfolio, value: input.portfolioId },
        { key: SEARCH_ATTRIBUTES.cycle, value: cycleIdOf(input) },
      ],
    })),
    startReconciliation: async (portfolioId) => {
      await client.workflow.signalWithStart<typeof workflows.reconciliation>('reconciliation', { ...woken(portfolioId), workflowId: reconciliationId(portfolioId), args: [{ portfolioId }], staticSummary: 'venue, ledger and workflows compared' });
    },
    startEvaluation: async (portfolioId) => {
      await client.workflow.signalWithStart<typeof workflows.outcomeEvaluation>('outcomeEvaluation', { ...woken(portfolioId), ...LAST, workflowId: outcomeEvaluationId(portfolioId), args: [{ portfolioId, before: null }], staticSummary: 'due predictions priced' });
    },
    wakeTrial: async (portfolioId) => {
      await client.workflow.signalWithStart<typeof workflows.shadowTrial>('shadowTrial', { ...woken(portfolioId), ...LAST, workflowId: shadowTrialId(portfolioId), args: [{ portfolioId, before: null }], staticSummary: 'the model on trial, and the watch over the one that acts' });
    },
    startRetrain: (portfolioId, cause) => unlessStarted(client.workflow.start<typeof workflows.dailyRetrain>('dailyRetrain', {
      workflowId: dailyRetrainId(portfolioId),
      taskQueue,
      args: [{ portfolioId, cause }],
      workflowTaskTimeout: '5 s',
      priority: { priorityKey: 5 },
      staticSummary: `models trained anew (${cause})`,
      typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.portfolio, value: portfolioId }],
    })),
    wakeGuard: (portfolioId) => unlessGone(client.workflow.getHandle(portfolioGuardId(portfolioId)).signal(newsSignal)),
    tripGuard: (portfolioId, cause) => unlessGone(client.workflow.getHandle(portfolioGuardId(portfolioId)).signal(crossingSignal, cause)),
    isRunning: async (workflowId) => {
      try {
        return (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },
  };
}

async function unlessGone(signal: Promise<void>): Promise<void> {
  try {
    await signal;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error; // it ended meanwhile: nobody to tell
  }
}

async function unlessStarted<T extends Workflow>(start: Promise<WorkflowHandleWithFirstExecutionRunId<T>>): Promise<void> {
  try {
    await start;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

