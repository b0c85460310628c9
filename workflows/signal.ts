import { getExternalWorkflowHandle } from '@temporalio/workflow';
import type { UnwrittenTrip } from './messages.ts';
import { newsSignal, unwrittenTripSignal } from './messages.ts';

/** Tells a workflow that there is news. One that ended meanwhile, or never ran, is no error: what it must know lies in the ledger. */
export async function signalNews(workflowId: string): Promise<void> {
  await unlessEnded(getExternalWorkflowHandle(workflowId).signal(newsSignal));
}

/** Tells an emergency's run what the ledger cannot tell it. One that ended meanwhile is no error: the guard writes the trip when the ledger is back. */
export async function signalTrip(workflowId: string, trip: UnwrittenTrip): Promise<void> {
  await unlessEnded(getExternalWorkflowHandle(workflowId).signal(unwrittenTripSignal, trip));
}

async function unlessEnded(signalling: Promise<void>): Promise<void> {
  try {
    await signalling;
  } catch (error) {
    if (!(error instanceof Error && /not found|already completed|unable to signal/i.test(error.message))) throw error;
  }
}
