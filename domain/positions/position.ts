import type { ExitReason, Instruction, OpenPlan } from '../cycle/types.ts';
import type { DecimalString } from '../decimal.ts';
import type { OrderRow } from '../orders/order.ts';

export type PositionState = 'opening' | 'open' | 'closing' | 'closed';

/** A position as the ledger holds it: the sum of its fills, and what its workflow was told and has handled. */
export interface PositionRecord {
  readonly positionId: string;
  readonly portfolioId: string;
  readonly plan: OpenPlan;
  readonly state: PositionState;
  /** ≥ 0, base currency: entry fills less closing fills. */
  readonly quantity: DecimalString;
  readonly entryPrice: DecimalString | null;
  readonly stopPrice: DecimalString;
  readonly targetPrice: DecimalString | null;
  /** Booked by the venue, before fees and funding. */
  readonly realizedPnl: DecimalString;
  readonly closeReason: ExitReason | 'notEntered' | null;
  /** Counts news (fills, instructions, order reports); the workflow has acted on all up to `handledSeq`. */
  readonly inboxSeq: number;
  readonly handledSeq: number;
}

/** Market clock: none of its trades is older. The venue's clock at a decision may still tell the last moment of the candle that was decided on. */
export function tradedSince({ decidedAt }: Pick<OpenPlan, 'decidedAt'>): number {
  return decidedAt - 1_000;
}

/**
 * Everything that a position's workflow needs when it wakes: one read.
 * Duties are derived from the orders' own filled quantities (entry less exits), which a submission's answer brings before
 * its fills are booked, less what another hand closed; `position.quantity` follows from the fills and agrees once all are
 * booked. A `gone` instruction overrules both: the venue holds nothing.
 */
export interface PositionSnapshot {
  readonly position: PositionRecord;
  /** All orders of the position, oldest first. */
  readonly orders: readonly OrderRow[];
  /** Not yet handled, oldest first. */
  readonly instructions: readonly Instruction[];
  /** What another hand, or the emergency stop, closed of it, as booked, base currency. None in histories of before. */
  readonly outside?: DecimalString;
}
