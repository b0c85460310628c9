import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, setCurrentDetails, setHandler, sleep, startChild, workflowInfo } from '@temporalio/workflow';
import type { PositionRecord } from '../domain/positions/position.ts';
import type { ReconciliationInput, ReconciliationOutcome } from './messages.ts';
import { newsSignal, SEARCH_ATTRIBUTES } from './messages.ts';
import { position } from './position.ts';
import { reconciling } from './proxies.ts';

/** Nothing is created or closed on one look: the second comes this much later (transport clock). */
const LOOKS_APART = '2 s';

/** So often one run compares because of news; the Schedule's next run goes on. */
const PASSES_MAX = 20;

/**
 * Compares venue, ledger and workflows, and acts on each difference that a second look confirms. An engine that lost
 * everything is rebuilt here: positions of the ledger without a workflow are started in resume mode. News that comes
 * while it compares may have missed its looks: it compares again.
 */
export async function reconciliation({ portfolioId }: ReconciliationInput): Promise<ReconciliationOutcome> {
  // Places in the history: what is heard in the task that begins a look was heard before it.
  let heardAt = 0;
  setHandler(newsSignal, () => void (heardAt = workflowInfo().historyLength));
  let outcome: ReconciliationOutcome = { differences: 0, resolved: [] };
  for (let pass = 1; pass <= PASSES_MAX; pass += 1) {
    const beganAt = workflowInfo().historyLength;
    outcome = await compareOnce(portfolioId);
    if (heardAt <= beganAt) break;
  }
  setCurrentDetails(outcome.resolved.length === 0 ? 'no differences' : outcome.resolved.map((it) => `- ${it.kind} ${it.key}: ${it.outcome}`).join('\n'));
  return outcome;
}

async function compareOnce(portfolioId: string): Promise<ReconciliationOutcome> {
  let seen = await reconciling.compareWithVenue.executeWithOptions({ summary: 'first look' }, [portfolioId]);
  if (seen.fresh > 0) {
    await sleep(LOOKS_APART);
    seen = await reconciling.compareWithVenue.executeWithOptions({ summary: 'second look' }, [portfolioId]);
  }
  await Promise.all(seen.toResume.map((record) => resumePosition(portfolioId, record)));
  const resolved: { key: string; kind: string; outcome: string }[] = [];
  for (const difference of seen.confirmed) {
    const outcome = await reconciling.resolveDifference.executeWithOptions({ summary: `${difference.kind} ${difference.instrumentId ?? ''}` }, [{ portfolioId, difference }]);
    resolved.push({ key: difference.key, kind: difference.kind, outcome });
  }
  await reconciling.recordMoney.executeWithOptions({ summary: 'income and equity' }, [portfolioId]);
  return { differences: seen.confirmed.length + seen.fresh, resolved };
}

/** Whatever became of its workflow, the ledger says that it is open; it is read first, so one that ended meanwhile ends at once. */
async function resumePosition(portfolioId: string, record: PositionRecord): Promise<void> {
  try {
    await startChild(position, {
      workflowId: record.positionId,
      args: [{ positionId: record.positionId, portfolioId, plan: record.plan, resume: true, behind: [] }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowTaskTimeout: '5 s',
      staticSummary: `${record.plan.direction} ${record.plan.instrument.id}, resumed from the ledger`,
      typedSearchAttributes: [
        { key: SEARCH_ATTRIBUTES.portfolio, value: portfolioId },
        { key: SEARCH_ATTRIBUTES.symbol, value: record.plan.instrument.id },
        { key: SEARCH_ATTRIBUTES.side, value: record.plan.direction },
      ],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
