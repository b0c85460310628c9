/** In which order the workflows use their activities: who may be asked what, and when. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities, OrderKnowledge } from '../../../activities/types.ts';
import { cycleIdOf } from '../../../domain/cycle/ids.ts';
import { NO_MEMORY } from '../../../domain/cycle/risk-facts.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import type { ExitReason, Instruction, OpenPlan } from '../../../domain/cycle/types.ts';
import type { OrderIntent, OrderRow } from '../../../domain/orders/order.ts';
import { stopIntentFor, targetIntentFor } from '../../../domain/positions/intents.ts';
import type * as workflows from '../../../workflows/index.ts';
import type { PositionInput } from '../../../workflows/messages.ts';
import { closePositionUpdate } from '../../../workflows/messages.ts';
import type { WorkflowHost } from '../../support/workflows.ts';
import { startWorkflowHost } from '../../support/workflows.ts';
import { observationWith } from '../../unit/domain/cycle/plan.fixture.ts';

const OBSERVATION = observationWith();
let host: WorkflowHost;
let names = 0;

beforeAll(async () => { host = await startWorkflowHost(); });
afterAll(() => host.stop());

/** A position of its own for each test: its id is a workflow's. */
function newPlan(): OpenPlan {
  names += 1;
  const [plan] = planCycle({ cycleId: `cycle-${process.pid}-${names}-${Date.now()}`, observation: { ...OBSERVATION, account: { ...OBSERVATION.account, observedAt: Date.now() } } }).opens as [OpenPlan];
  return { ...plan, positionId: `${plan.positionId}/${process.pid}-${names}-${Date.now()}` };
}

function row(intent: OrderIntent, state: OrderRow['state'], changes: Partial<OrderRow> = {}): OrderRow {
  return { intent, state, attempt: 1, sentTimestamp: 1_000, venueOrderId: null, triggeredOrderId: null, filledQuantity: '0', averagePrice: null, reason: null, acceptedAt: null, updatedAt: 1_000, ...changes };
}

const nameOf = ({ leg, revision }: OrderIntent): string => `${leg}/${revision}`;

/** What the test plays: how often each order is asked for, and what comes of it. */
interface Script {
  readonly plan: OpenPlan;
  readonly orders?: readonly OrderRow[];
  readonly instructions?: readonly Instruction[];
  readonly bookedQuantity?: string;
  /** The ledger closed it with this reason: in a task whose answer the engine never got. */
  readonly closedAs?: ExitReason;
  readonly submit?: (order: string, attempt: number, intent: OrderIntent) => Promise<OrderRow>;
  readonly look?: (order: string, looks: number, known: OrderRow) => { row: OrderRow; isEmpty: boolean } | Promise<{ row: OrderRow; isEmpty: boolean }>;
}

/** A ledger and a venue that remember what they were told. */
function world({ plan, orders = [], instructions = [], bookedQuantity = '0', closedAs, submit, look }: Script) {
  const calls: string[] = [];
  const rows = new Map(orders.map((it) => [it.intent.clientOrderId, it]));
  let booked = bookedQuantity;
  const written = (after: OrderRow): OrderKnowledge => {
    rows.set(after.intent.clientOrderId, { ...after, reason: null }); // however large
    return { row: after, written: true };
  };
  const activities: Partial<Activities> = {
    submitOrder: async ({ intent, attempt }) => {
      calls.push(`submit ${nameOf(intent)} attempt ${attempt}`);
      return written(submit === undefined ? row(intent, 'accepted', { attempt, acceptedAt: 1 }) : await submit(nameOf(intent), attempt, intent));
    },
    lookUpOrder: async ({ known, looks }) => {
      calls.push(`look ${nameOf(known.intent)} after ${looks.length}`);
      booked = '0';
      const found = await look?.(nameOf(known.intent), looks.length, known) ?? { row: known, isEmpty: false };
      return { ...written(found.row), emptyLook: found.isEmpty ? { atMs: Date.now() } : null };
    },
    cancelOrder: async (known) => { calls.push(`cancel ${nameOf(known.intent)}`); return written(row(known.intent, 'canceled', { acceptedAt: 1 })); },
    readPosition: async () => ({
      position: {
        positionId: plan.positionId, portfolioId: 'sim', plan, state: closedAs === undefined ? 'open' : 'closed', quantity: booked, entryPrice: null, stopPrice: plan.stopPrice,
        targetPrice: plan.targetPrice, realizedPnl: '0', closeReason: closedAs ?? null, inboxSeq: 1, handledSeq: 0,
      },
      orders: [...rows.values()], instructions: [...instructions],
    }),
    settlePosition: async () => void calls.push('settle'),
    closePosition: async ({ reason }) => { calls.push(`close ${reason}`); return closedAs === undefined; },
  };
  return { calls, activities };
}

/** Runs the position to where it waits or ends. @param resume it goes on from the ledger */
async function play(script: Script, { resume = true }: { resume?: boolean } = {}): Promise<readonly string[]> {
  const { calls, activities } = world(script);
  const { plan } = script;
  await host.whileWorking(activities, async (taskQueue) => {
    const input: PositionInput = { positionId: plan.positionId, portfolioId: 'sim', plan, resume, behind: [] };
    const handle = await host.client.workflow.start<typeof workflows.position>('position', { workflowId: plan.positionId, taskQueue, args: [input], workflowTaskTimeout: '5 s' });
    await expect.poll(() => calls.some((call) => call === 'settle' || call.startsWith('close')), { timeout: 50_000 }).toBe(true);
    if (!calls.some((call) => call.startsWith('close'))) await handle.terminate();
    else await handle.result();
  });
  return calls;
}

describe('an order whose answer was lost', () => {
  it('is looked for; proven absent, it is sent with the next attempt; each attempt has looks of its own', async () => {
    let lostAt = 0;
    let assumedSentAt = 0;
    let asked = 0;
    const calls = await play({
      plan: newPlan(),
      submit: async (_order, attempt, intent) => {
        if (attempt > 1) return row(intent, 'unknown', { attempt });
        await new Promise((resolve) => setTimeout(resolve, 400)); // the attempt took this long
        lostAt = Date.now();
        throw new Error('the worker died');
      },
      look: (_order, looks, known) => {
        asked += 1;
        if (known.attempt === 2 || asked > 5) return { row: { ...known, state: 'rejected' }, isEmpty: false };
        assumedSentAt = known.sentTimestamp ?? 0;
        return { row: looks < 2 ? known : { ...known, state: 'absent' }, isEmpty: true };
      },
    }, { resume: false });
    expect(calls).toEqual(['submit entry/1 attempt 1', 'look entry/1 after 0', 'look entry/1 after 1', 'look entry/1 after 2', 'submit entry/1 attempt 2', 'look entry/1 after 0', 'close notEntered']);
    expect(assumedSentAt).toBeGreaterThanOrEqual(lostAt);
  });

  it('is not hammered while its attempts fail before they claim the row', async () => {
    const submittedAt: number[] = [];
    await play({
      plan: newPlan(),
      submit: async (_order, attempt, intent) => {
        submittedAt.push(Date.now());
        if (submittedAt.length < 5) throw new Error('the venue bans everybody');
        return row(intent, 'rejected', { attempt });
      },
      look: (_order, _looks, known) => ({ row: { ...known, state: 'planned', attempt: 0, sentTimestamp: null }, isEmpty: false }),
    }, { resume: false });
    expect((submittedAt.at(-1) ?? 0) - (submittedAt[0] ?? 0)).toBeGreaterThanOrEqual(100 + 200 + 400 + 800);
  });

  it('is looked for too when it reduces', async () => {
    const plan = newPlan();
    const calls = await play({
      plan,
      orders: [row(plan.entry, 'filled', { filledQuantity: '10', acceptedAt: 1 })],
      submit: async (order, attempt, intent) => {
        if (order === 'stop/1') throw new Error('the worker died');
        return row(intent, 'accepted', { attempt, acceptedAt: 1 });
      },
      look: (_order, _looks, known) => ({ row: { ...known, state: 'accepted', acceptedAt: 1 }, isEmpty: false }),
    });
    const ofStops = calls.filter((call) => call.includes('stop')).map((call) => call.replace(/^cancel stop.*/, 'cancel one')); // whichever is the surplus one
    expect(ofStops.toSorted()).toEqual(['cancel one', 'look stop/1 after 0', 'submit stop/1 attempt 1', 'submit stop/2 attempt 1']);
  });
});

describe('a stop whose fate stays open', () => {
  const accepted = (intent: OrderIntent, attempt: number) => row(intent, 'accepted', { attempt, acceptedAt: 1 });
  const filled = (intent: OrderIntent, attempt: number) => row(intent, 'filled', { attempt, acceptedAt: 1, filledQuantity: '10' });
  const entered = (plan: OpenPlan) => [row(plan.entry, 'filled', { filledQuantity: '10', acceptedAt: 1 })];

  it('is followed by the next revision at once; found later, it is cancelled as surplus', async () => {
    const plan = newPlan();
    const { calls, activities } = world({
      plan, orders: entered(plan), bookedQuantity: '10',
      submit: async (order, attempt, intent) => (order === 'stop/1' ? row(intent, 'unknown', { attempt, sentTimestamp: Date.now() }) : accepted(intent, attempt)),
      look: (order, looks, known) => (order === 'stop/1' && looks >= 2 ? { row: accepted(known.intent, 1), isEmpty: false } : { row: known, isEmpty: true }),
    });
    await host.whileWorking(activities, async (taskQueue) => {
      const handle = await start(plan, taskQueue);
      await expect.poll(() => calls, { timeout: 20_000 }).toContain('cancel stop/1');
      await handle.terminate();
    });
    expect(calls.indexOf('submit stop/2 attempt 1')).toBeLessThan(calls.indexOf('look stop/1 after 1'));
    expect(calls.filter((call) => call.startsWith('submit')).toSorted()).toEqual(['submit stop/1 attempt 1', 'submit stop/2 attempt 1', 'submit target/1 attempt 1']);
  });

  it('does not keep a person from closing; the exit goes out once', async () => {
    const plan = newPlan();
    const inbox: Instruction[] = [];
    let isFlat = false;
    const { calls, activities } = world({
      plan, orders: entered(plan), bookedQuantity: '10', instructions: inbox,
      submit: async (order, attempt, intent) => {
        if (order.startsWith('stop')) return row(intent, 'unknown', { attempt, sentTimestamp: Date.now() });
        isFlat ||= order.startsWith('exit');
        return order.startsWith('exit') ? filled(intent, attempt) : accepted(intent, attempt);
      },
      look: (order, _looks, known) => ({ row: order.startsWith('stop') && isFlat ? row(known.intent, 'absent') : known, isEmpty: true }),
    });
    await host.whileWorking({ ...activities, instructPosition: async (it) => void inbox.push(it) }, async (taskQueue) => {
      const handle = await start(plan, taskQueue);
      await expect.poll(() => calls, { timeout: 20_000 }).toContain('look stop/1 after 0');
      const askedAt = Date.now();
      await handle.executeUpdate(closePositionUpdate, { args: [{ by: 'test' }] });
      await expect.poll(() => calls, { timeout: 20_000 }).toContain('submit exit/1 attempt 1');
      expect(Date.now() - askedAt).toBeLessThan(3_000);
      expect(await handle.result()).toMatchObject({ positionId: plan.positionId });
    });
    expect(calls.filter((call) => call.startsWith('submit exit'))).toEqual(['submit exit/1 attempt 1']);
  });

  it('and of every next one: within five seconds the position is closed at market as unprotected', async () => {
    const plan = newPlan();
    let [stopAt, exitAt] = [0, 0];
    const { calls, activities } = world({
      plan, orders: entered(plan), bookedQuantity: '10',
      submit: async (order, attempt, intent) => {
        if (order.startsWith('exit')) exitAt = Date.now();
        else stopAt ||= Date.now();
        if (order.startsWith('stop')) return row(intent, 'unknown', { attempt, sentTimestamp: Date.now() });
        return order.startsWith('exit') ? filled(intent, attempt) : accepted(intent, attempt);
      },
      look: (order, _looks, known) => ({ row: order.startsWith('stop') && exitAt > 0 ? row(known.intent, 'absent') : known, isEmpty: true }),
    });
    await host.whileWorking(activities, async (taskQueue) => {
      const handle = await start(plan, taskQueue);
      await expect.poll(() => exitAt, { timeout: 30_000 }).toBeGreaterThan(0); // one that never closes has no result
      expect(await handle.result()).toMatchObject({ reason: 'unprotected' });
    });
    expect(exitAt - stopAt).toBeGreaterThan(4_000);
    expect(exitAt - stopAt).toBeLessThan(8_000);
    expect(calls.filter((call) => call.startsWith('submit stop')).length).toBe(3);
  });

  it('and when its position goes on as new meanwhile, these five seconds do not begin anew', async () => {
    const [plan, runs] = [newPlan(), new Set<string>()];
    let [stopAt, exitAt, grown] = [0, 0, 0];
    const grow = () => host.client.workflow.getHandle(plan.positionId).signal('nobodyListens', 'x'.repeat(1_500_000)); // at 4 MB the engine suggests to go on as new
    const { calls, activities } = world({
      plan, orders: entered(plan), bookedQuantity: '10',
      submit: async (order, attempt, intent) => {
        runs.add(Context.current().info.workflowExecution?.runId ?? '');
        if (order.startsWith('exit')) exitAt = Date.now();
        else stopAt ||= Date.now();
        return order.startsWith('exit') ? filled(intent, attempt) : row(intent, 'unknown', { attempt, sentTimestamp: Date.now() });
      },
      look: async (_order, _looks, known) => {
        if (grown < 2 || (grown === 2 && Date.now() - stopAt > 3_000)) grown += await grow().then(() => 1); // the last so late that beginning anew would show
        return { row: exitAt > 0 ? row(known.intent, 'absent') : known, isEmpty: true };
      },
    });
    await host.whileWorking(activities, async (taskQueue) => {
      expect(await (await start(plan, taskQueue)).result()).toMatchObject({ reason: 'unprotected' });
    });
    expect(runs.size).toBe(2);
    expect(exitAt - stopAt).toBeLessThan(7_900);
    expect(calls.filter((call) => call.startsWith('submit exit'))).toEqual(['submit exit/1 attempt 1']);
  });

  async function start(plan: OpenPlan, taskQueue: string) {
    const input: PositionInput = { positionId: plan.positionId, portfolioId: 'sim', plan, resume: true, behind: [] };
    return await host.client.workflow.start<typeof workflows.position>('position', { workflowId: plan.positionId, taskQueue, args: [input], workflowTaskTimeout: '5 s' });
  }
});

describe('an order that is not wanted any more', () => {
  const moved = (plan: OpenPlan): Instruction => ({ kind: 'moveStop', instructionId: 'm', positionId: plan.positionId, stopPrice: '100.2', reason: 'breakeven' });
  const held = (plan: OpenPlan, stop: OrderRow['state']): OrderRow[] => [
    row(plan.entry, 'filled', { filledQuantity: '10', acceptedAt: 1 }),
    row(stopIntentFor(plan, { quantity: '10', triggerPrice: '97', revision: 1 }), stop, { acceptedAt: stop === 'accepted' ? 1 : null }),
  ];
  const target = (plan: OpenPlan) => row(targetIntentFor(plan, { leg: 'target', isWhole: true, quantity: '10', triggerPrice: plan.targetPrice ?? '106', revision: 1 }), 'accepted', { acceptedAt: 1 });

  it('is looked for; found absent, it stays away', async () => {
    const plan = newPlan();
    const calls = await play({ plan, orders: [...held(plan, 'unknown'), target(plan)], instructions: [moved(plan)], look: (_order, _looks, known) => ({ row: { ...known, state: 'absent' }, isEmpty: true }) });
    expect(calls.filter((call) => call.includes('stop/1'))).toEqual(['look stop/1 after 0', 'cancel stop/1']);
    expect(calls).toContain('submit stop/2 attempt 1');
  });

  it('is cancelled only when the one in its place stands', async () => {
    const plan = newPlan();
    const calls = await play({ plan, orders: [...held(plan, 'accepted'), target(plan)], instructions: [moved(plan)] });
    expect(calls).toEqual(['submit stop/2 attempt 1', 'cancel stop/1', 'settle']);
  });

  it('is cancelled after everything that is to be placed', async () => {
    const plan = newPlan();
    const second = row(stopIntentFor(plan, { quantity: '10', triggerPrice: '100.2', revision: 2 }), 'accepted', { acceptedAt: 1 });
    const calls = await play({ plan, orders: [...held(plan, 'accepted'), second] });
    expect(calls).toEqual(['submit target/1 attempt 1', 'cancel stop/1', 'settle']);
  });
});

it('a position ends only when its fills are booked', async () => {
  const plan = newPlan();
  const stop = stopIntentFor(plan, { quantity: '10', triggerPrice: '97', revision: 1 });
  const calls = await play({ plan, bookedQuantity: '10', orders: [row(plan.entry, 'filled', { filledQuantity: '10', acceptedAt: 1 }), row(stop, 'filled', { filledQuantity: '10', acceptedAt: 1 })] });
  expect(calls).toEqual(['look entry/1 after 0', 'look stop/1 after 0', 'close stop']);
});

it('a position whose end was written by a task that was lost ends all the same, as it was written', async () => {
  const plan = newPlan();
  const held = row(plan.entry, 'filled', { filledQuantity: '10', acceptedAt: 1 }); // closed by another hand: its own orders do not explain that it is flat
  expect(await play({ plan, orders: [held], closedAs: 'outside' })).toEqual(['close outside']);
});

it('a person\'s close that the ledger could not take is remembered, acted on, and written when it can', async () => {
  const plan = newPlan();
  const held = row(plan.entry, 'filled', { filledQuantity: '10', acceptedAt: 1 });
  const inbox: Instruction[] = [];
  const { calls, activities } = world({
    plan, bookedQuantity: '10', orders: [held], instructions: inbox,
    submit: async (order, attempt, intent) => (order.startsWith('exit') ? row(intent, 'filled', { attempt, filledQuantity: '10', acceptedAt: 1 }) : row(intent, 'accepted', { attempt, acceptedAt: 1 })),
  });
  let asked = 0;
  const instructPosition = async (instruction: Instruction): Promise<void> => {
    asked += 1;
    calls.push(`instruct ${instruction.kind}`);
    if (asked <= 2) throw new Error('the database is away'); // at two looks; it can be read all the time
    inbox.push(instruction);
  };
  await host.whileWorking({ ...activities, instructPosition }, async (taskQueue) => {
    const input: PositionInput = { positionId: plan.positionId, portfolioId: 'sim', plan, resume: true, behind: [] };
    const handle = await host.client.workflow.start<typeof workflows.position>('position', { workflowId: plan.positionId, taskQueue, args: [input], workflowTaskTimeout: '5 s' });
    await expect.poll(() => calls, { timeout: 50_000 }).toContain('settle');
    expect(await handle.executeUpdate(closePositionUpdate, { args: [{ by: 'test' }] })).toEqual({ accepted: true });
    expect(await handle.result()).toMatchObject({ reason: 'person' });
  });
  expect(calls.filter((call) => call.startsWith('instruct') || call.startsWith('submit exit'))).toEqual(['instruct close', 'submit exit/1 attempt 1', 'instruct close', 'instruct close']);
});

it('a position that is cancelled closes what it holds, and takes its stop and target away', async () => {
  const plan = newPlan();
  const { calls, activities } = world({
    plan, bookedQuantity: '10', orders: [row(plan.entry, 'filled', { filledQuantity: '10', acceptedAt: 1 })],
    submit: async (order, attempt, intent) => (order.startsWith('exit') ? row(intent, 'filled', { attempt, filledQuantity: '10', acceptedAt: 1 }) : row(intent, 'accepted', { attempt, acceptedAt: 1 })),
  });
  await host.whileWorking({ ...activities, instructPosition: async () => { throw new Error('the database is away'); } }, async (taskQueue) => {
    const input: PositionInput = { positionId: plan.positionId, portfolioId: 'sim', plan, resume: true, behind: [] };
    const handle = await host.client.workflow.start<typeof workflows.position>('position', { workflowId: plan.positionId, taskQueue, args: [input], workflowTaskTimeout: '5 s' });
    await expect.poll(() => calls, { timeout: 20_000 }).toContain('settle');
    await handle.cancel();
    expect(await handle.result()).toMatchObject({ reason: 'person' });
  });
  expect(calls).toEqual(expect.arrayContaining(['submit exit/1 attempt 1', 'cancel stop/1', 'cancel target/1', 'close person']));
});

describe('a cycle', () => {
  /**
   * @param answers other than: claimed, and recorded now.
   * @param again so often it runs once more, as a reset does, after its position has ended.
   * @returns the last outcome, what was asked for, and the position's run after each.
   */
  async function cycle(answers: Partial<Activities>, { again = 0 }: { again?: number } = {}) {
    names += 1;
    const candle = { ...OBSERVATION.candle, portfolioId: `sim-${process.pid}-${names}-${Date.now()}` };
    const observation = { ...OBSERVATION, candle };
    const cycleId = cycleIdOf(candle);
    const [planned] = planCycle({ cycleId, observation }).opens as [OpenPlan];
    const { calls, activities } = world({ plan: planned });
    const positionRuns: (string | null)[] = [];
    const run = async (taskQueue: string) => {
      const outcome = await host.client.workflow.execute<typeof workflows.tradingCycle>('tradingCycle', { workflowId: cycleId, taskQueue, args: [candle], workflowTaskTimeout: '5 s' }).catch((error: unknown) => (error instanceof Error ? error.name : 'failed'));
      positionRuns.push(await runOf(planned.positionId));
      return outcome;
    };
    const outcome = await host.whileWorking({
      ...activities, claimCycle: async () => 'claimed', observe: async () => { calls.push('observe'); return observation; }, recordCycle: async () => null,
      submitOrder: async ({ intent }) => ({ row: row(intent, 'rejected'), written: true }), ...answers,
    }, async (taskQueue) => {
      for (let left = again; left > 0; left -= 1) {
        await run(taskQueue);
        await host.client.workflow.getHandle(planned.positionId).result();
      }
      return await run(taskQueue);
    });
    return { outcome, calls, positionRuns, isOpened: positionRuns.some((it) => it !== null) };
  }

  async function runOf(workflowId: string): Promise<string | null> {
    try {
      return (await host.client.workflow.getHandle(workflowId).describe()).runId;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  }

  it('that is recorded opens its positions', async () => {
    expect(await cycle({})).toMatchObject({ outcome: { kind: 'done', opened: 1 }, isOpened: true });
  });

  it('that runs again starts no second life of a position that has ended', async () => {
    const { outcome, positionRuns } = await cycle({}, { again: 1 });
    expect(outcome).toMatchObject({ kind: 'done', opened: 1 });
    expect(new Set(positionRuns).size).toBe(1);
  });

  it('that cannot be recorded opens nothing', async () => {
    const refuse = async (): Promise<never> => { throw ApplicationFailure.nonRetryable('refused'); };
    expect(await cycle({ recordCycle: refuse })).toMatchObject({ outcome: 'WorkflowFailedError', isOpened: false });
  });

  it('hands out what was recorded first, not what it plans now', async () => {
    expect(await cycle({ recordCycle: async () => ({ decisions: [], opens: [], instructions: [], memory: NO_MEMORY }) })).toMatchObject({ outcome: { kind: 'done', opened: 0 }, isOpened: false });
  });

  it('of a candle that another claimed does nothing', async () => {
    expect(await cycle({ claimCycle: async () => 'duplicate' })).toMatchObject({ outcome: { kind: 'duplicate' }, calls: [], isOpened: false });
  });
});
