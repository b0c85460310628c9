import { allHandlersFinished, CancellationScope, condition, continueAsNew, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { OrderKnowledge } from '../activities/types.ts';
import type { OrderIntent } from '../domain/orders/order.ts';
import { DONE_STATES, WORKING_STATES } from '../domain/orders/order.ts';
import { openingTermsOf } from '../domain/orders/terms.ts';
import type { Duty } from '../domain/positions/duties.ts';
import { dutiesOf } from '../domain/positions/duties.ts';
import { bookedQuantityAgrees, isEnding, ordersToAsk, phaseOf, pollDelayMs, protectiveStopPrice } from '../domain/positions/position-view.ts';
import { nearestTarget } from '../domain/positions/rungs.ts';
import { workEntry } from './entry.ts';
import { executeOrder, settleOrder } from './execute-order.ts';
import { firstAnswers, fliesBeside, launch, leaveFlights, mayLaunch } from './flights.ts';
import type { PositionInput, PositionOutcome } from './messages.ts';
import type { PositionLife } from './position-life.ts';
import { beginLife, behindRows, closeByPerson, localSnapshot, readSnapshot, remember, watchCover, writeBehind } from './position-life.ts';
import { ledger, ledgerQuickly, orders } from './proxies.ts';

/**
 * One position's whole life: entry, protection, what the core decides, close. It owns every order of the position, so
 * no fill is ever without an owner. It starts before its entry is sent and ends when nothing of it is open. A request to
 * cancel it is a person's close: what it owns is not left behind.
 */
export async function position(input: PositionInput): Promise<PositionOutcome> {
  const life = beginLife(input);
  CancellationScope.current().cancelRequested.catch(() => { closeByPerson(life); });
  return await CancellationScope.nonCancellable(async () => await live(life));
}

async function live(life: PositionLife): Promise<PositionOutcome> {
  const { input } = life;
  if (!input.resume) remember(life, await executeOrder(input.plan.entry, openingTermsOf(input.plan)));

  for (let look = 0; ; look += 1) {
    const seen = life.news;
    life.snapshot = look === 0 && !input.resume ? localSnapshot(life) : await readSnapshot(life);
    if (life.failure !== null) throw life.failure.error;
    const coverDeadline = watchCover(life);
    const duties = dutiesOf(life.snapshot, life.cover.isOverdue);
    const close = duties.find((duty) => duty.kind === 'close');
    if (close !== undefined && (await finish(life, close))) return outcomeOf(life, close.reason);

    const acted = (await carryOut(life, duties)) || (await workEntry(life));
    describe(life);
    if (workflowInfo().continueAsNewSuggested) await goOn(life); // also in the middle of an order: a venue may refuse for hours
    if (acted && life.refusals < 3) continue; // look again: something changed by our own hand
    const isDecided = life.flights.size === 0 || phaseOf(life.snapshot) === 'closing'; // what is on its way is not done
    if (isDecided && look === 0 && !input.resume) continue;
    if (isDecided) await settle(life);
    const asksIn = waitMs(life, close !== undefined);
    const overdueIn = coverDeadline === null ? Infinity : Math.max(1, coverDeadline - Date.now());
    const heard = await condition(() => life.news !== seen, Math.min(asksIn, overdueIn));
    if (!heard && asksIn <= overdueIn) await askForOrders(life);
    life.refusals = 0;
  }
}

/**
 * Stops and targets fly beside one another (a stop waits for no target, and nothing waits for one whose fate is open); entries
 * and exits are brought to a known fate. Cancels only once these stand: place before cancel.
 */
async function carryOut(life: PositionLife, duties: readonly Duty[]): Promise<boolean> {
  const placing = duties.filter((duty) => duty.kind === 'submit' || duty.kind === 'settle').filter(({ kind, intent }) => kind === 'submit' || life.orders.has(intent.clientOrderId));
  const beside = placing.filter(({ intent }) => fliesBeside(intent));
  for (const { kind, intent } of beside) steer(life, intent.clientOrderId, kind === 'submit');
  const launched = beside.flatMap(({ kind, intent }) => (mayLaunch(life, intent) ? [launch(life, intent, kind === 'submit')] : []));
  const waitedFor = placing.filter(({ intent }) => !fliesBeside(intent));
  const [results] = await Promise.all([
    Promise.all(waitedFor.map(async ({ kind, intent }) => await bring(life, intent, kind === 'submit'))),
    firstAnswers(life, launched),
  ]);
  for (const result of results) remember(life, result);
  const answered = [...results.map(({ row }) => row), ...launched.flatMap(({ clientOrderId }) => life.orders.get(clientOrderId)?.row ?? [])];
  const cancels = duties.filter((duty) => duty.kind === 'cancel');
  let isStuck = answered.some((row) => row.state === 'rejected');
  let cancelled = 0;
  for (const { clientOrderId } of cancels) {
    const known = life.orders.get(clientOrderId);
    if (known === undefined || steer(life, clientOrderId, false)) continue; // once its fate is known
    cancelled += 1;
    const after = await orders.cancelOrder.executeWithOptions({ summary: `cancel ${known.row.intent.leg} ${known.row.intent.revision}` }, [known.row]);
    remember(life, after);
    isStuck ||= WORKING_STATES.includes(after.row.state); // refused, lost, or look-ups lag
  }
  life.refusals = isStuck ? life.refusals + 1 : 0;
  return answered.length + cancelled > 0;
}

/** @returns whether it is on its way, and so told what is wanted of it. */
function steer(life: PositionLife, clientOrderId: string, isWanted: boolean): boolean {
  const flight = life.flights.get(clientOrderId);
  if (flight !== undefined) flight.isWanted = isWanted;
  return flight !== undefined;
}

async function bring(life: PositionLife, intent: OrderIntent, isWanted: boolean): Promise<OrderKnowledge> {
  const known = life.orders.get(intent.clientOrderId) ?? null;
  return known === null || isWanted ? await executeOrder(intent, openingTermsOf(life.input.plan), known) : await settleOrder(intent, known);
}

/** After a while without news the venue is asked: a lost stream event must not leave an order unseen. */
async function askForOrders(life: PositionLife): Promise<void> {
  for (const row of ordersToAsk(life.snapshot)) {
    if (life.flights.has(row.intent.clientOrderId)) continue; // looked for already
    if (life.isBlind && DONE_STATES.includes(row.state)) continue; // its fills cannot be booked now
    remember(life, await orders.lookUpOrder.executeWithOptions({ summary: `look at ${row.intent.leg} ${row.intent.revision}` }, [{ known: row, looks: [] }]));
  }
}

/**
 * Nothing is open any more: book what is missing, then write the end. False: fills are still on their way. A task that was
 * lost with its worker runs again, so the end may be written already.
 */
async function finish(life: PositionLife, close: Extract<Duty, { kind: 'close' }>): Promise<boolean> {
  await writeBehind(life);
  let snapshot = await ledger.readPosition(life.input.positionId);
  if (!bookedQuantityAgrees(snapshot)) {
    for (const row of snapshot.orders) {
      if (row.filledQuantity !== '0') remember(life, await orders.lookUpOrder.executeWithOptions({ summary: `fetch fills of ${row.intent.leg}` }, [{ known: row, looks: [] }]));
    }
    snapshot = await ledger.readPosition(life.input.positionId);
    if (!bookedQuantityAgrees(snapshot)) return false;
  }
  await ledger.closePosition({ positionId: life.input.positionId, handledSeq: snapshot.position.inboxSeq, reason: close.reason, closedAt: life.input.plan.decidedAt });
  setCurrentDetails(`closed: ${close.reason}`);
  return true;
}

/** Tells the ledger that all news up to this look was acted on. While it is down, the next look tries again. */
async function settle(life: PositionLife): Promise<void> {
  if (life.isBlind) return; // nothing of its news was seen
  const { position: record, instructions } = life.snapshot;
  await writeBehind(life);
  const phase = phaseOf(life.snapshot);
  try {
    await ledgerQuickly.settlePosition({
      positionId: record.positionId,
      handledSeq: record.inboxSeq,
      handledInstructionIds: instructions.filter((it) => !isEnding(it)).map((it) => it.instructionId),
      state: phase === 'entering' ? 'opening' : phase === 'closing' ? 'closing' : 'open',
      stopPrice: protectiveStopPrice(life.snapshot),
      targetPrice: nearestTarget(life.snapshot),
    });
  } catch {
    life.news += 1; // not written: look again after the wait
  }
}

function waitMs(life: PositionLife, isFinishing: boolean): number {
  return isFinishing || life.isBlind || life.refusals > 0 ? 1_000 : pollDelayMs(life.snapshot);
}

/** Only between two looks, with no handler or submission under way; what the ledger does not know goes along. */
async function goOn(life: PositionLife): Promise<void> {
  await leaveFlights(life);
  await condition(allHandlersFinished);
  await continueAsNew<typeof position>({ ...life.input, resume: true, behind: behindRows(life), instructions: [...life.instructions.values()], cover: life.cover });
}

function describe(life: PositionLife): void {
  const rows = life.snapshot.orders.map(({ intent, state, filledQuantity }) => `| ${intent.leg} ${intent.revision} | ${intent.side} ${intent.quantity} | ${intent.triggerPrice ?? intent.price ?? 'market'} | ${state} | ${filledQuantity} |`);
  setCurrentDetails([`**${phaseOf(life.snapshot)}** ${life.input.plan.direction} ${life.input.plan.instrument.id}`, '', '| order | what | at | state | filled |', '|---|---|---|---|---|', ...rows].join('\n'));
}

function outcomeOf(life: PositionLife, reason: string): PositionOutcome {
  return { positionId: life.input.positionId, reason, orders: life.orders.size };
}

