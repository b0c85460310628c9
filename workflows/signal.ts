import { getExternalWorkflowHandle } from '@temporalio/workflow';
import { newsSignal } from './messages.ts';

/** Tells a workflow that there is news. One that ended meanwhile, or never ran, is no error: what it must know lies in the ledger. */
export async function signalNews(workflowId: string): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(newsSignal);
  } catch (error) {
    if (!(error instanceof Error && /not found|already completed|unable to signal/i.test(error.message))) throw error;
  }
}
