/** What positions and cycles do when the world is not as usual, on a real engine. */
import { Context } from '@temporalio/activity';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOrderActivities } from '../../../activities/orders.ts';
import type { Activities, OrderKnowledge } from '../../../activities/types.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import type { Instruction, OpenPlan } from '../../../domain/cycle/types.ts';
import { KeelError } from '../../../domain/errors.ts';
import type { OrderIntent, OrderRow } from '../../../domain/orders/order.ts';
import { applyOrderEvent } from '../../../domain/orders/transitions.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { Venue } from '../../../domain/ports/venue.ts';
import { stopIntentFor } from '../../../domain/positions/intents.ts';
import { timeframeMs } from '../../../domain/market/timeframe.ts';
import type * as workflows from '../../../workflows/index.ts';
import { closePositionUpdate } from '../../../workflows/messages.ts';
import { portOf } from '../../support/ports.ts';
import type { WorkflowHost } from '../../support/workflows.ts';
import { startWorkflowHost } from '../../support/workflows.ts';
import { observationWith, positionWith, symbolWith, vote } from '../../unit/domain/cycle/plan.fixture.ts';

let host: WorkflowHost;
let names = 0;

beforeAll(async () => { host = await startWorkflowHost(); });
afterAll(() => host.stop());

function newName(): string {
  names += 1;
  return `${process.pid}-${names}-${Date.now()}`;
}

/** Buys 10 at the market. */
function newPlan(): OpenPlan {
  const name = newName();
  const [plan] = planCycle({ cycleId: name, observation: observationWith({ account: { observedAt: Date.now() } }) }).opens as [OpenPlan];
  return { ...plan, positionId: `${plan.positionId}/${name}` };
}

const row = (intent: OrderIntent, state: OrderRow['state'], filledQuantity = '0'): OrderRow => ({
  intent, state, attempt: 1, sentTimestamp: 1_000, venueOrderId: null, triggeredOrderId: null, filledQuantity, averagePrice: null, reason: null, acceptedAt: 1, updatedAt: 1_000,
});

it('an entry that was not sent in time is not sent again', async () => {
  const plan = newPlan();
  const late = { ...plan, entry: { ...plan.entry, validUntil: Date.now() - 1 } };
  const calls: string[] = [];
  const expired = (known: OrderRow): OrderKnowledge => ({ row: { ...known, state: 'expired' }, written: true });
  const activities: Partial<Activities> = {
    submitOrder: async ({ intent }) => { calls.push('submit'); return { row: row(intent, 'absent'), written: true }; },
    expireOrder: async ({ known, reason }) => { calls.push(`expire ${reason}`); return expired(known); },
    readPosition: async () => snapshotOf(late, [row(late.entry, 'expired')], '0'),
    settlePosition: async () => undefined,
    closePosition: async ({ reason }) => { calls.push(`close ${reason}`); return true; },
  };
  await host.whileWorking(activities, async (taskQueue) => {
    const outcome = await host.client.workflow.execute<typeof workflows.position>('position', { workflowId: late.positionId, taskQueue, args: [{ positionId: late.positionId, portfolioId: 'sim', plan: late, resume: false, behind: [] }], workflowTaskTimeout: '5 s' });
    expect(outcome.reason).toBe('notEntered');
  });
  expect(calls).toEqual(['submit', 'expire validityOver', 'close notEntered']);
});

it('a position protects and closes without the ledger, and writes what it did once that is back', async () => {
  const plan = newPlan();
  const calls: string[] = [];
  const ledger = { isDown: true, orders: new Map<string, OrderRow>([[plan.entry.clientOrderId, row(plan.entry, 'filled', '10')]]), instructions: [] as Instruction[], held: '10' };
  const whenUp = <Args extends unknown[], R>(work: (...args: Args) => R) => async (...args: Args): Promise<R> => {
    if (ledger.isDown) throw new Error('the database is away');
    return work(...args);
  };
  const activities: Partial<Activities> = {
    submitOrder: async ({ intent }) => {
      calls.push(`submit ${intent.leg}`);
      const sent = row(intent, intent.leg === 'stop' || intent.leg === 'target' ? 'accepted' : 'filled', intent.leg === 'stop' || intent.leg === 'target' ? '0' : '10');
      if (!ledger.isDown || intent.leg === 'entry') ledger.orders.set(intent.clientOrderId, sent);
      return { row: sent, written: intent.leg === 'entry' };
    },
    cancelOrder: async (known) => ({ row: { ...known, state: 'canceled' }, written: false }),
    lookUpOrder: async ({ known }) => ({ row: known, written: false, emptyLook: null }),
    instructPosition: whenUp((told: Instruction) => void ledger.instructions.push(told)),
    backfillOrders: whenUp((rows: readonly OrderRow[]) => {
      calls.push('backfill');
      for (const it of rows) ledger.orders.set(it.intent.clientOrderId, it);
      if (rows.some((it) => it.intent.leg === 'exit')) ledger.held = '0';
    }),
    readPosition: whenUp(() => ({ ...snapshotOf(plan, [...ledger.orders.values()], ledger.held), instructions: [...ledger.instructions] })),
    settlePosition: whenUp(() => undefined),
    closePosition: whenUp(({ reason }: { reason: string }) => { calls.push(`close ${reason}`); return true; }),
  };
  await host.whileWorking(activities, async (taskQueue) => {
    const handle = await host.client.workflow.start<typeof workflows.position>('position', { workflowId: plan.positionId, taskQueue, args: [{ positionId: plan.positionId, portfolioId: 'sim', plan, resume: false, behind: [] }], workflowTaskTimeout: '5 s' });
    // Both: a target that is on its way when the exit is decided may still be sent after it.
    await expect.poll(() => calls, { timeout: 60_000 }).toEqual(expect.arrayContaining(['submit stop', 'submit target']));
    expect(await handle.executeUpdate(closePositionUpdate, { args: [{ by: 'ada' }] })).toEqual({ accepted: true });
    await expect.poll(() => calls, { timeout: 60_000 }).toContain('submit exit');
    expect(calls).not.toContain('backfill');
    ledger.isDown = false;
    expect(await handle.result()).toMatchObject({ reason: 'person' });
  });
  expect([...new Set(calls.slice(calls.indexOf('submit exit')))]).toEqual(['submit exit', 'backfill', 'close person']);
});

it('a position whose exit does not get out goes on as new before its history is full, and gets it out', async () => {
  const plan = newPlan();
  const runs = new Set<string>();
  const orders = new Map<string, OrderRow>([[plan.entry.clientOrderId, row(plan.entry, 'filled', '10')]]);
  const instructions: Instruction[] = [];
  const LARGE = 'x'.repeat(500_000); // the engine suggests it at 4 MB
  const activities: Partial<Activities> = {
    submitOrder: async ({ intent }) => {
      if (intent.leg === 'exit') runs.add(Context.current().info.workflowExecution?.runId ?? '');
      const state = intent.leg === 'entry' ? 'filled' : intent.leg !== 'exit' ? 'accepted' : runs.size === 1 ? 'planned' : 'filled';
      const sent = row(intent, state, state === 'filled' ? '10' : '0');
      orders.set(intent.clientOrderId, sent);
      return { row: state === 'planned' ? { ...sent, reason: LARGE } : sent, written: true };
    },
    cancelOrder: async (known) => { const ended: OrderRow = { ...known, state: 'canceled' }; orders.set(known.intent.clientOrderId, ended); return { row: ended, written: true }; },
    lookUpOrder: async ({ known }) => ({ row: known, written: true, emptyLook: null }),
    instructPosition: async (told) => void instructions.push(told),
    readPosition: async () => ({ ...snapshotOf(plan, [...orders.values()], [...orders.values()].some((it) => it.intent.leg === 'exit' && it.state === 'filled') ? '0' : '10'), instructions }),
    settlePosition: async () => undefined,
    closePosition: async () => true,
  };
  await host.whileWorking(activities, async (taskQueue) => {
    const handle = await host.client.workflow.start<typeof workflows.position>('position', { workflowId: plan.positionId, taskQueue, args: [{ positionId: plan.positionId, portfolioId: 'sim', plan, resume: false, behind: [] }], workflowTaskTimeout: '5 s' });
    await expect.poll(() => [...orders.values()].some((it) => it.intent.leg === 'stop'), { timeout: 60_000 }).toBe(true);
    await handle.executeUpdate(closePositionUpdate, { args: [{ by: 'ada' }] });
    expect(await handle.result()).toMatchObject({ reason: 'person' });
  });
  expect(runs.size).toBe(2);
}, 120_000);

it('a position whose symbol the venue does not list any more ends: told that it is gone, its stop ended by reconciliation', async () => {
  const plan = newPlan();
  const stop = stopIntentFor(plan, { quantity: '10', triggerPrice: plan.stopPrice, revision: 1 });
  const orders = new Map<string, OrderRow>([row(plan.entry, 'filled', '10'), row(stop, 'accepted')].map((it) => [it.intent.clientOrderId, it]));
  let cancels = 0;
  const { cancelOrder, lookUpOrder } = createOrderActivities({
    clock: Date.now, warn: () => undefined,
    ledger: portOf<Ledger>({ order: async (id) => orders.get(id) ?? null }),
    venue: portOf<Venue>({
      serverTime: async () => Date.now(), instruments: async () => [],
      lookUp: async () => { throw new KeelError('VENUE_REFUSED', 'Invalid symbol.'); },
      cancel: async () => {
        cancels += 1;
        if (cancels === 2) orders.set(stop.clientOrderId, applyOrderEvent(row(stop, 'accepted'), { kind: 'vanished' }, Date.now()));
        return { kind: 'unknown', message: 'Invalid symbol.' };
      },
    }),
  });
  const activities: Partial<Activities> = {
    cancelOrder, lookUpOrder, settlePosition: async () => undefined, closePosition: async () => true,
    readPosition: async () => ({ ...snapshotOf(plan, [...orders.values()], '10'), instructions: [{ kind: 'gone', instructionId: 'gone', positionId: plan.positionId, reason: 'outside' }] }),
  };
  await host.whileWorking(activities, async (taskQueue) => {
    const outcome = await host.client.workflow.execute<typeof workflows.position>('position', { workflowId: plan.positionId, taskQueue, args: [{ positionId: plan.positionId, portfolioId: 'sim', plan, resume: true, behind: [] }], workflowTaskTimeout: '5 s' });
    expect(outcome.reason).toBe('outside');
  });
  expect(cancels).toBe(2);
});

it('a cycle that a Schedule starts decides on the candle that closed at the scheduled time', async () => {
  const name = newName();
  const observation = observationWith({ symbols: [symbolWith({ votes: [vote('hold')] })] });
  const seen: number[] = [];
  await host.whileWorking({ claimCycle: async () => 'claimed', observe: async (candle) => { seen.push(candle.closeTime); return { ...observation, candle }; }, recordCycle: async () => null }, async (taskQueue) => {
    const schedule = await host.client.schedule.create({
      scheduleId: name, spec: {}, policies: { overlap: ScheduleOverlapPolicy.ALLOW_ALL },
      action: { type: 'startWorkflow', workflowType: 'tradingCycle', workflowId: name, taskQueue, args: [{ ...observation.candle, portfolioId: name, closeTime: null }], workflowTaskTimeout: '5 s' },
    });
    const before = Date.now();
    await schedule.trigger();
    await expect.poll(() => seen.length, { timeout: 60_000 }).toBe(1);
    await schedule.delete();
    const hour = timeframeMs('1h');
    expect([Math.floor(before / hour) * hour, Math.floor(Date.now() / hour) * hour]).toContain(seen[0]);
  });
});

it('a cycle that instructs a position which is gone is done all the same', async () => {
  const name = newName();
  const base = observationWith({ symbols: [symbolWith({ votes: [vote('sell')] })], account: { positions: [positionWith({ positionId: `position/gone/${name}` })] } });
  const observation = { ...base, candle: { ...base.candle, portfolioId: name } };
  await host.whileWorking({ claimCycle: async () => 'claimed', observe: async () => observation, recordCycle: async () => null }, async (taskQueue) => {
    const outcome = await host.client.workflow.execute<typeof workflows.tradingCycle>('tradingCycle', { workflowId: name, taskQueue, args: [observation.candle], workflowTaskTimeout: '5 s' });
    expect(outcome).toMatchObject({ kind: 'done', opened: 0, instructed: 1 });
  });
});

function snapshotOf(plan: OpenPlan, orders: readonly OrderRow[], quantity: string): Awaited<ReturnType<Activities['readPosition']>> {
  return {
    position: {
      positionId: plan.positionId, portfolioId: 'sim', plan, state: 'open', quantity, entryPrice: null, stopPrice: plan.stopPrice, targetPrice: plan.targetPrice,
      realizedPnl: '0', closeReason: null, inboxSeq: 1, handledSeq: 0,
    },
    orders, instructions: [],
  };
}
