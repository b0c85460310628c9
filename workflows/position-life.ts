import { setHandler } from '@temporalio/workflow';
import type { OrderKnowledge } from '../activities/types.ts';
import type { Instruction } from '../domain/cycle/types.ts';
import { phaseOf } from '../domain/positions/position-view.ts';
import type { PositionSnapshot } from '../domain/positions/position.ts';
import type { PositionInput } from './messages.ts';
import { closePositionUpdate, newsSignal, positionStateQuery, timeReachedSignal } from './messages.ts';
import { ledgerQuickly } from './proxies.ts';

/** What a position remembers between two looks at the ledger. */
export interface PositionLife {
  readonly input: PositionInput;
  /** Orders as the last answers showed them, oldest first: enough to protect and close without the ledger. */
  readonly orders: Map<string, OrderKnowledge>;
  /** A person's instructions that the ledger could not take yet. */
  readonly instructions: Instruction[];
  /** Working orders whose time limit the market clock has reached. */
  readonly due: Set<string>;
  /** Raised by each signal, so that none is missed between a look and a wait. */
  news: number;
  snapshot: PositionSnapshot;
  /** Rejected submissions and vain cancels in a row: slows down what the venue keeps refusing. */
  refusals: number;
}

/** Handlers first: a signal may arrive with the first task. */
export function beginLife(input: PositionInput): PositionLife {
  const life: PositionLife = {
    input,
    orders: new Map(input.behind.map((row) => [row.intent.clientOrderId, { row, written: false }])),
    instructions: [], due: new Set(), news: 0, refusals: 0,
    snapshot: emptySnapshot(input),
  };
  setHandler(newsSignal, () => void (life.news += 1));
  setHandler(timeReachedSignal, ({ clientOrderId }) => {
    life.due.add(clientOrderId);
    life.news += 1;
  });
  setHandler(closePositionUpdate, async ({ by }) => {
    await instruct(life, { kind: 'close', instructionId: `${input.positionId}/close/person`, positionId: input.positionId, reason: 'person', decisionPrice: input.plan.entry.decisionPrice }, by);
    life.news += 1;
    return { accepted: true };
  });
  setHandler(positionStateQuery, () => ({
    phase: phaseOf(life.snapshot),
    orders: life.snapshot.orders.map(({ intent, state, filledQuantity }) => ({ clientOrderId: intent.clientOrderId, leg: intent.leg, state, filledQuantity })),
  }));
  return life;
}

async function instruct(life: PositionLife, instruction: Instruction, _by: string): Promise<void> {
  life.instructions.push(instruction);
  try {
    await ledgerQuickly.instructPosition(instruction);
  } catch {
    // The ledger is down: the position closes all the same, from what it remembers.
  }
}

/** The ledger's view; while it is down, the position's own. */
export async function readSnapshot(life: PositionLife): Promise<PositionSnapshot> {
  await writeBehind(life);
  try {
    const snapshot = await ledgerQuickly.readPosition(life.input.positionId);
    for (const row of snapshot.orders) life.orders.set(row.intent.clientOrderId, { row, written: true });
    return snapshot;
  } catch {
    return localSnapshot(life); // protecting and closing need nothing but the venue
  }
}

/** Writes what went out while the ledger was down. */
export async function writeBehind(life: PositionLife): Promise<void> {
  const behind = [...life.orders.values()].filter((known) => !known.written);
  if (behind.length === 0) return;
  try {
    await ledgerQuickly.backfillOrders(behind.map((known) => known.row));
    for (const { row } of behind) life.orders.set(row.intent.clientOrderId, { row, written: true });
  } catch {
    // Still down: kept, and carried along when the workflow continues as new.
  }
}

/** What the position can tell by itself. */
export function localSnapshot(life: PositionLife): PositionSnapshot {
  const known = [...life.orders.values()].map(({ row }) => row);
  return { ...life.snapshot, orders: known, instructions: [...life.snapshot.instructions, ...life.instructions] };
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

