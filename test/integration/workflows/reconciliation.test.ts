/** When reconciliation looks, acts and looks again. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Activities, ObservedDifferences } from '../../../activities/types.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import type { OpenPlan } from '../../../domain/cycle/types.ts';
import type { NotedDifference } from '../../../domain/ports/ledger.ts';
import type { PositionRecord } from '../../../domain/positions/position.ts';
import { newsSignal } from '../../../workflows/messages.ts';
import type * as workflows from '../../../workflows/index.ts';
import type { WorkflowHost } from '../../support/workflows.ts';
import { startWorkflowHost } from '../../support/workflows.ts';
import { observationWith } from '../../unit/domain/cycle/plan.fixture.ts';

let host: WorkflowHost;
beforeAll(async () => { host = await startWorkflowHost(); });
afterAll(() => host.stop());

const NOTHING: ObservedDifferences = { confirmed: [], fresh: 0, toResume: [] };
const FRESH: ObservedDifferences = { ...NOTHING, fresh: 1 };
const DIFFERENCE: NotedDifference = { key: 'k', kind: 'missingWorkflow', instrumentId: null, evidence: {}, looks: 2, firstSeenAt: 1 };

interface Told {
  /** What each look sees, in order; the last for ever. */
  readonly looks: readonly ObservedDifferences[];
  /** Looks while which news comes, from 1. */
  readonly newsAt?: readonly number[];
}

/** @returns what was done in which order. */
async function reconcile({ looks, newsAt = [] }: Told): Promise<readonly string[]> {
  const calls: string[] = [];
  const workflowId = `reconciliation/${process.pid}-${Date.now()}-${Math.random()}`;
  let look = 0;
  const activities: Partial<Activities> = {
    compareWithVenue: async () => {
      look += 1;
      calls.push('look');
      if (newsAt.includes(look)) await host.client.workflow.getHandle(workflowId).signal(newsSignal);
      return looks[look - 1] ?? NOTHING;
    },
    resolveDifference: async ({ difference }) => {
      calls.push(`act on ${difference.kind}`);
      return 'done';
    },
    recordMoney: async () => void calls.push('money'),
    readPosition: async (positionId) => {
      calls.push('position runs');
      return { position: { ...recordOf(positionId), quantity: '0', state: 'closed', closeReason: 'outside' }, orders: [], instructions: [] };
    },
    closePosition: async () => true,
  };
  await host.whileWorking(activities, async (taskQueue) => {
    const handle = await host.client.workflow.signalWithStart<typeof workflows.reconciliation>('reconciliation', { workflowId, taskQueue, args: [{ portfolioId: 'sim' }], signal: newsSignal });
    await handle.result();
    for (const it of looks.flatMap((seen) => seen.toResume)) await host.client.workflow.getHandle(it.positionId).result();
  });
  return calls;
}

function recordOf(positionId: string): PositionRecord {
  const [plan] = planCycle({ cycleId: 'cycle', observation: observationWith() }).opens as [OpenPlan];
  return {
    positionId, portfolioId: 'sim', plan, state: 'open', quantity: '1', entryPrice: '100', stopPrice: '97', targetPrice: null, realizedPnl: '0', closeReason: null, inboxSeq: 1, handledSeq: 1,
  };
}

it('without differences it looks once, also when news started it', async () => {
  expect(await reconcile({ looks: [NOTHING] })).toEqual(['look', 'money']);
});

it('what is new is looked at a second time, and nothing is done before', async () => {
  expect(await reconcile({ looks: [FRESH, { ...NOTHING, confirmed: [DIFFERENCE] }] })).toEqual(['look', 'look', 'act on missingWorkflow', 'money']);
});

it('what is gone at the second look is left alone', async () => {
  expect(await reconcile({ looks: [FRESH, NOTHING] })).toEqual(['look', 'look', 'money']);
});

it('a position without a workflow is resumed when it is confirmed, before that is told', async () => {
  const record = recordOf(`position/${process.pid}-${Date.now()}`);
  const calls = await reconcile({ looks: [FRESH, { confirmed: [DIFFERENCE], fresh: 0, toResume: [record] }] });
  expect(calls.slice(0, 2)).toEqual(['look', 'look']);
  expect(calls.toSorted()).toEqual(['act on missingWorkflow', 'look', 'look', 'money', 'position runs', 'position runs']);
});

it('news while it looks: it looks again', async () => {
  expect(await reconcile({ looks: [NOTHING], newsAt: [1] })).toEqual(['look', 'money', 'look', 'money']);
});
