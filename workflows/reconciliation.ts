import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, setCurrentDetails, sleep, startChild } from '@temporalio/workflow';
import type { PositionRecord } from '../domain/positions/position.ts';
import type { ReconciliationInput, ReconciliationOutcome } from './messages.ts';
import { SEARCH_ATTRIBUTES } from './messages.ts';
import { position } from './position.ts';
import { reconciling } from './proxies.ts';

/** Nothing is created or closed on one look: the second comes this much later (transport clock). */
const LOOKS_APART = '2 s';

/**
 * Compares venue, ledger and workflows once, and acts on each difference that a second look confirms. An engine that
 * lost everything is rebuilt here: positions of the ledger without a workflow are started in resume mode.
 */
export async function reconciliation({ portfolioId }: ReconciliationInput): Promise<ReconciliationOutcome> {
  let seen = await reconciling.compareWithVenue.executeWithOptions({ summary: 'first look' }, [portfolioId]);
  await Promise.all(seen.missingWorkflows.map((record) => resumePosition(portfolioId, record)));
  if (seen.fresh > 0) {
    await sleep(LOOKS_APART);
    seen = await reconciling.compareWithVenue.executeWithOptions({ summary: 'second look' }, [portfolioId]);
  }
  const resolved: { key: string; kind: string; outcome: string }[] = [];
  for (const difference of seen.confirmed) {
    const outcome = await reconciling.resolveDifference.executeWithOptions({ summary: `${difference.kind} ${difference.instrumentId ?? ''}` }, [{ portfolioId, difference }]);
    resolved.push({ key: difference.key, kind: difference.kind, outcome });
  }
  await reconciling.recordMoney.executeWithOptions({ summary: 'income and equity' }, [portfolioId]);
  setCurrentDetails(resolved.length === 0 ? 'no differences' : resolved.map((it) => `- ${it.kind} ${it.key}: ${it.outcome}`).join('\n'));
  return { differences: seen.confirmed.length + seen.fresh, resolved };
}

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
