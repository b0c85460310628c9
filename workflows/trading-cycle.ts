import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, setCurrentDetails, startChild, upsertSearchAttributes, workflowInfo, ChildWorkflowCancellationType } from '@temporalio/workflow';
import { cycleIdOf } from '../domain/cycle/ids.ts';
import { planCycle } from '../domain/cycle/plan-cycle.ts';
import type { CyclePlan, Instruction, OpenPlan } from '../domain/cycle/types.ts';
import type { CandleRef } from '../domain/market/candle.ts';
import { candleOpenTime } from '../domain/market/timeframe.ts';
import type { CycleInput, CycleOutcome, PositionInput } from './messages.ts';
import { SEARCH_ATTRIBUTES } from './messages.ts';
import { position } from './position.ts';
import { ledger, market } from './proxies.ts';
import { signalNews } from './signal.ts';

/**
 * One pass over one closed candle: claim, observe, plan, record, hand out. Never loops, sleeps or waits for a fill.
 * @param input the candle; without a close time (started by a Schedule) it is the candle that closed at the scheduled time.
 * @returns what was done with the candle: the record's id and its counts, or `duplicate`.
 */
export async function tradingCycle(input: CycleInput): Promise<CycleOutcome> {
  const candle = candleOf(input);
  const cycleId = cycleIdOf(candle);
  if (workflowInfo().typedSearchAttributes.get(SEARCH_ATTRIBUTES.cycle) !== cycleId) upsertSearchAttributes([{ key: SEARCH_ATTRIBUTES.cycle, value: cycleId }]); // a Schedule cannot know it
  if ((await ledger.claimCycle({ cycleId, workflowId: workflowInfo().workflowId, candle })) === 'duplicate') return { kind: 'duplicate', cycleId };

  const observation = await market.observe(candle);
  const planned = planCycle({ cycleId, observation });
  const recorded = await ledger.recordCycle({ cycleId, observation, plan: planned }); // before anything is sent
  const plan = recorded ?? planned; // a reset run hands out what the first one recorded

  await Promise.all(plan.opens.map((open) => openPosition(candle.portfolioId, open))); // abandoned children: a cycle never owns an order
  await Promise.all(plan.instructions.map(instructPosition));
  setCurrentDetails(detailsOf(plan));
  return { kind: 'done', cycleId, ...countsOf(plan) };
}

function candleOf(input: CycleInput): CandleRef {
  if (input.closeTime !== null) return { ...input, closeTime: input.closeTime };
  const scheduled = workflowInfo().searchAttributes['TemporalScheduledStartTime']?.[0];
  const startedAt = scheduled instanceof Date ? scheduled.getTime() : workflowInfo().startTime.getTime();
  return { ...input, closeTime: candleOpenTime(startedAt, input.timeframe) };
}

/**
 * Started and recorded before the cycle ends: an abandoned child whose start is not yet recorded would never start. A
 * position lives once: a cycle that runs again (a reset) starts no second life of one that has ended.
 */
async function openPosition(portfolioId: string, plan: OpenPlan): Promise<void> {
  const input: PositionInput = { positionId: plan.positionId, portfolioId, plan, resume: false, behind: [] };
  try {
    await startChild(position, {
      workflowId: plan.positionId,
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowTaskTimeout: '5 s',
      staticSummary: `${plan.direction} ${plan.instrument.id}, ${plan.entry.quantity} at about ${plan.entry.decisionPrice}`,
      staticDetails: `Stop ${plan.stopPrice}, target ${plan.targetPrice ?? 'none'}. Decided by ${plan.entry.cycleId ?? 'nobody known'}.`,
      typedSearchAttributes: [
        { key: SEARCH_ATTRIBUTES.portfolio, value: portfolioId },
        { key: SEARCH_ATTRIBUTES.symbol, value: plan.instrument.id },
        { key: SEARCH_ATTRIBUTES.side, value: plan.direction },
        ...(plan.entry.cycleId === null ? [] : [{ key: SEARCH_ATTRIBUTES.cycle, value: plan.entry.cycleId }]),
      ],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error; // already started is done
  }
}

/** The instruction lies in the position's inbox since the record; this only wakes it, so a closed position is no error. */
async function instructPosition(instruction: Instruction): Promise<void> {
  await signalNews(instruction.positionId);
}

function countsOf(plan: CyclePlan): { opened: number; instructed: number; refused: number; held: number } {
  const count = (outcome: string): number => plan.decisions.filter((decision) => decision.outcome === outcome).length;
  return { opened: plan.opens.length, instructed: plan.instructions.length, refused: count('refused'), held: count('hold') };
}

function detailsOf(plan: CyclePlan): string {
  const rows = plan.decisions.map((it) => `| ${it.instrumentId} | ${it.outcome} | ${it.action} | ${it.confidence.toFixed(2)} | ${it.reason} |`);
  return ['| symbol | outcome | action | confidence | reason |', '|---|---|---|---|---|', ...rows].join('\n');
}
