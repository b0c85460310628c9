import type { Ledger } from '../domain/ports/ledger.ts';
import type { LedgerActivities } from './types.ts';

/** The ledger's methods that workflows call by themselves: each is one transaction and safe to repeat. */
export function createLedgerActivities(ledger: Ledger): LedgerActivities {
  return {
    claimCycle: (claim) => ledger.claimCycle(claim),
    recordCycle: (record) => ledger.recordCycle(record),
    readPosition: (positionId) => ledger.positionSnapshot(positionId),
    settlePosition: (update) => ledger.settlePosition(update),
    closePosition: (close) => ledger.closePosition(close),
    instructPosition: (instruction) => ledger.instruct(instruction),
    backfillOrders: async (rows) => {
      for (const row of rows) await ledger.backfillOrder(row);
    },
  };
}
