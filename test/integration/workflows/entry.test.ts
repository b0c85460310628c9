/** A limit entry at its time limit, on a real engine: cancelled, priced anew, and given up. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Activities, OrderKnowledge } from '../../../activities/types.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import type { Instruction, OpenPlan } from '../../../domain/cycle/types.ts';
import type { OrderIntent, OrderRow } from '../../../domain/orders/order.ts';
import { PRESETS } from '../../../domain/policy/policy.ts';
import type * as workflows from '../../../workflows/index.ts';
import { newsSignal, positionStateQuery, timeReachedSignal } from '../../../workflows/messages.ts';
import type { WorkflowHost } from '../../support/workflows.ts';
import { startWorkflowHost } from '../../support/workflows.ts';
import { observationWith } from '../../unit/domain/cycle/plan.fixture.ts';

let host: WorkflowHost;
let names = 0;

beforeAll(async () => { host = await startWorkflowHost(); });
afterAll(() => host.stop());

/** Longer than usual: each revision of the entry must get it, not the default. */
const VALIDITY_S = 500;

/** Buys 10 at 100, with two re-prices. */
function limitPlan(): OpenPlan {
  names += 1;
  const name = `${process.pid}-${names}-${Date.now()}`;
  const observation = observationWith({ account: { policy: { ...PRESETS.normal, entryStyle: 'limit', entryValidityS: VALIDITY_S }, observedAt: Date.now() } });
  const [plan] = planCycle({ cycleId: name, observation }).opens as [OpenPlan];
  return { ...plan, positionId: `${plan.positionId}/${name}` };
}

const row = (intent: OrderIntent, state: OrderRow['state'], changes: Partial<OrderRow> = {}): OrderRow => ({
  intent, state, attempt: 1, sentTimestamp: 1_000, venueOrderId: null, triggeredOrderId: null, filledQuantity: '0', averagePrice: null, reason: null, acceptedAt: 1, updatedAt: 1_000, ...changes,
});

const nameOf = ({ leg, revision }: OrderIntent): string => `${leg}/${revision}`;

interface Script {
  /** What the first entry had filled when it was cancelled. */
  readonly filledQuantity?: string;
  /** Come with the cancel of the last entry. */
  readonly instructions?: readonly Instruction[];
  readonly bid?: string;
}

/** Plays the whole life; each working entry reaches its time limit. @returns what was asked for */
async function play(plan: OpenPlan, { filledQuantity = '0', instructions = [], bid = '99.04' }: Script = {}): Promise<readonly string[]> {
  const calls: string[] = [];
  const validMs: number[] = [];
  const rows = new Map<string, OrderRow>();
  const inbox: Instruction[] = [];
  let working: OrderIntent | null = null;
  const written = (after: OrderRow): OrderKnowledge => {
    rows.set(after.intent.clientOrderId, after);
    return { row: after, written: true };
  };
  const activities: Partial<Activities> = {
    submitOrder: async ({ intent }) => {
      calls.push(`${nameOf(intent)} ${intent.type} ${intent.quantity}${intent.price === null ? '' : ` at ${intent.price}`}`);
      if (intent.leg === 'entry') {
        working = intent;
        validMs.push((intent.validUntil ?? 0) - Date.now());
      }
      return written(row(intent, intent.leg === 'exit' ? 'filled' : 'accepted', intent.leg === 'exit' ? { filledQuantity: intent.quantity } : {}));
    },
    cancelOrder: async (known) => {
      calls.push(`cancel ${nameOf(known.intent)}`);
      if (known.intent.leg === 'entry' && known.intent.revision > plan.repricesMax) inbox.push(...instructions);
      return written({ ...known, state: 'canceled', filledQuantity: nameOf(known.intent) === 'entry/1' ? filledQuantity : '0' });
    },
    lookUpOrder: async ({ known }) => ({ ...written(rows.get(known.intent.clientOrderId) ?? known), emptyLook: null }),
    readQuote: async () => ({ bid, ask: '101', at: Date.now() }),
    readPosition: async () => {
      const done = (leg: string): number => [...rows.values()].filter(({ intent }) => intent.leg === leg).reduce((sum, it) => sum + Number(it.filledQuantity), 0);
      return {
        position: {
          positionId: plan.positionId, portfolioId: 'sim', plan, state: 'open', quantity: String(done('entry') - done('exit')), entryPrice: null, stopPrice: plan.stopPrice,
          targetPrice: plan.targetPrice, realizedPnl: '0', closeReason: null, inboxSeq: 1, handledSeq: 0,
        },
        orders: [...rows.values()], instructions: [...inbox],
      };
    },
    settlePosition: async () => undefined,
    closePosition: async ({ reason }) => { calls.push(`close ${reason}`); return true; },
  };
  await host.whileWorking(activities, async (taskQueue) => {
    const handle = await host.client.workflow.start<typeof workflows.position>('position', { workflowId: plan.positionId, taskQueue, args: [{ positionId: plan.positionId, portfolioId: 'sim', plan, resume: false, behind: [] }], workflowTaskTimeout: '5 s' });
    let reached: OrderIntent | null = null;
    for (const deadline = Date.now() + 120_000; !calls.some((call) => call.startsWith('close')) && Date.now() < deadline;) {
      if (working !== null && working !== reached) {
        reached = working as OrderIntent;
        const { clientOrderId } = reached;
        await expect.poll(async () => (await handle.query(positionStateQuery)).orders.find((it) => it.clientOrderId === clientOrderId), { timeout: 60_000 }).toEqual({ clientOrderId, leg: 'entry', state: 'accepted', filledQuantity: '0' });
        await handle.signal(newsSignal); // news of something else is no time limit
        await handle.signal(timeReachedSignal, { clientOrderId });
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await handle.result();
  });
  for (const left of validMs) expect(left).toBeGreaterThan(VALIDITY_S * 1_000 - 60_000);
  for (const left of validMs) expect(left).toBeLessThanOrEqual(VALIDITY_S * 1_000 + 1_000);
  return calls;
}

it('is priced anew at the bid, as often as the plan allows, then given up', async () => {
  expect(await play(limitPlan())).toEqual([
    'entry/1 limit 10 at 100', 'cancel entry/1', 'entry/2 limit 10 at 99', 'cancel entry/2', 'entry/3 limit 10 at 99', 'cancel entry/3', 'close notEntered',
  ]);
});

it('what it filled is protected, and only the remainder is priced anew', async () => {
  const plan = { ...limitPlan(), repricesMax: 1 };
  const person: Instruction = { kind: 'close', instructionId: 'p', positionId: plan.positionId, reason: 'person', decisionPrice: '100' };
  const calls = await play(plan, { filledQuantity: '4', instructions: [person] });
  expect(calls.filter((call) => /entry|exit/.test(call))).toEqual(['entry/1 limit 10 at 100', 'cancel entry/1', 'entry/2 limit 6 at 99', 'cancel entry/2', 'exit/1 market 4']);
  expect(calls).toContain('stop/1 stopMarket 4');
  expect(calls.at(-1)).toBe('close person');
});

it('a remainder that the venue would not take is given up', async () => {
  const calls = await play(limitPlan(), { bid: '0.1' }); // 10 at 0.1 are less than the least notional
  expect(calls).toEqual(['entry/1 limit 10 at 100', 'cancel entry/1', 'close notEntered']);
});
