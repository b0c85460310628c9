import { setHandler } from '@temporalio/workflow';
import type { OrderKnowledge } from '../activities/types.ts';
import type { Instruction } from '../domain/cycle/types.ts';
import type { Leg, OrderRow } from '../domain/orders/order.ts';
import { rowToTrust } from '../domain/orders/protocol.ts';
import { coverDeadlineMs, isUncovered } from '../domain/positions/duties.ts';
import { phaseOf } from '../domain/positions/position-view.ts';
import type { PositionSnapshot } from '../domain/positions/position.ts';
import type { CoverMemory, PositionInput } from './messages.ts';
import { closePositionUpdate, newsSignal, positionStateQuery, timeReachedSignal } from './messages.ts';
import { ledgerQuickly } from './proxies.ts';

/** A stop or target that is worked beside the position's looks. */
export interface Flight {
  readonly clientOrderId: string;
  readonly leg: Leg;
  /** False: it is only looked for. */
  isWanted: boolean;
  /** Its first answer is there; its fate is open for as long as it flies. */
  isAnswered: boolean;
  /** The position waits for its first answer: nobody needs to wake it. */
  isAwaited: boolean;
}

/** What a position remembers between two looks at the ledger. */
export interface PositionLife {
  readonly input: PositionInput;
  /** Orders as the last answers showed them, oldest first: enough to protect and close without the ledger. */
  readonly orders: Map<string, OrderKnowledge>;
  /** A person's instructions that the ledger does not hold yet, by their id. */
  readonly instructions: Map<string, Instruction>;
  /** Working orders whose time limit the market clock has reached. */
  readonly due: Set<string>;
  /** Raised by each signal, so that none is missed between a look and a wait. */
  news: number;
  snapshot: PositionSnapshot;
  /** The last look could not use the ledger: it is tried again soon. */
  isBlind: boolean;
  /** Rejected submissions and vain cancels in a row: slows down what the venue keeps refusing. */
  refusals: number;
  /** By client order id: what is on its way beside the looks. */
  readonly flights: Map<string, Flight>;
  /** What ended one of them that should not; thrown at the next look. */
  failure: { readonly error: unknown } | null;
  /** The workflow continues as new: nothing is begun any more. */
  isLeaving: boolean;
  /** Goes along when the workflow continues as new: its time does not begin anew. */
  cover: CoverMemory;
}

const COVERED: CoverMemory = { exposedSince: null, isWorkerLost: false, isOverdue: false };

/** Handlers first: a signal may arrive with the first task. */
export function beginLife(input: PositionInput): PositionLife {
  const life: PositionLife = {
    input,
    orders: new Map(input.behind.map((row) => [row.intent.clientOrderId, { row, written: false }])),
    instructions: new Map((input.instructions ?? []).map((it) => [it.instructionId, it])),
    due: new Set(), news: 0, isBlind: false, refusals: 0,
    flights: new Map(), failure: null, isLeaving: false, cover: input.cover ?? COVERED,
    snapshot: emptySnapshot(input),
  };
  setHandler(newsSignal, () => void (life.news += 1));
  setHandler(timeReachedSignal, ({ clientOrderId }) => {
    life.due.add(clientOrderId);
    life.news += 1;
  });
  setHandler(closePositionUpdate, () => {
    closeByPerson(life);
    return { accepted: true };
  });
  setHandler(positionStateQuery, () => ({
    phase: phaseOf(life.snapshot),
    orders: life.snapshot.orders.map(({ intent, state, filledQuantity }) => ({ clientOrderId: intent.clientOrderId, leg: intent.leg, state, filledQuantity })),
  }));
  return life;
}

export function closeByPerson(life: PositionLife): void {
  const { positionId, plan } = life.input;
  remind(life, { kind: 'close', instructionId: `${positionId}/close/person`, positionId, reason: 'person', decisionPrice: plan.entry.decisionPrice });
}

/**
 * In the history from now on, acted on at the next look, and written to the ledger there. Not by the handler itself: ledger
 * calls of two coroutines at a time (local activities) may come back in another order when a worker replays them.
 */
function remind(life: PositionLife, instruction: Instruction): void {
  life.instructions.set(instruction.instructionId, instruction);
  life.news += 1;
}

/** @returns whether the ledger holds it. */
async function writeInstruction(life: PositionLife, instruction: Instruction): Promise<boolean> {
  try {
    await ledgerQuickly.instructPosition(instruction);
  } catch {
    return false; // the ledger is down: remembered
  }
  life.instructions.delete(instruction.instructionId);
  return true;
}

/** The ledger's view; while it is down, the position's own. A ledger that could not be written is not waited for again. */
export async function readSnapshot(life: PositionLife): Promise<PositionSnapshot> {
  life.isBlind = !(await writeBehind(life));
  if (life.isBlind) return localSnapshot(life); // protecting and closing need nothing but the venue
  try {
    const snapshot = await ledgerQuickly.readPosition(life.input.positionId);
    const rows = new Map(snapshot.orders.map((row) => [row.intent.clientOrderId, row]));
    // Of what is on its way the ledger may know less than who works it.
    for (const id of life.flights.keys()) {
      const known = life.orders.get(id);
      if (known !== undefined) rows.set(id, rowToTrust(known.row, rows.get(id) ?? null));
    }
    for (const row of snapshot.orders) if (!life.flights.has(row.intent.clientOrderId)) life.orders.set(row.intent.clientOrderId, { row, written: true });
    return { ...snapshot, orders: [...rows.values()], instructions: withPending(life, snapshot.instructions) };
  } catch {
    life.isBlind = true;
    return localSnapshot(life);
  }
}

/**
 * Writes what went out and what was said while the ledger was down. What it still does not take is kept, and carried along
 * when the workflow continues as new. @returns whether the ledger holds everything.
 */
export async function writeBehind(life: PositionLife): Promise<boolean> {
  for (const instruction of [...life.instructions.values()]) if (!(await writeInstruction(life, instruction))) return false;
  const behind = behindRows(life);
  if (behind.length === 0) return true;
  try {
    await ledgerQuickly.backfillOrders(behind);
  } catch {
    return false;
  }
  for (const row of behind) life.orders.set(row.intent.clientOrderId, { row, written: true });
  return true;
}

/** Orders of which the ledger knows less than the position. */
export function behindRows(life: PositionLife): readonly OrderRow[] {
  return [...life.orders.values()].filter((known) => !known.written).map((known) => known.row);
}

function withPending(life: PositionLife, instructions: readonly Instruction[]): readonly Instruction[] {
  const known = new Set(instructions.map((it) => it.instructionId));
  return [...instructions, ...[...life.instructions.values()].filter((it) => !known.has(it.instructionId))];
}

/** Notes since when it has stood without a stop, and whether for too long. @returns when it will have been, transport clock; null: covered, or closing for it. */
export function watchCover(life: PositionLife): number | null {
  if (!life.cover.isOverdue && !isUncovered(life.snapshot)) {
    life.cover = COVERED;
    return null;
  }
  const { isWorkerLost } = life.cover;
  const exposedSince = life.cover.exposedSince ?? Date.now();
  const deadline = coverDeadlineMs({ sinceMs: exposedSince, isWorkerLost });
  const isOverdue = life.cover.isOverdue || Date.now() >= deadline;
  life.cover = { exposedSince, isWorkerLost, isOverdue };
  return isOverdue ? null : deadline;
}

/** What the position can tell by itself. */
export function localSnapshot(life: PositionLife): PositionSnapshot {
  const known = [...life.orders.values()].map(({ row }) => row);
  return { ...life.snapshot, orders: known, instructions: withPending(life, life.snapshot.instructions) };
}

function emptySnapshot(input: PositionInput): PositionSnapshot {
  const { plan } = input;
  return {
    position: {
      positionId: input.positionId, portfolioId: input.portfolioId, plan, state: 'opening', quantity: '0', entryPrice: null,
      stopPrice: plan.stopPrice, targetPrice: plan.targetPrice, realizedPnl: '0', closeReason: null, inboxSeq: 0, handledSeq: 0,
    },
    orders: [],
    instructions: [],
  };
}

export function remember(life: PositionLife, known: OrderKnowledge): void {
  life.orders.set(known.row.intent.clientOrderId, known);
}

